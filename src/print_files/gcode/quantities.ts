/**
 * The numbers, durations and lists of slicers' comments. All of these are total: undefined where the text is not what is looked for.
 */
import { limits } from "../limits.ts";

/** Longer is no number and no time; patterns that look back and forth never see it. */
const maxQuantityLength = 100;
const number = String.raw`[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?`;
const wholeNumber = new RegExp(`^${number}$`, "i");
const leadingNumber = new RegExp(`^(${number})(?!\\d)\\s*([a-z³^%°]*\\d?)`, "i");

/** The text is a number and nothing else. */
export function readNumber(text: string | undefined): number | undefined {
  const trimmed = text?.trim() ?? "";
  const value = trimmed.length <= maxQuantityLength && wholeNumber.test(trimmed) ? Number(trimmed) : NaN;
  return Number.isFinite(value) ? value : undefined;
}

/** `13.16 g (0.03 lb)` → 13.16 and `g`; a number alone has the unit "". */
export function readQuantity(text: string | undefined): { value: number; unit: string } | undefined {
  const found = leadingNumber.exec(text?.trim().slice(0, maxQuantityLength) ?? "");
  const value = Number(found?.[1]);
  return found && Number.isFinite(value) ? { value, unit: found[2]!.toLowerCase() } : undefined;
}

export function positive(value: number | undefined): number | undefined {
  return value !== undefined && value > 0 ? value : undefined;
}

/** `60,60` or `0.4;0.4`, each read by `read`; one that cannot be read spoils the list. An empty list is none. */
export function readList(
  text: string | undefined,
  read: (item: string) => number | undefined = readNumber,
): number[] | undefined {
  const items = (text ?? "").split(/[,;]/, limits.maxListed).map((item) => read(item));
  return items.every((item) => item !== undefined) ? items : undefined;
}

/** `PLA;"PETG HF"`; undefined if none of them says anything. */
export function readTexts(text: string | undefined): string[] | undefined {
  const items = (text ?? "").split(/[,;]/, limits.maxListed).map((item) => readText(item) ?? "");
  return items.some((item) => item !== "") ? items : undefined;
}

/** Without quotes and control characters; undefined if nothing is left. */
export function readText(text: string | undefined): string | undefined {
  // deno-lint-ignore no-control-regex -- taking them out is the point
  const plain = (text ?? "").trim().replace(/^"(.*)"$/, "$1").replace(/[\0-\x1f\x7f-\x9f]/g, "").trim();
  return plain.slice(0, limits.maxTextLength) || undefined;
}

/** `#RRGGBB` each, in capitals; a colour that is none spoils the list, for its places are tools. */
export function readColours(text: string | undefined): string[] | undefined {
  const items = readTexts(text)?.map((item) => /^#[0-9a-f]{6}(?=$|[0-9a-f]{2}$)/i.exec(item)?.[0].toUpperCase());
  return items?.every((item) => item !== undefined) ? items : undefined;
}

const secondsPerUnit = { d: 86_400, h: 3_600, m: 60, s: 1 } as const;
const durationPart = /([\d.]+)\s*([dhms])[a-z]*/gi;
const duration = /^\s*(?:[\d.]+\s*(?:d(?:ays?)?|h(?:(?:ou)?rs?)?|m(?:in(?:ute)?s?)?|s(?:ec(?:ond)?s?)?)[\s,:]*)+$/i;
const clock = /^(?:(\d+):)?(\d+):(\d+)$/;

/** `1d 2h 3m 4s`, `0 hours 31 minutes`, `7.94 minutes`, `2:11:47`, `806s` or a bare number of seconds; whole seconds. */
export function readSeconds(text: string | undefined): number | undefined {
  const trimmed = text?.trim() ?? "";
  if (trimmed.length > maxQuantityLength) return undefined;
  const [, hours, minutes, seconds] = clock.exec(trimmed) ?? [];
  let total = readNumber(trimmed);
  if (seconds !== undefined) total = Number(hours ?? 0) * 3_600 + Number(minutes) * 60 + Number(seconds);
  else if (duration.test(trimmed)) {
    total = 0;
    for (const [, value, unit] of trimmed.matchAll(durationPart)) {
      total += Number(value) * secondsPerUnit[unit!.toLowerCase() as keyof typeof secondsPerUnit];
    }
  }
  return total !== undefined && Number.isFinite(total) && total >= 0 ? Math.round(total) : undefined;
}

/** To hundredths: what is computed shall not pretend to more. */
export function hundredths(value: number): number {
  return Math.round(value * 100) / 100;
}
