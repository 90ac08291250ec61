/**
 * Pictures that tests make themselves, and an independent eye (Pillow) where there is one.
 */
import type { Bitmap } from "../../src/pictures/bitmap.ts";
import { decodePicture, encodePicture } from "../../src/pictures/codec.ts";
import { readPictureHeader } from "../../src/pictures/picture_header.ts";

/** A colour for each letter, far enough apart to survive JPEG. */
export const colours: Readonly<Record<string, readonly [number, number, number]>> = {
  a: [220, 30, 30],
  b: [30, 200, 30],
  c: [30, 30, 220],
  d: [230, 220, 40],
  e: [20, 20, 20],
  f: [240, 240, 240],
  k: [4, 3, 5],
};

/** `ab/cd/ef`: rows of letters, each a square of `side` pixels. */
export function painted(rows: string, side = 1): Bitmap {
  const letters = rows.split("/");
  const [widthPixels, heightPixels] = [(letters[0]?.length ?? 0) * side, letters.length * side];
  const rgba = new Uint8Array(widthPixels * heightPixels * 4);
  for (let y = 0; y < heightPixels; y++) {
    for (let x = 0; x < widthPixels; x++) {
      const letter = letters[Math.floor(y / side)]?.[Math.floor(x / side)] ?? "";
      rgba.set([...(colours[letter] ?? [0, 0, 0]), 255], (y * widthPixels + x) * 4);
    }
  }
  return { widthPixels, heightPixels, rgba };
}

/** The letters of a painted picture again, by the nearest colour in the middle of each square. */
export function letters({ widthPixels, heightPixels, rgba }: Bitmap, side = 1): string {
  const rows: string[] = [];
  for (let y = Math.floor(side / 2); y < heightPixels; y += side) {
    let row = "";
    for (let x = Math.floor(side / 2); x < widthPixels; x += side) {
      row += nearest(rgba.subarray((y * widthPixels + x) * 4));
    }
    rows.push(row);
  }
  return rows.join("/");
}

export function nearest(pixel: ArrayLike<number>): string {
  const distance = (colour: readonly number[]) =>
    colour.reduce((sum, value, index) => sum + (value - (pixel[index] ?? 0)) ** 2, 0);
  return Object.entries(colours).toSorted(([, a], [, b]) => distance(a) - distance(b))[0]?.[0] ?? "?";
}

export function jpegOf(bitmap: Bitmap, quality = 90): Uint8Array {
  return encodePicture(bitmap, { mediaType: "image/jpeg", quality });
}

export function pngOf(bitmap: Bitmap): Uint8Array {
  return encodePicture(bitmap, { mediaType: "image/png", quality: 100 });
}

/** Pixels as a viewer would show them, but for EXIF. */
export async function decoded(bytes: Uint8Array): Promise<Bitmap> {
  const mediaType = readPictureHeader(bytes)?.mediaType;
  if (!mediaType) throw new Error("No picture that can be decoded");
  return await decodePicture(bytes, { mediaType });
}

/** A JPEG with an EXIF block that says nothing but its orientation. */
export function withExif(jpeg: Uint8Array, orientation: number, { isLittle = true } = {}): Uint8Array {
  const segment = new DataView(new ArrayBuffer(36));
  segment.setUint16(0, 0xffe1);
  segment.setUint16(2, 34);
  segment.setUint32(4, 0x45786966); // "Exif"
  const tiff = 10;
  segment.setUint16(tiff, isLittle ? 0x4949 : 0x4d4d);
  segment.setUint16(tiff + 2, 42, isLittle);
  segment.setUint32(tiff + 4, 8, isLittle);
  segment.setUint16(tiff + 8, 1, isLittle);
  segment.setUint16(tiff + 10, 0x0112, isLittle);
  segment.setUint16(tiff + 12, 3, isLittle); // one SHORT
  segment.setUint32(tiff + 14, 1, isLittle);
  segment.setUint16(tiff + 18, orientation, isLittle);
  return join([jpeg.subarray(0, 2), new Uint8Array(segment.buffer), jpeg.subarray(2)]);
}

export function join(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** What no encoder can make small. */
export function noise(widthPixels: number, heightPixels: number): Bitmap {
  const rgba = new Uint8Array(widthPixels * heightPixels * 4);
  let state = 1;
  for (let at = 0; at < rgba.length; at++) {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    rgba[at] = at % 4 === 3 ? 255 : state >>> 24;
  }
  return { widthPixels, heightPixels, rgba };
}

/** Whether Debian's python3-pil is there. */
export const hasPillow = await python("import PIL.Image").then(() => true, () => false);

/** What a Python program prints; `stdin` is given to it. @throws Error with what it complained of */
export async function python(program: string, stdin: Uint8Array = new Uint8Array()): Promise<Uint8Array> {
  const child = new Deno.Command("/usr/bin/python3", {
    args: ["-c", program],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  writer.write(stdin).then(() => writer.close()).catch(() => {}); // it may end without reading
  const { success, stdout, stderr } = await child.output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  return stdout;
}
