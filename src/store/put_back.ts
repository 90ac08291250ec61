/** The way back from a newer program: the copy of the database that it made before its migration. */
import { DatabaseSync } from "node:sqlite";
import { removeIfThere } from "./database.ts";
import { migrations } from "./migrations.ts";
import { databaseFile } from "./store.ts";
import { StoreError } from "./store_error.ts";

/**
 * Puts the copy in the place of a database that is too new for this program; the new one stays beside it. To be called only
 * while no agent runs. @returns whether that was necessary @throws StoreError where there is no such copy
 */
export function putBackDatabase(folder: string): boolean {
  const path = databaseFile(folder);
  const version = closedVersion(path);
  if (version === undefined || version <= migrations.length) return false;
  const copy = `${path}.schema${migrations.length}`;
  try {
    const { uid, gid } = Deno.statSync(path);
    Deno.copyFileSync(copy, `${path}.tmp`);
    if (Deno.uid() === 0) Deno.chownSync(`${path}.tmp`, uid, gid);
    using file = Deno.openSync(`${path}.tmp`, { write: true });
    file.syncSync();
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new StoreError("newer schema", `Cannot go back to schema ${migrations.length}: there is no "${copy}"`, {
      cause: error,
    });
  }
  Deno.renameSync(path, `${path}.schema${version}`);
  for (const suffix of ["-wal", "-shm"]) removeIfThere(path + suffix);
  Deno.renameSync(`${path}.tmp`, path);
  return true;
}

/** The schema of a database, its journal brought home; undefined where there is none. */
function closedVersion(path: string): number | undefined {
  try {
    Deno.statSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
  const db = new DatabaseSync(path);
  try {
    const row = db.prepare("PRAGMA user_version").get();
    db.exec("PRAGMA wal_checkpoint(TRUNCATE)");
    return Number(row?.["user_version"] ?? 0);
  } finally {
    db.close();
  }
}
