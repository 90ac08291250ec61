/**
 * Durations and steps of progress as owners write them: always with a unit, so that no number can be misread.
 */
import { z } from "zod";
import type { ProgressStep } from "../domain/progress.ts";

const secondsPerUnit: Readonly<Record<string, number>> = { s: 1, min: 60, h: 3600, d: 86_400 };
const durationPart = String.raw`\d+(?:\.\d+)?\s*(?:s|min|h|d)`;
const durationPattern = new RegExp(`^${durationPart}(?:\\s+${durationPart})*$`);

/** Seconds of `5 s`, `10 min`, `1 h 30 min`; undefined where it is none. */
export function parseDuration(text: string): number | undefined {
  const trimmed = text.trim();
  if (!durationPattern.test(trimmed)) return undefined;
  let seconds = 0;
  for (const [, number, unit] of trimmed.matchAll(/(\d+(?:\.\d+)?)\s*(s|min|h|d)/g)) {
    seconds += Number(number) * (secondsPerUnit[unit ?? ""] ?? 0);
  }
  return seconds;
}

export interface DurationLimits {
  readonly leastSeconds: number;
  readonly mostSeconds: number;
}

/** A duration in seconds; a bare number is refused with the units to add. */
export function durationSchema({ leastSeconds, mostSeconds }: DurationLimits) {
  return z.string({ error: (issue) => withoutUnit(issue.input, ["s", "min"]) }).transform((text, context) => {
    const seconds = parseDuration(text);
    if (seconds === undefined) {
      const message = withoutUnit(text, ["s", "min"]) ??
        `${quoted(text)} is no duration: write it like 5 s, 10 min or 2 h`;
      context.addIssue({ code: "custom", message });
      return z.NEVER;
    }
    if (seconds < leastSeconds || seconds > mostSeconds) {
      const range = `${shownDuration(leastSeconds)} to ${shownDuration(mostSeconds)}`;
      context.addIssue({ code: "custom", message: `${quoted(text)} is out of range: ${range} are allowed` });
      return z.NEVER;
    }
    return seconds;
  }).meta({ hasUnit: true, pattern: durationPattern.source, examples: ["5 s", "10 min", "2 h"] });
}

/** Told more often than this, progress is a flood. */
const leastStepSeconds = 10;
const mostStepSeconds = 7 * 86_400;
const stepForms = "10 %, 30 min, 10 % of time, 25 layers or 15 min before end";

/** How often progress is told: `10 %`, `30 min`, `10 % of time`, `25 layers`, `15 min before end`. */
export const progressStepSchema = z.string({ error: (issue) => withoutUnit(issue.input, ["%", "min"]) })
  .transform((text, context): ProgressStep => {
    const parsed = parseProgressStep(text);
    if (typeof parsed !== "string") return parsed;
    context.addIssue({ code: "custom", message: parsed });
    return z.NEVER;
  }).meta({
    hasUnit: true,
    pattern: String.raw`^\s*\d.*(%|% of time|s|min|h|d|layers?|before end)\s*$`,
    examples: ["10 %", "30 min", "10 % of time", "25 layers", "15 min before end"],
  });

/** The step, or the sentence that says what is wrong with it. */
export function parseProgressStep(text: string): ProgressStep | string {
  const trimmed = text.trim();
  const share = /^(\d+(?:\.\d+)?)\s*%(\s+of\s+time)?$/.exec(trimmed);
  if (share) {
    const percent = Number(share[1]);
    if (percent < 1 || percent > 99) return `${quoted(text)} is out of range: 1 % to 99 % are allowed`;
    return { kind: share[2] ? "timeShare" : "percent", percent };
  }
  const layers = /^(\d+)\s*layers?$/.exec(trimmed);
  if (layers) {
    const count = Number(layers[1]);
    if (count < 1 || count > 100_000) return `${quoted(text)} is out of range: 1 layer or more`;
    return { kind: "layers", layers: count };
  }
  const beforeEnd = /^(.*\S)\s+before\s+(?:the\s+)?end$/.exec(trimmed);
  const seconds = parseDuration(beforeEnd?.[1] ?? trimmed);
  if (seconds === undefined) {
    return withoutUnit(trimmed, ["%", "min"]) ?? `${quoted(text)} is not understood: write ${stepForms}`;
  }
  if (seconds < leastStepSeconds || seconds > mostStepSeconds) {
    const range = `${shownDuration(leastStepSeconds)} to ${shownDuration(mostStepSeconds)}`;
    return `${quoted(text)} is out of range: ${range} are allowed`;
  }
  return beforeEnd ? { kind: "beforeEnd", seconds } : { kind: "time", seconds };
}

function withoutUnit(value: unknown, units: readonly [string, string]): string | undefined {
  const number = typeof value === "number" ? String(value) : typeof value === "string" ? value.trim() : "";
  return /^\d+(\.\d+)?$/.test(number) ? `needs a unit: ${number} ${units[0]} or ${number} ${units[1]}?` : undefined;
}

function shownDuration(seconds: number): string {
  const [unit, size] = Object.entries(secondsPerUnit).findLast(([, size]) => seconds >= size && seconds % size === 0) ??
    ["s", 1];
  return `${seconds / size} ${unit}`;
}

function quoted(text: string): string {
  return `"${text.length > 40 ? `${text.slice(0, 40)}…` : text}"`;
}
