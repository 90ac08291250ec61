/**
 * What the pixel worker can be asked to do, and how it answers.
 */
import type { ImageContent } from "../print_files/embedded_image.ts";
import { type Animation, drawAnimation } from "./animation.ts";
import { type CodedType, decodePicture } from "./codec.ts";
import { onWhite } from "./bitmap.ts";
import { isBlack } from "./darkness.ts";
import { decodeContent } from "./decode_content.ts";
import { drawProgress, type ProgressPicture } from "./progress_picture.ts";
import { readPictureHeader, refusalOf } from "./picture_header.ts";
import { drawSideBySide, type SideBySide } from "./side_by_side.ts";
import { encodeWithin, type PixelTask, transform } from "./transform.ts";

export type PixelWork =
  | { readonly kind: "transform"; readonly bytes: Uint8Array; readonly task: PixelTask }
  | { readonly kind: "look"; readonly bytes: Uint8Array }
  | Drawing;

export type Drawing =
  /** What a slicer drew, on white, as a PNG. */
  | { readonly kind: "thumbnail"; readonly content: ImageContent }
  | { readonly kind: "progress" } & ProgressPicture
  | { readonly kind: "sideBySide" } & SideBySide
  | { readonly kind: "animation" } & Animation;

export type PixelResult =
  | { readonly kind: "picture"; readonly bytes: Uint8Array; readonly mediaType: CodedType | "image/gif" }
  | { readonly kind: "looked"; readonly isBlack: boolean }
  /** The reason speaks of the picture as "it": `it is larger than 24 megapixels`. */
  | { readonly kind: "failed"; readonly reason: string };

/** @throws Error when a picture cannot be decoded or encoded */
export async function doWork(work: PixelWork): Promise<PixelResult> {
  switch (work.kind) {
    case "transform":
      return await transform(work.bytes, work.task);
    case "look":
      return await look(work.bytes);
    case "thumbnail":
      return encodeWithin(onWhite(await decodeContent(work.content)), { mediaType: "image/png", maxBytes: Infinity });
    case "progress":
      return await drawProgress(work);
    case "sideBySide":
      return await drawSideBySide(work);
    case "animation":
      return await drawAnimation(work);
  }
}

/** The decoder shrinks a JPEG to no less than this: enough to see whether anything is on it. */
const least = { widthPixels: 80, heightPixels: 60 };

async function look(bytes: Uint8Array): Promise<PixelResult> {
  const header = readPictureHeader(bytes);
  const refusal = header ? refusalOf(header, bytes.length) : "it is no picture";
  if (!header || refusal !== undefined) return { kind: "failed", reason: refusal ?? "it is no picture" };
  return { kind: "looked", isBlack: isBlack(await decodePicture(bytes, { mediaType: header.mediaType, least })) };
}
