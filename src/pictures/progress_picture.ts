/**
 * How far a print has come: the slicer's drawing in colour up to the printed height, the rest of it pale, a bar, and
 * the two numbers that everybody asks for.
 */
import type { ImageContent } from "../print_files/embedded_image.ts";
import { type Bitmap, onWhite } from "./bitmap.ts";
import { blank, type Colour, fillBox, lay, scaled, sizeWithin, white } from "./canvas.ts";
import { decodeContent } from "./decode_content.ts";
import { textWidthPixels, write } from "./lettering.ts";
import { encodeWithin } from "./transform.ts";
import type { PixelResult } from "./work.ts";

export interface ProgressPicture {
  readonly thumbnail: ImageContent;
  /** How much of the model's height is printed, 0 to 1. */
  readonly heightShare: number;
  /** The length of the bar, 0 to 1. */
  readonly timeShare: number;
  /** Large, on the left: `50 %`. */
  readonly label: string;
  /** Pale, on the right: `34 min left`. */
  readonly detail?: string;
}

/** Of the longest drawing; the picture is a little larger. */
const drawing = { widthPixels: 448, heightPixels: 336 };
const padding = 16;
const mostGrowth = 3;
const barPixels = 8;
const labelPixels = 24;
const detailPixels = 15;
const ink: Colour = [29, 35, 48];
const pale: Colour = [102, 112, 133];
const track: Colour = [226, 230, 237];
/** As on the agent's page. */
const accent: Colour = [23, 105, 90];
/** What is not printed yet: grey, and so much nearer to white. */
const fading = 0.8;
/** Letters and edges stay clean. */
const maxBytes = Infinity;

export async function drawProgress(picture: ProgressPicture): Promise<PixelResult> {
  const original = await decodeContent(picture.thumbnail);
  const size = sizeWithin(original, drawing, mostGrowth);
  const model = filled(scaled(original, size), picture.heightShare);
  const width = drawing.widthPixels + 2 * padding;
  const barTop = padding + size.heightPixels + padding;
  const labelTop = barTop + barPixels + padding;
  const canvas = blank(width, labelTop + labelPixels + padding, white);
  lay(canvas, model, { left: Math.round((width - size.widthPixels) / 2), top: padding });
  drawBar(canvas, barTop, picture.timeShare);
  write(canvas, picture.label, { left: padding, top: labelTop, heightPixels: labelPixels, colour: ink });
  if (picture.detail !== undefined) {
    const left = width - padding - textWidthPixels(picture.detail, detailPixels);
    const top = labelTop + labelPixels - detailPixels;
    write(canvas, picture.detail, { left, top, heightPixels: detailPixels, colour: pale });
  }
  return encodeWithin(canvas, { mediaType: "image/png", maxBytes });
}

function drawBar(canvas: Bitmap, top: number, share: number): void {
  const box = { left: padding, top, widthPixels: canvas.widthPixels - 2 * padding, heightPixels: barPixels };
  const radiusPixels = barPixels / 2;
  fillBox(canvas, box, { colour: track, radiusPixels });
  if (!(share > 0)) return;
  const widthPixels = Math.max(barPixels, Math.round(box.widthPixels * Math.min(1, share)));
  fillBox(canvas, { ...box, widthPixels }, { colour: accent, radiusPixels });
}

/** The drawing as far as it is printed; the rest of it pale. On white. */
function filled(bitmap: Bitmap, heightShare: number): Bitmap {
  const { top, bottom } = extent(bitmap);
  const { rgba, ...size } = onWhite(bitmap);
  const printedFrom = bottom - Math.min(1, Math.max(0, heightShare)) * (bottom - top);
  const paleBytes = Math.round(printedFrom) * size.widthPixels * 4;
  for (let at = 0; at < paleBytes; at += 4) {
    const light = 0.3 * (rgba[at] ?? 0) + 0.59 * (rgba[at + 1] ?? 0) + 0.11 * (rgba[at + 2] ?? 0);
    rgba.fill(Math.round(light + (255 - light) * fading), at, at + 3);
  }
  return { ...size, rgba };
}

const leastOpacity = 32;
/** Between a pixel and the background, summed over its colours. */
const leastDifference = 40;

/** The rows between which the model stands: those that are not transparent, or else not like the upper left corner. */
function extent({ widthPixels, heightPixels, rgba }: Bitmap): { top: number; bottom: number } {
  const hasBackground = (rgba[3] ?? 0) > leastOpacity;
  const isModel = (at: number) =>
    hasBackground
      ? Math.abs((rgba[at] ?? 0) - (rgba[0] ?? 0)) + Math.abs((rgba[at + 1] ?? 0) - (rgba[1] ?? 0)) +
          Math.abs((rgba[at + 2] ?? 0) - (rgba[2] ?? 0)) > leastDifference
      : (rgba[at + 3] ?? 0) > leastOpacity;
  let [top, bottom] = [heightPixels, 0];
  for (let y = 0, at = 0; y < heightPixels; y++) {
    for (let x = 0; x < widthPixels; x++, at += 4) {
      if (!isModel(at)) continue;
      top = Math.min(top, y);
      bottom = y + 1;
    }
  }
  return top < bottom ? { top, bottom } : { top: 0, bottom: heightPixels };
}
