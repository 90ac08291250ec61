/**
 * What OctoPrint says, message by message, as reports. Its events are true at once; a `current` was held back for up to a
 * second, and says what was true before (join_paused, cancel).
 */
import { known } from "../../domain/optional.ts";
import type { FileRef } from "../../domain/print_file.ts";
import type { JobReport, Outcome, Report } from "../../domain/printer_state.ts";
import { connectedSeconds, fileOf, type Phase, phaseNamed, phaseOf, progressOf, temperaturesOf } from "./facts.ts";
import { parsePayload } from "./message.ts";
import type { Current, Message, Payload } from "./shapes.ts";
import { Uploads } from "./uploads.ts";
import { Waits } from "./waits.ts";

/** So old a `current` may be. */
const heldBackSeconds = 1.5;
/** What is said of a job this long after its end belongs to it, unless a new one is said to begin. */
const afterEndSeconds = 10;
/** Longer ago, a job may have ended in any way before OctoPrint was restarted. */
const maxRestartSeconds = 600;
const restartMarginSeconds = 2;
const nearlyDonePercent = 99.5;

/** A job that ran when OctoPrint was last heard. */
export interface LastLook {
  readonly atSeconds: number;
  readonly file: FileRef;
  readonly percent: number;
}

export class Session {
  #look: LastLook | undefined;
  #phase: Phase | undefined;
  /** When an event last said it. */
  #phaseAt = -Infinity;
  #hasSeenJob = false;
  #endedAt: number | undefined;
  #lostReason = "";
  /** The firmware's words about why it wants to cancel. */
  #cancelText: string | undefined;
  readonly #waits = new Waits();
  readonly #uploads = new Uploads();

  /** `look`: of the connection before this one. */
  constructor(look: LastLook | undefined) {
    this.#look = look;
  }

  get look(): LastLook | undefined {
    return this.#look;
  }

