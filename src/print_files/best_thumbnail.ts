/**
 * Which of a file's thumbnails goes into a message.
 */
import type { EmbeddedFormat, EmbeddedImage } from "./embedded_image.ts";

export interface ThumbnailCaps {
  readonly maxWidthPixels?: number;
  readonly maxHeightPixels?: number;
}

/** A smaller one is for the printer's own screen: a blot in a message. */
const minSidePixels = 50;
/** The formats that every reader of a message shows go first. GIF is not decoded here. */
const order: readonly EmbeddedFormat[] = ["png", "jpeg", "qoi", "bmp", "colpic", "rgb565", "qidi", "gif"];

/** The one to show; the next ones are for when it turns out to be broken. */
export function bestThumbnail(images: readonly EmbeddedImage[], caps: ThumbnailCaps = {}): EmbeddedImage | undefined {
  return thumbnailsByWorth(images, caps)[0];
}

/**
 * Best first: pictures of the print before those aside, within the caps before those that must be shrunk, real ones before tiny ones,
 * then the largest (of those that are too large, the smallest), then the most usual format.
 */
export function thumbnailsByWorth(
  images: readonly EmbeddedImage[],
  { maxWidthPixels = Infinity, maxHeightPixels = Infinity }: ThumbnailCaps = {},
): readonly EmbeddedImage[] {
  const worth = (image: EmbeddedImage): readonly number[] => {
    const { widthPixels, heightPixels } = image;
    const isWithin = widthPixels <= maxWidthPixels && heightPixels <= maxHeightPixels;
    const isTiny = Math.min(widthPixels, heightPixels) < minSidePixels;
    const area = widthPixels * heightPixels;
    return [
      image.isAside ? 1 : 0,
      isTiny ? 1 : 0,
      isWithin ? 0 : 1,
      isWithin ? -area : area,
      order.indexOf(image.format),
    ];
  };
  return images.map((image) => ({ image, worth: worth(image) }))
    .sort((a, b) => a.worth.map((value, place) => value - (b.worth[place] ?? 0)).find((one) => one !== 0) ?? 0)
    .map(({ image }) => image);
}
