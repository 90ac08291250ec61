/**
 * One picture turned, made smaller or stored anew as asked. Runs in the pixel worker.
 */
import { type Bitmap, onWhite, oriented, shrunk } from "./bitmap.ts";
import { type CodedType, decodePicture, encodePicture } from "./codec.ts";
import { inTurn, isOnItsSide, type Orientation } from "./orientation.ts";
import { fittedSize, type PictureHeader } from "./picture_header.ts";
import type { PixelResult } from "./work.ts";

/** What the worker is to do; decided from the header beforehand. */
export interface PixelTask {
  readonly header: PictureHeader;
  /** Beyond what EXIF asks for. */
  readonly orientation: Orientation;
  readonly maxWidthPixels: number;
  readonly maxHeightPixels: number;
  readonly maxBytes: number;
  readonly mediaType: CodedType;
}

/** Tried in this order before the picture is made smaller. */
const jpegQualities = [85, 70, 55];
/** Nobody recognises anything on a smaller one. */
const minSidePixels = 64;
/** Each makes the picture smaller by its measured size; two are enough nearly always. */
const maxShrinks = 6;

/** @throws Error when the picture cannot be decoded or encoded */
export async function transform(bytes: Uint8Array, task: PixelTask): Promise<PixelResult> {
  const orientation = inTurn(task.header.orientation, task.orientation);
  const stored = isOnItsSide(orientation)
    ? fittedSize(task.header, { maxWidthPixels: task.maxHeightPixels, maxHeightPixels: task.maxWidthPixels })
    : fittedSize(task.header, task);
  const decoded = await decodePicture(bytes, { mediaType: task.header.mediaType, least: stored });
  // A picture that lies about its size is not enlarged.
  const small = shrunk(decoded, ...smaller(decoded, stored));
  const turned = oriented(task.mediaType === "image/jpeg" ? onWhite(small) : small, orientation);
  return encodeWithin(turned, task);
}

function smaller(bitmap: Bitmap, size: Pick<Bitmap, "widthPixels" | "heightPixels">): [number, number] {
  return [Math.min(bitmap.widthPixels, size.widthPixels), Math.min(bitmap.heightPixels, size.heightPixels)];
}

/** Coded worse, then made smaller, until it fits. */
export function encodeWithin(
  whole: Bitmap,
  { mediaType, maxBytes }: Pick<PixelTask, "mediaType" | "maxBytes">,
): PixelResult {
  const qualities = mediaType === "image/jpeg" ? jpegQualities : [100];
  let bitmap = whole;
  for (let shrinks = 0; shrinks <= maxShrinks; shrinks++) {
    let least = Infinity;
    for (const quality of qualities) {
      const bytes = encodePicture(bitmap, { mediaType, quality });
      if (bytes.length <= maxBytes) return { kind: "picture", bytes, mediaType };
      least = bytes.length;
    }
    const factor = Math.min(0.9, Math.sqrt(maxBytes / least) * 0.95);
    const size = [bitmap.widthPixels, bitmap.heightPixels].map((side) => Math.max(1, Math.round(side * factor)));
    const [width = 1, height = 1] = size;
    if (Math.max(width, height) < minSidePixels) break;
    bitmap = shrunk(bitmap, width, height);
  }
  return { kind: "failed", reason: `it cannot be made smaller than ${maxBytes} bytes` };
}