  /** Whether the printer is there. */
  present(): Report {
    return this.#phase === "away"
      ? { link: { kind: "lost", reason: this.#lostReason || notConnected } }
      : { link: { kind: "online" } };
  }

  hear({ history, current, event, plugin }: Message, now: number): Report[] {
    if (history) return this.#state(history, { isFresh: true, now });
    if (current) {
      const isFresh = now - this.#phaseAt > heldBackSeconds;
      return [...this.#terminal(current.logs, now), ...this.#state(current, { isFresh, now })];
    }
    if (event) return this.#event(event.type, event.payload, now);
    return plugin ? this.#with(this.#waits.hearPlugin(plugin, { isPrinting: this.#isPrinting, now })) : [];
  }

  get #isPrinting(): boolean {
    return this.#phase === "printing" || this.#phase === "active";
  }

  #with(reports: readonly Report[]): Report[] {
    return reports.map((report) => ({ ...this.present(), ...report }));
  }

  /** Undefined: without the permission to watch it. */
  #terminal(lines: readonly string[] | undefined, now: number): Report[] {
    if (!lines) return [];
    const situation = { isPrinting: this.#isPrinting, now };
    const heard = lines.flatMap((line) => this.#waits.hearLine(line, situation));
    return this.#with([...heard, ...this.#waits.hearTerminal(situation)]);
  }

  #state(current: Current, { isFresh, now }: { isFresh: boolean; now: number }): Report[] {
    const flags = current.state?.flags;
    if (!flags) return [];
    const temperatures = temperaturesOf(current);
    if (!isFresh && this.#phase !== undefined) return this.#with([known({ temperatures })]);
    this.#phase = phaseOf(flags);
    if (this.#phase === "away") {
      this.#lostReason = [notConnected, current.state?.error?.trim()].filter(Boolean).join(": ");
      return [this.present()];
    }
    return this.#with([{ ...known({ temperatures }), ...this.#job(this.#phase, current, now) }]);
  }

  #job(phase: Exclude<Phase, "away">, current: Current, now: number): Report {
    const file = current.job?.file && fileOf(current.job.file);
    if (phase === "idle") {
      const job = this.#hasSeenJob ? none : this.#endedUnseen(current, file, now);
      [this.#look, this.#hasSeenJob, this.#endedAt] = [undefined, true, undefined];
      return { job };
    }
    this.#hasSeenJob = true;
    if (this.#endedAt !== undefined && (phase === "active" || now - this.#endedAt < afterEndSeconds)) return {};
    this.#endedAt = undefined;
    const progress = progressOf(current);
    if (file) this.#look = { atSeconds: now, file, percent: progress.percent ?? 0 };
    const kind = phase === "printing" && this.#waits.isDoubted(progress.position?.bytes) ? "active" : phase;
    const job: JobReport = { kind, ...known({ file }), ...(phase === "paused" ? this.#waits.why() : {}) };
    return { job, progress };
  }

  /** No print now; one may have run before. */
  #endedUnseen(current: Current, file: FileRef | undefined, now: number): JobReport {
    const percent = current.progress?.completion ?? 0;
    if (file && percent >= 100) return { kind: "ended", outcome: "finished", file };
    const look = this.#look;
    if (!look || look.file.storage !== "local" || look.percent >= nearlyDonePercent) return none;
    const goneSeconds = now - look.atSeconds;
    const upSeconds = connectedSeconds(current) ?? Infinity;
    const hasRestarted = upSeconds < goneSeconds - restartMarginSeconds && goneSeconds < maxRestartSeconds;
    return hasRestarted ? { kind: "ended", outcome: "failed", file: look.file, text: restartedText } : none;
  }

  #event(type: string, raw: Readonly<Record<string, unknown>> | undefined, now: number): Report[] {
    const payload = parsePayload(raw);
    switch (type) {
      case "PrinterStateChanged":
        return this.#enter(phaseNamed(raw?.["state_id"]), now);
      case "Connected":
        return this.#enter("idle", now);
      case "Disconnected":
        return this.#enter("away", now);
      case "PrintStarted":
        return this.#start(payload, now);
      case "PrintPaused":
        this.#enter("paused", now);
        this.#waits.pause(payload.user !== undefined, now);
        return this.#with([{ job: { kind: "paused", ...eventNames(payload), ...this.#waits.why() } }]);
      case "PrintResumed":
        this.#enter("printing", now);
        this.#waits.resume();
        return this.#with([{ job: { kind: "printing", ...eventNames(payload) }, attention: { kind: "over" } }]);
      case "PrintCancelling":
        this.#cancelText = payload.firmwareError;
        return this.#cancelText === undefined ? this.#with([{ announced: { kind: "cancel" } }]) : [];
      case "PrintCancelled":
        return this.#end(payload, "cancelled", now);
      case "PrintDone":
        return this.#end(payload, "finished", now);
      case "PrintFailed":
        return this.#end(payload, payload.reason === "cancelled" ? "cancelled" : "failed", now);
      case "Error":
        return this.#fault(payload);
      case "Upload":
      case "FileAdded":
        return this.#add(type, payload, now);
      case "FilamentChange":
      case "Waiting":
      case "CommandSuppressed":
        return this.#with(this.#waits.hearEvent(type, payload.command, { isPrinting: this.#isPrinting, now }));
      default:
        return [];
    }
  }

  #enter(phase: Phase | undefined, now: number): Report[] {
    if (phase === undefined) return [];
    [this.#phase, this.#phaseAt] = [phase, now];
    return [this.present()];
  }

  #start(payload: Payload, now: number): Report[] {
    this.#enter("printing", now);
    [this.#hasSeenJob, this.#endedAt, this.#cancelText] = [true, undefined, undefined];
    this.#waits.resume();
    const { file } = eventNames(payload);
    if (file) this.#look = { atSeconds: now, file, percent: 0 };
    return this.#with([{ job: { kind: "printing", ...known({ file }), begins: true }, progress: { percent: 0 } }]);
  }

  /** The first word about an end counts: after a cancel comes a failure, too. */
  #end(payload: Payload, said: Outcome, now: number): Report[] {
    if (this.#endedAt !== undefined) return [];
    const text = said === "finished" ? undefined : wordsOf(this.#cancelText ?? payload.error);
    const outcome = said === "cancelled" && this.#cancelText !== undefined ? "failed" : said;
    [this.#endedAt, this.#look, this.#hasSeenJob] = [now, undefined, true];
    this.#waits.resume();
    const job: JobReport = { kind: "ended", outcome, ...eventNames(payload), ...known({ text }) };
    return this.#with([{ job, progress: known({ elapsedSeconds: payload.time }) }]);
  }

  /** Where there is no printer at all, or none that answers, is no fault. */
  #fault({ error, reason, consequence }: Payload): Report[] {
    const text = wordsOf(error);
    if (text === undefined) return [];
    if (reason === "connection" || reason === "autodetect") {
      this.#lostReason = `${notConnected}: ${text}`;
      return [];
    }
    const fatal = consequence === undefined || ["emergency", "disconnect", "cancel"].includes(consequence);
    return this.#with([{ fault: { text, fatal } }]);
  }

  #add(event: "Upload" | "FileAdded", payload: Payload, now: number): Report[] {
    const uploaded = this.#uploads.added(event, payload, now);
    return uploaded ? this.#with([{ uploaded }]) : [];
  }
}

const none: JobReport = { kind: "none" };
const notConnected = "OctoPrint is not connected to the printer";
const restartedText = "OctoPrint, or its connection to the printer, was restarted in mid-print";

function eventNames({ path, origin, size }: Payload): { file?: FileRef } {
  return path ? { file: { path, ...known({ storage: origin, sizeBytes: size }) } } : {};
}

/** Python's name for a broken connection is no word for the owner. */
function wordsOf(error: string | undefined): string | undefined {
  const text = error?.replace(/[\s:]+$/, "").trim();
  const exception = text === undefined ? undefined : /^Serial\w*(Exception|Error)\b/.exec(text);
  return exception ? `OctoPrint lost the connection to the printer (${text})` : text || undefined;
}
