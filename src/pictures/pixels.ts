/**
 * Turns and shrinks pictures, in a worker: seconds of work on a Pi never hold up a printer's bytes, and the memory
 * goes back when nothing is to be done. Everything that can go wrong with a picture is a reason, never an error.
 */
import { type Clock, deadline } from "../clock.ts";
import type { Picture } from "../domain/message.ts";
import type { Camera } from "../domain/print_file.ts";
import { isUpright, orientationOf } from "./orientation.ts";
import { type PictureHeader, readPictureHeader, shownSize } from "./picture_header.ts";
import type { PixelResult, PixelTask } from "./transform.ts";

export interface PictureChange extends Partial<Pick<Camera, "flip" | "rotateDegrees">> {
  readonly maxWidthPixels?: number;
  readonly maxHeightPixels?: number;
  readonly maxBytes?: number;
  /** Default: the picture's own, but a PNG that has too many bytes becomes a JPEG. */
  readonly mediaType?: "image/jpeg" | "image/png";
}

/** A larger one would take some 300 MB while it is decoded. */
export const maxPixels = 24_000_000;
export const maxSidePixels = 16_384;
/** The largest file that is looked at. */
export const maxInputBytes = 20 * 1024 * 1024;
/** A 12-megapixel JPEG takes about 1.5 s on a small PC and ten times as long on the smallest boards. */
const maxSeconds = 20;
/** A burst of events has a picture each; more are passed on as they are. */
const maxWaiting = 50;
/** The worker ends after so long without work. */
const idleSeconds = 30;

export type TransformResult =
  | { readonly kind: "picture"; readonly bytes: Uint8Array; readonly mediaType: Picture["mediaType"] }
  /** The reason speaks of the picture as "it": `it is larger than 24 megapixels`. */
  | { readonly kind: "failed"; readonly reason: string };

/** Owns the worker: starts it when there is work, ends it when idle, stuck or broken. Dispose it to let go at once. */
export class Pixels implements Disposable {
  readonly #clock: Clock;
  readonly #workerUrl: URL;
  #worker: Worker | undefined;
  #turn: Promise<void> = Promise.resolve();
  #waiting = 0;
  #idle = new AbortController();
  readonly #disposed = new AbortController();

  constructor(clock: Clock, { workerUrl = new URL("./pixel_worker.ts", import.meta.url) }: { workerUrl?: URL } = {}) {
    this.#clock = clock;
    this.#workerUrl = workerUrl;
  }

  /** Whether a worker exists. */
  get isRunning(): boolean {
    return this.#worker !== undefined;
  }

