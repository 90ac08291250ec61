/**
 * The picture that a slicer drew of a print and stored in its G-code as comments.
 *
 * `; thumbnail begin 220x124 6448` (width, height, number of base64 characters), lines of base64, `; thumbnail end`:
 * PrusaSlicer, SuperSlicer, OrcaSlicer, Cura and others. Several sizes may follow each other.
 */
import type { RangeReader } from "../domain/print_file.ts";

export interface Thumbnail {
  readonly bytes: Uint8Array;
  readonly mediaType: "image/png";
  readonly widthPixels: number;
  readonly heightPixels: number;
}

/** The last thumbnail of 51 real files ends within 480 KB; nothing is drawn behind the first move. */
export const maxHeadBytes = 1024 * 1024;
/** A larger one is no thumbnail. */
export const maxThumbnailBytes = 1024 * 1024;
const chunkBytes = 64 * 1024;

const begin = /^; *thumbnail begin +\d+ *[x* ] *\d+ +\d+/;
const end = /^; *thumbnail end/;
const firstPrintMove = /^G1 [^;\n]*\bE/m;

/** The largest PNG thumbnail in the head of a text G-code file; undefined: it has none that can be read. */
export async function readThumbnail(reader: RangeReader, signal: AbortSignal): Promise<Thumbnail | undefined> {
  const head = await readHead(reader, signal);
  let largest: Thumbnail | undefined;
  for (const base64 of thumbnailTexts(head)) {
    const found = decodeThumbnail(base64);
    if (found && area(found) > (largest ? area(largest) : 0)) largest = found;
  }
  return largest;
}

/** The text up to the first move that prints, or as far as is worth looking. */
async function readHead(reader: RangeReader, signal: AbortSignal): Promise<string> {
  const latin1 = new TextDecoder("latin1"); // any bytes are text; what we look for is ASCII
  let head = "";
  while (head.length < Math.min(maxHeadBytes, reader.sizeBytes)) {
    const chunk = latin1.decode(await reader.read(head.length, chunkBytes, signal));
    if (chunk === "") break; // shorter than it said
    head += chunk;
    if (firstPrintMove.test(chunk)) break;
  }
  return head;
}

/** The base64 of each whole block. A block that runs into something else than comments was cut off. */
function* thumbnailTexts(head: string): Generator<string> {
  let lines: string[] | undefined;
  for (const line of head.split(/\r\n|\r|\n/)) {
    if (begin.test(line)) lines = [];
    else if (!lines) continue;
    else if (end.test(line)) {
      yield lines.join("");
      lines = undefined;
    } else if (line.startsWith(";")) lines.push(line.slice(1).trim());
    else lines = undefined;
  }
}

const pngSignature = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
const headerBytes = 24; // signature, length and name of IHDR, width, height

/** Its size is what the picture says itself; what the block says has been seen to be wrong. */
function decodeThumbnail(base64: string): Thumbnail | undefined {
  if (base64.length > maxThumbnailBytes * 4 / 3 + 4) return undefined;
  let bytes: Uint8Array;
  try {
    bytes = Uint8Array.fromBase64(base64);
  } catch {
    return undefined; // garbage
  }
  if (bytes.length < headerBytes || !pngSignature.every((byte, index) => bytes[index] === byte)) return undefined;
  const view = new DataView(bytes.buffer);
  const [widthPixels, heightPixels] = [view.getUint32(16), view.getUint32(20)];
  if (!isThumbnailSide(widthPixels) || !isThumbnailSide(heightPixels)) return undefined;
  return { bytes, mediaType: "image/png", widthPixels, heightPixels };
}

const maxSidePixels = 4096;

function isThumbnailSide(pixels: number): boolean {
  return pixels > 0 && pixels <= maxSidePixels;
}

function area({ widthPixels, heightPixels }: Thumbnail): number {
  return widthPixels * heightPixels;
}
