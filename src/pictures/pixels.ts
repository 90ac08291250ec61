/**
 * Turns and shrinks pictures, in a worker: seconds of work on a Pi never hold up a printer's bytes, and the memory
 * goes back when nothing is to be done. Everything that can go wrong with a picture is a reason, never an error.
 */
import { type Clock, deadline } from "../clock.ts";
import type { Picture } from "../domain/message.ts";
import type { Camera } from "../domain/print_file.ts";
import { isUpright, orientationOf } from "./orientation.ts";
import type { CodedType } from "./codec.ts";
import { type PictureHeader, readPictureHeader, refusalOf, shownSize } from "./picture_header.ts";
import type { Drawing, PixelResult, PixelWork } from "./work.ts";

export interface PictureChange extends Partial<Pick<Camera, "flip" | "rotateDegrees">> {
  readonly maxWidthPixels?: number;
  readonly maxHeightPixels?: number;
  readonly maxBytes?: number;
  /** Default: the picture's own, but a PNG that has too many bytes becomes a JPEG. */
  readonly mediaType?: "image/jpeg" | "image/png";
}

/** A 12-megapixel JPEG takes about 1.5 s on a small PC and ten times as long on the smallest boards. */
const maxSeconds = 20;
/** A burst of events has a picture each; more are passed on as they are. */
const maxWaiting = 50;
/** The worker ends after so long without work. */
const idleSeconds = 30;

/**
 * What comes from a camera is decoded behind a wall: no network, nothing written or started. It reads its decoders
 * and opens its encoder, a native addon.
 */
const workerPermissions: Deno.PermissionOptionsObject = {
  read: "inherit",
  ffi: "inherit",
  net: false,
  write: false,
  env: ["IMAGESCRIPT_WASM_SIMD"],
  sys: false,
  run: false,
  import: false,
};

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
    const { maxWidthPixels = Infinity, maxHeightPixels = Infinity, maxBytes = Infinity } = change;
    const orientation = orientationOf({ flip: change.flip ?? [], rotateDegrees: change.rotateDegrees ?? 0 });
    const shown = shownSize(header);
    const isSmall = shown.widthPixels <= maxWidthPixels && shown.heightPixels <= maxHeightPixels;
    const isOfType = change.mediaType === undefined || change.mediaType === header.mediaType;
    if (isUpright(orientation) && isSmall && bytes.length <= maxBytes && isOfType) {
      return { kind: "picture", bytes, mediaType: header.mediaType };
    }
    const refusal = refusalOf(header, bytes.length);
    if (refusal !== undefined) return failed(refusal);
    const mediaType = typeFor(header, bytes.length, change);
    const task = { header, orientation, maxWidthPixels, maxHeightPixels, maxBytes, mediaType };
    return pictureOf(await this.#inTurn({ kind: "transform", bytes, task }, signal));
  }

  /** Makes a picture of its own, as `work` says. What it is made of is refused where `transform` would refuse it. */
  async draw(work: Drawing, signal?: AbortSignal): Promise<TransformResult> {
    return pictureOf(await this.#inTurn(work, signal));
  }

  /** Whether there is nothing to be seen on it: undefined where nobody can say. */
  async isBlack(bytes: Uint8Array, signal?: AbortSignal): Promise<boolean | undefined> {
    const result = await this.#inTurn({ kind: "look", bytes }, signal);
    return result.kind === "looked" ? result.isBlack : undefined;
  }

  /** Ends the worker; whoever waits for a picture is told that it failed. */
  [Symbol.dispose](): void {
    this.#disposed.abort();
    this.#end();
  }

  async #inTurn(work: PixelWork, signal: AbortSignal | undefined): Promise<PixelResult> {
    if (this.#waiting >= maxWaiting) return failed("too many pictures wait to be changed");
    const until = signal ? AbortSignal.any([signal, this.#disposed.signal]) : this.#disposed.signal;
    using limit = deadline(this.#clock, maxSeconds * 1000, until);
    const before = this.#turn;
    const done = Promise.withResolvers<void>();
    this.#turn = before.then(() => done.promise);
    this.#waiting++;
    try {
      await settledOrAborted(before, limit);
      if (limit.aborted) return failed("other pictures took all the time");
      return await this.#work(work, limit);
    } finally {
      this.#waiting--;
      done.resolve();
    }
  }

  async #work(work: PixelWork, limit: AbortSignal): Promise<PixelResult> {
    this.#idle.abort();
    const worker = this.#worker ??= new Worker(this.#workerUrl, {
      type: "module",
      name: "pixels",
      deno: { permissions: workerPermissions },
    });
    const result = await answerOf(worker, work, limit);
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

function pictureOf(result: PixelResult): TransformResult {
  return result.kind === "looked" ? failed("it was only looked at") : result;
}

/** The worker's answer; `broken`: it failed as a whole, `late`: the limit came first. */
function answerOf(
  worker: Worker,
  work: PixelWork,
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
    worker.postMessage(work);
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

/** What has to be a JPEG to become smaller: a PNG, and a GIF, of which its first picture stays. */
function typeFor(
  { mediaType }: PictureHeader,
  size: number,
  { maxBytes = Infinity, ...change }: PictureChange,
): CodedType {
  return change.mediaType ?? (mediaType === "image/png" && size <= maxBytes ? "image/png" : "image/jpeg");
}

function failed(reason: string): { kind: "failed"; reason: string } {
  return { kind: "failed", reason };
}
