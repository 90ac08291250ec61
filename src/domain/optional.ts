/**
 * Unknown stays absent: objects whose optional fields are either there with a value or not there at all.
 */

/** Only the fields that are known; a number that is none (`NaN`, infinite) is not known. */
export function known<T extends object>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const isKnown = (value: unknown) => value !== undefined && (typeof value !== "number" || Number.isFinite(value));
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => isKnown(value))) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}

/** The object without these fields; the same object where it has none of them. */
export function without<T extends object, K extends keyof T>(whole: T, ...names: K[]): T | Omit<T, K> {
  if (!names.some((name) => name in whole)) return whole;
  const rest = { ...whole };
  for (const name of names) delete rest[name];
  return rest;
}
