/**
 * Who waits for whom: why OctoPrint has paused, and waits of the firmware of which OctoPrint knows nothing, for which it
 * goes on saying that it prints.
 */
import { known } from "../../domain/optional.ts";
import type { PauseReason, Report } from "../../domain/printer_state.ts";
import { isRunout, parseTerminalLine } from "./terminal.ts";
import type { Message } from "./shapes.ts";

/** A reason said so long before or after a pause explains it. */
const hintSeconds = 15;
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
  #pause: { readonly reason: PauseReason | undefined; readonly at: number } | undefined;
  /** When the firmware last said that it waits. */
  #waitingAt: number | undefined;
  /** It may stand still although OctoPrint prints: until its position has grown. */
  #doubt: { readonly bytes: number | undefined; readonly growths: number } | undefined;

  /** Reason and words for a pause. */
  why(now: number): { reason?: PauseReason; text?: string } {
    const hint = this.#recentHint(this.#pause?.at ?? now);
    const reason = hint ?? this.#pause?.reason;
    const text = this.#prompt && Math.abs((this.#pause?.at ?? now) - this.#prompt.at) < hintSeconds
      ? this.#prompt.text
      : undefined;
    return known({ reason, text });
  }

  pause(isByUser: boolean, now: number): void {
    this.#doubt = undefined;
    this.#waitingAt = undefined;
    this.#pause = { reason: isByUser ? "user" : undefined, at: now };
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

  hearEvent(type: string, command: string | undefined, situation: Situation): Report[] {
    if (type !== "CommandSuppressed") return this.#announce("waiting_for_user", situation);
    const reason = commandReasons[command?.trim().split(/\s/)[0] ?? ""];
    if (reason) this.#hint = { reason, at: situation.now }; // OctoPrint itself will pause
    return [];
  }

  hearPlugin({ plugin, data }: NonNullable<Message["plugin"]>, situation: Situation): Report[] {
    const words = data?.["text"] ?? data?.["message"];
    if (typeof words !== "string" || words.trim() === "") return [];
    const text = words.trim().slice(0, 500);
    if (isRunout(`//action:notification ${text}`)) return this.#announce("filament_runout", situation);
    if (plugin === "action_command_notification") return [{ message: { text, marked: false } }];
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

  /** A while without a word of it, in a terminal that is still heard: it goes on. */
  hearEnd({ isPrinting, now }: Situation): Report[] {
    if (this.#waitingAt === undefined || now - this.#waitingAt < waitSeconds) return [];
    this.#waitingAt = undefined;
    return [{ attention: { kind: "over" }, ...(isPrinting ? { job: { kind: "printing" } } : {}) }];
  }

  /** Beside a pause it gives the reason; alone it is none. */
  #hearPrompt(text: string, { now }: Situation): Report[] {
    if (!taskPattern.test(text)) return [];
    this.#prompt = { text, at: now };
    this.#hint = { reason: this.#recentHint(now) ?? "waiting_for_user", at: now };
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
    const reason = this.#recentHint(now) ?? "waiting_for_user";
    if (this.#pause) return []; // OctoPrint's own pause speaks of it
    this.#waitingAt = now;
    return [{ attention: { kind: "waiting", reason, ...known({ text: this.#prompt?.text }) } }];
  }

  #recentHint(at: number): PauseReason | undefined {
    return this.#hint && Math.abs(at - this.#hint.at) < hintSeconds ? this.#hint.reason : undefined;
  }
}
