/**
 * What was meant beside what is: the slicer's drawing and the camera's picture, equally high.
 */
import type { ImageContent } from "../print_files/embedded_image.ts";
import { oriented } from "./bitmap.ts";
import { blank, lay, scaled, sizeWithin, white } from "./canvas.ts";
import { decodePicture } from "./codec.ts";
import { decodeContent } from "./decode_content.ts";
import { readPictureHeader, refusalOf, shownSize } from "./picture_header.ts";
import { encodeWithin } from "./transform.ts";
import type { PixelResult } from "./work.ts";

export interface SideBySide {
  readonly thumbnail: ImageContent;
  /** The right way up. */
  readonly snapshot: Uint8Array;
}

const heightPixels = 480;
const maxSnapshotWidthPixels = 960;
const paddingPixels = 12;
const mostGrowth = 3;
const maxBytes = 1024 * 1024;

/** @throws Error when one of the two cannot be decoded */
export async function drawSideBySide({ thumbnail, snapshot }: SideBySide): Promise<PixelResult> {
  const header = readPictureHeader(snapshot);
  const refusal = header ? refusalOf(header, snapshot.length) : "it is no picture";
  if (!header || refusal !== undefined) return { kind: "failed", reason: refusal ?? "it is no picture" };
  const shown = sizeWithin(shownSize(header), { widthPixels: maxSnapshotWidthPixels, heightPixels });
  const decoded = await decodePicture(snapshot, { mediaType: header.mediaType });
  const right = scaled(oriented(decoded, header.orientation), shown);
  const drawing = await decodeContent(thumbnail);
  const room = right.heightPixels - 2 * paddingPixels;
  const size = sizeWithin(drawing, { widthPixels: room, heightPixels: room }, mostGrowth);
  const panelPixels = size.widthPixels + 2 * paddingPixels;
  const canvas = blank(panelPixels + right.widthPixels, right.heightPixels, white);
  const top = Math.round((right.heightPixels - size.heightPixels) / 2);
  lay(canvas, scaled(drawing, size), { left: paddingPixels, top });
  lay(canvas, right, { left: panelPixels, top: 0 });
  return encodeWithin(canvas, { mediaType: "image/jpeg", maxBytes });
}
