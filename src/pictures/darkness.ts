/**
 * Cameras that were asleep send a first picture on which there is nothing to be seen yet.
 */
import type { Bitmap } from "./bitmap.ts";

/** Of 255: what is darker is black on every screen. */
const maxBlackLight = 28;
/** A hot pixel or a line of noise does not make a picture; one lamp does. */
const leastLitShare = 0.002;

export function isBlack({ rgba }: Bitmap): boolean {
  let lit = 0;
  for (let at = 0; at < rgba.length; at += 4) {
    const light = Math.max(rgba[at] ?? 0, rgba[at + 1] ?? 0, rgba[at + 2] ?? 0);
    if (light > maxBlackLight) lit++;
  }
  return lit < rgba.length / 4 * leastLitShare;
}

/** Real pictures need more, black ones less; so few need a look at their pixels. */
const leastBytesPerPixel = 0.06;

/** Whether a picture is so small for its size that it may be black. */
export function mayBeBlack(
  { widthPixels, heightPixels }: Pick<Bitmap, "widthPixels" | "heightPixels">,
  sizeBytes: number,
): boolean {
  return sizeBytes < widthPixels * heightPixels * leastBytesPerPixel;
}
