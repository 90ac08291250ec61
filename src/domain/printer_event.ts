/**
 * What happened, by name: the difference between two states, and nothing else.
 */
import { type Moment, secondsBetween } from "./moment.ts";
import { known } from "./optional.ts";
import { type FileRef, shownFileName } from "./print_file.ts";
import {
  type ActiveJob,
  activeJob,
  type Attention,
  type EndedJob,
  type PauseReason,
  type PrinterState,
  type Temperatures,
} from "./printer_state.ts";
import { elapsedSeconds, remainingSeconds } from "./progress.ts";

/** The words of settings (`when`) and JSON (`kind`). */
export const eventKinds = [
  "uploaded",
  "started",
  "progress",
  "paused",
  "resumed",
  "finished",
  "cancelled",
  "failed",
  "ended",
  "error",
  "online",
  "offline",
  "message",
  "needs_you",
  "test",
] as const;
export type EventKind = typeof eventKinds[number];

/** A print is over. */
export const endKinds: readonly EventKind[] = ["finished", "cancelled", "failed", "ended"];

export interface JobRef {
  readonly id: string;
  readonly file?: FileRef;
}

/** What was known at that moment; shown under the first line. */
export interface EventFacts {
  /** 0 to 100. */
  readonly percent?: number;
  readonly layer?: number;
  readonly layers?: number;
  /** Measured. */
  readonly elapsedSeconds?: number;
  readonly remainingSeconds?: number;
  /** The slicer's. */
  readonly estimatedSeconds?: number;
  readonly filamentMillimetres?: number;
  readonly filamentGrams?: number;
  readonly temperatures?: Temperatures;
  /** Of a print file: `PrusaSlicer 2.9.0`. */
  readonly slicer?: string;
  /** Of a failure that came long after the last progress: when that was. */
  readonly stillSince?: Moment;
}

/** A print that did not move for so long before it failed stood still, whatever the printer said meanwhile. */
const stillSeconds = 60;

interface Happened {
  readonly at: Moment;
  readonly job?: JobRef;
  readonly facts: EventFacts;
  /** Asked for by the owner to try the road; nothing of it happened. */
  readonly isTest?: boolean;
  /** A test of this channel alone. */
  readonly toChannel?: string;
}

export type PrinterEvent =
  & Happened
  & (
    | { readonly kind: "uploaded"; readonly file: FileRef }
    | { readonly kind: "started" }
    /** `rules`: the ids of the rules whose policies are due. */
    | { readonly kind: "progress"; readonly rules: readonly string[] }
    | { readonly kind: "paused"; readonly reason: PauseReason; readonly text?: string }
    | { readonly kind: "resumed"; readonly pausedSeconds?: number }
    | { readonly kind: "finished" }
    | { readonly kind: "cancelled" }
    | { readonly kind: "failed"; readonly text?: string }
    /** Over, nobody knows how. `lastSeenAt`: when it was last seen running. */
    | { readonly kind: "ended"; readonly lastSeenAt: Moment }
    | { readonly kind: "error"; readonly text: string }
    | { readonly kind: "online"; readonly awaySeconds?: number }
    | { readonly kind: "offline"; readonly text?: string; readonly since: Moment }
    /** `marked`: meant as a message by who wrote it, not merely shown on the display. */
    | { readonly kind: "message"; readonly text: string; readonly marked: boolean }
    | { readonly kind: "needs_you"; readonly reason: PauseReason; readonly text?: string }
    /** A test that stands for no other kind. */
    | { readonly kind: "test" }
  );

/** The events between two states, in the order in which they are told. */
export function deriveEvents(before: PrinterState, after: PrinterState, now: Moment): PrinterEvent[] {
  const job = activeJob(after);
  const happened = { at: now, ...(job ? { job: jobRef(job) } : {}), facts: factsOf(after, job, now) };
  const events: PrinterEvent[] = [];

  if (before.link?.kind === "offline" && after.link?.kind === "online") {
    events.push({ ...happened, kind: "online", ...known({ awaySeconds: secondsBetween(before.link.since, now) }) });
  }
  if (after.upload && after.upload.number !== before.upload?.number) {
    events.push({ at: now, kind: "uploaded", file: after.upload.file, facts: {} });
  }
  events.push(...jobEvents(before, after, now));
  if (after.attention && isToldByItself(after.attention) && !isToldByItself(before.attention)) {
    const { reason, text } = after.attention;
    events.push({ ...happened, kind: "needs_you", reason, ...known({ text }) });
  }
  if (
    after.fault?.stage === "error" && after.fault.text !== undefined && before.link && before.fault?.stage !== "error"
  ) {
    events.push({ ...happened, kind: "error", text: after.fault.text });
  }
  if (after.message && after.message.number !== before.message?.number) {
    events.push({ ...happened, kind: "message", text: after.message.text, marked: after.message.marked });
  }
  if (before.link?.kind === "online" && after.link?.kind === "offline") {
    events.push({ ...happened, kind: "offline", since: after.link.since, ...known({ text: after.link.reason }) });
  }
  return events;
}

