/**
 * Deliveries as rows and back.
 */
import type { DeliveryState } from "../domain/delivery.ts";
import type { Message, PictureRef } from "../domain/message.ts";
import type { Moment } from "../domain/moment.ts";
import type { EventKind } from "../domain/printer_event.ts";

export interface Delivery {
  readonly id: number;
  readonly event: number;
  readonly printer: string;
  readonly kind: EventKind;
  /** Absent for tests, too: they belong to no job's thread. */
  readonly jobId?: string;
  readonly channel: string;
  readonly recipient: string;
  readonly state: DeliveryState;
  readonly attempts: number;
  /** While it waits for another try. */
  readonly dueAt?: Temporal.Instant;
  readonly sentAt?: Temporal.Instant;
  /** Why it is not sent (yet). */
  readonly reason?: string;
  /** What the server said when it took the message. */
  readonly receipt?: string;
  /** The same for every try, and for all recipients of one event on one channel. */
  readonly messageId: string;
  /** The first Message-ID of the same job to the same recipient; absent for that first one, and without a job. */
  readonly threadRootId?: string;
  readonly message: Message;
  readonly pictures: readonly PictureRef[];
  /** When the event happened. */
  readonly at: Moment;
}

/** Waits to be taken. The same words as in the partial indexes, else SQLite does not use them. */
export const waiting = "state IN ('queued', 'uncertain')";

export const selectDelivery = `
  SELECT delivery.id, event, delivery.printer, kind, job, channel, recipient, state, attempts, due_ms, reason, receipt,
    message_id, thread_root_id, message, pictures, settled_ms, wall_ms, boot, monotonic_ms
  FROM delivery JOIN event ON event.id = delivery.event`;

/** What {@link selectDelivery} yields. */
export interface DeliveryRow {
  readonly id: number;
  readonly event: number;
  readonly printer: string;
  readonly kind: EventKind;
  readonly job: string | null;
  readonly channel: string;
  readonly recipient: string;
  readonly state: DeliveryState;
  readonly attempts: number;
  readonly due_ms: number;
  readonly reason: string | null;
  readonly receipt: string | null;
  readonly message_id: string;
  readonly thread_root_id: string | null;
  readonly message: string;
  readonly pictures: string;
  readonly settled_ms: number | null;
  readonly wall_ms: number;
  readonly boot: string;
  readonly monotonic_ms: number;
}

export function toDelivery(row: DeliveryRow): Delivery {
  const isWaiting = row.state === "queued" || row.state === "uncertain";
  return {
    id: row.id,
    event: row.event,
    printer: row.printer,
    kind: row.kind,
    ...(row.job !== null ? { jobId: row.job } : {}),
    channel: row.channel,
    recipient: row.recipient,
    state: row.state,
    attempts: row.attempts,
    ...(isWaiting && row.reason !== null ? { dueAt: instant(row.due_ms) } : {}),
    ...(row.state === "sent" && row.settled_ms !== null ? { sentAt: instant(row.settled_ms) } : {}),
    ...(row.reason !== null ? { reason: row.reason } : {}),
    ...(row.receipt !== null ? { receipt: row.receipt } : {}),
    messageId: row.message_id,
    ...(row.thread_root_id !== null ? { threadRootId: row.thread_root_id } : {}),
    message: decodeMessage(row),
    pictures: decodePictures(row.pictures),
    at: momentOf(row),
  };
}

export function momentOf(
  { wall_ms, boot, monotonic_ms }: Pick<DeliveryRow, "wall_ms" | "boot" | "monotonic_ms">,
): Moment {
  return { wall: instant(wall_ms), bootId: boot, monotonicMilliseconds: monotonic_ms };
}

export function instant(milliseconds: number): Temporal.Instant {
  return Temporal.Instant.fromEpochMilliseconds(milliseconds);
}

/** Total: a message that cannot be read back still says that something happened. */
function decodeMessage(row: DeliveryRow): Message {
  const lost: Message = {
    printer: row.printer,
    subject: `[${row.printer}]`,
    firstLine: `${row.printer}: ${row.kind} (the text of this message was lost)`,
    body: `${row.kind} (the text of this message was lost)`,
    notes: [],
    facts: [],
    isUrgent: false,
    footer: { agent: "Filagram" },
    language: "en",
  };
  const stored = parsed(row.message);
  return typeof stored === "object" && stored !== null ? { ...lost, ...stored } : lost;
}

function decodePictures(text: string): PictureRef[] {
  const stored = parsed(text);
  return Array.isArray(stored) ? stored as PictureRef[] : []; // written by this folder alone
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
