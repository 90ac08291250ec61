/**
 * What every decoder here answers: pixels, or one sentence on why there are none. They never throw, whatever the bytes are.
 */
import type { ImagePixels } from "../embedded_image.ts";
import { limits } from "../limits.ts";

export type Decoded = { readonly kind: "pixels"; readonly pixels: ImagePixels } | {
  readonly kind: "broken";
  readonly problem: string;
};

export function broken(problem: string): Decoded {
  return { kind: "broken", problem };
}

export function decoded(widthPixels: number, heightPixels: number, rgba: Uint8Array<ArrayBuffer>): Decoded {
  return { kind: "pixels", pixels: { widthPixels, heightPixels, rgba } };
}

/** Why an image of this size is not decoded; undefined: it may be. To be asked before any memory is taken for it. */
export function sizeProblem(widthPixels: number, heightPixels: number): string | undefined {
  if (!(widthPixels > 0 && heightPixels > 0)) return `it is ${widthPixels}x${heightPixels} pixels`;
  const isTooLarge = widthPixels > limits.maxImageSidePixels || heightPixels > limits.maxImageSidePixels ||
    widthPixels * heightPixels > limits.maxImagePixels;
  return isTooLarge ? `${widthPixels}x${heightPixels} pixels are too many` : undefined;
}
