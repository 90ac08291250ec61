/**
 * A picture within a print file: what is known of it without decoding it, and the way to its bytes.
 */
import type { ImageFormat } from "./image_header.ts";

/** `colpic`, `rgb565` and `qidi` have no header that a decoder could go by: they are read as pixels. */
export type EmbeddedFormat = ImageFormat | "colpic" | "rgb565" | "qidi";

export interface EmbeddedImage {
  /** By its first bytes, never by its tag or name. */
  readonly format: EmbeddedFormat;
  /** As the picture itself says; what stands around it has been seen to be wrong. */
  readonly widthPixels: number;
  readonly heightPixels: number;
  /** The length of its data, without base64 or hexadecimal digits around it. */
  readonly sizeBytes: number;
  /** Its tag or entry: `thumbnail_QOI`, `gimage`, `Metadata/plate_1.png`. */
  readonly label: string;
  /** Another plate, another view of it, or one that is not for people: only where there is nothing else. */
  readonly isAside?: boolean;
  /** @throws UnreadableImageError if it is broken; whatever the source throws */
  read(signal: AbortSignal): Promise<ImageContent>;
}

/** A PNG, JPEG, GIF, QOI or BMP as it is, or the pixels of a format without a header. */
export type ImageContent = { readonly kind: "encoded"; readonly bytes: Uint8Array } | {
  readonly kind: "pixels";
  readonly pixels: ImagePixels;
};

/** Rows from the top, 4 bytes each: red, green, blue, alpha. */
export interface ImagePixels {
  readonly widthPixels: number;
  readonly heightPixels: number;
  readonly rgba: Uint8Array<ArrayBuffer>;
}

/** The picture cannot be had; the message says why. */
export class UnreadableImageError extends Error {
  override readonly name = "UnreadableImageError";
}
