/** Writers of the small formats that thumbnails have, as plain as they can be; nothing but the tests needs them. */
import type { Bitmap } from "../../src/pictures/bitmap.ts";
import { join } from "../pictures/samples.ts";

/** With runs, repeated colours and small steps, as a real encoder. */
export function qoiOf({ widthPixels, heightPixels, rgba }: Bitmap): Uint8Array {
  const header = new DataView(new ArrayBuffer(14));
  header.setUint32(0, 0x716f6966);
  header.setUint32(4, widthPixels);
  header.setUint32(8, heightPixels);
  header.setUint8(12, 4);
  const out: number[] = [];
  const seen = Array.from({ length: 64 }, () => [0, 0, 0, 0]);
  let before = [0, 0, 0, 255];
  let run = 0;
  const endRun = () => {
    if (run > 0) out.push(0xc0 | run - 1);
    run = 0;
  };
  const same = (a: readonly number[], b: readonly number[]) => a.every((value, index) => value === b[index]);
  for (let at = 0; at < rgba.length; at += 4) {
    const pixel = [...rgba.subarray(at, at + 4)];
    const [r = 0, g = 0, b = 0, a = 0] = pixel;
    if (same(pixel, before)) {
      if (++run === 62) endRun();
      continue;
    }
    endRun();
    const slot = (r * 3 + g * 5 + b * 7 + a * 11) % 64;
    const step = (value: number, index: number) => (value - before[index]! + 128 & 255) - 128;
    const [dr, dg, db] = [step(r, 0), step(g, 1), step(b, 2)];
    if (same(pixel, seen[slot]!)) out.push(slot);
    else if (a !== before[3]) out.push(0xff, r, g, b, a);
    else if ([dr, dg, db].every((value) => value >= -2 && value <= 1)) {
      out.push(0x40 | dr + 2 << 4 | dg + 2 << 2 | db + 2);
    } else if (dg >= -32 && dg < 32 && [dr - dg, db - dg].every((value) => value >= -8 && value < 8)) {
      out.push(0x80 | dg + 32, dr - dg + 8 << 4 | db - dg + 8);
    } else out.push(0xfe, r, g, b);
    seen[slot] = pixel;
    before = pixel;
  }
  endRun();
  return join([new Uint8Array(header.buffer), Uint8Array.from(out), Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 1)]);
}

export interface BmpOptions {
  readonly bitsPerPixel: 8 | 16 | 24 | 32;
  readonly isTopDown: boolean;
}

/** 16 bits are written as 5-6-5 with masks, 8 bits with a palette of the colours there are. */
export function bmpOf(
  { widthPixels, heightPixels, rgba }: Bitmap,
  { bitsPerPixel, isTopDown }: BmpOptions,
): Uint8Array {
  const palette: number[] = [];
  const rows: Uint8Array[] = [];
  for (let row = 0; row < heightPixels; row++) {
    const y = isTopDown ? row : heightPixels - 1 - row;
    const out: number[] = [];
    for (let x = 0; x < widthPixels; x++) {
      const [r = 0, g = 0, b = 0] = rgba.subarray((y * widthPixels + x) * 4);
      const colour = r << 16 | g << 8 | b;
      if (bitsPerPixel === 8) {
        if (!palette.includes(colour)) palette.push(colour);
        out.push(palette.indexOf(colour));
      } else if (bitsPerPixel === 16) {
        const value = r >> 3 << 11 | g >> 2 << 5 | b >> 3;
        out.push(value & 255, value >> 8);
      } else out.push(b, g, r, ...bitsPerPixel === 32 ? [0] : []);
    }
    while (out.length % 4 > 0) out.push(0);
    rows.push(Uint8Array.from(out));
  }
  const behindHeader = bitsPerPixel === 16 ? [0xf800, 0x07e0, 0x001f] : palette;
  const header = new DataView(new ArrayBuffer(54 + behindHeader.length * 4));
  header.setUint16(0, 0x424d);
  header.setUint32(10, header.byteLength, true);
  header.setUint32(14, 40, true);
  header.setInt32(18, widthPixels, true);
  header.setInt32(22, isTopDown ? -heightPixels : heightPixels, true);
  header.setUint16(26, 1, true);
  header.setUint16(28, bitsPerPixel, true);
  header.setUint32(30, bitsPerPixel === 16 ? 3 : 0, true);
  behindHeader.forEach((value, index) => header.setUint32(54 + index * 4, value, true));
  return join([new Uint8Array(header.buffer), ...rows]);
}

