/**
 * A print as an animation: one GIF of the small pictures taken while it ran. The last of them comes first, so that
 * whoever shows only one picture (Outlook, lock screens) shows the finished print; then it grows again, in a loop.
 */
import gifenc from "gifenc";
import { type Bitmap, onWhite, shrunk } from "./bitmap.ts";
import { blank, type Colour, fillBox, lay, scaled, sizeWithin, white } from "./canvas.ts";
import { decodePicture } from "./codec.ts";
import { textWidthPixels, write } from "./lettering.ts";
import { readPictureHeader, refusalOf } from "./picture_header.ts";
import type { PixelResult } from "./work.ts";

// It carries no types; these are what its source says.
const { GIFEncoder, quantize }: {
  GIFEncoder(): {
    writeFrame(
      indices: Uint8Array,
      widthPixels: number,
      heightPixels: number,
      options: {
        /** Milliseconds; kept as hundredths of a second. */
        delay: number;
        /** 1: the next one is laid over it. */
        dispose: number;
        palette?: readonly Colour[];
        transparent?: boolean;
        transparentIndex?: number;
      },
    ): void;
    finish(): void;
    bytes(): Uint8Array;
  };
  quantize(rgba: Uint8Array, maxColours: number, options: { format: "rgb565" }): Colour[];
} = gifenc;

export interface AnimationFrame {
  readonly bytes: Uint8Array;
  /** Shown in its corner: `14:05 · 50 %`. */
  readonly caption?: string;
}

export interface Animation {
  /** In the order in which they were taken. */
  readonly frames: readonly AnimationFrame[];
  /** It is made smaller, then shorter, until it fits. */
  readonly maxBytes: number;
}

/** Fewer are no animation. */
export const leastFrames = 2;
const side = { widthPixels: 400, heightPixels: 400 };
const leastSidePixels = 120;
const maxTries = 6;
const holdMilliseconds = 2500;
/** All other pictures together, but each within its limits. */
const storyMilliseconds = 6000;
const leastFrameMilliseconds = 80;
const mostFrameMilliseconds = 500;
/** A GIF has 256 colours; one stands for what stays as it was. */
const maxColours = 255;
const unchangedIndex = 255;
/** A pixel that differs by less from the one shown is noise; leaving it as it was makes the file much smaller. */
const maxNoise = 8;
/** The palette is chosen from so many pixels of all pictures: the time it takes grows with their square. */
const maxSamples = 6000;

/** @throws Error when none of the pictures can be decoded */
export async function drawAnimation({ frames, maxBytes }: Animation): Promise<PixelResult> {
  let shown = await decodeFrames(frames);
  if (shown.length < leastFrames) return { kind: "failed", reason: "there are too few pictures for it" };
  const palette = new Palette(quantize(samples(shown), maxColours, { format: "rgb565" }));
  for (let tries = 0; tries < maxTries; tries++) {
    const bytes = encode(shown, palette);
    if (bytes.length <= maxBytes) return { kind: "picture", bytes, mediaType: "image/gif" };
    shown = smaller(shown, maxBytes / bytes.length);
  }
  return { kind: "failed", reason: `it cannot be made smaller than ${maxBytes} bytes` };
}

interface DecodedFrame {
  readonly bitmap: Bitmap;
  readonly caption?: string;
}

/** All of one size; one that is broken is left out. */
async function decodeFrames(frames: readonly AnimationFrame[]): Promise<DecodedFrame[]> {
  const decoded: DecodedFrame[] = [];
  for (const { bytes, ...frame } of frames) {
    const bitmap = await decodeSmall(bytes);
    if (bitmap) decoded.push({ ...frame, bitmap: sameSize(bitmap, decoded[0]?.bitmap ?? bitmap) });
  }
  return decoded;
}

async function decodeSmall(bytes: Uint8Array): Promise<Bitmap | undefined> {
  const header = readPictureHeader(bytes);
  if (!header || refusalOf(header, bytes.length) !== undefined) return undefined;
  const size = sizeWithin(header, side);
  try {
    return onWhite(scaled(await decodePicture(bytes, { mediaType: header.mediaType, least: size }), size));
  } catch {
    return undefined;
  }
}

function sameSize(bitmap: Bitmap, size: Pick<Bitmap, "widthPixels" | "heightPixels">): Bitmap {
  if (bitmap.widthPixels === size.widthPixels && bitmap.heightPixels === size.heightPixels) return bitmap;
  const within = sizeWithin(bitmap, size, Infinity);
  const canvas = blank(size.widthPixels, size.heightPixels, [0, 0, 0]);
  lay(canvas, scaled(bitmap, within), {
    left: Math.round((size.widthPixels - within.widthPixels) / 2),
    top: Math.round((size.heightPixels - within.heightPixels) / 2),
  });
  return canvas;
}

/** Smaller pictures; where they are small already, every second of them. */
function smaller(frames: readonly DecodedFrame[], share: number): DecodedFrame[] {
  const [first] = frames;
  if (!first) return [];
  const factor = Math.max(0.5, Math.min(0.9, Math.sqrt(share) * 0.95));
  const [width, height] = [first.bitmap.widthPixels, first.bitmap.heightPixels]
    .map((pixels) => Math.max(1, Math.round(pixels * factor)));
  if (width === undefined || height === undefined || Math.max(width, height) < leastSidePixels) {
    return frames.filter((_, index) => index % 2 === 0 || index === frames.length - 1);
  }
  return frames.map((frame) => ({ ...frame, bitmap: shrunk(frame.bitmap, width, height) }));
}

