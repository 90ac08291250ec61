/**
 * What PrusaLink answers, as far as we read it. Numbers may be missing, null or text; what cannot be read is unknown.
 * https://github.com/prusa3d/Prusa-Link-Web/blob/master/spec/openapi.yaml; measured in tests/transcripts/prusalink.
 */
import { z } from "zod";

/** Absent, null, or not what it should be: unknown. */
const lenient = <T extends z.ZodType>(type: T) =>
  type.nullish().transform((value) => value ?? undefined).catch(undefined);
const text = lenient(z.string().max(1000));
const number = lenient(z.union([z.number(), z.string().regex(/^-?\d+(\.\d+)?$/).transform(Number)]));
const id = lenient(z.union([z.number().int(), z.string().min(1).max(100)]).transform(String));

/** Buddy: one storage, its path with a slash at the end. Pi: a list, with names for people. */
const storage = z.object({ path: text, name: text });
const storages = lenient(
  z.union([z.array(storage).max(100), storage.transform((only) => [only])]),
);

export const statusShape = z.object({
  printer: z.object({
    state: z.string().max(100),
    temp_nozzle: number,
    target_nozzle: number,
    temp_bed: number,
    target_bed: number,
    /** Pi only. `message`: the worst of its conditions. */
    status_printer: lenient(z.object({ ok: lenient(z.boolean()), message: text })),
  }),
  /** Only while a print runs or stands still. */
  job: lenient(z.object({ id, progress: number, time_remaining: number, time_printing: number })),
  storage: storages,
  transfer: lenient(z.object({ id })),
});
export type Status = z.output<typeof statusShape>;

const refs = lenient(z.object({ icon: text, thumbnail: text, download: text }));

/** What the slicer wrote into the file; keys as in PrusaSlicer. */
export const metaShape = z.record(z.string(), z.unknown());
export type Meta = z.output<typeof metaShape>;

const file = z.object({
  name: z.string().min(1).max(1000),
  display_name: text,
  /** Pi: whole, beginning with the storage's name; Buddy: the folder. */
  path: text,
  size: number,
  refs,
  meta: lenient(metaShape),
});
export type HostFile = z.output<typeof file>;

export const jobShape = z.object({ id, file: lenient(file) });
export type JobDetails = z.output<typeof jobShape>;

/** An answer of `/api/v1/files/…`. */
export const fileShape = z.object({ type: text, size: number, refs, meta: lenient(metaShape) });

export const transferShape = z.object({ display_name: text, path: text, size: number });
export type TransferDetails = z.output<typeof transferShape>;

export const camerasShape = z.object({
  camera_list: z.array(
    z.object({ camera_id: id, connected: lenient(z.boolean()), config: lenient(z.object({ name: text })) }),
  ).max(100),
});
