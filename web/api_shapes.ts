/**
 * What scripts read: the JSON of events, deliveries and printers. The names are promises.
 */
import type { Moment } from "../src/domain/moment.ts";
import type { EventKind, JobRef, PrinterEvent } from "../src/domain/printer_event.ts";
import {
  type ActiveJob,
  activeJob,
  type EndedJob,
  type Outcome,
  type PauseReason,
  type PrinterState,
  type Temperatures,
} from "../src/domain/printer_state.ts";
import { elapsedSeconds, remainingSeconds } from "../src/domain/progress.ts";
import type { DeliveryState } from "../src/domain/delivery.ts";
import type { Delivery } from "../src/outbox/outbox.ts";
import type { StoredEvent } from "../src/store/store.ts";

export interface EventJson {
  readonly id: number;
  /** RFC 3339 in UTC. */
  readonly at: string;
  readonly printer: string;
  readonly kind: EventKind;
  readonly job?: { readonly id: string; readonly file?: string };
  /** 0 to 100. */
  readonly percent?: number;
  readonly layer?: number;
  /** Of `paused` and `needs_you` a {@link PauseReason}; of `failed` and `error` the printer's own words. */
  readonly reason?: string;
  readonly text?: string;
  /** The name of an uploaded file. */
  readonly file?: string;
  /** Asked for by the owner; nothing of it happened. */
  readonly test?: true;
}

export function eventJson({ id, printer, event }: StoredEvent): EventJson {
  const { percent, layer } = event.facts;
  return {
    id,
    at: timestamp(event.at.wall),
    printer,
    kind: event.kind,
    ...(event.job ? { job: jobJson(event.job) } : {}),
    ...(percent === undefined ? {} : { percent }),
    ...(layer === undefined ? {} : { layer }),
    ...wordsOf(event),
    ...(event.kind === "uploaded" ? { file: fileName(event.file) } : {}),
    ...(event.isTest ? { test: true } : {}),
  };
}

function wordsOf(event: PrinterEvent): { reason?: string; text?: string } {
  switch (event.kind) {
    case "paused":
    case "needs_you":
      return { reason: event.reason, ...(event.text === undefined ? {} : { text: event.text }) };
    case "failed":
    case "error":
    case "offline":
      return event.text === undefined ? {} : { reason: event.text };
    case "message":
      return { text: event.text };
    case "uploaded":
    case "started":
    case "progress":
    case "resumed":
    case "finished":
    case "cancelled":
    case "ended":
    case "online":
    case "test":
      return {};
  }
}

export interface DeliveryJson {
  readonly id: number;
  /** The id of its event. */
  readonly event: number;
  readonly channel: string;
  readonly recipient: string;
  readonly state: DeliveryState;
  readonly attempts: number;
  readonly dueAt?: string;
  readonly sentAt?: string;
  readonly reason?: string;
  readonly messageId?: string;
}

export function deliveryJson(delivery: Delivery): DeliveryJson {
  const { id, event, channel, recipient, state, attempts, dueAt, sentAt, reason, messageId } = delivery;
  return {
    id,
    event,
    channel,
    recipient,
    state,
    attempts,
    ...(dueAt ? { dueAt: timestamp(dueAt) } : {}),
    ...(sentAt ? { sentAt: timestamp(sentAt) } : {}),
    ...(reason === undefined ? {} : { reason }),
    ...(messageId ? { messageId } : {}),
  };
}

