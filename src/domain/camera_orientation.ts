/**
 * How others write down the way a camera hangs, in the terms of our {@link Camera}: flips first, then clockwise.
 */
import type { Camera } from "./print_file.ts";

export type CameraOrientation = Pick<Camera, "flip" | "rotateDegrees">;

/** OctoPrint `settings.webcam` (1.4 to 1.11): flips first, then `rotate90`, which is counter-clockwise. */
export function octoPrintOrientation(
  { flipH, flipV, rotate90 }: { readonly flipH: boolean; readonly flipV: boolean; readonly rotate90: boolean },
): CameraOrientation {
  return { flip: flips(flipH, flipV), rotateDegrees: rotate90 ? 270 : 0 };
}

/**
 * Moonraker `server.webcams.list`: `rotation` is clockwise and comes first, as Mainsail and Fluidd show it
 * (`transform: scaleX(-1) rotate(90deg)` turns, then flips). A turn before one flip is the opposite turn after it.
 */
export function moonrakerOrientation(
  { flip_horizontal, flip_vertical, rotation }: {
    readonly flip_horizontal: boolean;
    readonly flip_vertical: boolean;
    /** Degrees; anything but a quarter turn is none: neither front end offers it. */
    readonly rotation: number;
  },
): CameraOrientation {
  const turned = flip_horizontal !== flip_vertical ? (360 - rotation) % 360 : rotation;
  const rotateDegrees = ([0, 90, 180, 270] as const).find((degrees) => degrees === turned) ?? 0;
  return { flip: flips(flip_horizontal, flip_vertical), rotateDegrees };
}

function flips(horizontal: boolean, vertical: boolean): Camera["flip"] {
  return [...(horizontal ? ["horizontal" as const] : []), ...(vertical ? ["vertical" as const] : [])];
}
