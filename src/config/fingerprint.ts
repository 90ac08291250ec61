/**
 * Tells what changed between two readings of the settings.
 */
import { createHash } from "node:crypto";
import { isRecord } from "./schema_shape.ts";

/** Changes when the value does, whatever the order of its keys. */
export function fingerprint(value: unknown): string {
  return createHash("sha256").update(JSON.stringify(value, sortedKeys)).digest("hex").slice(0, 32);
}

function sortedKeys(_key: string, value: unknown): unknown {
  if (!isRecord(value)) return value;
  return Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => a < b ? -1 : a > b ? 1 : 0));
}
