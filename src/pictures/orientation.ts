/**
 * How a picture must be laid out anew: mirrored or not, then turned. Any row of flips and turns comes down to one of
 * eight such orientations, so the pixels are moved once.
 */
import type { Camera } from "../domain/print_file.ts";

export interface Orientation {
  /** Left and right change places; done first. */
  readonly isMirrored: boolean;
  /** Clockwise. */
  readonly quarterTurns: 0 | 1 | 2 | 3;
}

export const upright: Orientation = { isMirrored: false, quarterTurns: 0 };

/** The EXIF tag Orientation (0x0112; CIPA DC-008, 4.6.5): what a viewer must do before it shows the picture. */
export const exifOrientations: Readonly<Record<number, Orientation>> = {
  1: upright,
  2: { isMirrored: true, quarterTurns: 0 },
  3: { isMirrored: false, quarterTurns: 2 },
  4: { isMirrored: true, quarterTurns: 2 },
  5: { isMirrored: true, quarterTurns: 3 },
  6: { isMirrored: false, quarterTurns: 1 },
  7: { isMirrored: true, quarterTurns: 1 },
  8: { isMirrored: false, quarterTurns: 3 },
};

/** What an owner asked for: flips first, then clockwise. */
export function orientationOf({ flip, rotateDegrees }: Pick<Camera, "flip" | "rotateDegrees">): Orientation {
  // Upside down without turning is mirrored, then turned by half.
  const horizontal = { isMirrored: flip.includes("horizontal"), quarterTurns: 0 } as const;
  const vertical = flip.includes("vertical") ? { isMirrored: true, quarterTurns: 2 } as const : upright;
  return inTurn(inTurn(horizontal, vertical), { isMirrored: false, quarterTurns: turns(rotateDegrees / 90) });
}

/** First the one, then the other. A mirror after a turn is the opposite turn after the mirror. */
export function inTurn(first: Orientation, second: Orientation): Orientation {
  return {
    isMirrored: first.isMirrored !== second.isMirrored,
    quarterTurns: turns(second.quarterTurns + (second.isMirrored ? -first.quarterTurns : first.quarterTurns)),
  };
}

export function isUpright({ isMirrored, quarterTurns }: Orientation): boolean {
  return !isMirrored && quarterTurns === 0;
}

/** Whether width and height change places. */
export function isOnItsSide({ quarterTurns }: Orientation): boolean {
  return quarterTurns % 2 === 1;
}

function turns(quarters: number): Orientation["quarterTurns"] {
  return (quarters % 4 + 4) % 4 as Orientation["quarterTurns"];
}