function encode(story: readonly DecodedFrame[], palette: Palette): Uint8Array {
  const last = story.at(-1);
  if (!last) return new Uint8Array();
  const frames = [last, ...story.slice(0, -1)].map(withCaption);
  const delay = Math.min(mostFrameMilliseconds, Math.max(leastFrameMilliseconds, storyMilliseconds / story.length));
  const encoder = GIFEncoder();
  let shown: Bitmap | undefined;
  for (const frame of frames) {
    const { widthPixels, heightPixels } = frame;
    const next: Bitmap = shown ? settled(shown, frame) : frame;
    const indices = palette.indicesOf(next);
    if (shown) keepUnchanged(indices, shown, next);
    encoder.writeFrame(indices, widthPixels, heightPixels, {
      delay: shown ? delay : holdMilliseconds,
      dispose: 1,
      ...(shown ? { transparent: true, transparentIndex: unchangedIndex } : { palette: palette.whole }),
    });
    shown = next;
  }
  encoder.finish();
  return encoder.bytes();
}

/** The new picture, with the old pixels where only noise differs. */
function settled(shown: Bitmap, { rgba, ...size }: Bitmap): Bitmap {
  const next = new Uint8Array(rgba);
  for (let at = 0; at < next.length; at += 4) {
    const difference = Math.max(
      Math.abs((next[at] ?? 0) - (shown.rgba[at] ?? 0)),
      Math.abs((next[at + 1] ?? 0) - (shown.rgba[at + 1] ?? 0)),
      Math.abs((next[at + 2] ?? 0) - (shown.rgba[at + 2] ?? 0)),
    );
    if (difference <= maxNoise) next.set(shown.rgba.subarray(at, at + 4), at);
  }
  return { ...size, rgba: next };
}

function keepUnchanged(indices: Uint8Array, before: Bitmap, after: Bitmap): void {
  const [old, present] = [new Uint32Array(before.rgba.buffer), new Uint32Array(after.rgba.buffer)];
  for (let pixel = 0; pixel < indices.length; pixel++) {
    if (old[pixel] === present[pixel]) indices[pixel] = unchangedIndex;
  }
}

/** The colours of all frames, and for each colour the one that comes next to it. */
class Palette {
  /** The encoder sizes its table by it; the index of what is unchanged must lie within. */
  readonly whole: readonly Colour[];
  readonly #colours: readonly Colour[];
  /** By the upper bits of a colour: 5 of red, 6 of green, 5 of blue. */
  readonly #nearest = new Int16Array(65_536).fill(-1);

  constructor(colours: readonly Colour[]) {
    this.#colours = colours;
    this.whole = Array.from({ length: 256 }, (_, index) => colours[index] ?? [0, 0, 0]);
  }

  indicesOf({ rgba }: Bitmap): Uint8Array {
    const indices = new Uint8Array(rgba.length / 4);
    for (let pixel = 0, at = 0; pixel < indices.length; pixel++, at += 4) {
      const [red, green, blue] = [rgba[at] ?? 0, rgba[at + 1] ?? 0, rgba[at + 2] ?? 0];
      const key = red >> 3 << 11 | green >> 2 << 5 | blue >> 3;
      const known = this.#nearest[key] ?? -1;
      indices[pixel] = known >= 0 ? known : this.#nearest[key] = this.#find([red, green, blue]);
    }
    return indices;
  }

  #find([red, green, blue]: Colour): number {
    let [best, least] = [0, Infinity];
    for (let index = 0; index < this.#colours.length; index++) {
      const [r, g, b] = this.#colours[index] ?? white;
      const distance = (r - red) ** 2 + (g - green) ** 2 + (b - blue) ** 2;
      if (distance < least) [best, least] = [index, distance];
    }
    return best;
  }
}

/** Pixels from all over the frames; black and white, for the captions. */
function samples(frames: readonly DecodedFrame[]): Uint8Array {
  const pixels = frames.reduce((sum, { bitmap }) => sum + bitmap.rgba.length / 4, 0);
  const step = Math.max(1, Math.ceil(pixels / maxSamples)) | 1; // odd, or every row would be met at the same places
  const taken = [0, 0, 0, 255, 255, 255, 255, 255];
  for (const { bitmap: { rgba } } of frames) {
    for (let at = 0; at < rgba.length; at += step * 4) {
      taken.push(rgba[at] ?? 0, rgba[at + 1] ?? 0, rgba[at + 2] ?? 0, 255);
    }
  }
  return Uint8Array.from(taken);
}

/** Drawn anew at each size, so that it stays legible. */
function withCaption({ bitmap, caption }: DecodedFrame): Bitmap {
  const canvas = { ...bitmap, rgba: bitmap.rgba.slice() };
  if (!caption) return canvas;
  const heightPixels = Math.max(9, Math.round(canvas.heightPixels / 24));
  const margin = Math.round(heightPixels * 0.8);
  const box = {
    left: margin,
    top: canvas.heightPixels - margin - heightPixels * 2,
    widthPixels: textWidthPixels(caption, heightPixels) + margin * 2,
    heightPixels: heightPixels * 2,
  };
  fillBox(canvas, box, { colour: [0, 0, 0], radiusPixels: heightPixels, opacity: 0.55 });
  write(canvas, caption, {
    left: box.left + margin,
    top: box.top + heightPixels / 2,
    heightPixels,
    colour: white,
  });
  return canvas;
}
