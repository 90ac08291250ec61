/**
 * A picture found in the lines of a text file, or the reason why it is none.
 */
import { type EmbeddedFormat, type EmbeddedImage, type ImageContent, UnreadableImageError } from "../embedded_image.ts";
import { type Decoded, sizeProblem } from "../images/decoded.ts";
import { readImageHeader } from "../image_header.ts";
import { limits } from "../limits.ts";

export type TextImage = { readonly kind: "image"; readonly image: EmbeddedImage } | {
  readonly kind: "problem";
  readonly problem: string;
};

export function unreadable(label: string, reason: string): TextImage {
  return { kind: "problem", problem: `Cannot read thumbnail "${label}": ${reason}` };
}

/** PNG, JPEG, GIF, QOI or BMP by its first bytes, whatever the tag promised. */
export function encodedImage(bytes: Uint8Array, label: string): TextImage {
  const header = readImageHeader(bytes);
  if (!header) return unreadable(label, "it is no image");
  return found({ ...header, sizeBytes: bytes.length, label }, () => ({ kind: "encoded", bytes }));
}

/** The same from base64; a picture whose text ends too early is none: half a PNG shows nothing. */
export function base64Image(text: string, label: string): TextImage {
  if (text.length > limits.maxThumbnailBytes * 4 / 3 + 4) return unreadable(label, "it is too long");
  try {
    return encodedImage(Uint8Array.fromBase64(text), label);
  } catch {
    return unreadable(label, "it is not base64");
  }
}

/** Pixels without a header, decoded when somebody looks. */
export function pixelImage(facts: Omit<EmbeddedImage, "read">, decode: () => Decoded): TextImage {
  return found(facts, () => {
    const result = decode();
    if (result.kind === "broken") {
      throw new UnreadableImageError(`Cannot read thumbnail "${facts.label}": ${result.problem}`);
    }
    return result;
  });
}

interface ImageFacts {
  readonly format: EmbeddedFormat;
  readonly widthPixels: number;
  readonly heightPixels: number;
  readonly sizeBytes: number;
  readonly label: string;
}

function found(
  { format, widthPixels, heightPixels, sizeBytes, label }: ImageFacts,
  read: () => ImageContent,
): TextImage {
  const problem = sizeProblem(widthPixels, heightPixels);
  if (problem !== undefined) return unreadable(label, problem);
  const image = { format, widthPixels, heightPixels, sizeBytes, label, read: () => Promise.resolve().then(read) };
  return { kind: "image", image };
}
