/**
 * What the codes themselves say where the comments are silent: the first temperatures that are waited for, objects that can be
 * cancelled, totals that are told to a display. Only codes at the beginning of a line.
 */
import type { PrintFileFacts } from "../../domain/print_file.ts";
import { limits } from "../limits.ts";
import { knownFacts } from "./known_facts.ts";
import { positive, readNumber, readText } from "./quantities.ts";

/** From the lines before and around the first move that prints. */
export function codeFacts(headLines: readonly string[]): PrintFileFacts {
  const codes = headLines.filter((line) => /^[A-Z_]/.test(line));
  return knownFacts({
    estimatedSeconds: first(codes, /^M2100\s+T(\d+)/),
    layers: first(codes, /^SET_PRINT_STATS_INFO\b.*\bTOTAL_LAYER=(\d+)/i) ??
      first(codes, /^\w*START_?PRINT\b.*\bTOTAL_LAYER_COUNT=(\d+)/i) ?? first(codes, /^M117 \d+% layer \d+ \/ (\d+)/),
    firstLayerBedCelsius: first(codes, /^M190\b[^;]*?\s[SR](\d[\d.]*)/) ??
      first(codes, /^M140\b[^;]*?\s[SR](\d[\d.]*)/) ??
      first(codes, macroWith("BED")),
    firstLayerNozzleCelsius: hottestTool(codes) ?? first(codes, /^M109\b[^;]*?\s[SR](\d[\d.]*)/) ??
      first(codes, /^M104\b[^;]*?\s[SR](\d[\d.]*)/) ??
      first(codes, macroWith("EXTRUDER|HOTEND|NOZZLE|TOOL")),
    objects: objectNames(codes),
  });
}

/** Minutes that the printer shall show at the start; coarse, so only for want of anything better. */
export function shownEstimate(headLines: readonly string[]): PrintFileFacts {
  const minutes = first(headLines, /^M73\s+P0\s+R(\d+)/);
  return knownFacts({ estimatedSeconds: minutes === undefined ? undefined : minutes * 60 });
}

/** Klipper's start macros, named by custom only: `PRINT_START BED=110 EXTRUDER=235`. */
function macroWith(parameter: string): RegExp {
  return new RegExp(
    String.raw`^_?(?:START_?PRINT|PRINT_?START)\b[^;]*?\s(?:${parameter})(?:_TEMP\w*)?=(\d[\d.]*)`,
    "i",
  );
}

/** Where each tool is waited for by its number: the one that begins is the hottest, the others are on standby. */
function hottestTool(codes: readonly string[]): number | undefined {
  const waits = codes.filter((code) => /^M109\b/.test(code));
  const targets = waits.map((code) => readNumber(/^M109\b(?=[^;]*\sT\d)[^;]*?\s[SR](\d[\d.]*)/.exec(code)?.[1]));
  const known = targets.filter((target) => target !== undefined);
  return known.length === waits.length && known.length > 1 ? positive(Math.max(...known)) : undefined;
}

/** A target of 0 switches off and is none. */
function first(lines: readonly string[], pattern: RegExp): number | undefined {
  for (const line of lines) {
    const value = positive(readNumber(pattern.exec(line)?.[1]));
    if (value !== undefined) return value;
  }
  return undefined;
}

const objectName = /^(?:EXCLUDE_OBJECT_DEFINE\b.*?\sNAME=(?:"([^"]*)"|'([^']*)'|(\S+))|M486 A(.+))/i;

function objectNames(codes: readonly string[]): string[] | undefined {
  const names = new Set<string>();
  for (const code of codes) {
    const found = objectName.exec(code);
    const name = readText(found?.slice(1).find((part) => part !== undefined));
    if (name !== undefined && names.size < limits.maxListed) names.add(name);
  }
  return names.size > 0 ? [...names] : undefined;
}
