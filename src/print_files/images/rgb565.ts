/**
 * Pixels of 16 bits as small screens take them: five bits red, six green, five blue. They come without a header.
 */
import { broken, type Decoded, decoded, sizeProblem } from "./decoded.ts";

export interface Rgb565Layout {
  readonly widthPixels: number;
  readonly heightPixels: number;
  /** MKS screens take the low byte first, BIGTREETECH's the high one. */
  readonly lowByteFirst: boolean;
  /** SuperSlicer writes red and blue the other way round than OrcaSlicer does. */
  readonly blueFirst?: boolean;
}

/** Fewer bytes than pixels: the rest stays black, as on the screen. */
export function decodeRgb565(bytes: Uint8Array, layout: Rgb565Layout): Decoded {
  const { widthPixels, heightPixels, lowByteFirst, blueFirst = false } = layout;
  const problem = sizeProblem(widthPixels, heightPixels);
  if (problem !== undefined) return broken(problem);
  if (bytes.length < 2) return broken("it has no pixels");
  const rgba = new Uint8Array(widthPixels * heightPixels * 4);
  const [low, high] = lowByteFirst ? [0, 1] : [1, 0];
  for (let pixel = 0; pixel < widthPixels * heightPixels; pixel++) {
    const value = (bytes[pixel * 2 + high] ?? 0) << 8 | (bytes[pixel * 2 + low] ?? 0);
    writeRgb565(value, rgba, pixel * 4);
    if (blueFirst) [rgba[pixel * 4], rgba[pixel * 4 + 2]] = [rgba[pixel * 4 + 2]!, rgba[pixel * 4]!];
  }
  return decoded(widthPixels, heightPixels, rgba);
}

/** Writes one opaque pixel; the missing low bits repeat the high ones, so that white stays white. */
export function writeRgb565(value: number, rgba: Uint8Array, to: number): void {
  const [red, green, blue] = [value >> 11 & 31, value >> 5 & 63, value & 31];
  rgba[to] = red << 3 | red >> 2;
  rgba[to + 1] = green << 2 | green >> 4;
  rgba[to + 2] = blue << 3 | blue >> 2;
  rgba[to + 3] = 255;
}
