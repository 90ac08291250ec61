/**
 * Message-IDs: derived, so that every try of a delivery, in whatever process, carries the same one.
 */
import { createHash } from "node:crypto";

/** RFC 5322 folds lines at 78 characters; the whole id stays below. */
const maxChannelCharacters = 32;

/** One per event, channel and repeat: the same for all recipients, for they get the same mail. */
export function messageIdOf(
  { event, channel, repeat, agentId }: { event: number; channel: string; repeat: number; agentId: string },
): string {
  return `<e${event}.${safeName(channel)}.${repeat}@${agentId}.filagram.invalid>`;
}

/** Names of channels are the owner's words: what an id may not hold is written as `_` and its bytes in hex. */
function safeName(name: string): string {
  const safe = name.replace(/[^A-Za-z0-9-]/gu, (character) => `_${new TextEncoder().encode(character).toHex()}`);
  if (safe.length <= maxChannelCharacters) return safe;
  return `${safe.slice(0, 15)}_${createHash("sha256").update(name).digest("hex").slice(0, 16)}`;
}
