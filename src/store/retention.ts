/**
 * Forgets what is old, and what is too much, in steps small enough not to be noticed.
 */
import { earliestBelievableTime, hasBelievableTime, type Moment } from "../domain/moment.ts";
import type { Sql } from "./database.ts";
import type { PictureFolder } from "./pictures.ts";

export interface Retention {
  readonly now: Moment;
  /** How long settled deliveries and composed events are kept. */
  readonly keepDays: number;
  /** Database and pictures together. */
  readonly maxBytes: number;
}

interface Parts {
  readonly sql: Sql;
  readonly pictures: PictureFolder;
}

/** Rows or files per call. */
const maxRemoved = 200;
/** Beyond keepDays: events per call, with all their deliveries. */
const maxEventsRemoved = 50;
/** Freed pages given back to the file system per call. */
const maxPagesFreed = 500;

const unsettled = "state IN ('queued', 'uncertain', 'sending')";

/**
 * One step. Pictures first: they are the most, and deleting a file needs no room on a full disk. They stay until all
 * their deliveries are settled and then until the next call, so that settling is one small transaction.
 */
export function retain(parts: Parts, { now, keepDays, maxBytes }: Retention): { isDone: boolean } {
  let removed = removeSettledPictures(parts);
  if (hasBelievableTime(now)) removed += removeOld(parts.sql, now.wall.subtract({ hours: keepDays * 24 }));
  if (removed === 0 && usedBytes(parts) > maxBytes) removed = removeTooMuch(parts, maxBytes);
  if (removed > 0) parts.sql.all(`PRAGMA incremental_vacuum(${maxPagesFreed})`); // frees one page per step
  return { isDone: removed === 0 };
}

function removeSettledPictures({ sql, pictures }: Parts): number {
  const needed = new Set(
    sql.all<{ hash: string }>(
      `SELECT DISTINCT json_extract(picture.value, '$.hash') AS hash
       FROM delivery, json_each(delivery.pictures) AS picture WHERE delivery.${unsettled}
       UNION SELECT hash FROM frame`,
    ).map(({ hash }) => hash),
  );
  let removed = 0;
  for (const { name } of pictures.files()) {
    if (needed.has(name)) continue;
    pictures.remove(name);
    if (++removed >= maxRemoved) break;
  }
  return removed;
}

function removeOld(sql: Sql, until: Temporal.Instant): number {
  const limits = {
    until: until.epochMilliseconds,
    believable: earliestBelievableTime.epochMilliseconds,
    // rows of a boot that never had a clock are as old as their neighbours
    untilEvent: sql.get<{ id: number | null }>(
      "SELECT max(id) AS id FROM event WHERE wall_ms >= :believable AND wall_ms < :until",
      { believable: earliestBelievableTime.epochMilliseconds, until: until.epochMilliseconds },
    )?.id ?? 0,
  };
  return sql.transaction("forget what is old", () =>
    sql.run(
      `DELETE FROM delivery WHERE id IN (
         SELECT id FROM delivery WHERE settled_ms IS NOT NULL AND settled_ms < :until
           AND (settled_ms >= :believable OR event <= :untilEvent) LIMIT ${maxRemoved})`,
      limits,
    ) + sql.run(
      `DELETE FROM event WHERE id IN (
         SELECT id FROM event WHERE wall_ms < :until AND (wall_ms >= :believable OR id <= :untilEvent)
           AND is_composed = 1 AND NOT EXISTS (SELECT 1 FROM delivery WHERE delivery.event = event.id)
         LIMIT ${maxRemoved})`,
      limits,
    ) + sql.run("DELETE FROM frame WHERE wall_ms >= :believable AND wall_ms < :until", {
      until: limits.until,
      believable: limits.believable,
    }));
}

/** The oldest settled first; then pictures of what waits, oldest first; never a text that waits. */
function removeTooMuch({ sql, pictures }: Parts, maxBytes: number): number {
  const removed = sql.transaction("make room", () => {
    const oldest = sql.all<{ id: number }>(
      `SELECT id FROM event WHERE is_composed = 1
         AND NOT EXISTS (SELECT 1 FROM delivery WHERE delivery.event = event.id AND delivery.${unsettled})
       ORDER BY id LIMIT ${maxEventsRemoved}`,
    );
    for (const { id } of oldest) {
      sql.run("DELETE FROM delivery WHERE event = :id", { id });
      sql.run("DELETE FROM event WHERE id = :id", { id });
    }
    return oldest.length;
  });
  return removed > 0 ? removed : removeWaitingPictures({ sql, pictures }, maxBytes);
}

function removeWaitingPictures({ sql, pictures }: Parts, maxBytes: number): number {
  const sizes = new Map([...pictures.files()].map(({ name, bytes }) => [name, bytes]));
  const oldestFirst = sql.all<{ hash: string }>(
    `SELECT json_extract(picture.value, '$.hash') AS hash
     FROM delivery, json_each(delivery.pictures) AS picture WHERE delivery.${unsettled} ORDER BY delivery.id`,
  );
  let used = usedBytes({ sql, pictures });
  let removed = 0;
  for (const { hash } of oldestFirst) {
    const bytes = sizes.get(hash);
    if (bytes === undefined) continue;
    if (used <= maxBytes || removed >= maxRemoved) break;
    pictures.remove(hash);
    sizes.delete(hash);
    used -= bytes;
    removed++;
  }
  return removed;
}

function usedBytes({ sql, pictures }: Parts): number {
  const pages = sql.get<{ bytes: number }>(
    `SELECT (page_count - freelist_count) * page_size AS bytes
     FROM pragma_page_count, pragma_freelist_count, pragma_page_size`,
  );
  let bytes = pages?.bytes ?? 0;
  for (const picture of pictures.files()) bytes += picture.bytes;
  return bytes;
}
