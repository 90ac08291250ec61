/**
 * QOI, "Quite OK Image": https://qoiformat.org/qoi-specification.pdf. Prusa's firmware shows these.
 */
import { broken, type Decoded, decoded, sizeProblem } from "./decoded.ts";

const headerBytes = 14;

/** Data that ends too early repeats its last pixel, as a print that was cut off still has most of its picture. */
export function decodeQoi(bytes: Uint8Array): Decoded {
  if (bytes.length < headerBytes || bytes[0] !== 0x71 || bytes[1] !== 0x6f || bytes[2] !== 0x69 || bytes[3] !== 0x66) {
    return broken("it does not begin like a QOI");
  }
  const header = new DataView(bytes.buffer, bytes.byteOffset, headerBytes);
  const [widthPixels, heightPixels] = [header.getUint32(4), header.getUint32(8)];
  const problem = sizeProblem(widthPixels, heightPixels);
  if (problem !== undefined) return broken(problem);
  const rgba = new Uint8Array(widthPixels * heightPixels * 4);
  return decodePixels(bytes, rgba) ? decoded(widthPixels, heightPixels, rgba) : broken("it has no pixels");
}

/** False: there was not a single one. */
function decodePixels(bytes: Uint8Array, rgba: Uint8Array): boolean {
  const seen = new Uint8Array(64 * 4);
  let [red, green, blue, alpha, run] = [0, 0, 0, 255, 0];
  let at = headerBytes;
  for (let to = 0; to < rgba.length; to += 4) {
    if (run > 0) run--;
    else if (at < bytes.length) {
      const tag = bytes[at++]!;
      if (tag === 0xfe || tag === 0xff) {
        if (at + (tag === 0xff ? 4 : 3) > bytes.length) at = bytes.length; // cut off within the pixel
        else {
          red = bytes[at++]!;
          green = bytes[at++]!;
          blue = bytes[at++]!;
          if (tag === 0xff) alpha = bytes[at++]!;
        }
      } else if (tag >= 0xc0) run = tag & 0x3f;
      else if (tag >= 0x80) {
        const second = bytes[at++] ?? 0x88;
        const greenStep = (tag & 0x3f) - 32;
        red = red + greenStep - 8 + (second >> 4) & 255;
        green = green + greenStep & 255;
        blue = blue + greenStep - 8 + (second & 15) & 255;
      } else if (tag >= 0x40) {
        red = red - 2 + (tag >> 4 & 3) & 255;
        green = green - 2 + (tag >> 2 & 3) & 255;
        blue = blue - 2 + (tag & 3) & 255;
      } else [red, green, blue, alpha] = [seen[tag * 4]!, seen[tag * 4 + 1]!, seen[tag * 4 + 2]!, seen[tag * 4 + 3]!];
      if (run === 0) {
        const slot = (red * 3 + green * 5 + blue * 7 + alpha * 11 & 63) * 4;
        seen[slot] = red;
        seen[slot + 1] = green;
        seen[slot + 2] = blue;
        seen[slot + 3] = alpha;
      }
    }
    rgba[to] = red;
    rgba[to + 1] = green;
    rgba[to + 2] = blue;
    rgba[to + 3] = alpha;
  }
  return at > headerBytes;
}
