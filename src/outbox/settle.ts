/**
 * What an attempt's result makes of a delivery's row.
 */
import { backoffSeconds, offlineRetrySeconds, type SendResult } from "../domain/delivery.ts";
import type { Moment } from "../domain/moment.ts";
import type { Sql } from "../store/database.ts";
import { type Delivery, waiting } from "./delivery_rows.ts";
import { settleColumns, settledAt } from "./stale.ts";

const maxReasonCharacters = 500;
/** A server that asks for more patience than this is asked again anyway. */
const maxWaitSeconds = 24 * 3600;

interface Circumstances {
  readonly now: Moment;
  /** 0 to 1. */
  random(): number;
}

/** Writes the result into the row; within the caller's transaction. */
export function settleRow(sql: Sql, delivery: Delivery, result: SendResult, { now, random }: Circumstances): void {
  if (result.kind === "sent") {
    end(sql, delivery, { state: "sent", receipt: result.receipt, now });
    return goOn(sql, delivery, now);
  }
  if (delivery.state !== "sending") return; // dropped by the owner meanwhile
  switch (result.kind) {
    case "retry": {
      const attempts = delivery.attempts + (result.isOffline ? 0 : 1);
      const own = result.isOffline ? offlineRetrySeconds : backoffSeconds(attempts, random());
      wait(sql, delivery, { ...result, attempts, seconds: result.afterSeconds ?? own, now });
      if (result.isOffline) waitTogether(sql, delivery, { ...result, now });
      return;
    }
    case "uncertain": {
      const attempts = delivery.attempts + 1;
      return wait(sql, delivery, { ...result, attempts, seconds: backoffSeconds(attempts, random()), now });
    }
    case "tooLarge":
      if (delivery.pictures.length === 0) return end(sql, delivery, { state: "rejected", reason: result.reason, now });
      dropPicturesIfTooLargeTwice(sql, delivery);
      return wait(sql, delivery, { ...result, attempts: delivery.attempts, seconds: 0, now });
    case "rejected":
      return end(sql, delivery, { state: "rejected", reason: result.reason, now });
  }
}

/** Whoever does not replace pictures that are too large sends without. */
function dropPicturesIfTooLargeTwice(sql: Sql, { id }: Delivery): void {
  sql.run("UPDATE delivery SET pictures = '[]' WHERE id = :id AND was_too_large = 1", { id });
  sql.run("UPDATE delivery SET was_too_large = 1 WHERE id = :id", { id });
}

interface Wait {
  readonly kind: "retry" | "uncertain" | "tooLarge";
  readonly reason: string;
  readonly attempts: number;
  readonly seconds: number;
  /** The server's wish. */
  readonly afterSeconds?: number;
  readonly now: Moment;
}

function wait(sql: Sql, { id }: Delivery, { kind, reason, attempts, seconds, afterSeconds, now }: Wait): void {
  const boundedSeconds = Math.min(maxWaitSeconds, Math.max(0, seconds));
  sql.run(
    `UPDATE delivery SET state = :state, attempts = :attempts, due_ms = :due, asked_wait_boot = :askedBoot,
       reason = :reason WHERE id = :id`,
    {
      id,
      state: kind === "uncertain" ? "uncertain" : "queued",
      attempts,
      due: now.wall.epochMilliseconds + Math.round(boundedSeconds * 1000),
      askedBoot: afterSeconds === undefined ? null : now.bootId,
      reason: reason.slice(0, maxReasonCharacters),
    },
  );
}

/** One message finds out for all of its channel that there is no way out: each try is a write, and SD cards wear out. */
function waitTogether(sql: Sql, { channel }: Delivery, { reason, now }: { reason: string; now: Moment }): void {
  sql.run(
    `UPDATE delivery SET due_ms = :due, reason = COALESCE(reason, :reason)
     WHERE channel = :channel AND ${waiting} AND due_ms < :due`,
    {
      channel,
      due: now.wall.epochMilliseconds + offlineRetrySeconds * 1000,
      reason: reason.slice(0, maxReasonCharacters),
    },
  );
}

/** The way is free again: what still waits out a trouble of its own goes now, in order, unless the server asked for the wait. */
function goOn(sql: Sql, { channel }: Delivery, now: Moment): void {
  sql.run(
    `UPDATE delivery SET due_ms = :now
     WHERE channel = :channel AND ${waiting} AND due_ms > :now AND asked_wait_boot IS NULL`,
    { channel, now: now.wall.epochMilliseconds },
  );
}

interface End {
  readonly state: "sent" | "rejected";
  readonly reason?: string;
  readonly receipt?: string | undefined;
  readonly now: Moment;
}

function end(sql: Sql, { id }: Delivery, { state, reason, receipt, now }: End): void {
  sql.run(
    `UPDATE delivery SET state = :state, reason = :reason, receipt = :receipt, attempts = attempts + 1,
       ${settleColumns} WHERE id = :id`,
    {
      id,
      state,
      reason: reason?.slice(0, maxReasonCharacters) ?? null,
      receipt: receipt?.slice(0, maxReasonCharacters) ?? null,
      ...settledAt(now),
    },
  );
}