function isToldByItself(attention: Attention | undefined): boolean {
  return attention !== undefined && !attention.isSettling && !attention.isCovered;
}

function jobEvents(before: PrinterState, after: PrinterState, now: Moment): PrinterEvent[] {
  const [old, present] = [before.job, after.job];
  if (old === undefined && !hasToldStart(present)) return []; // a first look is silent
  const events: PrinterEvent[] = [];
  const oldActive = activeJob(before);
  if (oldActive) {
    const continued = [present, after.previousJob].find((job) => job && job.kind !== "none" && job.id === oldActive.id);
    if (continued && continued.kind !== "none") events.push(...phaseEvents(oldActive, continued, after, now));
  }
  if (present && present.kind !== "none" && !(old && old.kind !== "none" && old.id === present.id)) {
    events.push({ ...jobHappened(present, after, now, present.startedAt ?? now), kind: "started" });
    events.push(...phaseEvents({ ...present, kind: "printing" }, present, after, now));
  }
  return events;
}

function hasToldStart(job: PrinterState["job"]): boolean {
  return job !== undefined && job.kind !== "none" && job.startedAt !== undefined;
}

function phaseEvents(old: ActiveJob, present: ActiveJob | EndedJob, after: PrinterState, now: Moment): PrinterEvent[] {
  if (present.kind === "ended") return [endEvent(present, after, now)];
  const happened = jobHappened(present, after, now);
  if (old.kind === "printing" && present.kind === "paused") {
    return [{ ...happened, kind: "paused", reason: present.reason, ...known({ text: present.text }) }];
  }
  if (old.kind === "paused" && present.kind === "printing") {
    const wasSeen = secondsBetween(old.firstSeenAt, old.since) !== 0; // a pause met at the first look began who knows when
    return [{
      ...happened,
      kind: "resumed",
      ...known({ pausedSeconds: wasSeen ? secondsBetween(old.since, now) : undefined }),
    }];
  }
  return [];
}

function endEvent(job: EndedJob, after: PrinterState, now: Moment): PrinterEvent {
  const happened = jobHappened(job, after, now);
  switch (job.outcome) {
    case "failed": {
      const stillSince = (secondsBetween(job.movedAt, now) ?? 0) >= stillSeconds ? job.movedAt : undefined;
      return {
        ...happened,
        facts: { ...happened.facts, ...known({ stillSince }) },
        kind: "failed",
        ...known({ text: job.text }),
      };
    }
    case "ended":
      return { ...happened, kind: "ended", lastSeenAt: job.seenAt };
    case "finished":
    case "cancelled":
      return { ...happened, kind: job.outcome };
  }
}

function jobHappened(job: ActiveJob | EndedJob, state: PrinterState, now: Moment, at = now): Happened {
  return { at, job: jobRef(job), facts: factsOf(state, job, now) };
}

/** A `progress` event for these rules; `undefined` without a running job. */
export function progressEvent(state: PrinterState, rules: readonly string[], now: Moment): PrinterEvent | undefined {
  const job = activeJob(state);
  return job && { ...jobHappened(job, state, now), kind: "progress", rules };
}

export function jobRef(job: ActiveJob | EndedJob): JobRef {
  return { id: job.id, ...known({ file: job.file }) };
}

function factsOf(state: PrinterState, job: ActiveJob | EndedJob | undefined, now: Moment): EventFacts {
  const temperatures = known({ temperatures: state.temperatures });
  if (!job) return temperatures;
  return {
    ...known({
      percent: job.percent,
      layer: job.layer,
      layers: job.layers,
      elapsedSeconds: elapsedSeconds(job, now),
      remainingSeconds: job.kind === "ended" ? undefined : remainingSeconds(job, now),
      estimatedSeconds: job.estimatedSeconds,
      filamentMillimetres: job.filamentMillimetres,
      filamentGrams: job.filamentGrams,
    }),
    ...temperatures,
  };
}

export function isEnd({ kind }: PrinterEvent): boolean {
  return endKinds.includes(kind);
}

/** The name of the print as messages show it, if the printer told one. */
export function shownJob(job: JobRef | undefined): string | undefined {
  return job?.file && (shownFileName(job.file) || undefined);
}
