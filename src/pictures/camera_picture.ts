/**
 * The camera's picture of this moment, the right way up. Whatever cannot be had or done is a note to the reader.
 */
import { type Clock, deadline } from "../clock.ts";
import type { Picture } from "../domain/message.ts";
import { secondsBetween } from "../domain/moment.ts";
import type { Camera } from "../domain/print_file.ts";
import type { HttpLogin } from "../protocols/http_login.ts";
import { hashPicture } from "./hash_picture.ts";
import type { Pixels } from "./pixels.ts";
import { takeSnapshot } from "./snapshot.ts";

export interface FoundPictures {
  readonly pictures: readonly Picture[];
  /** One sentence for each thing that failed. */
  readonly notes: readonly string[];
}

export const noPictures: FoundPictures = { pictures: [], notes: [] };

export interface CameraOptions {
  readonly clock: Clock;
  readonly fetch: typeof fetch;
  readonly pixels: Pixels;
  /** What the picture shows. */
  readonly alt: string;
  readonly signal: AbortSignal;
}

/** A camera that took all of its time leaves this much to turn its picture. */
const leastTurnSeconds = 5;

/** A dead camera takes its deadline and no longer. A picture that cannot be turned comes as it is. */
export async function takeCameraPicture(
  camera: Camera & { readonly deadlineSeconds: number; readonly login?: HttpLogin },
  { pixels, ...options }: CameraOptions,
): Promise<FoundPictures> {
  const startedAt = options.clock.now();
  const taken = await takeSnapshot(camera, { ...camera, ...options, pixels });
  if (taken.kind === "none") return { pictures: [], notes: [`No picture from the camera: ${taken.reason}.`] };
  const notes = taken.flaw === undefined ? [] : [`The camera's picture ${taken.flaw}.`];
  const passed = secondsBetween(startedAt, options.clock.now()) ?? 0;
  const turnSeconds = Math.max(leastTurnSeconds, camera.deadlineSeconds - passed);
  using limit = deadline(options.clock, turnSeconds * 1000, options.signal);
  const turned = await pixels.transform(
    taken.picture.bytes,
    { flip: camera.flip, rotateDegrees: camera.rotateDegrees },
    limit,
  );
  if (turned.kind === "failed") {
    notes.push(`The camera's picture could not be turned: ${turned.reason}.`);
    return { pictures: [await hashPicture(taken.picture)], notes };
  }
  const { bytes, mediaType } = turned;
  return { pictures: [await hashPicture({ ...taken.picture, bytes, mediaType })], notes };
}
