/**
 * What can be wrong with the store, as sentences for the owner.
 */

export type StoreErrorKind = "disk full" | "newer schema" | "damaged" | "busy" | "unusable";

/** Nothing is half-written when this is thrown; after `disk full` and `busy` the same call may be made again. */
export class StoreError extends Error {
  override readonly name = "StoreError";
  constructor(readonly kind: StoreErrorKind, message: string, options?: ErrorOptions) {
    super(message, options);
  }
}

/** Primary result codes of SQLite, https://www.sqlite.org/rescode.html */
const sqliteCodes: Readonly<Record<number, { kind: StoreErrorKind; text: string }>> = {
  5: { kind: "busy", text: "another process holds the database" },
  8: { kind: "unusable", text: "the database is read-only. Check who owns the files in the state folder" },
  10: { kind: "unusable", text: "the disk cannot be read or written. Check the SD card" },
  11: { kind: "damaged", text: "the database is damaged. Move it away to begin anew" },
  13: { kind: "disk full", text: "the disk is full. Free some space; nothing is lost meanwhile" },
  14: { kind: "unusable", text: "the database cannot be opened. Check who owns the state folder" },
  26: { kind: "damaged", text: "this is not a database. Move it away to begin anew" },
};

/** Says what failed; an error of SQLite or of the file system becomes a {@link StoreError}, any other stays. */
export function storeError(action: string, error: unknown): unknown {
  if (error instanceof StoreError) return error;
  if (isDiskFull(error)) {
    return new StoreError("disk full", `Cannot ${action}: ${sqliteCodes[13]?.text}`, { cause: error });
  }
  const code = numberField(error, "errcode");
  if (code === undefined) return error;
  const known = sqliteCodes[code & 0xff]; // the upper bits only refine
  return known ? new StoreError(known.kind, `Cannot ${action}: ${known.text}`, { cause: error }) : error;
}

/** SQLITE_FULL from the database, ENOSPC or EDQUOT from the file system. */
export function isDiskFull(error: unknown): boolean {
  if (error instanceof StoreError) return error.kind === "disk full";
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return code === "ENOSPC" || code === "EDQUOT" || ((numberField(error, "errcode") ?? 0) & 0xff) === 13;
}

function numberField(error: unknown, name: string): number | undefined {
  if (!(error instanceof Error) || !(name in error)) return undefined;
  const value = Object.getOwnPropertyDescriptor(error, name)?.value;
  return typeof value === "number" ? value : undefined;
}
