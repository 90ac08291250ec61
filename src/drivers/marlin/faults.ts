/**
 * Which words of a printer are a fault, and whether its print can go on after it.
 */
import type { MarlinLine } from "./marlin_line.ts";

/** After these the board is halted, or its heaters are off. */
const fatal =
  /kill\(\) called|KILL caused|thermal (?:runaway|malfunction)|heating failed|\bM(?:AX|IN)TEMP\b|temperature (?:runaway|error|took too long|reading is unreliable)|emergency stop|HALT asserted|stopped due to errors|STOP called|M112|shut ?down|lost communication with MCU|timer too close|supervision required/i;

/** Talk between a host and the printer about lines that were garbled on their way: nobody's fault. */
const garbled =
  /last line(?: number)?\b|checksum|no line number|format error|unrecognized|wrong checksum|expected line|resend/i;

const media =
  /^(?:SD (?:read error|card released|init fail)|No (?:SD card|media)|volume\.init failed|openRoot failed)/i;

/** `Error:…`, `Err:…`: what stands behind the colon. */
export function parseErrorText(text: string): MarlinLine | undefined {
  if (garbled.test(text)) return { kind: "chatter" };
  const unknown = /^(?:unknown command|bad command)\b[: ]*"?([^"]*)"?/i.exec(text);
  if (unknown) return { kind: "unknownCommand", command: (unknown[1] ?? "").trim() };
  if (/^open failed/i.test(text)) return { kind: "openFailed", text };
  if (/filament error|no filament|out of filament/i.test(text)) return { kind: "runout" };
  if (/^heat(?:er|ing) (?:\d+ )?fault/i.test(text)) return { kind: "heaterFault", text };
  return parseMediaText(text) ?? { kind: "fault", text, fatal: fatal.test(text) };
}

/** What the card reader says, with or without `Error:` or `echo:`. */
export function parseMediaText(text: string): MarlinLine | undefined {
  return media.test(text) ? { kind: "mediaLost", text } : undefined;
}

/** Klipper's `!! …`; Smoothieware answers a bare `!!` to everything while it is halted. */
export function parseDoubleBang(text: string): MarlinLine {
  if (text === "") return { kind: "halted" };
  if (/^printer is not ready/i.test(text)) return { kind: "chatter" };
  return { kind: "fault", text, fatal: fatal.test(text) };
}

/** Faults that come without any mark, by their first words. */
export function parseBareFault(line: string): MarlinLine | undefined {
  if (/^HALTED\b/.test(line)) return { kind: "halted", text: line };
  if (/^heat(?:er|ing) (?:\d+ )?fault/i.test(line)) return { kind: "heaterFault", text: line };
  if (/^Driver \d+ error/i.test(line)) return { kind: "fault", text: line, fatal: false };
  if (/^extruder \d+: temp sensor defect/i.test(line)) return { kind: "fault", text: line, fatal: true };
  if (
    /^(?:Printer halted\. kill\(\)|M112 called|M112 Shutdown|Emergency Stop|Temperature (?:runaway|took too long|reading is unreliable))/
      .test(line)
  ) {
    return { kind: "fault", text: line, fatal: true };
  }
  return undefined;
}
