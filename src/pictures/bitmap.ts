/**
 * Pixels in memory, and the few things done to them. Nothing here changes the bitmap it is given.
 */
import { isOnItsSide, isUpright, type Orientation } from "./orientation.ts";

export interface Bitmap {
  readonly widthPixels: number;
  readonly heightPixels: number;
  /** Rows from the top, four bytes for each pixel: red, green, blue, opacity. Starts at the start of its buffer. */
  readonly rgba: Uint8Array<ArrayBuffer>;
}

/** Mirrored and turned; exact, pixel for pixel. */
export function oriented(bitmap: Bitmap, orientation: Orientation): Bitmap {
  if (isUpright(orientation)) return bitmap;
  const { widthPixels: width, heightPixels: height } = bitmap;
  const from = new Uint32Array(bitmap.rgba.buffer, 0, width * height);
  const to = new Uint32Array(width * height);
  const { start, alongRow, alongColumn } = path(width, height, orientation);
  let read = 0;
  for (let y = 0; y < height; y++) {
    let write = start + y * alongColumn;
    for (let x = 0; x < width; x++, write += alongRow) to[write] = from[read++] ?? 0;
  }
  const rgba = new Uint8Array(to.buffer);
  return isOnItsSide(orientation)
    ? { widthPixels: height, heightPixels: width, rgba }
    : { widthPixels: width, heightPixels: height, rgba };
}

/** Where the first pixel goes, and how far apart the next one of its row and of its column land. */
function path(width: number, height: number, { isMirrored, quarterTurns }: Orientation) {
  const last = width * height - 1;
  const turned = [
    { start: 0, alongRow: 1, alongColumn: width },
    { start: height - 1, alongRow: height, alongColumn: -1 },
    { start: last, alongRow: -1, alongColumn: -width },
    { start: last - (height - 1), alongRow: -height, alongColumn: 1 },
  ][quarterTurns] ?? { start: 0, alongRow: 1, alongColumn: width };
  if (!isMirrored) return turned;
  return { ...turned, start: turned.start + (width - 1) * turned.alongRow, alongRow: -turned.alongRow };
}

/** Made smaller: each new pixel is the mean of those it stands for, weighted by their opacity. */
export function shrunk(bitmap: Bitmap, widthPixels: number, heightPixels: number): Bitmap {
  if (widthPixels >= bitmap.widthPixels && heightPixels >= bitmap.heightPixels) return bitmap;
  const rgba = new Uint8Array(widthPixels * heightPixels * 4);
  const columns = edges(bitmap.widthPixels, widthPixels);
  const rows = edges(bitmap.heightPixels, heightPixels);
  let write = 0;
  for (let y = 0; y < heightPixels; y++) {
    for (let x = 0; x < widthPixels; x++, write += 4) {
      setMean(bitmap, rgba, write, {
        left: columns[x] ?? 0,
        right: columns[x + 1] ?? 0,
        top: rows[y] ?? 0,
        bottom: rows[y + 1] ?? 0,
      });
    }
  }
  return { widthPixels, heightPixels, rgba };
}

interface Area {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

function setMean({ widthPixels, rgba }: Bitmap, to: Uint8Array, at: number, { left, right, top, bottom }: Area): void {
  let [red, green, blue, opacity] = [0, 0, 0, 0];
  for (let y = top; y < bottom; y++) {
    let read = (y * widthPixels + left) * 4;
    for (let x = left; x < right; x++, read += 4) {
      const alpha = rgba[read + 3] ?? 0;
      red += (rgba[read] ?? 0) * alpha;
      green += (rgba[read + 1] ?? 0) * alpha;
      blue += (rgba[read + 2] ?? 0) * alpha;
      opacity += alpha;
    }
  }
  const weight = opacity || 1;
  to[at] = Math.round(red / weight);
  to[at + 1] = Math.round(green / weight);
  to[at + 2] = Math.round(blue / weight);
  to[at + 3] = Math.round(opacity / ((right - left) * (bottom - top)));
}

/** Cuts `from` pixels into `to` stretches of at least one pixel each. */
function edges(from: number, to: number): Uint32Array {
  return Uint32Array.from({ length: to + 1 }, (_, index) => Math.floor(index * from / to));
}

/** Without transparency, which JPEG does not know: slicers draw their thumbnails on nothing. */
export function onWhite(bitmap: Bitmap): Bitmap {
  const rgba = bitmap.rgba.slice();
  for (let at = 0; at < rgba.length; at += 4) {
    const alpha = rgba[at + 3] ?? 255;
    if (alpha === 255) continue;
    for (let colour = at; colour < at + 3; colour++) {
      rgba[colour] = Math.round(((rgba[colour] ?? 0) * alpha + 255 * (255 - alpha)) / 255);
    }
    rgba[at + 3] = 255;
  }
  return { ...bitmap, rgba };
}
