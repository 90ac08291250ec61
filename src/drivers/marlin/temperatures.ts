/**
 * Temperatures as printers report them: `T:200.10 /200.00 B:60.00 /60.00 @:64 B@:32 W:?`. Written by hand: these are
 * the most frequent lines there are.
 */
import type { Temperature, Temperatures } from "../../domain/printer_state.ts";

const names: Readonly<Record<string, string>> = {
  B: "bed",
  C: "chamber",
  P: "probe",
  L: "cooler",
  M: "board",
  R: "redundant",
  A: "ambient",
};

const space = 32;
const colon = 58;
const minus = 45;
const slash = 47;
const digit0 = 48;
const digit9 = 57;

/** The temperatures in a line, from `start` on; undefined if it does not begin like a report of some. */
export function parseTemperatures(line: string, start = 0): Temperatures | undefined {
  const found: Record<string, Temperature> = {};
  let name = "";
  // What the number of the present token is; some firmwares put a space after the colon or the slash.
  let expected: "celsius" | "target" | undefined;
  let isFirst = true;
  for (let at = start; at < line.length;) {
    const code = line.charCodeAt(at);
    if (code === space) {
      at++;
      continue;
    }
    const end = endOfToken(line, at);
    let numberAt = at;
    if (code === slash) {
      expected = "target";
      numberAt = at + 1;
    } else if (expected === undefined || !isNumeric(code)) {
      numberAt = afterName(line, at, end);
      name = numberAt < 0 ? "" : nameOf(line, at, numberAt);
      expected = name === "" ? undefined : "celsius";
      if (isFirst && name === "") return undefined;
      isFirst = false;
    }
    if (expected !== undefined && numberAt < end) {
      const value = numberIn(line, numberAt, end);
      const known = found[name];
      if (value !== undefined && expected === "celsius") found[name] = { celsius: value };
      else if (value !== undefined && known) found[name] = { celsius: known.celsius, targetCelsius: value };
      expected = undefined;
    }
    at = end;
  }
  for (const _ in found) return found;
  return undefined;
}

/** Where the number of `T0:200.10` begins; -1 if the token is no reading. */
function afterName(line: string, at: number, end: number): number {
  let next = at + 1;
  while (next < end && isDigit(line.charCodeAt(next))) next++;
  return line.charCodeAt(next) === colon ? next + 1 : -1;
}

function nameOf(line: string, at: number, numberAt: number): string {
  const letter = line[at] ?? "";
  const hasIndex = numberAt > at + 2;
  if (letter !== "T") return hasIndex ? "" : names[letter] ?? "";
  const index = hasIndex ? Number(line.slice(at + 1, numberAt - 1)) : 0;
  return index === 0 ? "nozzle" : `nozzle${index}`;
}

function isNumeric(code: number): boolean {
  return isDigit(code) || code === minus;
}

function isDigit(code: number): boolean {
  return code >= digit0 && code <= digit9;
}

/** Tokens end at a space, or before a `/` (Buddy writes `X:40.00/36.00`). */
function endOfToken(line: string, at: number): number {
  let end = at + 1;
  for (; end < line.length; end++) {
    const code = line.charCodeAt(end);
    if (code === space || code === slash) break;
  }
  return end;
}

function numberIn(line: string, from: number, to: number): number | undefined {
  if (from >= to) return undefined;
  const value = Number(line.slice(from, to));
  return Number.isFinite(value) ? value : undefined;
}

/** The highest target of any nozzle; undefined while none is known. */
export function nozzleTargetCelsius(temperatures: Temperatures): number | undefined {
  let highest: number | undefined;
  for (const [name, { targetCelsius }] of Object.entries(temperatures)) {
    if (!name.startsWith("nozzle") || targetCelsius === undefined) continue;
    if (highest === undefined || targetCelsius > highest) highest = targetCelsius;
  }
  return highest;
}

/** Whether all targets that are known are zero; undefined while none is known. */
export function isCold(temperatures: Temperatures): boolean | undefined {
  const targets = Object.values(temperatures).flatMap(({ targetCelsius }) => targetCelsius ?? []);
  return targets.length === 0 ? undefined : targets.every((target) => target === 0);
}
