/**
 * ColPic version 3, the pictures of Elegoo's and Artillery's screens: a palette and runs, six bits per character.
 * Header of 32 bytes, little-endian: version, 0, u16 0, u32 width, u32 height, u32 mark, u32 palette bytes, u32 data bytes.
 */
import { broken, type Decoded, decoded, sizeProblem } from "./decoded.ts";
import { writeRgb565 } from "./rgb565.ts";

const headerBytes = 32;
const version = 3;
const maxColours = 1024;

/** The bytes behind the characters; one that is none of ColPic's counts as 0. */
export function colpicBytes(text: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(Math.ceil(text.length / 4) * 3);
  for (let from = 0, to = 0; from < text.length; from += 4) {
    const [a, b, c, d] = [
      sixBits(text, from),
      sixBits(text, from + 1),
      sixBits(text, from + 2),
      sixBits(text, from + 3),
    ];
    bytes[to++] = a << 2 | b >> 4;
    bytes[to++] = b << 4 | c >> 2;
    bytes[to++] = c << 6 | d;
  }
  return bytes;
}

function sixBits(text: string, at: number): number {
  const code = text.charCodeAt(at); // NaN behind the end
  if (code === 0x7e) return 44; // a tilde stands for the backslash
  return code >= 48 && code < 48 + 64 ? code - 48 : 0;
}

export interface ColpicHeader {
  readonly widthPixels: number;
  readonly heightPixels: number;
  readonly paletteBytes: number;
  readonly dataBytes: number;
}

export function readColpicHeader(bytes: Uint8Array): ColpicHeader | undefined {
  if (bytes.length < headerBytes || bytes[0] !== version) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, headerBytes);
  const [widthPixels, heightPixels, , paletteBytes, dataBytes] = [4, 8, 12, 16, 20].map((at) =>
    view.getUint32(at, true)
  );
  return { widthPixels: widthPixels!, heightPixels: heightPixels!, paletteBytes: paletteBytes!, dataBytes: dataBytes! };
}

/** Pixels behind the end of the data keep the last colour. */
export function decodeColpic(bytes: Uint8Array): Decoded {
  const header = readColpicHeader(bytes);
  if (!header) return broken("it does not begin like a ColPic");
  const { widthPixels, heightPixels, paletteBytes, dataBytes } = header;
  const problem = sizeProblem(widthPixels, heightPixels);
  if (problem !== undefined) return broken(problem);
  if (paletteBytes > maxColours * 2 || headerBytes + paletteBytes >= bytes.length) {
    return broken("it ends within its palette, or that is too long");
  }
  const palette = bytes.subarray(headerBytes, headerBytes + paletteBytes);
  const data = bytes.subarray(headerBytes + paletteBytes, headerBytes + paletteBytes + dataBytes);
  return decoded(widthPixels, heightPixels, expandRuns(data, palette, widthPixels * heightPixels));
}

/** A byte is a run (upper three bits) of a colour (lower five) of the page; 7 in the upper bits turns to another page of 32. */
function expandRuns(data: Uint8Array, palette: Uint8Array, pixels: number): Uint8Array<ArrayBuffer> {
  const rgba = new Uint8Array(pixels * 4);
  let [page, pixel, colour] = [0, 0, 0];
  for (let at = 0; at < data.length && pixel < pixels; at++) {
    const [upper, lower] = [data[at]! >> 5, data[at]! & 31];
    if (upper === 7) {
      page = lower;
      continue;
    }
    const index = (page * 32 + lower) * 2;
    colour = (palette[index] ?? 0) | (palette[index + 1] ?? 0) << 8;
    const run = upper === 0 ? data[++at] ?? 0 : upper;
    for (const end = Math.min(pixels, pixel + run); pixel < end; pixel++) writeRgb565(colour, rgba, pixel * 4);
  }
  for (; pixel < pixels; pixel++) writeRgb565(colour, rgba, pixel * 4);
  return rgba;
}
