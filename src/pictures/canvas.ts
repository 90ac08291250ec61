/**
 * A picture being drawn: pictures and plain shapes laid over each other. Opaque: mail programs show what is transparent
 * on any colour.
 */
import { type Bitmap, shrunk } from "./bitmap.ts";

export type Colour = readonly [red: number, green: number, blue: number];

export const white: Colour = [255, 255, 255];

export interface Place {
  readonly left: number;
  readonly top: number;
}

export interface Box extends Place {
  readonly widthPixels: number;
  readonly heightPixels: number;
}

export function blank(widthPixels: number, heightPixels: number, colour: Colour): Bitmap {
  const rgba = new Uint8Array(widthPixels * heightPixels * 4);
  const [red, green, blue] = colour;
  for (let at = 0; at < rgba.length; at += 4) {
    rgba[at] = red;
    rgba[at + 1] = green;
    rgba[at + 2] = blue;
    rgba[at + 3] = 255;
  }
  return { widthPixels, heightPixels, rgba };
}

/** `share` of the new colour, the rest of the old one. */
export function blend(canvas: Bitmap, at: number, [red, green, blue]: Colour, share: number): void {
  const { rgba } = canvas;
  rgba[at] = Math.round((rgba[at] ?? 0) * (1 - share) + red * share);
  rgba[at + 1] = Math.round((rgba[at + 1] ?? 0) * (1 - share) + green * share);
  rgba[at + 2] = Math.round((rgba[at + 2] ?? 0) * (1 - share) + blue * share);
}

/** Lays a picture over the canvas by its opacity; what lies outside is left out. */
export function lay(canvas: Bitmap, picture: Bitmap, { left, top }: Place): void {
  const { widthPixels, heightPixels } = canvas;
  for (let y = Math.max(0, -top); y < Math.min(picture.heightPixels, heightPixels - top); y++) {
    for (let x = Math.max(0, -left); x < Math.min(picture.widthPixels, widthPixels - left); x++) {
      const from = (y * picture.widthPixels + x) * 4;
      const opacity = (picture.rgba[from + 3] ?? 0) / 255;
      if (opacity === 0) continue;
      const colour = [picture.rgba[from] ?? 0, picture.rgba[from + 1] ?? 0, picture.rgba[from + 2] ?? 0] as const;
      blend(canvas, ((y + top) * widthPixels + x + left) * 4, colour, opacity);
    }
  }
}

/** A box with round corners, smooth at its edge. */
export function fillBox(
  canvas: Bitmap,
  { left, top, widthPixels, heightPixels }: Box,
  { colour, radiusPixels = 0, opacity = 1 }: { colour: Colour; radiusPixels?: number; opacity?: number },
): void {
  const radius = Math.min(radiusPixels, widthPixels / 2, heightPixels / 2);
  const [right, bottom] = [left + widthPixels, top + heightPixels];
  for (let y = Math.max(0, Math.floor(top)); y < Math.min(canvas.heightPixels, bottom); y++) {
    for (let x = Math.max(0, Math.floor(left)); x < Math.min(canvas.widthPixels, right); x++) {
      const dx = Math.max(left + radius - (x + 0.5), x + 0.5 - (right - radius), 0);
      const dy = Math.max(top + radius - (y + 0.5), y + 0.5 - (bottom - radius), 0);
      const inside = Math.min(1, Math.max(0, radius - Math.hypot(dx, dy) + 0.5));
      blend(canvas, (y * canvas.widthPixels + x) * 4, colour, opacity * (radius > 0 ? inside : 1));
    }
  }
}

/** As large as fits into the box, in its own proportion; small pictures grow, but not beyond `mostGrowth`. */
export function sizeWithin(
  picture: Pick<Bitmap, "widthPixels" | "heightPixels">,
  box: Pick<Bitmap, "widthPixels" | "heightPixels">,
  mostGrowth = 1,
): Pick<Bitmap, "widthPixels" | "heightPixels"> {
  const factor = Math.min(
    mostGrowth,
    box.widthPixels / picture.widthPixels,
    box.heightPixels / picture.heightPixels,
  );
  return {
    widthPixels: Math.max(1, Math.round(picture.widthPixels * factor)),
    heightPixels: Math.max(1, Math.round(picture.heightPixels * factor)),
  };
}

/** Made larger or smaller. */
export function scaled(bitmap: Bitmap, { widthPixels, heightPixels }: Pick<Bitmap, "widthPixels" | "heightPixels">) {
  const small = shrunk(
    bitmap,
    Math.min(widthPixels, bitmap.widthPixels),
    Math.min(heightPixels, bitmap.heightPixels),
  );
  return small.widthPixels < widthPixels || small.heightPixels < heightPixels
    ? grown(small, widthPixels, heightPixels)
    : small;
}

/** Each new pixel is the mean of the four around its middle, by distance and opacity. */
function grown({ rgba, ...from }: Bitmap, widthPixels: number, heightPixels: number): Bitmap {
  const larger = new Uint8Array(widthPixels * heightPixels * 4);
  const columns = middles(from.widthPixels, widthPixels);
  for (const [y, row] of middles(from.heightPixels, heightPixels).entries()) {
    for (const [x, column] of columns.entries()) {
      const [left, right] = [column.first * 4, column.second * 4];
      const [upper, lower] = [row.first * from.widthPixels * 4, row.second * from.widthPixels * 4];
      let [red, green, blue, opacity] = [0, 0, 0, 0];
      for (let corner = 0; corner < 4; corner++) {
        const at = (corner < 2 ? upper : lower) + (corner % 2 === 0 ? left : right);
        const share = (corner < 2 ? 1 - row.share : row.share) * (corner % 2 === 0 ? 1 - column.share : column.share);
        const weight = share * (rgba[at + 3] ?? 0);
        red += (rgba[at] ?? 0) * weight;
        green += (rgba[at + 1] ?? 0) * weight;
        blue += (rgba[at + 2] ?? 0) * weight;
        opacity += weight;
      }
      const write = (y * widthPixels + x) * 4;
      const weight = opacity || 1;
      larger[write] = red / weight;
      larger[write + 1] = green / weight;
      larger[write + 2] = blue / weight;
      larger[write + 3] = opacity;
    }
  }
  return { widthPixels, heightPixels, rgba: larger };
}

/** Between which two old pixels the middle of each new one lies. */
function middles(from: number, to: number): { first: number; second: number; share: number }[] {
  return Array.from({ length: to }, (_, index) => {
    const middle = Math.max(0, Math.min(from - 1, (index + 0.5) * from / to - 0.5));
    const first = Math.floor(middle);
    return { first, second: Math.min(from - 1, first + 1), share: middle - first };
  });
}
