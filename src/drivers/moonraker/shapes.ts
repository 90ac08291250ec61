/**
 * What Moonraker says, as far as we read it. Fields may be missing, null or of another type; what cannot be
 * read is unknown. https://moonraker.readthedocs.io/en/latest/external_api/introduction/;
 * measured in tests/transcripts/moonraker.
 */
import { z } from "zod";

const maxTextCharacters = 1000;
const maxListed = 2000;

/** Absent, null, or not what it should be: unknown. */
const lenient = <T extends z.ZodType>(type: T) =>
  type.nullish().transform((value) => value ?? undefined).catch(undefined);
const number = lenient(z.number());
const flag = lenient(z.boolean());
const text = lenient(z.string().transform((all) => all.slice(0, maxTextCharacters)));

/** What the slicer wrote into the file, as Moonraker's scan found it. */
export const metadataShape = z.object({
  size: number,
  slicer: text,
  slicer_version: text,
  gcode_start_byte: number,
  gcode_end_byte: number,
  layer_count: number,
  layer_height: number,
  object_height: number,
  /** Seconds. */
  estimated_time: number,
  /** Millimetres. */
  filament_total: number,
  filament_weight_total: number,
  filament_weights: lenient(z.array(z.number()).max(100)),
  filament_type: text,
  filament_colors: lenient(z.array(z.string()).max(100)),
  first_layer_extr_temp: number,
  first_layer_bed_temp: number,
  nozzle_diameter: number,
  printer_model: text,
  thumbnails: lenient(
    z.array(z.object({ width: number, height: number, size: number, relative_path: text })).max(100),
  ),
});
export type Metadata = z.output<typeof metadataShape>;

export const historyJobShape = z.object({
  job_id: z.string().min(1).max(100),
  filename: z.string(),
  /** in_progress completed cancelled error klippy_shutdown klippy_disconnect interrupted server_exit */
  status: z.string(),
  total_duration: number,
  metadata: lenient(metadataShape),
});
export type HistoryJob = z.output<typeof historyJobShape>;

/** Each field may be unreadable without the others being lost. */
const each = <T extends z.ZodType>(type: T) =>
  lenient(
    z.array(z.unknown()).transform((all) =>
      all.slice(0, maxListed).flatMap((one) => {
        const read = type.safeParse(one);
        return read.success ? [read.data] : [];
      })
    ),
  );

export const historyShape = z.object({ jobs: each(historyJobShape) });
export const objectsShape = z.object({ objects: each(z.string()) });
export const snapshotShape = z.object({ status: z.unknown() });
/** `server.info`: klippy_state is disconnected, startup, ready, shutdown or error. */
export const infoShape = z.object({ klippy_state: text });
/** `printer.info` */
export const printerInfoShape = z.object({ state: text, state_message: text });

export const fileChangeShape = z.object({
  action: z.string(),
  item: z.object({ root: z.string(), path: z.string().min(1).max(1000) }),
});
export const historyChangeShape = z.object({ action: z.string(), job: historyJobShape });

export const webcamsShape = z.object({
  webcams: each(z.object({
    name: text,
    enabled: flag,
    snapshot_url: text,
    stream_url: text,
    flip_horizontal: flag,
    flip_vertical: flag,
    rotation: number,
  })),
});

/** A message on the WebSocket: the answer to a question, or news. */
export interface Message {
  readonly id?: unknown;
  readonly method?: unknown;
  readonly params?: unknown;
  readonly result?: unknown;
  readonly error?: unknown;
}
export const errorShape = z.object({ code: number });
