/**
 * Opens the SQLite file and keeps its statements. WAL with synchronous=FULL: what was committed survives a power cut
 * as far as the card keeps its word (https://www.sqlite.org/pragma.html#pragma_synchronous).
 */
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { StoreError, storeError } from "./store_error.ts";

export type SqlValue = string | number | null;
type Parameters = Readonly<Record<string, SqlValue>>;

const busyMilliseconds = 5000;
/** The WAL file shrinks back to this after a burst. */
const maxRestingWalBytes = 4 * 1024 * 1024;

/** The database with its prepared statements; transactions that leave nothing half-written. */
export class Sql implements Disposable {
  readonly #statements = new Map<string, StatementSync>();
  #depth = 0;

  constructor(readonly db: DatabaseSync) {}

  /** The rows a statement yields. `Row` is what its SELECT names. */
  all<Row>(sql: string, parameters: Parameters = {}): Row[] {
    return this.#statement(sql).all(parameters) as Row[];
  }

  get<Row>(sql: string, parameters: Parameters = {}): Row | undefined {
    return this.#statement(sql).get(parameters) as Row | undefined;
  }

  /** Returns how many rows changed. */
  run(sql: string, parameters: Parameters = {}): number {
    return Number(this.#statement(sql).run(parameters).changes);
  }

  /**
   * All of `work` or nothing of it. One inside another is part of it. What a power cut may undo, because it would simply be
   * done again, need not wait for the card: `isDurable: false`.
   * @throws StoreError `Cannot <action>: …`
   */
  transaction<T>(action: string, work: () => T, { isDurable = true }: { isDurable?: boolean } = {}): T {
    if (this.#depth > 0) return work();
    this.#depth++;
    try {
      if (!isDurable) this.db.exec("PRAGMA synchronous = NORMAL");
      this.run("BEGIN IMMEDIATE");
      const result = work();
      this.run("COMMIT");
      return result;
    } catch (error) {
      if (this.db.isTransaction) this.run("ROLLBACK"); // a full disk has rolled back already
      throw storeError(action, error);
    } finally {
      if (!isDurable) this.db.exec("PRAGMA synchronous = FULL");
      this.#depth--;
    }
  }

  #statement(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (!statement) {
      statement = this.db.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }

  [Symbol.dispose](): void {
    this.#statements.clear();
    this.db.close();
  }
}

/** Opens or creates the database file, 0600, and brings it to the newest schema. @throws StoreError */
export function openDatabase(path: string, migrations: readonly string[]): Sql {
  const action = `open the state in "${path}"`;
  try {
    // SQLite gives -wal and -shm the mode of the database itself
    Deno.openSync(path, { create: true, write: true, mode: 0o600 }).close();
    Deno.chmodSync(path, 0o600);
    copyIfOutdated(path, migrations.length);
    const sql = new Sql(new DatabaseSync(path));
    try {
      prepareDatabase(sql, path, migrations);
      return sql;
    } catch (error) {
      sql[Symbol.dispose]();
      throw error;
    }
  } catch (error) {
    if (error instanceof Deno.errors.PermissionDenied) {
      throw new StoreError("unusable", `Cannot ${action}: permission denied. Check who owns it`, { cause: error });
    }
    throw storeError(action, error);
  }
}

function prepareDatabase(sql: Sql, path: string, migrations: readonly string[]): void {
  sql.run(`PRAGMA busy_timeout = ${busyMilliseconds}`);
  refuseNewer(sql, path, migrations); // before anything is written
  sql.run("PRAGMA auto_vacuum = INCREMENTAL"); // only a new file takes it
  const mode = sql.get<{ journal_mode: string }>("PRAGMA journal_mode = WAL")?.journal_mode;
  if (mode !== "wal") {
    throw new StoreError("unusable", `Cannot open the state in "${path}": this file system cannot keep a database`);
  }
  sql.run("PRAGMA synchronous = FULL");
  sql.run("PRAGMA foreign_keys = ON");
  sql.get(`PRAGMA journal_size_limit = ${maxRestingWalBytes}`);
  migrate(sql, path, migrations);
}

function refuseNewer(sql: Sql, path: string, migrations: readonly string[]): void {
  const version = schemaVersion(sql);
  if (version <= migrations.length) return;
  throw new StoreError(
    "newer schema",
    `Cannot open the state in "${path}": a newer Filagram wrote it (schema ${version}, this one knows ` +
      `${migrations.length}). Update this program; the state was left as it is`,
  );
}

function migrate(sql: Sql, path: string, migrations: readonly string[]): void {
  const before = schemaVersion(sql);
  if (before === migrations.length) return;
  sql.transaction(`update the state in "${path}"`, () => {
    refuseNewer(sql, path, migrations);
    for (const migration of migrations.slice(schemaVersion(sql))) sql.db.exec(migration); // another may have been faster
    sql.run(`PRAGMA user_version = ${migrations.length}`);
  });
}

/**
 * The way back, should the new schema be a mistake: everything as it was, in one file. `VACUUM INTO` is for programs that may do
 * everything (Deno), so the file itself is copied: closed, because closing the copied one would take SQLite's locks away.
 */
function copyIfOutdated(path: string, newest: number): void {
  const version = bringHome(path, newest);
  if (version === undefined) return;
  const copy = `${path}.schema${version}`;
  const unfinished = `${copy}.tmp`;
  for (const old of [unfinished, copy]) removeIfThere(old);
  Deno.copyFileSync(path, unfinished); // with its mode
  using file = Deno.openSync(unfinished, { write: true });
  file.syncSync();
  Deno.renameSync(unfinished, copy);
}

/** Puts the journal of an outdated database into its file. @returns its schema; undefined where it is new or not outdated */
function bringHome(path: string, newest: number): number | undefined {
  using sql = new Sql(new DatabaseSync(path));
  sql.run(`PRAGMA busy_timeout = ${busyMilliseconds}`);
  const version = schemaVersion(sql);
  if (version === 0 || version >= newest) return undefined;
  if (sql.get<{ busy: number }>("PRAGMA wal_checkpoint(TRUNCATE)")?.busy !== 0) {
    throw new StoreError("unusable", `Cannot update the state in "${path}": another program uses it`);
  }
  return version;
}

export function removeIfThere(path: string): void {
  try {
    Deno.removeSync(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

function schemaVersion(sql: Sql): number {
  return sql.get<{ user_version: number }>("PRAGMA user_version")?.user_version ?? 0;
}
