/** Values of JSON that somebody else wrote: each is what is asked for, or undefined. */
import { limits } from "../limits.ts";

export function recordOf(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? value as Record<string, unknown>
    : undefined;
}

/** A number, also one that is written as text. */
export function numberOf(value: unknown): number | undefined {
  if (typeof value !== "number" && (typeof value !== "string" || value.trim() === "")) return undefined;
  const number = Number(value);
  return Number.isFinite(number) ? number : undefined;
}

/** A list of numbers, also one number by itself; undefined if one of them is none. */
export function numbersOf(value: unknown): readonly number[] | undefined {
  const list = (Array.isArray(value) ? value.slice(0, limits.maxListed) : [value]).map(numberOf);
  const numbers = list.filter((number) => number !== undefined);
  return list.length > 0 && numbers.length === list.length ? numbers : undefined;
}

export function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value.trim() !== "" ? value.trim().slice(0, limits.maxTextLength) : undefined;
}

/** A list of texts, also one text by itself. */
export function textsOf(value: unknown): readonly string[] | undefined {
  const list = (Array.isArray(value) ? value.slice(0, limits.maxListed) : [value]).map(textOf);
  const texts = list.filter((text) => text !== undefined);
  return texts.length > 0 ? texts : undefined;
}

const maxDepth = 3;

/**
 * Settings as JSON in the form of those in text: lists of numbers joined by commas, lists of texts by semicolons. What is grouped is
 * given as a whole, as `objects_info` is in text, and one by one.
 */
export function* configEntries(value: unknown, depth = 1): Generator<[key: string, value: string]> {
  for (const [key, setting] of Object.entries(recordOf(value) ?? {})) {
    if (isPlain(setting)) yield [key, String(setting)];
    else if (Array.isArray(setting)) {
      const list = setting.slice(0, limits.maxListed).filter(isPlain);
      if (list.length > 0) yield [key, list.join(list.every((each) => numberOf(each) !== undefined) ? "," : ";")];
    } else if (recordOf(setting) && depth < maxDepth) {
      yield [key, JSON.stringify(setting)];
      yield* configEntries(setting, depth + 1);
    }
  }
}

function isPlain(value: unknown): value is string | number {
  return typeof value === "string" || typeof value === "number";
}