export function rgb565Of(
  { rgba }: Bitmap,
  { lowByteFirst, blueFirst }: { lowByteFirst: boolean; blueFirst: boolean },
): Uint8Array {
  const bytes = new Uint8Array(rgba.length / 2);
  for (let at = 0; at < rgba.length; at += 4) {
    const [r = 0, g = 0, b = 0] = rgba.subarray(at);
    const [upper, lower] = blueFirst ? [b, r] : [r, b];
    const value = upper >> 3 << 11 | g >> 2 << 5 | lower >> 3;
    bytes.set(lowByteFirst ? [value & 255, value >> 8] : [value >> 8, value & 255], at / 2);
  }
  return bytes;
}

/** Runs up to 6 in one byte, longer ones in two, a page byte whenever the page changes. */
export function colpicTextOf({ widthPixels, heightPixels, rgba }: Bitmap): string {
  const palette: number[] = [];
  const data: number[] = [];
  let page = 0;
  for (let at = 0; at < rgba.length;) {
    const colour = colour565(rgba, at);
    let run = 1;
    while (run < 255 && at + run * 4 < rgba.length && colour565(rgba, at + run * 4) === colour) run++;
    at += run * 4;
    if (!palette.includes(colour)) palette.push(colour);
    const index = palette.indexOf(colour);
    if (index >> 5 !== page) data.push(0xe0 | (page = index >> 5));
    data.push(...run <= 6 ? [run << 5 | index & 31] : [index & 31, run]);
  }
  const header = new DataView(new ArrayBuffer(32 + palette.length * 2));
  header.setUint8(0, 3);
  [0, widthPixels, heightPixels, 0x05ddc33c, palette.length * 2, data.length].forEach((value, index) =>
    index > 0 && header.setUint32(index * 4, value, true)
  );
  palette.forEach((colour, index) => header.setUint16(32 + index * 2, colour, true));
  return colpicCharacters(join([new Uint8Array(header.buffer), Uint8Array.from(data)]));
}

function colour565(rgba: Uint8Array, at: number): number {
  return rgba[at]! >> 3 << 11 | rgba[at + 1]! >> 2 << 5 | rgba[at + 2]! >> 3;
}

/** Six bits per character from "0" on; a backslash is written as a tilde. */
function colpicCharacters(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += 3) {
    const [a = 0, b = 0, c = 0] = bytes.subarray(at, at + 3);
    for (const six of [a >> 2, (a & 3) << 4 | b >> 4, (b & 15) << 2 | c >> 6, c & 63]) {
      text += String.fromCharCode(six + 48).replace("\\", "~");
    }
  }
  return text;
}

/** Words of 5-5-5 with the run flag between green and blue. */
export function qidiHexOf({ rgba }: Bitmap): string {
  let text = "";
  const word = (at: number) => rgba[at]! >> 3 << 11 | rgba[at + 1]! >> 3 << 6 | rgba[at + 2]! >> 3;
  const hex = (value: number) => value.toString(16).padStart(4, "0");
  for (let at = 0; at < rgba.length;) {
    let run = 1;
    while (run < 0xfff && at + run * 4 < rgba.length && word(at + run * 4) === word(at)) run++;
    text += run === 1 ? hex(word(at)) : hex(word(at) | 0x20) + hex(0x3000 | run);
    at += run * 4;
  }
  return text;
}