export interface PrinterJson {
  readonly name: string;
  /** The id of its driver: `marlin`. */
  readonly driver: string;
  readonly link: { readonly kind: "online" | "offline" | "unknown"; readonly since?: string; readonly reason?: string };
  /** Absent: none, or nothing known of one. */
  readonly job?: {
    readonly id: string;
    readonly file?: string;
    readonly kind: "printing" | "paused" | "ended";
    readonly outcome?: Outcome;
    readonly startedAt?: string;
    readonly endedAt?: string;
    /** Of a pause a {@link PauseReason}; of a failure the printer's own words. */
    readonly reason?: string;
    readonly text?: string;
  };
  /** Of the job; 0 to 100. */
  readonly percent?: number;
  readonly layer?: number;
  readonly layers?: number;
  readonly elapsedSeconds?: number;
  readonly remainingSeconds?: number;
  readonly estimatedSeconds?: number;
  /** Keys are `nozzle`, `nozzle1` …, `bed`, `chamber`. */
  readonly temperatures?: Temperatures;
  /** It waits for a human. */
  readonly attention?: { readonly reason: PauseReason; readonly text?: string; readonly since: string };
  readonly fault?: { readonly text?: string; readonly since: string };
}

export function printerJson(
  { name, driver }: { readonly name: string; readonly driver: { readonly id: string } },
  state: PrinterState | undefined,
  now: Moment,
): PrinterJson {
  const job = state?.job && state.job.kind !== "none" ? state.job : undefined;
  const { attention, fault, temperatures } = state ?? {};
  return {
    name,
    driver: driver.id,
    link: linkJson(state),
    ...(job ? { job: stateOfJob(job), ...measures(job, state, now) } : {}),
    ...(temperatures ? { temperatures } : {}),
    ...(attention
      ? {
        attention: {
          reason: attention.reason,
          ...(attention.text === undefined ? {} : { text: attention.text }),
          since: timestamp(attention.since.wall),
        },
      }
      : {}),
    ...(fault
      ? { fault: { ...(fault.text === undefined ? {} : { text: fault.text }), since: timestamp(fault.since.wall) } }
      : {}),
  };
}

function linkJson(state: PrinterState | undefined): PrinterJson["link"] {
  if (!state?.link) return { kind: "unknown" };
  const { kind, since } = state.link;
  const reason = state.link.kind === "offline" ? state.link.reason : state.link.lost?.reason;
  return { kind, since: timestamp(since.wall), ...(reason === undefined ? {} : { reason }) };
}

function stateOfJob(job: ActiveJob | EndedJob): NonNullable<PrinterJson["job"]> {
  const base = {
    ...jobJson(job),
    kind: job.kind,
    ...(job.startedAt ? { startedAt: timestamp(job.startedAt.wall) } : {}),
  };
  switch (job.kind) {
    case "printing":
      return base;
    case "paused":
      return { ...base, reason: job.reason, ...(job.text === undefined ? {} : { text: job.text }) };
    case "ended":
      return {
        ...base,
        outcome: job.outcome,
        endedAt: timestamp(job.endedAt.wall),
        ...(job.text === undefined ? {} : { reason: job.text }),
      };
  }
}

function measures(job: ActiveJob | EndedJob, state: PrinterState | undefined, now: Moment): Partial<PrinterJson> {
  const isActive = state !== undefined && activeJob(state) !== undefined;
  const known = {
    percent: job.percent,
    layer: job.layer,
    layers: job.layers,
    elapsedSeconds: rounded(elapsedSeconds(job, now)),
    remainingSeconds: isActive && job.kind !== "ended" ? rounded(remainingSeconds(job, now)) : undefined,
    estimatedSeconds: rounded(job.estimatedSeconds),
  };
  return Object.fromEntries(Object.entries(known).filter(([, value]) => value !== undefined));
}

function jobJson({ id, file }: JobRef): { id: string; file?: string } {
  return { id, ...(file ? { file: fileName(file) } : {}) };
}

function fileName(file: NonNullable<JobRef["file"]>): string {
  return file.displayName ?? file.path;
}

function rounded(seconds: number | undefined): number | undefined {
  return seconds === undefined ? undefined : Math.round(seconds);
}

/** `2026-11-23T12:00:00.000Z`. */
function timestamp(instant: Temporal.Instant): string {
  return instant.toString({ smallestUnit: "millisecond" });
}
