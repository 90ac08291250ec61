/**
 * What a file tells of progress on its way: `M73` for displays, else the times that Cura and ideaMaker write per layer.
 */
import type { ProgressMark } from "../layer_marks.ts";
import { limits } from "../limits.ts";

interface Mark {
  readonly byteOffset: number;
  readonly percent: number;
  remainingSeconds?: number;
}

/** Seconds since the print began, by the slicer's reckoning. */
interface Elapsed {
  readonly byteOffset: number;
  readonly seconds: number;
  /** Absent: what is left is known when the last one is. */
  readonly remainingSeconds?: number;
}

export class FileProgress {
  readonly #told: Mark[] = [];
  readonly #elapsed: Elapsed[] = [];
  #printingSeconds: number | undefined;

  /** `M73 P10 R25` in percent and minutes; `Q` and `S` are for the silent mode, `L` is a layer. */
  readM73(line: string, byteOffset: number): void {
    const percent = /^M73\s(?:[^;]*\s)?P(\d{1,9}(?:\.\d{1,9})?)/.exec(line)?.[1];
    const minutes = /^M73\s(?:[^;]*\s)?R(\d{1,9}(?:\.\d{1,9})?)/.exec(line)?.[1];
    const last = this.#told.at(-1);
    const remaining = minutes === undefined ? undefined : Number(minutes) * 60;
    if (percent === undefined && remaining !== undefined && last && last.remainingSeconds === undefined) {
      last.remainingSeconds = remaining; // Cura's script says the two one after the other
    } else if ((percent !== undefined || remaining !== undefined) && this.#told.length < limits.maxProgressMarks) {
      const share = percent === undefined ? last?.percent ?? 0 : Math.min(100, Number(percent));
      this.#told.push({ byteOffset, percent: share, ...remaining !== undefined && { remainingSeconds: remaining } });
    }
  }

  /** `;TIME_ELAPSED:52.96` at the end of a layer; `;PRINTING_TIME: 12` and `;REMAINING_TIME: 732` at its beginning. */
  readComment(line: string, byteOffset: number): void {
    const [, kind, number] =
      /^;(TIME_ELAPSED|PRINTING_TIME|REMAINING_TIME):\s?(\d{1,9}(?:\.\d{1,9})?)\s*$/.exec(line) ?? [];
    const seconds = Number(number);
    if (kind === undefined || this.#elapsed.length >= limits.maxProgressMarks) return;
    if (kind === "PRINTING_TIME") this.#printingSeconds = seconds;
    else if (kind === "TIME_ELAPSED") this.#elapsed.push({ byteOffset, seconds });
    else if (this.#printingSeconds !== undefined) {
      this.#elapsed.push({ byteOffset, seconds: this.#printingSeconds, remainingSeconds: seconds });
    }
  }

  finish(): ProgressMark[] {
    if (this.#told.length > 1) return this.#told;
    const total = this.#elapsed.at(-1)?.seconds ?? 0;
    return this.#elapsed.map(({ byteOffset, seconds, remainingSeconds }) => {
      const remaining = remainingSeconds ?? Math.max(0, total - seconds);
      const share = seconds + remaining > 0 ? seconds / (seconds + remaining) : 0;
      return { byteOffset, percent: Math.floor(share * 100), remainingSeconds: Math.round(remaining) };
    });
  }
}
