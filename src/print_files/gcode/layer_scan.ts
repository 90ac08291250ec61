/**
 * Reads a whole file of G-code, piece by piece, for the places where layers begin and for what it tells of progress. It looks at the
 * first byte of each line and makes strings only of the few lines that may matter: half a gigabyte per second and more.
 */
import type { FileMarks, MarkScan } from "../layer_marks.ts";
import { limits } from "../limits.ts";
import { FileProgress } from "./file_progress.ts";
import { LayerMarkers } from "./layer_markers.ts";
import { MoveLayers } from "./move_layers.ts";
import { readText } from "./quantities.ts";

/** Of a longer line only the beginning is looked at. */
const maxMarkerBytes = 256;

export interface ScannedMarks extends FileMarks {
  /** Names of what is printed, from the marks around each object. */
  readonly objects: readonly string[];
}

export class LayerScan implements MarkScan {
  readonly #markers = new LayerMarkers();
  readonly #progress = new FileProgress();
  readonly #moves = new MoveLayers();
  readonly #objects = new Set<string>();
  /** The beginning of a line that the last piece cut. */
  readonly #rest = new Uint8Array(maxMarkerBytes);
  #restBytes = 0;
  #restOffset = 0;
  #isInLine = false;
  #fedBytes = 0;
  #looksAtMoves = true;

  feed(chunk: Uint8Array, byteOffset: number, fileBytesPerByte = 1): void {
    const from = this.#isInLine ? this.#finishLine(chunk) : 0;
    if (from < chunk.length) this.#scan(chunk, from, byteOffset, fileBytesPerByte);
    this.#fedBytes += chunk.length;
  }

  finish(): ScannedMarks {
    if (this.#isInLine) this.#endRest();
    const marked = this.#markers.finish();
    return {
      layerMarks: marked.length > 0 ? marked : this.#moves.finish(),
      progressMarks: this.#progress.finish(),
      objects: [...this.#objects],
    };
  }

  /** Takes the rest of a cut line; where the next one begins. */
  #finishLine(chunk: Uint8Array): number {
    const end = lineEnd(chunk, 0);
    this.#keep(chunk.subarray(0, end));
    if (end < chunk.length) this.#endRest();
    return end + 1;
  }

  #keep(part: Uint8Array): void {
    const kept = part.subarray(0, maxMarkerBytes - this.#restBytes);
    this.#rest.set(kept, this.#restBytes);
    this.#restBytes += kept.length;
  }

  #endRest(): void {
    this.#line(this.#rest, 0, this.#restBytes, this.#restOffset);
    this.#restBytes = 0;
    this.#isInLine = false;
  }

  #scan(chunk: Uint8Array, from: number, byteOffset: number, fileBytesPerByte: number): void {
    const length = chunk.length;
    let start = from;
    while (start < length) {
      const end = lineEnd(chunk, start);
      if (end === length) break;
      const first = chunk[start]!;
      if (first === semicolon || first === letterM || first === letterG && this.#looksAtMoves) {
        this.#line(chunk, start, end, byteOffset + Math.floor(start * fileBytesPerByte), this.#fedBytes + start);
      }
      start = end + 1;
    }
    if (start >= length) return;
    this.#isInLine = true;
    this.#restOffset = byteOffset + Math.floor(start * fileBytesPerByte);
    this.#keep(chunk.subarray(start));
  }

  #line(bytes: Uint8Array, from: number, to: number, byteOffset: number, place = this.#fedBytes): void {
    switch (bytes[from]) {
      case semicolon:
        return this.#comment(bytes, from, to, byteOffset);
      case letterM:
        return this.#code(bytes, from, to, byteOffset);
      case letterG:
        if (this.#looksAtMoves) this.#moves.read(bytes, from, to, { place, byteOffset });
    }
  }

  #comment(bytes: Uint8Array, from: number, to: number, byteOffset: number): void {
    let at = from + 1;
    while (at < to && (bytes[at] === space || bytes[at] === semicolon)) at++;
    switch (commentKinds[bytes[at]!]) {
      case "layer":
        this.#markers.read(asciiOf(bytes, from, to), byteOffset);
        this.#looksAtMoves &&= !this.#markers.isTrusted;
        return;
      case "time":
        if (bytes[at + 1] === letterY) return; // `;TYPE:` is in each file a thousand times
        this.#progress.readComment(asciiOf(bytes, from, to), byteOffset);
        if (bytes[at] === letterP) this.#object(bytes, from, to);
        return;
      case "object":
        return this.#object(bytes, from, to);
    }
  }

  #code(bytes: Uint8Array, from: number, to: number, byteOffset: number): void {
    const [second, third] = [bytes[from + 1], bytes[from + 2]];
    if (second === digit7 && third === digit3) this.#progress.readM73(asciiOf(bytes, from, to), byteOffset);
    else if (second === digit8 && (third === digit2 || third === digit3)) {
      this.#moves.setExtrusionMode(third === digit3);
    }
  }

  /** `; printing object Shape-Box id:0 copy 0`, `;MESH:cube.stl`, ideaMaker's `;PRINTING: cube.stl`. */
  #object(bytes: Uint8Array, from: number, to: number): void {
    const line = utf8.decode(bytes.subarray(from, Math.min(to, from + maxMarkerBytes))).trimEnd();
    const found = /^; printing object (.+?)(?: id:\d+)?(?: copy \d+)?$|^;(?:MESH|PRINTING):(.+)$/.exec(line);
    const name = readText(found?.[1] ?? found?.[2]);
    if (name !== undefined && name !== "NONMESH" && this.#objects.size < limits.maxListed) this.#objects.add(name);
  }
}

const [space, digit2, digit3, digit7, digit8, semicolon] = [0x20, 0x32, 0x33, 0x37, 0x38, 0x3b];
const [letterG, letterM, letterP, letterY] = [0x47, 0x4d, 0x50, 0x59];

/** By the first byte of a comment's text, what it may be; most comments are nothing of it. */
const commentKinds: ("layer" | "object" | "time" | undefined)[] = [];
for (const letter of "LCZBl-<") commentKinds[letter.charCodeAt(0)] = "layer";
for (const letter of "Mp") commentKinds[letter.charCodeAt(0)] = "object";
for (const letter of "TPR") commentKinds[letter.charCodeAt(0)] = "time";

/** The place of the next LF or CR; the end of the bytes if there is none. */
function lineEnd(bytes: Uint8Array, from: number): number {
  const length = bytes.length;
  let at = from;
  for (; at < length; at++) {
    const byte = bytes[at]!;
    if (byte <= 13 && (byte === 10 || byte === 13)) break;
  }
  return at;
}

const utf8 = new TextDecoder();

/** For short lines faster than a decoder; what is not ASCII is of no interest there. */
function asciiOf(bytes: Uint8Array, from: number, to: number): string {
  let text = "";
  for (let at = from; at < Math.min(to, from + maxMarkerBytes); at++) text += String.fromCharCode(bytes[at]!);
  return text;
}
