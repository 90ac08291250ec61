/**
 * One line of a printer, understood or not. Total: it never throws, and garbage is `undefined`.
 * Sources: Marlin's `language.h`, `M115.cpp`, `host_actions.cpp`; the firmwares' own pages; the recordings under
 * `tests/transcripts/marlin` and `klipper-tty`. Lines are told apart by their first character before anything else.
 */
import { parseBareFault, parseDoubleBang, parseErrorText, parseMediaText } from "./faults.ts";
import type { MarlinLine } from "./marlin_line.ts";
import { parseModel } from "./parse_model.ts";
import { parseProgress, parseSmoothieProgress, parseTime, secondsOf } from "./parse_progress.ts";
import { parseTemperatures } from "./temperatures.ts";
import { markedText } from "../../protocols/marked_text.ts";

const chatter: MarlinLine = { kind: "chatter" };
const ok: MarlinLine = { kind: "ok" };
const processing: MarlinLine = { kind: "busy", isWaiting: false };
const waiting: MarlinLine = { kind: "busy", isWaiting: true };
const notPrinting: MarlinLine = { kind: "notPrinting" };

/** What the line says; undefined for what no firmware we know would say. */
export function parseLine(line: string): MarlinLine | undefined {
  switch (line.charCodeAt(0)) {
    case 32: // a space: automatic reports and reset causes
      return parseSpaced(line);
    case 33: // !
      return line.startsWith("!!") ? parseDoubleBang(line.slice(2).trim()) : undefined;
    case 47: // /
      return line.startsWith("//") ? parseSlashes(line.slice(2)) : undefined;
    case 66: // B
      return line.startsWith("B:") ? parseReading(line, 0) : parseWords(line);
    case 69: // E
      return parseError(line) ?? parseWords(line);
    case 83: // S
      return parsePosition(line) ?? parseWords(line);
    case 84: // T
      return parseReading(line, 0) ?? parseWords(line);
    case 101: // e
      return line.startsWith("echo:") ? parseEcho(line.slice(5)) : parseError(line) ?? parseWords(line);
    case 111: // o
      return parseOk(line) ?? parseWords(line);
    case 119: // w
      return line.trimEnd() === "wait" ? chatter : undefined;
    case 123: // {
      return parseModel(line);
    default:
      return parseWords(line);
  }
}

function parseReading(line: string, start: number): MarlinLine | undefined {
  const temperatures = parseTemperatures(line, start);
  return temperatures && { kind: "temperatures", temperatures };
}

function parseOk(line: string): MarlinLine | undefined {
  if (line.charCodeAt(1) !== 107) return undefined; // k
  if (line.length === 2) return ok;
  const next = line.charCodeAt(2);
  if (next !== 32) return line.trimEnd() === "ok" ? ok : undefined;
  const temperatures = parseReading(line, 3);
  if (temperatures) return { kind: "ok", rest: temperatures };
  const text = line.slice(3).trim();
  if (text === "" || /^(?:[NPB]?\d+\s*)+$/.test(text)) return ok; // numbers of lines, and free places in the buffers
  const rest = text.startsWith("ok") ? undefined : parseLine(text);
  return rest ? { kind: "ok", rest } : ok;
}

function parseSpaced(line: string): MarlinLine | undefined {
  const reading = parseReading(line, 1);
  if (reading) return reading;
  const text = line.trim();
  return text === "" ? undefined : parseCause(text) ?? parseProgress(text);
}

function parsePosition(line: string): MarlinLine | undefined {
  if (!line.startsWith("SD print")) return undefined;
  if (line.startsWith("SD printing byte ")) {
    const slash = line.indexOf("/", 17);
    const bytes = Number(line.slice(17, slash));
    const totalBytes = Number(line.slice(slash + 1));
    if (slash < 0 || !Number.isSafeInteger(bytes) || !Number.isSafeInteger(totalBytes)) return undefined;
    return { kind: "position", position: { bytes, totalBytes } };
  }
  if (/^SD print(?: is)? paused/.test(line)) return { kind: "paused" };
  if (line.startsWith("SD print stopped by user")) return { kind: "ended", outcome: "cancelled" };
  return undefined;
}

const causes = /^(?:PowerUp|External Reset|Brown[ -]?out Reset|Watchdog Reset|Software Reset)\b/i;

function parseCause(text: string): MarlinLine | undefined {
  return causes.test(text) ? { kind: "bootCause", cause: text } : undefined;
}

