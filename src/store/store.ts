/**
 * What must not be lost: printers' last states, events, and (through the outbox) deliveries, in one SQLite file.
 */
import type { DatabaseSync } from "node:sqlite";
import { corrected, type Moment } from "../domain/moment.ts";
import type { PrinterEvent } from "../domain/printer_event.ts";
import type { PrinterState } from "../domain/printer_state.ts";
import { openDatabase, type Sql, type SqlValue } from "./database.ts";
import { decodeEvent, decodeState, encode, withCorrectedMoments } from "./event_rows.ts";
import { Frames } from "./frames.ts";
import { migrations } from "./migrations.ts";
import { PictureFolder, syncFolder } from "./pictures.ts";
import { retain, type Retention } from "./retention.ts";
import { StoreError, type StoreErrorKind } from "./store_error.ts";

export { StoreError, type StoreErrorKind };

export interface StoredEvent {
  readonly id: number;
  readonly printer: string;
  readonly event: PrinterEvent;
}

export interface EventQuery {
  readonly printer?: string;
  /** Only events with a greater id. */
  readonly after?: number;
  readonly limit: number;
  /** Default: oldest first. */
  readonly newestFirst?: boolean;
}

interface EventRow {
  readonly id: number;
  readonly printer: string;
  readonly body: string;
}

/** A wall time this far off was wrong when it was written, not merely adjusted since. */
const leastCorrectionMilliseconds = 2000;
const maxWarnings = 100;

export class Store implements Disposable {
  readonly folder: string;
  /** Statements and transactions; for src/outbox only. */
  readonly sql: Sql;
  /** Random, made once per state folder. */
  readonly agentId: string;
  /** Kept by the outbox, swept by {@link retain}. */
  readonly pictures: PictureFolder;
  /** Small pictures of prints under way. */
  readonly frames: Frames;
  /** What could not be read back and was left out, one sentence each; the newest {@link maxWarnings}. */
  readonly warnings: string[] = [];

  private constructor(folder: string, sql: Sql) {
    this.folder = folder;
    this.sql = sql;
    this.agentId = agentIdOf(sql);
    this.pictures = new PictureFolder(`${folder}/pictures`);
    this.frames = new Frames(sql, this.pictures);
  }

  /**
   * Opens or creates `<folder>/filagram.db`, migrates it.
   * @throws StoreError with a sentence for the owner
   */
  static open(folder: string): Store {
    makeFolder(folder);
    const sql = openDatabase(databaseFile(folder), migrations);
    syncFolder(folder);
    return new Store(folder, sql);
  }

  /** For src/outbox only. */
  get db(): DatabaseSync {
    return this.sql.db;
  }

  loadState(printer: string): PrinterState | undefined {
    const row = this.sql.get<{ state: string }>("SELECT state FROM printer WHERE name = :printer", { printer });
    if (!row) return undefined;
    const decoded = decodeState(row.state);
    if ("value" in decoded) return decoded.value;
    this.#warn(`The last state of "${printer}" could not be read: ${decoded.problem}`);
    return undefined;
  }

