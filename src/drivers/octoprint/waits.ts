/**
 * Who waits for whom: why OctoPrint has paused, and waits of the firmware of which OctoPrint knows nothing, for which it
 * goes on saying that it prints.
 */
import { known } from "../../domain/optional.ts";
import type { PauseReason, Report } from "../../domain/printer_state.ts";
import { markedText } from "../../protocols/marked_text.ts";
import { isRunout, parseTerminalLine } from "./terminal.ts";
import type { Message } from "./shapes.ts";

/** A reason said so long before a pause explains it, or so long after: the terminal is passed on once a second. */
const hintSeconds = { before: 15, after: 3 };
/** `busy: paused for user` comes every 2 s and is passed on within one more. */
const waitSeconds = 7;
/** So many positions in a row that grew: nothing waits. */
const growthsAgainstWait = 2;

/** Commands that wait for somebody, or only pause. */
const commandReasons: Readonly<Record<string, PauseReason>> = {
  M0: "waiting_for_user",
  M1: "waiting_for_user",
  M25: "gcode",
  M226: "waiting_for_user",
};
/** Prompts that say what somebody should do. */
const taskPattern = /\b(insert|load|unload|change|remove|replace|clean|purge|runout)/i;

interface Situation {
  readonly isPrinting: boolean;
  readonly now: number;
}

export class Waits {
  #hint: { readonly reason: PauseReason; readonly at: number } | undefined;
  #prompt: { readonly text: string; readonly at: number } | undefined;
  /** Of the present pause. */
  #pause: { readonly isByUser: boolean; readonly at: number } | undefined;
  /** Whether the terminal can be heard, where a firmware that waits says so. */
  #hearsTerminal = false;
  /** When the firmware last said that it waits. */
  #waitingAt: number | undefined;
  /** It may stand still although OctoPrint prints: until its position has grown. */
  #doubt: { readonly bytes: number | undefined; readonly growths: number } | undefined;

  /** Reason and words for the present pause. */
  why(): { reason?: PauseReason; text?: string } {
    const pause = this.#pause;
    if (!pause) return {};
    const hint = explains(this.#hint, pause.at) ? this.#hint?.reason : undefined;
    const reason = pause.isByUser && hint !== "filament_runout" ? "user" : hint;
    return known({ reason, text: explains(this.#prompt, pause.at) ? this.#prompt?.text : undefined });
  }

  pause(isByUser: boolean, now: number): void {
    this.#doubt = undefined;
    this.#waitingAt = undefined;
    this.#pause = { isByUser, at: now };
  }

  /** Also when the job is over. */
  resume(): void {
    this.#pause =
      this.#hint =
      this.#prompt =
      this.#doubt =
      this.#waitingAt =
        undefined;
  }

  /** Whether a print may stand still although OctoPrint says that it prints. */
  isDoubted(bytes: number | undefined): boolean {
    if (this.#waitingAt !== undefined) return true;
    if (!this.#doubt) return false;
    const hasGrown = (bytes ?? 0) > (this.#doubt.bytes ?? Infinity);
    const growths = this.#doubt.growths + (hasGrown ? 1 : 0);
    this.#doubt = growths >= growthsAgainstWait ? undefined : { bytes: bytes ?? this.#doubt.bytes, growths };
    return this.#doubt !== undefined;
  }

  /** A command in the file that waits for somebody, by itself or because OctoPrint pauses instead of sending it. */
  hearEvent(type: string, command: string | undefined, situation: Situation): Report[] {
    const word = command?.trim().split(/\s/)[0] ?? "";
    const reason = type === "CommandSuppressed" ? commandReasons[word] : "waiting_for_user";
    if (reason) this.#hint = { reason, at: situation.now };
    // Loading filament is the same event, and waits for nobody: where the terminal is heard it says whether.
    const isUnseen = type !== "CommandSuppressed" && !this.#hearsTerminal;
    return isUnseen ? this.#announce("waiting_for_user", situation) : [];
  }

  hearPlugin({ plugin, data }: NonNullable<Message["plugin"]>, situation: Situation): Report[] {
    const words = data?.["text"] ?? data?.["message"];
    if (typeof words !== "string" || words.trim() === "") return [];
    const text = words.trim().slice(0, 500);
    if (isRunout(`//action:notification ${text}`)) return this.#announce("filament_runout", situation);
    if (plugin === "action_command_notification") {
      const marked = markedText(text);
      return [{ message: { text: marked ?? text, marked: marked !== undefined } }];
    }
    return this.#hearPrompt(text, situation);
  }

  hearLine(line: string, situation: Situation): Report[] {
    const said = parseTerminalLine(line);
    switch (said?.kind) {
      case "message":
        return [{ message: { text: said.text, marked: said.marked } }];
      case "prompt":
        return this.#hearPrompt(said.text, situation);
      case "runout":
        return this.#announce("filament_runout", situation);
      case "waiting":
        return this.#keepWaiting(situation);
      case undefined:
        return [];
    }
  }

  /** The terminal has been heard up to now: after a while without a word of a wait it goes on. */
  hearTerminal({ isPrinting, now }: Situation): Report[] {
    this.#hearsTerminal = true;
    if (this.#waitingAt === undefined || now - this.#waitingAt < waitSeconds) return [];
    this.#waitingAt = undefined;
    return [{ attention: { kind: "over" }, ...(isPrinting ? { job: { kind: "printing" } } : {}) }];
  }

  /** Beside a pause it gives the reason; alone it is none. */
  #hearPrompt(text: string, { now }: Situation): Report[] {
    if (!taskPattern.test(text)) return [];
    this.#prompt = { text, at: now };
    if (!explains(this.#hint, now)) this.#hint = { reason: "waiting_for_user", at: now };
    return [];
  }

  /** It will stand still, or does so already; its position will show it. */
  #announce(reason: PauseReason, { isPrinting, now }: Situation): Report[] {
    this.#hint = { reason, at: now };
    if (!isPrinting) return [];
    this.#doubt ??= { bytes: undefined, growths: 0 };
    return [{ announced: { kind: "pause", reason } }];
  }

  #keepWaiting({ now }: Situation): Report[] {
    if (this.#pause) return []; // OctoPrint's own pause speaks of it
    const reason = explains(this.#hint, now) ? this.#hint?.reason ?? "waiting_for_user" : "waiting_for_user";
    this.#waitingAt = now;
    return [{ attention: { kind: "waiting", reason, ...known({ text: this.#prompt?.text }) } }];
  }
}

/** Whether what was said explains a pause at that moment. */
function explains(said: { readonly at: number } | undefined, pauseAt: number): boolean {
  return said !== undefined && said.at > pauseAt - hintSeconds.before && said.at < pauseAt + hintSeconds.after;
}