  /**
   * Flips, then turns clockwise, then shrinks, as far as asked. A picture that is right as it is comes back untouched,
   * its EXIF included; one that is stored anew has its EXIF orientation built in, and no other EXIF.
   */
  async transform(bytes: Uint8Array, change: PictureChange, signal?: AbortSignal): Promise<TransformResult> {
    const header = readPictureHeader(bytes);
    if (!header) return failed("it is no picture, or a broken one");
    const mediaType = typeFor(header, bytes.length, change);
    const { maxWidthPixels = Infinity, maxHeightPixels = Infinity, maxBytes = Infinity } = change;
    const orientation = orientationOf({ flip: change.flip ?? [], rotateDegrees: change.rotateDegrees ?? 0 });
    const shown = shownSize(header);
    const isSmall = shown.widthPixels <= maxWidthPixels && shown.heightPixels <= maxHeightPixels;
    if (isUpright(orientation) && isSmall && bytes.length <= maxBytes && mediaType === header.mediaType) {
      return { kind: "picture", bytes, mediaType };
    }
    const refusal = refusalOf(header, bytes.length);
    if (refusal !== undefined || header.mediaType === "image/gif" || mediaType === "image/gif") {
      return failed(refusal ?? "it is a GIF, which cannot be changed");
    }
    if (this.#waiting >= maxWaiting) return failed("too many pictures wait to be changed");
    return await this.#inTurn(bytes, {
      header: { ...header, mediaType: header.mediaType },
      orientation,
      maxWidthPixels,
      maxHeightPixels,
      maxBytes,
      mediaType,
    }, signal);
  }

  /** Ends the worker; whoever waits for a picture is told that it failed. */
  [Symbol.dispose](): void {
    this.#disposed.abort();
    this.#end();
  }

  async #inTurn(bytes: Uint8Array, task: PixelTask, signal: AbortSignal | undefined): Promise<TransformResult> {
    const until = signal ? AbortSignal.any([signal, this.#disposed.signal]) : this.#disposed.signal;
    using limit = deadline(this.#clock, maxSeconds * 1000, until);
    const before = this.#turn;
    const done = Promise.withResolvers<void>();
    this.#turn = before.then(() => done.promise);
    this.#waiting++;
    try {
      await settledOrAborted(before, limit);
      if (limit.aborted) return failed("other pictures took all the time");
      return await this.#work(bytes, task, limit);
    } finally {
      this.#waiting--;
      done.resolve();
    }
  }

  async #work(bytes: Uint8Array, task: PixelTask, limit: AbortSignal): Promise<PixelResult> {
    this.#idle.abort();
    const worker = this.#worker ??= new Worker(this.#workerUrl, { type: "module", name: "pixels" });
    const result = await answerOf(worker, { bytes, task }, limit);
    if (result === "broken" || result === "late") this.#end();
    else this.#endWhenIdle();
    if (result === "broken") return failed("it could not be changed: the part that changes pictures broke");
    if (result === "late") return failed("it could not be changed in time");
    return result;
  }

  #endWhenIdle(): void {
    const idle = this.#idle = new AbortController();
    void this.#clock.sleep(idleSeconds * 1000, idle.signal).then(() => idle.signal.aborted || this.#end());
  }

  #end(): void {
    this.#idle.abort();
    this.#worker?.terminate();
    this.#worker = undefined;
  }
}

/** The worker's answer; `broken`: it failed as a whole, `late`: the limit came first. */
function answerOf(
  worker: Worker,
  request: { bytes: Uint8Array; task: PixelTask },
  limit: AbortSignal,
): Promise<PixelResult | "broken" | "late"> {
  return new Promise((resolve) => {
    const listening = new AbortController();
    const end = (result: PixelResult | "broken" | "late") => {
      listening.abort();
      resolve(result);
    };
    const { signal } = listening;
    worker.addEventListener("message", ({ data }: MessageEvent<PixelResult>) => end(data), { signal });
    worker.addEventListener("error", (event) => {
      event.preventDefault(); // or it would end the agent
      end("broken");
    }, { signal });
    worker.addEventListener("messageerror", () => end("broken"), { signal });
    if (limit.aborted) return end("late");
    limit.addEventListener("abort", () => end("late"), { signal });
    worker.postMessage(request);
  });
}

async function settledOrAborted(promise: Promise<void>, signal: AbortSignal): Promise<void> {
  const listening = new AbortController();
  const aborted = new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { signal: listening.signal });
  });
  await Promise.race([promise, aborted]);
  listening.abort(); // a listener left behind would keep the signal for as long as the agent runs
}

function typeFor({ mediaType }: PictureHeader, size: number, change: PictureChange): Picture["mediaType"] {
  if (change.mediaType) return change.mediaType;
  return mediaType === "image/png" && size > (change.maxBytes ?? Infinity) ? "image/jpeg" : mediaType;
}

function refusalOf({ widthPixels, heightPixels }: PictureHeader, size: number): string | undefined {
  if (size > maxInputBytes) return `it is larger than ${maxInputBytes / 1024 / 1024} MB`;
  const isLarge = widthPixels * heightPixels > maxPixels || Math.max(widthPixels, heightPixels) > maxSidePixels;
  return isLarge ? `it is larger than ${maxPixels / 1e6} megapixels (${widthPixels} × ${heightPixels})` : undefined;
}

function failed(reason: string): { kind: "failed"; reason: string } {
  return { kind: "failed", reason };
}
