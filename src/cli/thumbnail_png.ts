/** Any thumbnail as PNG, as `inspect --thumbnail` writes it. */
import { encodePicture } from "../pictures/codec.ts";
import { decodeContent } from "../pictures/decode_content.ts";
import { type EmbeddedImage, type ImageContent, UnreadableImageError } from "../print_files/embedded_image.ts";

/** Undefined: it is broken. @throws what the file's reader throws */
export async function thumbnailPng(image: EmbeddedImage, signal: AbortSignal): Promise<Uint8Array | undefined> {
  const content = await readContent(image, signal);
  if (!content) return undefined;
  try {
    const pixels = await decodeContent(content); // also a PNG: it may be broken
    return content.kind === "encoded" && image.format === "png"
      ? content.bytes
      : encodePicture(pixels, { mediaType: "image/png", quality: 100 });
  } catch {
    return undefined;
  }
}

async function readContent(image: EmbeddedImage, signal: AbortSignal): Promise<ImageContent | undefined> {
  try {
    return await image.read(signal);
  } catch (error) {
    if (error instanceof UnreadableImageError) return undefined;
    throw error;
  }
}
