/**
 * Percentages and times: `M73` in its dialects, `M31`, Smoothieware's `progress`.
 */
import type { MarlinLine } from "./marlin_line.ts";

const minute = 60;
const hour = 60 * minute;

/** `Print time: 1h 2m 3s`. */
export function parseTime(line: string): MarlinLine | undefined {
  if (!line.startsWith("Print time:")) return undefined;
  const seconds = secondsOf(line.slice(11));
  return seconds === undefined ? undefined : { kind: "printTime", seconds };
}

/** `1h 2m 3s`, also with days, and Marlin 1's `62 min, 3 sec`. */
export function secondsOf(text: string): number | undefined {
  let seconds: number | undefined;
  const unitSeconds: Record<string, number> = { y: 365 * 24 * hour, d: 24 * hour, h: hour, m: minute, s: 1 };
  for (const [, count = "", unit = ""] of text.matchAll(/(\d+)\s*([ydhms])/g)) {
    seconds = (seconds ?? 0) + Number(count) * (unitSeconds[unit] ?? 0);
  }
  return seconds;
}

/** `M73` as Marlin, Buddy and Prusa echo it. */
export function parseProgress(text: string): MarlinLine | undefined {
  const first = text.charCodeAt(0);
  if (first === 77 /* M */) {
    const found = /^M73 Progress:\s*(-?\d+(?:\.\d+)?)%;?(?:\s*Time left:\s*(\d+)m;?)?/.exec(text);
    return found ? progressLine("m73", found[1], found[2]) : undefined;
  }
  if (first !== 78 /* N */ && first !== 83 /* S */) return undefined;
  const found = /^(NORMAL|SILENT) MODE: Percent done: (-?\d+); print time remaining in mins: (-?\d+)/.exec(text);
  return found ? progressLine(found[1] === "NORMAL" ? "normal" : "silent", found[2], found[3]) : undefined;
}

function progressLine(dialect: "m73" | "normal" | "silent", percent?: string, minutes?: string): MarlinLine {
  const isPercent = percent !== undefined && Number(percent) >= 0 && Number(percent) <= 100;
  // 65535 and -1 mean unknown.
  const isTime = minutes !== undefined && Number(minutes) >= 0 && Number(minutes) < 65535;
  return {
    kind: "progress",
    dialect,
    progress: {
      ...(isPercent ? { percent: Number(percent) } : {}),
      ...(isTime ? { remainingSeconds: Number(minutes) * minute } : {}),
    },
  };
}

/** Smoothieware's answer to `progress`: `file: /sd/a.gcode, 12 % complete, elapsed time: 00:01:02, est time: …`. */
export function parseSmoothieProgress(line: string): MarlinLine | undefined {
  const found = /^file: (.+?), (\d+(?:\.\d+)?) ?% complete(.*)$/.exec(line);
  if (!found) return undefined;
  const elapsedSeconds = clockSeconds(/elapsed time: ([\d:]+)/.exec(found[3] ?? "")?.[1]);
  const remainingSeconds = clockSeconds(/est time: ([\d:]+)/.exec(found[3] ?? "")?.[1]);
  return {
    kind: "progress",
    dialect: "smoothie",
    path: found[1] ?? "",
    progress: {
      percent: Math.min(100, Number(found[2])),
      ...(elapsedSeconds === undefined ? {} : { elapsedSeconds }),
      ...(remainingSeconds === undefined ? {} : { remainingSeconds }),
    },
  };
}

/** `00:01:02`. */
function clockSeconds(text: string | undefined): number | undefined {
  const parts = text?.split(":").map(Number);
  if (!parts || parts.length < 2 || parts.length > 3 || parts.some(Number.isNaN)) return undefined;
  return parts.reduce((total, part) => total * 60 + part, 0);
}