  /**
   * The printer's state and its new events in one transaction. A state alone need not wait for the card: it is seen again.
   * @throws StoreError, with `kind` "disk full" when there is no room: nothing was written, call again
   */
  commit(printer: string, state: PrinterState, events: readonly PrinterEvent[]): StoredEvent[] {
    return this.sql.transaction(`store what "${printer}" did`, () => {
      this.sql.run(
        `INSERT INTO printer (name, state) VALUES (:printer, :state)
         ON CONFLICT (name) DO UPDATE SET state = excluded.state`,
        { printer, state: encode(state) },
      );
      return events.map((event) => ({ id: this.#insert(printer, event), printer, event }));
    }, { isDurable: events.length > 0 });
  }

  #insert(printer: string, event: PrinterEvent): number {
    const row = this.sql.get<{ id: number }>(
      `INSERT INTO event (printer, body, wall_ms, boot, monotonic_ms)
       VALUES (:printer, :body, :wall, :boot, :monotonic) RETURNING id`,
      {
        printer,
        body: encode(event),
        wall: event.at.wall.epochMilliseconds,
        boot: event.at.bootId,
        monotonic: event.at.monotonicMilliseconds,
      },
    );
    if (!row) throw new Error("An INSERT gave no id");
    return row.id;
  }

  /** Oldest first, at most `limit` events for which nothing was enqueued or decided yet. */
  uncomposed(limit: number): StoredEvent[] {
    const rows = this.sql.all<EventRow>(
      "SELECT id, printer, body FROM event WHERE is_composed = 0 ORDER BY id LIMIT :limit",
      { limit },
    );
    const readable = this.#read(rows);
    if (readable.length < rows.length) {
      this.#giveUp(rows.filter(({ id }) => !readable.some((event) => event.id === id)));
    }
    return readable;
  }

  /** An event that cannot be read must not stand in the way of those that can. */
  #giveUp(rows: readonly EventRow[]): void {
    this.sql.transaction("set unreadable events aside", () => {
      for (const { id } of rows) this.sql.run("UPDATE event SET is_composed = 1 WHERE id = :id", { id });
    });
  }

  event(id: number): StoredEvent | undefined {
    return this.#read(this.sql.all<EventRow>("SELECT id, printer, body FROM event WHERE id = :id", { id }))[0];
  }

  events({ printer, after, limit, newestFirst }: EventQuery): StoredEvent[] {
    const conditions = [
      "id > :after",
      ...(printer === undefined ? [] : ["printer = :printer"]),
    ];
    const values: Record<string, SqlValue> = {
      after: after ?? 0,
      limit,
      ...(printer === undefined ? {} : { printer }),
    };
    return this.#read(this.sql.all<EventRow>(
      `SELECT id, printer, body FROM event WHERE ${conditions.join(" AND ")}
       ORDER BY id ${newestFirst ? "DESC" : "ASC"} LIMIT :limit`,
      values,
    ));
  }

  #read(rows: readonly EventRow[]): StoredEvent[] {
    return rows.flatMap(({ id, printer, body }) => {
      const decoded = decodeEvent(body);
      if ("value" in decoded) return [{ id, printer, event: decoded.value }];
      this.#warn(`Event ${id} of "${printer}" could not be read: ${decoded.problem}`);
      return [];
    });
  }

  #warn(text: string): void {
    if (this.warnings.includes(text)) return;
    this.warnings.push(text);
    if (this.warnings.length > maxWarnings) this.warnings.shift();
  }

  /**
   * After the clock was set: the wall times of this boot's rows become what `now` knows them to be, however believable
   * they looked (a Pi may start with the time at which it was switched off).
   */
  correctTimes(now: Moment): void {
    const off = (wall: string, monotonic: string) =>
      `abs(${wall} - (:now - (:monotonic - ${monotonic}))) >= ${leastCorrectionMilliseconds}`;
    const times = { boot: now.bootId, now: now.wall.epochMilliseconds, monotonic: now.monotonicMilliseconds };
    this.sql.transaction("correct the times", () => {
      const wrong = this.sql.all<{ id: number; body: string; monotonic_ms: number }>(
        `SELECT id, body, monotonic_ms FROM event WHERE boot = :boot AND ${off("wall_ms", "monotonic_ms")}`,
        times,
      );
      for (const { id, body, monotonic_ms } of wrong) {
        const { wall } = corrected({ ...now, monotonicMilliseconds: monotonic_ms }, now);
        this.sql.run("UPDATE event SET body = :body, wall_ms = :wall WHERE id = :id", {
          id,
          body: withCorrectedMoments(body, now),
          wall: wall.epochMilliseconds,
        });
        this.sql.run("UPDATE delivery SET expires_ms = :wall + live_ms WHERE event = :id", {
          id,
          wall: wall.epochMilliseconds,
        });
      }
      for (const { name, state } of this.sql.all<{ name: string; state: string }>("SELECT name, state FROM printer")) {
        if ("value" in decodeState(state)) {
          this.sql.run("UPDATE printer SET state = :state WHERE name = :name", {
            name,
            state: withCorrectedMoments(state, now),
          });
        }
      }
      this.sql.run(
        `UPDATE delivery SET settled_ms = CAST(:now - (:monotonic - settled_monotonic_ms) AS INTEGER)
         WHERE settled_ms IS NOT NULL AND settled_boot = :boot AND ${off("settled_ms", "settled_monotonic_ms")}`,
        times,
      );
    });
  }

  /** Deletes old settled rows and pictures in small steps. `isDone` when there is nothing more to delete. */
  retain(options: Retention): { isDone: boolean } {
    return retain(this, options);
  }

  [Symbol.dispose](): void {
    this.sql[Symbol.dispose]();
  }
}

/** Where the database lies in a state folder. */
export function databaseFile(folder: string): string {
  return `${folder}/filagram.db`;
}

function makeFolder(folder: string): void {
  try {
    Deno.mkdirSync(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    const reason = error instanceof Deno.errors.PermissionDenied ? "permission denied" : "the folder cannot be made";
    throw new StoreError("unusable", `Cannot open the state in "${folder}": ${reason}. Choose another with --state`, {
      cause: error,
    });
  }
}

function agentIdOf(sql: Sql): string {
  const stored = () => sql.get<{ agent_id: string }>("SELECT agent_id FROM agent")?.agent_id;
  return stored() ?? sql.transaction("name the agent", () => {
    const id = crypto.getRandomValues(new Uint8Array(8)).toHex();
    sql.run("INSERT OR IGNORE INTO agent (only_row, agent_id) VALUES (1, :id)", { id });
    return stored() ?? id;
  });
}
