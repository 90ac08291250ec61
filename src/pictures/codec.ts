/**
 * JPEG and PNG to pixels and back, by imagescript 1.3.1. Loaded by the pixel worker only.
 *
 * Its parts are imported one by one. The package's own `encodeJPEG` runs on a thread of its own, and a worker that is
 * ended meanwhile takes the whole process with it (segmentation fault, Deno 2.9.5); the call used here does not.
 * Its `rotate` does not turn the pixels of a quarter turn: see `bitmap.ts`.
 */
import nativeCodecs from "imagescript/codecs/node/index.js";
import pngEncoder from "imagescript/png/node.js";
import gifDecoder from "imagescript/wasm/node/gif.js";
import jpegDecoder from "imagescript/wasm/node/jpeg.js";
import pngDecoder from "imagescript/wasm/node/png.js";
import type { Picture } from "../domain/message.ts";
import type { Bitmap } from "./bitmap.ts";
import { blank, lay, white } from "./canvas.ts";

// The parts carry no types; these are what their source says.
const jpeg: {
  /** With a size: shrinks by 2, 4 or 8 while decoding, to no less than that. */
  init(): Promise<{ decode(bytes: Uint8Array, width?: number, height?: number): JpegPixels }>;
} = jpegDecoder;
const png: {
  init(): Promise<
    { decode(bytes: Uint8Array): { width: number; height: number; framebuffer: Uint8Array<ArrayBuffer> } }
  >;
} = pngDecoder;
const gif: {
  /** 0 for no limit. */
  init(): Promise<{
    Decoder: new (bytes: Uint8Array, limit: number) => {
      readonly width: number;
      readonly height: number;
      /** The next one; not yet laid over those before it. */
      frame(): { x: number; y: number; width: number; height: number; buffer: Uint8Array<ArrayBuffer> } | null;
      free(): void;
    };
  }>;
} = gifDecoder;
const encoders: {
  jpeg(rgba: Uint8Array, options: { width: number; height: number; quality: number }): Uint8Array;
  png(rgba: Uint8Array, options: { width: number; height: number; channels: 4; level: number }): Uint8Array;
} = { jpeg: nativeCodecs.jpeg.encode, png: pngEncoder.encode };

interface JpegPixels {
  readonly width: number;
  readonly height: number;
  /** 0: grey; 1: red, green, blue; 2: cyan, magenta, yellow, black (255 is full ink). */
  readonly format: number;
  readonly buffer: Uint8Array;
}

export type CodedType = Exclude<Picture["mediaType"], "image/gif">;

export interface DecodeOptions {
  readonly mediaType: Picture["mediaType"];
  /** The decoder may shrink a JPEG, but to no less than this; default: it does not. */
  readonly least?: { readonly widthPixels: number; readonly heightPixels: number };
}

/** One instance for all pictures: each has some ten megabytes of its own. A broken picture may leave it broken. */
let jpegInstance: ReturnType<typeof jpeg.init> | undefined;

/** @throws Error when the picture is broken or of a rare kind */
export async function decodePicture(bytes: Uint8Array, { mediaType, least }: DecodeOptions): Promise<Bitmap> {
  if (mediaType === "image/png") {
    const { width, height, framebuffer } = (await png.init()).decode(bytes);
    return { widthPixels: width, heightPixels: height, rgba: framebuffer };
  }
  if (mediaType === "image/gif") return await decodeFirstFrame(bytes);
  const decoder = await (jpegInstance ??= jpeg.init());
  try {
    const pixels = least ? decoder.decode(bytes, least.widthPixels, least.heightPixels) : decoder.decode(bytes);
    return { widthPixels: pixels.width, heightPixels: pixels.height, rgba: toRgba(pixels) };
  } catch (error) {
    jpegInstance = undefined;
    throw error;
  }
}

/** What a viewer shows first, or for ever where it does not know animations. */
async function decodeFirstFrame(bytes: Uint8Array): Promise<Bitmap> {
  const decoder = new (await gif.init()).Decoder(bytes, 0);
  try {
    const frame = decoder.frame();
    if (!frame) throw new Error("it has no picture");
    const whole = blank(decoder.width, decoder.height, white);
    lay(whole, { widthPixels: frame.width, heightPixels: frame.height, rgba: frame.buffer }, {
      left: frame.x,
      top: frame.y,
    });
    return whole;
  } finally {
    decoder.free();
  }
}

function toRgba({ width, height, format, buffer }: JpegPixels): Uint8Array<ArrayBuffer> {
  const bytesPerPixel = [1, 3, 4][format];
  if (bytesPerPixel === undefined || buffer.length !== width * height * bytesPerPixel) {
    throw new Error(`its pixels are of an unknown kind (${format})`);
  }
  const rgba = new Uint8Array(width * height * 4).fill(255);
  const [green, blue] = format === 0 ? [0, 0] : [1, 2];
  for (let read = 0, write = 0; read < buffer.length; read += bytesPerPixel, write += 4) {
    rgba[write] = buffer[read] ?? 0;
    rgba[write + 1] = buffer[read + green] ?? 0;
    rgba[write + 2] = buffer[read + blue] ?? 0;
    if (format === 2) inkToLight(rgba, write, buffer[read + 3] ?? 0);
  }
  return rgba;
}

function inkToLight(rgba: Uint8Array, at: number, black: number): void {
  for (let colour = at; colour < at + 3; colour++) {
    rgba[colour] = (255 - (rgba[colour] ?? 0)) * (255 - black) / 255;
  }
}

/** Fast rather than small: PNG is for thumbnails. */
const pngLevel = 4;

/** @throws Error */
export function encodePicture(
  { widthPixels: width, heightPixels: height, rgba }: Bitmap,
  { mediaType, quality }: { mediaType: CodedType; quality: number },
): Uint8Array {
  return mediaType === "image/jpeg"
    ? encoders.jpeg(rgba, { width, height, quality })
    : encoders.png(rgba, { width, height, channels: 4, level: pngLevel });
}
