/**
 * A picture out of a print file, whatever it is coded as, to pixels.
 */
import { decodeImage } from "../print_files/images/decode_image.ts";
import type { ImageContent, ImagePixels } from "../print_files/embedded_image.ts";
import type { Bitmap } from "./bitmap.ts";
import { decodePicture } from "./codec.ts";
import { readPictureHeader, refusalOf } from "./picture_header.ts";

/** @throws Error that says of "it" why it cannot be decoded */
export async function decodeContent(content: ImageContent): Promise<Bitmap> {
  if (content.kind === "pixels") return bitmapOf(content.pixels);
  const header = readPictureHeader(content.bytes);
  if (header) {
    const refusal = refusalOf(header, content.bytes.length);
    if (refusal !== undefined) throw new Error(refusal);
    return await decodePicture(content.bytes, { mediaType: header.mediaType });
  }
  const decoded = decodeImage(content.bytes);
  if (decoded.kind === "broken") throw new Error(decoded.problem);
  return bitmapOf(decoded.pixels);
}

/** A bitmap starts at the start of its buffer. */
function bitmapOf({ widthPixels, heightPixels, rgba }: ImagePixels): Bitmap {
  return { widthPixels, heightPixels, rgba: new Uint8Array(rgba) };
}
