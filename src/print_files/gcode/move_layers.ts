/**
 * Where layers begin in a file without marks (Slic3r 1.x, hand-made code): at the first move that prints higher than anything before.
 * A lift without printing is none, nor is a line that cleans the nozzle before the print.
 */
import type { LayerMark } from "../layer_marks.ts";
import { limits } from "../limits.ts";

/** Thinner are no layers: a vase is printed in one rising line. */
const sameHeightMillimetres = 0.04;
/** What prints for less than this before the next height is a purge line, not a first layer. */
const minFirstLayerBytes = 400;

export class MoveLayers {
  readonly #marks: LayerMark[] = [];
  #isRelative = false;
  /** As M82 or M83 said; before them, as G90 and G91 say for all axes. */
  #isExtrusionRelative: boolean | undefined;
  #z = 0;
  #topMillimetres = 0;
  /** The last E seen since it mattered; undefined: not known. */
  #extruded: number | undefined;
  /** At a height where printing would begin a layer. */
  #isWaiting = true;
  #firstAt = 0;

  /** One line that begins with G; `place` counts the bytes of G-code, `byteOffset` those of the file. */
  read(
    bytes: Uint8Array,
    from: number,
    to: number,
    { place, byteOffset }: { place: number; byteOffset: number },
  ): void {
    const second = bytes[from + 1]!;
    if (second === 0x39) this.#setMode(textOf(bytes, from, to));
    else if (second < 0x30 || second > 0x33 || bytes[from + 2] !== 0x20) return;
    else if (this.#isWaiting || hasZ(bytes, from, to)) this.#move(textOf(bytes, from, to), place, byteOffset);
  }

  /** M82 and M83. */
  setExtrusionMode(isRelative: boolean): void {
    this.#isExtrusionRelative = isRelative;
  }

  finish(): LayerMark[] {
    return this.#marks;
  }

  #setMode(line: string): void {
    if (/^G9[01]\b/.test(line)) this.#isRelative = line.charCodeAt(2) === 0x31;
    if (!/^G92\b/.test(line)) return;
    this.#z = wordOf(line, "Z") ?? this.#z;
    this.#extruded = wordOf(line, "E") ?? this.#extruded;
  }

  #move(line: string, place: number, byteOffset: number): void {
    const z = wordOf(line, "Z");
    if (z !== undefined) {
      this.#z = this.#isRelative ? this.#z + z : z;
      this.#isWaiting = this.#z > this.#topMillimetres + sameHeightMillimetres ||
        this.#marks.length <= 1 && this.#z < this.#topMillimetres - sameHeightMillimetres;
    }
    if (this.#isWaiting && this.#prints(line)) this.#begin(place, byteOffset);
  }

  #prints(line: string): boolean {
    const extrude = wordOf(line, "E");
    if (extrude === undefined) return false;
    const isRelative = this.#isExtrusionRelative ?? this.#isRelative;
    const before = isRelative ? 0 : this.#extruded ?? 0;
    this.#extruded = extrude;
    return extrude > before && /[XY]/.test(line);
  }

  #begin(place: number, byteOffset: number): void {
    this.#isWaiting = false;
    const isAfterPurge = this.#marks.length === 1 &&
      (this.#z < this.#topMillimetres || place - this.#firstAt < minFirstLayerBytes);
    if (isAfterPurge) this.#marks.pop();
    if (this.#marks.length === 0) this.#firstAt = place;
    this.#topMillimetres = this.#z;
    if (this.#marks.length >= limits.maxLayerMarks) return;
    this.#marks.push({
      layer: this.#marks.length + 1,
      byteOffset,
      heightMillimetres: Math.round(this.#z * 1000) / 1000,
    });
  }
}

function hasZ(bytes: Uint8Array, from: number, to: number): boolean {
  for (let at = from; at < to; at++) if (bytes[at] === 0x5a) return true;
  return false;
}

const maxMoveLength = 200;

/** Without the remark behind the move. */
function textOf(bytes: Uint8Array, from: number, to: number): string {
  let text = "";
  for (let at = from; at < Math.min(to, from + maxMoveLength) && bytes[at] !== 0x3b; at++) {
    text += String.fromCharCode(bytes[at]!);
  }
  return text;
}

const words = { Z: / Z([+-]?[\d.]+)/, E: / E([+-]?[\d.]+)/ };

function wordOf(line: string, word: keyof typeof words): number | undefined {
  const value = Number(words[word].exec(line)?.[1] ?? NaN);
  return Number.isFinite(value) ? value : undefined;
}
