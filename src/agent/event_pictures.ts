/**
 * The pictures that go with an event, as the rules want them. Each source is asked once, at the moment of the event;
 * deliveries keep what it gave, so that a message sent late still shows that moment.
 */
import { deadline } from "../clock.ts";
import type { PrinterSettings } from "../config/settings.ts";
import { durationText, percentText } from "../domain/message_text.ts";
import { corrected, hasBelievableTime, hasPassed, type Moment, secondsBetween } from "../domain/moment.ts";
import { shownFileName } from "../domain/print_file.ts";
import { type EventKind, isEnd, shownJob } from "../domain/printer_event.ts";
import type { PicturePolicy } from "../domain/rule.ts";
import { type FoundPictures, noPictures, takeCameraPicture } from "../pictures/camera_picture.ts";
import { hashPicture } from "../pictures/hash_picture.ts";
import { opaqueType } from "../pictures/picture_header.ts";
import type { Pixels } from "../pictures/pixels.ts";
import type { Drawing } from "../pictures/work.ts";
import type { Store, StoredEvent } from "../store/store.ts";
import { type AskedCamera, type CameraDeps, cameraOf, defaultDeadlineSeconds } from "./camera.ts";
import type { KnownPrintFile, PrintFiles } from "./print_files.ts";

export interface EventPicturesDeps extends Omit<CameraDeps, "signal"> {
  readonly pixels: Pixels;
  readonly files: PrintFiles;
  readonly store: Pick<Store, "frames">;
}

export interface EventPicturesOptions extends EventPicturesDeps {
  readonly printer: PrinterSettings | undefined;
  /** Times of day are shown in it. */
  readonly timezone: string;
  readonly signal: AbortSignal;
}

/** A picture taken later than this would show another moment. */
const maxPictureAgeSeconds = 60;
/** Events about which a look at the printer says nothing. */
const kindsWithoutLook: readonly EventKind[] = ["uploaded", "offline", "online", "ended"];
/** Events at which there is nothing to see yet but what the slicer drew. */
const kindsBeforePrint: readonly EventKind[] = ["uploaded", "started"];
/** A source that took all of the time leaves this much to draw with. */
const leastDrawSeconds = 5;
/** A mail with it goes through everywhere, and opens at once on a phone. */
const maxAnimationBytes = 2 * 1024 * 1024;

/** What one event can be shown with. Nothing here fails: what cannot be had is replaced by what can. */
export class EventPictures {
  readonly #stored: StoredEvent;
  readonly #options: EventPicturesOptions;
  readonly #startedAt: Moment;

  constructor(stored: StoredEvent, options: EventPicturesOptions) {
    this.#stored = stored;
    this.#options = options;
    this.#startedAt = options.clock.now();
  }

  async of(policy: PicturePolicy): Promise<FoundPictures> {
    switch (policy) {
      case "none":
        return noPictures;
      case "camera":
        return await this.#look();
      case "thumbnail":
        return await this.#thumbnail();
      case "auto":
        return await this.#auto();
      case "both":
        return await this.#both();
      case "progress":
        return this.#isBeforePrint ? await this.#auto() : await orElse(await this.#progress(), this.#look);
      case "animation":
        return await orElse(await this.#animation(), this.#auto);
    }
  }

  /** What the print file says; empty where it cannot be had. */
  readonly file = once(async (): Promise<KnownPrintFile> => {
    const { event } = this.#stored;
    const { printer, files, signal } = this.#options;
    const file = event.kind === "uploaded" ? event.file : event.job?.file;
    if (!file || !printer) return { facts: {} };
    return await files.of({ printer, file, signal, ...(event.job && !event.isTest ? { job: event.job.id } : {}) });
  });

  get #isBeforePrint(): boolean {
    return kindsBeforePrint.includes(this.#stored.event.kind);
  }

  readonly #auto = once(async (): Promise<FoundPictures> => {
    if (this.#isBeforePrint) return await orElse(await this.#thumbnail(), this.#look);
    return await this.#camera() ? await this.#look() : await this.#progress();
  });

