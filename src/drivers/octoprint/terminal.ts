/** Lines of OctoPrint's terminal: what the firmware says and OctoPrint does not understand. */
import { markedText } from "../../protocols/marked_text.ts";

export type TerminalLine =
  /** A command waits for a human; repeated every 2 s. */
  | { readonly kind: "waiting" }
  | { readonly kind: "runout" }
  /** A dialog of the firmware; OctoPrint shows it only where the firmware says that it knows dialogs. */
  | { readonly kind: "prompt"; readonly text: string }
  | { readonly kind: "message"; readonly text: string; readonly marked: boolean };

/** The lines that OctoPrint is asked for, as Python and we write expressions. */
export const terminalPattern =
  "busy: ?paused for|prompt_begin|UserNotif|MR_NOTIFY|\\$MR\\$|\\[ESP600\\]|[Ff]ilament|[Rr]un_?out|FILAMENT|Send: (N\\d+ )?M117 ";

/** Total: undefined for what says nothing to us. */
export function parseTerminalLine(line: string): TerminalLine | undefined {
  const [, direction, raw = ""] = /^(Recv|Send): (?:N\d+ )?(.*)$/.exec(line) ?? [];
  if (direction === undefined) return undefined;
  if (direction === "Send") return parseSent(raw.replace(/\*\d+$/, ""));
  const text = raw.replace(/^(?:echo:|\/\/(?!action))\s*/, "");
  if (/^busy:\s*paused for (?:user|input)/.test(text)) return { kind: "waiting" };
  if (isRunout(text)) return { kind: "runout" };
  const prompt = /^\/\/action:prompt_begin +(.*\S)/.exec(text)?.[1];
  if (prompt !== undefined) return { kind: "prompt", text: prompt };
  const marked = markedText(text);
  return marked === undefined ? undefined : { kind: "message", text: marked, marked: true };
}

function parseSent(command: string): TerminalLine | undefined {
  const marked = markedText(command);
  if (marked !== undefined) return { kind: "message", text: marked, marked: true };
  const shown = /^M117 +(.*\S)/.exec(command)?.[1];
  return shown === undefined ? undefined : { kind: "message", text: shown, marked: false };
}

/** Whether a firmware says that a filament has run out, not that it looks for it. */
export function isRunout(text: string): boolean {
  if (
    /^\/\/action:(?:out_of_filament|(?:paused?|notification|prompt_begin)\b.*(?:run_?out|out of filament))/i.test(text)
  ) {
    return true;
  }
  return /^(?:error:\s*)?(?:filament ?run_?out(?: detected)?(?: T\d)?[.! ]*$|no filament\b|out of filament\b|filament error\b)/i
    .test(text);
}
