/**
 * One message on its way to one address through one channel: its states, its patience, its identity.
 */
import type { EventKind } from "./printer_event.ts";

export type DeliveryState = "queued" | "sending" | "sent" | "uncertain" | "rejected" | "expired";

/** What a channel says of one attempt. Expected outcomes are values; a throw is a bug in the channel. */
export type SendResult =
  | { readonly kind: "sent"; readonly receipt?: string }
  /** Not now. `isOffline`: nothing left this machine, so no attempt is counted. */
  | { readonly kind: "retry"; readonly reason: string; readonly afterSeconds?: number; readonly isOffline?: boolean }
  /** Sent again with a smaller or no picture. */
  | { readonly kind: "tooLarge"; readonly reason: string; readonly maxBytes?: number }
  /** Accepted or not, nobody knows: tried again with the same id. */
  | { readonly kind: "uncertain"; readonly reason: string }
  /** Never tried again; the owner is told. */
  | { readonly kind: "rejected"; readonly reason: string };

/** One event on its way to one address through one channel: the same key is the same delivery, enqueued once. */
export function dedupeKey(
  delivery: { event: number; channel: string; recipient: string; repeat: number },
): string {
  return [delivery.event, delivery.channel, delivery.recipient, delivery.repeat].map(encodeURIComponent).join("/");
}

/**
 * How long a message is worth sending, in seconds from its event. Ends and faults are kept longest; a progress that
 * comes late says nothing.
 */
export function timeToLiveSeconds(kind: EventKind): number {
  const hour = 3600;
  switch (kind) {
    case "progress":
      return hour / 4;
    case "test":
      return hour / 4;
    case "started":
    case "uploaded":
    case "resumed":
    case "online":
    case "message":
      return 24 * hour;
    case "paused":
    case "needs_you":
    case "offline":
      return 72 * hour;
    case "finished":
    case "cancelled":
    case "failed":
    case "ended":
    case "error":
      return 7 * 24 * hour;
  }
}

/** Waits between tries: 5 s, doubling, at most 15 min; each shortened or lengthened by up to a fifth. */
export function backoffSeconds(attempts: number, random: number): number {
  const seconds = Math.min(15 * 60, 5 * 2 ** Math.max(0, attempts - 1));
  return seconds * (0.8 + 0.4 * random);
}

/** While there is no route at all, a try costs nothing: look again after so long. */
export const offlineRetrySeconds = 20;
