/**
 * What is no longer worth sending: too old, or overtaken by a newer word about the same job.
 */
import { corrected, hasBelievableTime, type Moment } from "../domain/moment.ts";
import type { Sql } from "../store/database.ts";
import { instant, momentOf, waiting } from "./delivery_rows.ts";

export const reasons = {
  expired: "older than its time to live",
  folded: "folded into a newer one",
  full: "too many messages wait on this channel",
  dropped: "dropped by the owner",
} as const;

/** The SET clause that settles a row; needs {@link settledAt} among the parameters. */
export const settleColumns =
  "settled_ms = :settledMs, settled_boot = :settledBoot, settled_monotonic_ms = :settledMonotonicMs";

export function settledAt(now: Moment): { settledMs: number; settledBoot: string; settledMonotonicMs: number } {
  return {
    settledMs: now.wall.epochMilliseconds,
    settledBoot: now.bootId,
    settledMonotonicMs: now.monotonicMilliseconds,
  };
}

/** Expires what is older than its time to live. Call only while the clock is set. */
export function expireOld(sql: Sql, channel: string, now: Moment): void {
  const candidates = sql.all<ExpiryRow>(
    `SELECT delivery.id, live_ms, wall_ms, boot, monotonic_ms FROM delivery JOIN event ON event.id = delivery.event
     WHERE channel = :channel AND ${waiting} AND expires_ms <= :now AND is_wanted = 0`,
    { channel, now: now.wall.epochMilliseconds },
  );
  for (const row of candidates) {
    const expires = latestWall(momentOf(row), now).epochMilliseconds + row.live_ms;
    if (expires <= now.wall.epochMilliseconds) expire(sql, row.id, { reason: reasons.expired, now });
    else {sql.run("UPDATE delivery SET expires_ms = :expires WHERE id = :id", {
        id: row.id,
        expires: Math.ceil(expires),
      });}
  }
}

interface ExpiryRow {
  readonly id: number;
  readonly live_ms: number;
  readonly wall_ms: number;
  readonly boot: string;
  readonly monotonic_ms: number;
}

/** When it happened, at the latest: what a boot without a clock saw came before the present boot. */
function latestWall(at: Moment, now: Moment): Temporal.Instant {
  const known = corrected(at, now);
  return hasBelievableTime(known)
    ? known.wall
    : instant(now.wall.epochMilliseconds - Math.round(now.monotonicMilliseconds));
}

/**
 * Waiting progress that a newer progress, or the end, of the same job has overtaken. Ends are kept. One that was
 * rejected or expired has overtaken nothing.
 */
export function foldProgress(sql: Sql, channel: string, now: Moment): void {
  sql.run(
    `UPDATE delivery SET state = 'expired', reason = :reason, ${settleColumns} WHERE id IN (
       SELECT older.id FROM delivery AS older
       WHERE older.channel = :channel AND older.${waiting} AND older.kind = 'progress' AND older.is_wanted = 0
         AND EXISTS (SELECT 1 FROM delivery AS newer
           WHERE newer.printer = older.printer AND newer.job = older.job AND newer.channel = older.channel
             AND newer.recipient = older.recipient AND newer.event > older.event
             AND newer.state IN ('queued', 'uncertain', 'sending', 'sent')
             AND newer.kind IN ('progress', 'finished', 'failed', 'cancelled', 'ended')))`,
    { channel, reason: reasons.folded, ...settledAt(now) },
  );
}

/** Keeps a channel's queue below its limit: the oldest progress goes first, then the oldest that is not urgent. */
export function dropBeyondLimit(
  sql: Sql,
  channel: string,
  { maxQueued, now }: { maxQueued: number; now: Moment },
): void {
  const counted = sql.get<{ waits: number }>(
    `SELECT count(*) AS waits FROM delivery WHERE channel = :channel AND ${waiting}`,
    { channel },
  );
  const excess = (counted?.waits ?? 0) - maxQueued;
  if (excess <= 0) return;
  sql.run(
    `UPDATE delivery SET state = 'expired', reason = :reason, ${settleColumns} WHERE id IN (
       SELECT id FROM delivery WHERE channel = :channel AND ${waiting}
       ORDER BY kind = 'progress' DESC, is_urgent, event, id LIMIT :excess)`,
    { channel, excess, reason: reasons.full, ...settledAt(now) },
  );
}

export function expire(sql: Sql, id: number, { reason, now }: { reason: string; now: Moment }): void {
  sql.run(`UPDATE delivery SET state = 'expired', reason = :reason, ${settleColumns} WHERE id = :id`, {
    id,
    reason,
    ...settledAt(now),
  });
}
