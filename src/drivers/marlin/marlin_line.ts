/**
 * What one line of a G-code printer can say. One shape for all firmwares: Marlin, Prusa, Buddy, Klipper's pseudo-tty,
 * Smoothieware, Repetier and RepRapFirmware.
 */
import type { JobProgress, Outcome, PauseReason, Temperatures } from "../../domain/printer_state.ts";

export interface FilePosition {
  readonly bytes: number;
  readonly totalBytes: number;
}

export type MarlinLine =
  /** A command is done; `rest` is what stood behind the `ok`. */
  | { readonly kind: "ok"; readonly rest?: MarlinLine }
  /** Known, and nothing in it for us: a sign of life. */
  | { readonly kind: "chatter" }
  | { readonly kind: "booted" }
  | { readonly kind: "bootCause"; readonly cause: string }
  /** A keep-alive of a command that runs; `isWaiting`: for a human. */
  | { readonly kind: "busy"; readonly isWaiting: boolean }
  | { readonly kind: "temperatures"; readonly temperatures: Temperatures }
  | { readonly kind: "position"; readonly position: FilePosition }
  | { readonly kind: "notPrinting" }
  /** It stands still: a fact. */
  | { readonly kind: "paused"; readonly reason?: PauseReason; readonly isStreamed?: true }
  | { readonly kind: "pausing" }
  /** It says that it goes on. */
  | { readonly kind: "resuming" }
  | { readonly kind: "freshFile"; readonly path: string }
  | { readonly kind: "fileOpened"; readonly path: string; readonly sizeBytes: number }
  | { readonly kind: "currentFile"; readonly path: string; readonly displayName?: string }
  | { readonly kind: "openFailed"; readonly text: string }
  | { readonly kind: "writing"; readonly path: string }
  | { readonly kind: "saved" }
  | { readonly kind: "listBegins" }
  | { readonly kind: "listEnds" }
  | { readonly kind: "printTime"; readonly seconds: number }
  | { readonly kind: "ended"; readonly outcome: Outcome; readonly path?: string; readonly elapsedSeconds?: number }
  /** `M73` and its relatives. Prusa tells two modes; only the one that is printed in counts. */
  | {
    readonly kind: "progress";
    readonly dialect: "m73" | "normal" | "silent" | "smoothie";
    readonly path?: string;
    readonly progress: JobProgress;
  }
  | { readonly kind: "action"; readonly verb: string; readonly words: string }
  | { readonly kind: "fault"; readonly text: string; readonly fatal: boolean }
  /** RepRapFirmware pauses a print for it. */
  | { readonly kind: "heaterFault"; readonly text: string }
  /** The card or stick is gone, or cannot be read. */
  | { readonly kind: "mediaLost"; readonly text: string }
  | { readonly kind: "runout" }
  /** It is in a halt and answers nothing else. */
  | { readonly kind: "halted"; readonly text?: string }
  | { readonly kind: "klipperState"; readonly state: string }
  | { readonly kind: "unknownCommand"; readonly command: string }
  | { readonly kind: "identity"; readonly firmware: string; readonly version?: string }
  | { readonly kind: "capability"; readonly name: string; readonly isOn: boolean }
  /** A text for the owner in one of the marked dialects. */
  | { readonly kind: "message"; readonly text: string }
  | { readonly kind: "echo"; readonly text: string }
  | { readonly kind: "comment"; readonly text: string }
  /** RepRapFirmware's object model, as far as it was asked for. */
  | { readonly kind: "model"; readonly model: ModelFacts };

/** What a reply to `M409` or `M408` says. */
export interface ModelFacts {
  /** Of `state.status`, in its words. */
  readonly status?: string;
  readonly path?: string;
  readonly sizeBytes?: number;
  readonly progress: JobProgress;
}
