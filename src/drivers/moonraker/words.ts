/** Klipper's texts: what an owner should read of them. */
import type { Report } from "../../domain/printer_state.ts";

/** The first line says what happened; the others, what to type. */
export function faultText(message: string): string | undefined {
  return message.split("\n").map((line) => line.trim()).find((line) => line !== "");
}

/** A line of the console: https://www.klipper3d.org/G-Codes.html#respond */
export type ConsoleLine =
  | { readonly kind: "error"; readonly text: string }
  /** A dialog of the front end: https://docs.mainsail.xyz/overview/features/macro-prompts */
  | { readonly kind: "prompt"; readonly does: "begin" | "text" | "show" | "end"; readonly text: string }
  | { readonly kind: "runout" }
  | { readonly kind: "notification"; readonly text: string };

/** Undefined for all that is no news. `// action:pause` and its like are also printed when there is nothing to pause. */
export function parseConsoleLine(line: string): ConsoleLine | undefined {
  if (line.startsWith("!!")) {
    const text = faultText(line.slice(2));
    return text === undefined ? undefined : { kind: "error", text };
  }
  const [, action = "", rest = ""] = /^\/\/ action:\s*(\w+)\s*(.*)$/s.exec(line) ?? [];
  const text = rest.replace(/^"(.*)"$/s, "$1").trim();
  if (action === "notification" && text !== "") return { kind: "notification", text };
  const does = /^prompt_(begin|text|show|end)$/.exec(action)?.[1];
  if (does !== undefined) return { kind: "prompt", does: does as "begin" | "text" | "show" | "end", text };
  return action === "" && /\brun\s?out\b/i.test(line) ? { kind: "runout" } : undefined;
}

type PromptLine = ConsoleLine & { readonly kind: "prompt" };

/** A dialog on the front end; it waits for somebody while it is shown. */
export class Prompt {
  #title = "";
  #text = "";
  #isShown = false;

  /** What it means for the owner. A dialog without a print is one of somebody who stands there. */
  hear({ does, text }: PromptLine, isPrinting: boolean): Report["attention"] {
    switch (does) {
      case "begin":
        [this.#title, this.#text] = [text, ""];
        return undefined;
      case "text":
        this.#text ||= text;
        return undefined;
      case "show": {
        if (!isPrinting) return undefined;
        this.#isShown = true;
        const words = [this.#title, this.#text].filter((part) => part !== "").join(": ");
        return { kind: "waiting", reason: "waiting_for_user", ...(words === "" ? {} : { text: words }) };
      }
      case "end": {
        const wasShown = this.#isShown;
        this.#isShown = false;
        return wasShown ? { kind: "over" } : undefined;
      }
    }
  }

  /** Its print is over. */
  forget(): void {
    this.#isShown = false;
  }
}
