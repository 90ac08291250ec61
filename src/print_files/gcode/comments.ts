/**
 * What a slicer tells in comments: `; key = value`, `;KEY:value`, `;   key,value`. Only lines that begin with a semicolon count:
 * settings quote whole start codes, and moves carry remarks.
 */

/** Keys as in the file but in lower case and without the dashes some put around them; the first line with a key counts. */
export type Pairs = ReadonlyMap<string, string>;

const maxKeyLength = 80;
const pair = /^;[;\s-]*([^\s=:,;-][^=:,]*)[=:,](.*)$/;
/** Slic3r 1.x says this once per extruder. */
const saidPerTool = "filament used";

export function readPairs(lines: Iterable<string>): Pairs {
  const pairs = new Map<string, string>();
  for (const line of lines) {
    if (line.charCodeAt(0) !== 0x3b) continue;
    const [, key = "", text = ""] = pair.exec(line) ?? [];
    const name = key.trim().toLowerCase();
    if (name === "" || name.length > maxKeyLength) continue;
    const value = (text.endsWith("---") ? text.slice(0, -3) : text).trim();
    const earlier = pairs.get(name);
    if (earlier === undefined) pairs.set(name, value);
    else if (name === saidPerTool) pairs.set(name, `${earlier}, ${value}`);
  }
  return pairs;
}

/** The first of these keys whose value `read` understands. */
export function firstOf<T>(
  pairs: Pairs,
  keys: readonly string[],
  read: (value: string) => T | undefined,
): T | undefined {
  for (const key of keys) {
    const value = pairs.get(key);
    const result = value === undefined ? undefined : read(value);
    if (result !== undefined) return result;
  }
  return undefined;
}

const maxTools = 100;

/** What `read` makes of the values of `key`, by the number in it, which is `from` for the first tool; a number left out is 0. */
export function numberedOf(
  pairs: Pairs,
  key: RegExp,
  { from, read }: { from: 0 | 1; read: (value: string) => number | undefined },
): number[] | undefined {
  const found: number[] = [];
  for (const [name, value] of pairs) {
    const tool = Number(key.exec(name)?.[1] ?? NaN) - from;
    const result = tool >= 0 && tool < maxTools ? read(value) : undefined;
    if (result !== undefined) found[tool] = result;
  }
  return found.length > 0 ? Array.from(found, (value) => value ?? 0) : undefined;
}
