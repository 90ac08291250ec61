/**
 * What a Marlin does with received lines before it runs them: line numbers, checksums, resends. Proven by the recordings
 * line_numbers_resend and sd_upload_delete.
 */
const maxLineCharacters = 95;

export type Intake =
  | { readonly kind: "command"; readonly line: string; readonly number?: number }
  | { readonly kind: "error"; readonly lines: readonly string[] }
  | { readonly kind: "nothing" };

export class LineIntake {
  #lastNumber = 0;

  get nextNumber(): number {
    return this.#lastNumber + 1;
  }

  /** `isSaving`: between M28 and M29 lines without a number are refused. */
  take(received: string, { isSaving }: { isSaving: boolean }): Intake {
    const uncommented = received.replace(/\r$/, "").replace(/;.*$/, "");
    if (uncommented === "") return { kind: "nothing" };
    const line = uncommented.slice(0, maxLineCharacters).trim();
    const numbered = /^N(-?\d+)\s*(.*)$/.exec(line);
    if (!numbered) {
      if (isSaving && !/^M29\b/.test(line)) return this.#refuse("No Checksum with line number");
      const command = line.replace(/\*\d+$/, "");
      this.#lastNumber = Number(/^M110\s+N(-?\d+)/.exec(command)?.[1] ?? this.#lastNumber);
      return { kind: "command", line: command };
    }
    const number = Number(numbered[1]);
    const star = line.lastIndexOf("*");
    if (star < 0) return this.#refuse("No Checksum with line number");
    if (checksum(line.slice(0, star)) !== Number(line.slice(star + 1))) return this.#refuse("checksum mismatch");
    const command = (numbered[2] ?? "").replace(/\*[^*]*$/, "").trim();
    if (/^M110\b/.test(command)) {
      this.#lastNumber = Number(/N(-?\d+)/.exec(command.slice(4))?.[1] ?? number);
      return { kind: "command", line: command };
    }
    if (number === this.#lastNumber) return { kind: "nothing" };
    if (number !== this.nextNumber) return this.#refuse("Line Number is not Last Line Number+1");
    this.#lastNumber = number;
    // A star inside the text ends it, as in the recording `N36 M117 a*b`.
    return { kind: "command", line: command.replace(/\*.*$/, ""), number };
  }

  #refuse(reason: string): Intake {
    return {
      kind: "error",
      lines: [`Error:${reason}, Last Line: ${this.#lastNumber}`, `Resend: ${this.nextNumber}`, "ok"],
    };
  }
}

/** XOR over the bytes before the star. */
export function checksum(line: string): number {
  return new TextEncoder().encode(line).reduce((sum, byte) => sum ^ byte, 0);
}
