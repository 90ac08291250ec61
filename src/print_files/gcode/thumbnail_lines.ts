/**
 * The pictures in the lines of a text G-code file, in all the ways slicers and their plugins write them there.
 * A block ends where its lines end, so that a file cut off within one costs that picture and nothing else.
 */
import { decodeQidiWords } from "../images/qidi_words.ts";
import type { EmbeddedImage } from "../embedded_image.ts";
import { limits } from "../limits.ts";
import { isBigtreeHeader, readBigtree } from "./bigtree_lines.ts";
import { readScreenImages } from "./screen_lines.ts";
import { base64Image, encodedImage, pixelImage, type TextImage, unreadable } from "./text_image.ts";

export interface FoundThumbnails {
  readonly images: readonly EmbeddedImage[];
  readonly problems: readonly string[];
}

/** What stands at a line: pictures, and the first line behind them. */
export interface LinesRead {
  readonly next: number;
  readonly images: readonly TextImage[];
}

/** In the order of the file, those of MKS's and Elegoo's screens last. */
export function findThumbnails(lines: readonly string[]): FoundThumbnails {
  const found: TextImage[] = [];
  for (let index = 0; index < lines.length && found.length < limits.maxThumbnails;) {
    const read = readAt(lines, index);
    found.push(...read?.images ?? []);
    index = read?.next ?? index + 1;
  }
  found.push(...readScreenImages(lines));
  const listed = found.slice(0, limits.maxThumbnails);
  return {
    images: listed.flatMap((item) => item.kind === "image" ? item.image : []),
    problems: listed.flatMap((item) => item.kind === "problem" ? item.problem : []),
  };
}

function readAt(lines: readonly string[], index: number): LinesRead | undefined {
  const line = lines[index]!;
  switch (line.charCodeAt(0)) {
    case 0x3b: // ;
      if (isBigtreeHeader(lines, index)) return readBigtree(lines, index, { label: "bigtree", blueFirst: false });
      return readBlock(lines, index) ?? readDataUrl(line, index);
    case 0x4d: // M
      return readQidi(lines, index);
    case 0x57: // W
      return readWeedo(lines, index);
    default:
      return undefined;
  }
}

/** `; thumbnail_QOI begin 220x124 6448`, also with spaces or an asterisk for the x; `; png begin …` is Creality's. */
const blockBegins = /^;\s*(thumbnail(?:_\w{1,20})?|png|jpe?g|qoi|bmp|gif) begin[\s:]*\d+\s*[x*\s]\s*\d+/i;
const blockEnds = /^;\s*(?:thumbnail\w*|png|jpe?g|qoi|bmp|gif) end/i;
const base64Line = /^;\s*([A-Za-z0-9+/]+={0,2})\s*$/;
const emptyComment = /^;\s*$/;

/** The size that a block states is characters in most files, bytes in some and wrong in others: not looked at. */
function readBlock(lines: readonly string[], index: number): LinesRead | undefined {
  const label = blockBegins.exec(lines[index]!)?.[1];
  if (label === undefined) return undefined;
  const texts: string[] = [];
  let next = index + 1;
  for (; next < lines.length; next++) {
    const line = lines[next]!;
    if (blockEnds.test(line)) return { next: next + 1, images: [base64Image(texts.join(""), label)] };
    if (isBigtreeHeader(lines, next)) return readBigtree(lines, next, { label, blueFirst: true });
    const text = base64Line.exec(line)?.[1];
    if (text !== undefined) texts.push(text);
    else if (!emptyComment.test(line)) break; // moves, another block, anything: it was cut off
  }
  return { next, images: [unreadable(label, "it is cut off")] };
}

/** Snapmaker Luban: the whole picture on one line. */
function readDataUrl(line: string, index: number): LinesRead | undefined {
  const text = /^;\s*thumbnail:\s*data:image\/\w+;base64,\s*([A-Za-z0-9+/=]*)/i.exec(line)?.[1];
  return text === undefined ? undefined : { next: index + 1, images: [base64Image(text, "thumbnail")] };
}

/** Qidi and ChiTu: `M4010 X79 Y79`, then `M4010 I<first pixel> T<pixels> '<hexadecimal words>'`. */
function readQidi(lines: readonly string[], index: number): LinesRead | undefined {
  const [, width, height] = /^M4010 +X(\d{1,5}) +Y(\d{1,5})\s*$/.exec(lines[index]!) ?? [];
  if (width === undefined || height === undefined) return undefined;
  const label = "M4010";
  const { texts, next } = hexLines(lines, index + 1, /^M4010 +I\d+ +T\d+ +'([0-9a-f]*)'\s*$/i);
  const bytes = hexBytes(texts);
  if (!bytes) return { next, images: [unreadable(label, "it has no pixels")] };
  const size = { widthPixels: Number(width), heightPixels: Number(height) };
  const facts = { format: "qidi", ...size, sizeBytes: bytes.length, label } as const;
  return { next, images: [pixelImage(facts, () => decodeQidiWords(bytes, size))] };
}

/** Weedo: `W221`, `W220 <hexadecimal JPEG>` …, `W222`. */
function readWeedo(lines: readonly string[], index: number): LinesRead | undefined {
  if (!/^W221\s*$/.test(lines[index]!)) return undefined;
  const { texts, next } = hexLines(lines, index + 1, /^W220\s+([0-9a-f]+)\s*$/i);
  const bytes = /^W222\b/.test(lines[next] ?? "") ? hexBytes(texts) : undefined;
  return { next, images: [bytes ? encodedImage(bytes, "W221") : unreadable("W221", "it is cut off")] };
}

function hexLines(lines: readonly string[], from: number, pattern: RegExp): { texts: string[]; next: number } {
  const texts: string[] = [];
  let next = from;
  for (; next < lines.length; next++) {
    const text = pattern.exec(lines[next]!)?.[1];
    if (text === undefined) break;
    texts.push(text);
  }
  return { texts, next };
}

/** Undefined: none, or half a byte too much. */
function hexBytes(texts: readonly string[]): Uint8Array | undefined {
  const text = texts.join("");
  const isHex = text.length > 0 && text.length % 2 === 0 && text.length <= limits.maxThumbnailBytes * 2;
  return isHex ? Uint8Array.fromHex(text) : undefined;
}
