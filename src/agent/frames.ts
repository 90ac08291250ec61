/**
 * Takes a small picture now and then while a print runs, where a rule wants an animation of it. Beside the watch loops: a slow camera
 * holds up nothing.
 */
import { type CameraDeps, cameraOf } from "./camera.ts";
import type { PrinterSettings } from "../config/settings.ts";
import { endKinds } from "../domain/printer_event.ts";
import type { PrinterState, PrintingJob } from "../domain/printer_state.ts";
import type { Rule } from "../domain/rule.ts";
import { errorText } from "../log.ts";
import type { Pixels } from "../pictures/pixels.ts";
import { takeSnapshot } from "../pictures/snapshot.ts";
import type { Store } from "../store/store.ts";

export interface FrameDeps extends CameraDeps {
  readonly pixels: Pixels;
  readonly store: Pick<Store, "frames">;
  rules(): readonly Rule[];
}

/** Of one print, at even shares of it. */
export const maxFrames = 40;
const small = { maxWidthPixels: 400, maxHeightPixels: 400, maxBytes: 40_000, mediaType: "image/jpeg" } as const;

export class FrameKeeper {
  readonly #deps: FrameDeps;
  /** The newest picture of each printer's job. */
  readonly #taken = new Map<string, { readonly job: string; readonly number: number }>();
  readonly #underWay = new Map<string, Promise<void>>();

  constructor(deps: FrameDeps) {
    this.#deps = deps;
  }

  /** To be called often. Returns at once; a picture is taken if one is due. */
  look(printer: PrinterSettings, state: PrinterState): void {
    const job = state.job?.kind === "printing" && state.job.isWatched ? state.job : undefined;
    const percent = job?.percent ?? (job?.startedAt ? 0 : undefined); // many say nothing until they print
    if (!job || percent === undefined || this.#underWay.has(printer.name) || !this.#isWanted(printer)) return;
    const number = Math.min(maxFrames - 1, Math.floor(percent / 100 * maxFrames));
    if (number <= this.#newest(printer.name, job.id)) return;
    this.#taken.set(printer.name, { job: job.id, number });
    const done = this.#take(printer, job, { number, percent })
      .catch((error) => this.#deps.log.warning("Cannot keep a picture of the print", { error: errorText(error) }))
      .finally(() => this.#underWay.delete(printer.name));
    this.#underWay.set(printer.name, done);
  }

  /** Resolves when nothing is under way any more. */
  async settled(): Promise<void> {
    await Promise.all(this.#underWay.values());
  }

  #isWanted({ name }: PrinterSettings): boolean {
    return this.#deps.rules().some(({ picture, printers, when }) =>
      picture === "animation" && (printers?.includes(name) ?? true) && endKinds.some((kind) => when.includes(kind))
    );
  }

  #newest(printer: string, job: string): number {
    const known = this.#taken.get(printer);
    if (known?.job === job) return known.number;
    const number = this.#deps.store.frames.list({ printer, job }).at(-1)?.number ?? -1; // after a restart
    this.#taken.set(printer, { job, number });
    return number;
  }

  async #take(
    printer: PrinterSettings,
    { id: job }: PrintingJob,
    { number, percent }: { number: number; percent: number },
  ): Promise<void> {
    const { clock, log, pixels, store, signal } = this.#deps;
    const camera = await cameraOf(printer, this.#deps);
    if (!camera) return;
    const at = clock.now();
    const taken = await takeSnapshot(camera, { ...this.#deps, ...camera, alt: "" });
    if (taken.kind === "none") return log.debug(`No picture of the print: ${taken.reason}`, { printer: printer.name });
    const { flip, rotateDegrees } = camera;
    const frame = await pixels.transform(taken.picture.bytes, { flip, rotateDegrees, ...small }, signal);
    if (frame.kind === "failed" || signal.aborted) return;
    store.frames.add({ printer: printer.name, job }, { bytes: frame.bytes, number, percent, at });
  }
}
