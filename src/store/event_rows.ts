/**
 * Events and states as JSON and back. Reading is total: what cannot be read is said, not thrown, so that one bad row
 * (an older program, a failing card) never keeps the agent from starting.
 */
import { z } from "zod";
import { corrected, type Moment } from "../domain/moment.ts";
import { type EventKind, eventKinds, type PrinterEvent } from "../domain/printer_event.ts";
import type { PrinterState } from "../domain/printer_state.ts";

export type Decoded<T> = { readonly value: T } | { readonly problem: string };

/** Instants become RFC 3339; a number that is none (NaN, Infinity) is left out: unknown stays absent. */
export function encode(value: PrinterEvent | PrinterState): string {
  return JSON.stringify(value, (_, part) => typeof part === "number" && !Number.isFinite(part) ? undefined : part);
}

export function decodeState(text: string): Decoded<PrinterState> {
  return decode(text, stateSchema);
}

export function decodeEvent(text: string): Decoded<PrinterEvent> {
  return decode(text, eventSchema);
}

/** All moments of `now`'s boot inside, with the wall time as `now` knows it. */
export function withCorrectedMoments(text: string, now: Moment): string {
  return JSON.stringify(JSON.parse(text, (_, part) => isEncodedMoment(part) ? corrected(toMoment(part), now) : part));
}

function decode<T>(text: string, schema: z.ZodType<T>): Decoded<T> {
  try {
    const parsed = schema.safeParse(JSON.parse(text, (_, part) => isEncodedMoment(part) ? toMoment(part) : part));
    return parsed.success ? { value: parsed.data } : { problem: z.prettifyError(parsed.error) };
  } catch (error) { // not JSON, or not a time
    return { problem: error instanceof Error ? error.message : String(error) };
  }
}

interface EncodedMoment {
  readonly wall: string;
  readonly bootId: string;
  readonly monotonicMilliseconds: number;
}

function isEncodedMoment(part: unknown): part is EncodedMoment {
  return typeof part === "object" && part !== null && "wall" in part && typeof part.wall === "string" &&
    "bootId" in part && typeof part.bootId === "string" &&
    "monotonicMilliseconds" in part && typeof part.monotonicMilliseconds === "number";
}

function toMoment({ wall, bootId, monotonicMilliseconds }: EncodedMoment): Moment {
  return { wall: Temporal.Instant.from(wall), bootId, monotonicMilliseconds };
}

// Loose: a field the domain gains later is kept without a change here. What a missing or wrong one would crash is checked.

const moment = z.looseObject({
  wall: z.instanceof(Temporal.Instant),
  bootId: z.string(),
  monotonicMilliseconds: z.number(),
});
const file = z.looseObject({ path: z.string(), displayName: z.string().optional(), sizeBytes: z.number().optional() });
const temperatures = z.record(
  z.string(),
  z.looseObject({ celsius: z.number(), targetCelsius: z.number().optional() }),
);
const reason = z.string();
const measures = {
  percent: z.number().optional(),
  layer: z.number().optional(),
  layers: z.number().optional(),
  elapsedSeconds: z.number().optional(),
  remainingSeconds: z.number().optional(),
  estimatedSeconds: z.number().optional(),
  filamentMillimetres: z.number().optional(),
  filamentGrams: z.number().optional(),
};
const jobFacts = {
  ...measures,
  id: z.string(),
  file: file.optional(),
  position: z.looseObject({ bytes: z.number(), totalBytes: z.number() }).optional(),
  startedAt: moment.optional(),
  firstSeenAt: moment,
  seenAt: moment,
  movedAt: moment,
  isWatched: z.boolean(),
  pausedSeconds: z.number(),
  stoodStill: z.boolean(),
  grown: z.number(),
  told: z.record(z.string(), z.looseObject({ milestone: z.number(), at: moment })),
};
const endedJob = z.looseObject({
  ...jobFacts,
  kind: z.literal("ended"),
  outcome: z.enum(["finished", "cancelled", "failed", "ended"]),
  endedAt: moment,
});
const link = z.discriminatedUnion("kind", [
  z.looseObject({ kind: z.literal("online"), since: moment, lost: z.looseObject({ at: moment }).optional() }),
  z.looseObject({ kind: z.literal("offline"), since: moment, backAt: moment.optional() }),
]);
const job = z.discriminatedUnion("kind", [
  z.looseObject({ kind: z.literal("none") }),
  z.looseObject({ ...jobFacts, kind: z.literal("printing") }),
  z.looseObject({ ...jobFacts, kind: z.literal("paused"), since: moment, reason }),
  endedJob,
]);

const stateSchema = z.looseObject({
  link: link.optional(),
  job: job.optional(),
  previousJob: endedJob.optional(),
  attention: z.looseObject({ since: moment, reason, isCovered: z.boolean() }).optional(),
  fault: z.looseObject({
    since: moment,
    lastAt: moment,
    text: z.string().optional(),
    fatal: z.boolean(),
    stage: z.string(),
  }).optional(),
  temperatures: temperatures.optional(),
  selectedFile: z.looseObject({ file, at: moment }).optional(),
  announcedStart: moment.optional(),
  announcedPause: z.looseObject({ since: moment, confirmedAt: moment.optional(), grown: z.number() }).optional(),
  announcedResume: moment.optional(),
  announcedCancel: moment.optional(),
  upload: z.looseObject({ number: z.number(), file }).optional(),
  message: z.looseObject({ number: z.number(), text: z.string(), marked: z.boolean(), at: moment }).optional(),
  jobNumber: z.number(),
}) as unknown as z.ZodType<PrinterState>; // the schema checks what it names; fields it does not name pass as they were

const happened = {
  at: moment,
  job: z.looseObject({ id: z.string(), file: file.optional() }).optional(),
  facts: z.looseObject({ ...measures, temperatures: temperatures.optional(), stillSince: moment.optional() }),
};
const ownFields: Partial<Record<EventKind, z.ZodRawShape>> = {
  uploaded: { file },
  progress: { rules: z.array(z.string()) },
  paused: { reason },
  needs_you: { reason },
  ended: { lastSeenAt: moment },
  error: { text: z.string().optional() },
  offline: { since: moment },
  message: { text: z.string(), marked: z.boolean() },
};
const eventSchema = z.union(
  eventKinds.map((kind) => z.looseObject({ ...happened, kind: z.literal(kind), ...ownFields[kind] })),
) as unknown as z.ZodType<PrinterEvent>; // as above