// -- marked lines ----------------------------------------------------------------------------------------------------

function parseEcho(text: string): MarlinLine {
  const plain = text.trim();
  if (plain.startsWith("busy:")) return parseBusy(plain.slice(5)) ?? { kind: "echo", text };
  const marked = markedText(plain);
  if (marked !== undefined) return { kind: "message", text: marked };
  const known = parseProgress(plain) ?? parseCause(plain) ?? parseFile(plain) ?? parseMediaText(plain);
  if (known) return known;
  const unknown = /^Unknown command:\s*"?([^"]*)"?/.exec(plain);
  if (unknown) return { kind: "unknownCommand", command: (unknown[1] ?? "").trim() };
  if (/^Print time:/.test(plain)) return parseTime(plain) ?? { kind: "echo", text };
  if (plain === "M112 Shutdown") return { kind: "fault", text: plain, fatal: true };
  return { kind: "echo", text };
}

function parseBusy(text: string): MarlinLine | undefined {
  const what = text.trim();
  if (what === "processing") return processing;
  return what === "paused for user" || what === "paused for input" ? waiting : undefined;
}

/** Comments to the host: actions, Klipper's and Smoothieware's words. */
function parseSlashes(raw: string): MarlinLine {
  const text = raw.trim();
  if (text.startsWith("action:")) return parseAction(text.slice(7));
  const marked = markedText(text);
  if (marked !== undefined) return { kind: "message", text: marked };
  const state = /^Klipper state:\s*(.+)$/.exec(text);
  if (state) return { kind: "klipperState", state: (state[1] ?? "").trim() };
  const unknown = /^Unknown command:\s*"?([^"]*)"?/.exec(text);
  if (unknown) return { kind: "unknownCommand", command: (unknown[1] ?? "").trim() };
  if (/^Suspending print/i.test(text)) return { kind: "pausing" };
  if (/^Print Suspended/i.test(text)) return { kind: "paused" };
  if (/^resuming print/i.test(text)) return { kind: "resuming" };
  if (/^Filament (?:Detector|Runout)/i.test(text)) return { kind: "runout" };
  return { kind: "comment", text };
}

function parseAction(text: string): MarlinLine {
  const [, verb = "", words = ""] = /^([a-z_]+)\s*(.*)$/i.exec(text.trim()) ?? [];
  const lower = verb.toLowerCase();
  if (lower === "notification") {
    const marked = markedText(words);
    if (marked !== undefined) return { kind: "message", text: marked };
  }
  return { kind: "action", verb: lower, words: words.trim() };
}

function parseError(line: string): MarlinLine | undefined {
  const found = /^(?:error|err|fatal):\s*/i.exec(line);
  if (!found) return undefined;
  const text = line.slice(found[0].length).trim();
  if (!/^fatal/i.test(line)) return parseErrorText(text.replace(/^!!\s*/, ""));
  return { kind: "fault", text, fatal: true };
}

// -- lines without a mark --------------------------------------------------------------------------------------------

function parseWords(line: string): MarlinLine | undefined {
  const known = wordLines.get(line.charCodeAt(0));
  for (const parse of known ?? []) {
    const found = parse(line);
    if (found) return found;
  }
  return undefined;
}

type Parse = (line: string) => MarlinLine | undefined;

/** The parsers to ask, by the first character of the line. */
const wordLines: ReadonlyMap<number, readonly Parse[]> = new Map(
  Object.entries(
    {
      A: [parseEnd],
      B: [begins("Begin file list", { kind: "listBegins" }), parseCause],
      C: [parseCapability, parseFile, parseEnd, parseChatter],
      D: [parseEnd, begins("Done saving file", { kind: "saved" }), parseBareFault, parseChatter],
      E: [begins("End file list", { kind: "listEnds" }), parseBareFault, parseCause],
      F: [parseIdentity, parseFile, parseEnd, parseChatter],
      H: [parseBareFault],
      I: [parseChatter],
      L: [parseChatter],
      M: [parseMarked, parseProgress, parseBareFault, parseChatter],
      N: [begins("Not SD printing", notPrinting), begins("Not currently playing", notPrinting), parseProgress],
      P: [
        begins("Print saved", { kind: "paused", isStreamed: true }),
        parsePauseWords,
        parseCause,
        parseTime,
        parseBareFault,
      ],
      R: [parseChatter],
      S: [parseMediaText, parseProgress, parseCause, parseChatter],
      T: [parseBareFault],
      U: [parseMarked],
      W: [parseFile, parseCause, parseChatter],
      X: [parseChatter],
      $: [parseMarked],
      "[": [parseMarked],
      b: [(line) => line.startsWith("busy:") ? parseBusy(line.slice(5)) : undefined],
      e: [parseBareFault],
      f: [parseSmoothieProgress, parseError],
      o: [parseOpenFailed],
      r: [parseChatter],
      s: [(line) => line.trimEnd() === "start" ? { kind: "booted" } : undefined],
      v: [parseMediaText],
    } satisfies Record<string, Parse[]>,
  ).map(([first, parsers]) => [first.charCodeAt(0), parsers]),
);

