/**
 * The preview that Qidi's and ChiTu's old Cura plugin writes into `M4010` lines: 16-bit words, big-endian, five bits each of red,
 * green and blue with a flag between green and blue; a flagged word is followed by its run, `0x3000 | pixels`.
 */
import { broken, type Decoded, decoded, sizeProblem } from "./decoded.ts";

const runFlag = 0x20;
const runBits = 0x0fff;

/** Pixels behind the end of the data stay white, the plugin's background. */
export function decodeQidiWords(
  bytes: Uint8Array,
  { widthPixels, heightPixels }: { widthPixels: number; heightPixels: number },
): Decoded {
  const problem = sizeProblem(widthPixels, heightPixels);
  if (problem !== undefined) return broken(problem);
  if (bytes.length < 2) return broken("it has no pixels");
  const pixels = widthPixels * heightPixels;
  const rgba = new Uint8Array(pixels * 4).fill(255);
  for (let at = 0, pixel = 0; at + 1 < bytes.length && pixel < pixels; at += 2) {
    const word = bytes[at]! << 8 | bytes[at + 1]!;
    let run = 1;
    if (word & runFlag) {
      at += 2;
      run = ((bytes[at] ?? 0) << 8 | (bytes[at + 1] ?? 0)) & runBits;
    }
    for (const end = Math.min(pixels, pixel + run); pixel < end; pixel++) {
      rgba[pixel * 4] = stretch(word >> 11 & 31);
      rgba[pixel * 4 + 1] = stretch(word >> 6 & 31);
      rgba[pixel * 4 + 2] = stretch(word & 31);
    }
  }
  return decoded(widthPixels, heightPixels, rgba);
}

function stretch(fiveBits: number): number {
  return fiveBits << 3 | fiveBits >> 2;
}