  readonly #camera = once(async (): Promise<AskedCamera | undefined> => {
    const { printer } = this.#options;
    return printer && await cameraOf(printer, this.#options);
  });

  readonly #look = once(async (): Promise<FoundPictures> => {
    const { printer: name, event } = this.#stored;
    const { clock, log } = this.#options;
    if (kindsWithoutLook.includes(event.kind)) return noPictures;
    if (hasPassed(maxPictureAgeSeconds, event.at, clock.now())) return noPictures;
    const camera = await this.#camera();
    if (!camera) return noPictures;
    const job = shownJob(event.job);
    const alt = `Camera picture of ${name}${job ? ` printing ${job}` : ""}`;
    const found = await takeCameraPicture(camera, { ...this.#options, alt });
    for (const note of found.notes) log.warning(note, { printer: name });
    return found;
  });

  get #fileName(): string {
    const { event } = this.#stored;
    const file = event.kind === "uploaded" ? event.file : event.job?.file;
    return file ? shownFileName(file) : "the print";
  }

  readonly #thumbnail = once(async (): Promise<FoundPictures> => {
    const { thumbnail } = await this.file();
    if (!thumbnail) return noPictures; // no error: many files have none
    const alt = `${this.#fileName} as the slicer drew it`;
    const type = thumbnail.kind === "encoded" ? opaqueType(thumbnail.bytes) : undefined;
    if (thumbnail.kind === "pixels" || type === undefined) {
      return await this.#draw({ kind: "thumbnail", content: thumbnail }, alt);
    }
    return { pictures: [await hashPicture({ bytes: thumbnail.bytes, mediaType: type, alt })], notes: [] };
  });

  readonly #progress = once(async (): Promise<FoundPictures> => {
    const { event } = this.#stored;
    const { percent, layer, elapsedSeconds, remainingSeconds } = event.facts;
    const done = event.kind === "finished" ? 100 : percent;
    if (done === undefined || !event.job) return noPictures;
    const { thumbnail, facts } = await this.file();
    if (!thumbnail) return noPictures;
    const layers = event.facts.layers ?? facts.layers;
    const isPrinting = event.kind === "progress" || event.kind === "resumed" || event.kind === "started";
    const detail = event.kind === "finished"
      ? elapsedSeconds === undefined ? undefined : `in ${durationText(elapsedSeconds)}`
      : isPrinting
      ? remainingSeconds === undefined ? undefined : `${durationText(remainingSeconds)} left`
      : stateWords[event.kind];
    return await this.#draw({
      kind: "progress",
      thumbnail,
      heightShare: done < 100 && layer !== undefined && layers ? layer / layers : done / 100,
      timeShare: done / 100,
      label: event.kind === "finished" ? "finished" : percentText(done),
      ...(detail === undefined ? {} : { detail }),
    }, `${this.#fileName}, printed to ${percentText(done)}`);
  });

  readonly #both = once(async (): Promise<FoundPictures> => {
    const [seen, { thumbnail }] = await Promise.all([this.#look(), this.file()]);
    const [snapshot] = seen.pictures;
    if (!snapshot) return await orElse(seen, this.#thumbnail);
    if (!thumbnail) return seen;
    const alt = `${this.#fileName} as the slicer drew it, beside it: ${snapshot.alt}`;
    const drawn = await this.#draw({ kind: "sideBySide", thumbnail, snapshot: snapshot.bytes }, alt);
    return drawn.pictures.length > 0 ? { ...drawn, notes: seen.notes } : seen;
  });

  readonly #animation = once(async (): Promise<FoundPictures> => {
    const { printer, event } = this.#stored;
    const { store } = this.#options;
    if (!event.job || event.isTest || !isEnd(event)) return noPictures;
    const kept = store.frames.list({ printer, job: event.job.id });
    if (kept.length === 0) return noPictures;
    const [seen, ...bytes] = await Promise.all([this.#look(), ...kept.map((frame) => store.frames.read(frame))]);
    const frames = kept.flatMap(({ at, percent }, index) => {
      const picture = bytes[index];
      return picture ? [{ bytes: picture, caption: this.#caption(at, percentText(percent)) }] : [];
    });
    const [last] = seen.pictures;
    if (last) frames.push({ bytes: last.bytes, caption: this.#caption(event.at, event.kind) });
    const drawn = await this.#draw(
      { kind: "animation", frames, maxBytes: maxAnimationBytes },
      `${this.#fileName} growing, as the camera saw it`,
    );
    return drawn.pictures.length > 0 ? { ...drawn, notes: seen.notes } : noPictures;
  });

  /** `14:05 · 50 %`; without the time where nobody knew it. */
  #caption(at: Moment, words: string): string {
    const { clock, timezone } = this.#options;
    const right = corrected(at, clock.now());
    if (!hasBelievableTime(right)) return words;
    return `${right.wall.toZonedDateTimeISO(timezone).toPlainTime().toString({ smallestUnit: "minute" })} · ${words}`;
  }

  async #draw(work: Drawing, alt: string): Promise<FoundPictures> {
    const { clock, log, pixels, printer, signal } = this.#options;
    const passed = secondsBetween(this.#startedAt, clock.now()) ?? 0;
    const seconds = (printer?.camera?.deadlineSeconds ?? defaultDeadlineSeconds) - passed;
    using limit = deadline(clock, Math.max(leastDrawSeconds, seconds) * 1000, signal);
    const drawn = await pixels.draw(work, limit);
    if (drawn.kind === "failed") {
      log.warning(`No picture (${work.kind}): ${drawn.reason}`, { printer: this.#stored.printer });
      return noPictures;
    }
    const { bytes, mediaType } = drawn;
    return { pictures: [await hashPicture({ bytes, mediaType, alt })], notes: [] };
  }
}

const stateWords: Partial<Record<EventKind, string>> = {
  paused: "paused",
  needs_you: "waiting for you",
  cancelled: "cancelled",
  failed: "failed",
  offline: "out of sight",
};

/** What was found, else what is next, with the notes of both. */
async function orElse(found: FoundPictures, next: () => Promise<FoundPictures>): Promise<FoundPictures> {
  if (found.pictures.length > 0) return found;
  const other = await next();
  return { ...other, notes: [...new Set([...found.notes, ...other.notes])] };
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => made ??= make();
}