function begins(text: string, said: MarlinLine): Parse {
  return (line) => line.startsWith(text) ? said : undefined;
}

/** Lines that prove a printer and say nothing we use. */
function parseChatter(line: string): MarlinLine | undefined {
  const isKnown =
    /^(?:X:\s?-?[\d.]+ ?Y:|Count X:|Resend: ?\d|rs N?\d|File (?:selected|deleted)|Deletion failed|Reporting endstop|Stats: |Info: ?|Warning: ?|LCD status changed|MMU2:|FR:\d|M106 P\d|Logical: |Init |Device: )/
      .test(line);
  return isKnown ? chatter : undefined;
}

function parseMarked(line: string): MarlinLine | undefined {
  const text = markedText(line);
  return text === undefined ? undefined : { kind: "message", text };
}

function parseCapability(line: string): MarlinLine | undefined {
  const found = /^Cap:([A-Z0-9_]+):([01])/.exec(line);
  return found ? { kind: "capability", name: found[1] ?? "", isOn: found[2] === "1" } : undefined;
}

function parseIdentity(line: string): MarlinLine | undefined {
  const found = /^FIRMWARE_NAME:\s*(.+?)(?=,?\s+[A-Z][A-Z_-]+:|$)/.exec(line);
  if (!found) return undefined;
  const version = /FIRMWARE_VERSION:\s*([^\s,]+)/.exec(line)?.[1];
  return { kind: "identity", firmware: (found[1] ?? "").trim(), ...(version ? { version } : {}) };
}

function parseFile(line: string): MarlinLine | undefined {
  const opened = /^File opened:\s*(.+?)\s+Size:\s*(\d+)/.exec(line);
  if (opened) return { kind: "fileOpened", path: opened[1] ?? "", sizeBytes: Number(opened[2]) };
  const current = /^Current file:\s*(?!\(no file\))(\S+)\s*(.*)$/.exec(line);
  if (current) {
    const displayName = (current[2] ?? "").trim();
    return { kind: "currentFile", path: current[1] ?? "", ...(displayName ? { displayName } : {}) };
  }
  if (line.startsWith("Current file:")) return chatter;
  const fresh = /^Now fresh file:\s*(.+)$/.exec(line);
  if (fresh) return { kind: "freshFile", path: (fresh[1] ?? "").trim() };
  const writing = /^Writing to file:\s*(.+)$/.exec(line);
  if (writing) return { kind: "writing", path: (writing[1] ?? "").trim() };
  return undefined;
}

function parseOpenFailed(line: string): MarlinLine | undefined {
  return line.startsWith("open failed") ? { kind: "openFailed", text: line } : parseMediaText(line);
}

function parseEnd(line: string): MarlinLine | undefined {
  if (line.startsWith("Done printing file")) return { kind: "ended", outcome: "finished" };
  if (line.startsWith("Aborted playing")) return { kind: "ended", outcome: "cancelled" };
  const told = /^(Finished|Cancelled) printing file (.+?)(?:,? print time was (.+))?$/.exec(line);
  if (!told) return undefined;
  const elapsedSeconds = told[3] === undefined ? undefined : secondsOf(told[3]);
  return {
    kind: "ended",
    outcome: told[1] === "Finished" ? "finished" : "cancelled",
    path: (told[2] ?? "").replace(/,$/, ""),
    ...(elapsedSeconds === undefined ? {} : { elapsedSeconds }),
  };
}

function parsePauseWords(line: string): MarlinLine | undefined {
  if (line.startsWith("Printing resumed")) return { kind: "resuming" };
  if (!line.startsWith("Printing paused")) return undefined;
  return { kind: "paused", ...(line.includes("filament change") ? { reason: "waiting_for_user" } : {}) };
}
