/**
 * What print files say and show, from wherever they can be had: the owner's folder, the printer's host in parts, or what
 * the host itself knows of them. Asked once per print.
 */
import { type Clock, deadline } from "../clock.ts";
import type { PrinterSettings } from "../config/settings.ts";
import type { FileRef, PrintFileFacts, RangeReader } from "../domain/print_file.ts";
import type { BoundDriver, DriverIo } from "../drivers/driver.ts";
import { errorText, type Log } from "../log.ts";
import { type ThumbnailCaps, thumbnailsByWorth } from "../print_files/best_thumbnail.ts";
import type { EmbeddedImage, ImageContent } from "../print_files/embedded_image.ts";
import { findLocalFile, openLocalFile } from "../print_files/local_file.ts";
import { readPrintFile } from "../print_files/print_file.ts";

export interface KnownPrintFile {
  readonly facts: PrintFileFacts;
  readonly thumbnail?: ImageContent;
}

export interface PrintFilesDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly fetch: typeof fetch;
  readonly links: Pick<DriverIo, "openLink" | "openMessages">;
}

export interface PrintFileQuestion {
  readonly printer: PrinterSettings;
  readonly file: FileRef;
  /** Its answer is remembered: a job prints one file. */
  readonly job?: string;
  readonly signal: AbortSignal;
}

/** Network folders and printers hang; nobody waits longer for a file. */
const maxSeconds = 10;
/** Large enough for every screen; more only costs time. */
const caps: ThumbnailCaps = { maxWidthPixels: 800, maxHeightPixels: 800 };
/** Of the longer side; nobody recognises anything on a smaller one. */
const leastSidePixels = 32;
/** Broken ones are passed over. */
const maxThumbnailsTried = 3;
/** Prints whose files are remembered; thumbnails have up to some hundred KB. */
const maxRemembered = 8;
const nothing: KnownPrintFile = { facts: {} };

export class PrintFiles {
  readonly #deps: PrintFilesDeps;
  readonly #known = new Map<string, Promise<KnownPrintFile>>();

  constructor(deps: PrintFilesDeps) {
    this.#deps = deps;
  }

  /** Never fails: what cannot be had in time is not known. */
  async of(question: PrintFileQuestion): Promise<KnownPrintFile> {
    const { printer, job } = question;
    if (job === undefined) return await this.#ask(question);
    const key = JSON.stringify([printer.name, job]);
    const known = this.#known.get(key);
    if (known) return await known;
    const asked = this.#ask(question);
    this.#known.set(key, asked);
    for (const oldest of [...this.#known.keys()].slice(0, -maxRemembered)) this.#known.delete(oldest);
    const found = await asked;
    if (!found.thumbnail && Object.keys(found.facts).length === 0) this.#known.delete(key); // it may be there the next time
    return found;
  }

  async #ask(question: PrintFileQuestion): Promise<KnownPrintFile> {
    using limit = deadline(this.#deps.clock, maxSeconds * 1000, question.signal);
    const late = Promise.withResolvers<KnownPrintFile>();
    const listening = new AbortController();
    limit.addEventListener("abort", () => late.resolve(nothing), { signal: listening.signal });
    try { // a hanging network folder does not listen to any signal
      return await Promise.race([this.#find({ ...question, signal: limit }), late.promise]);
    } finally {
      listening.abort();
    }
  }

  async #find(question: PrintFileQuestion): Promise<KnownPrintFile> {
    const { printer, file } = question;
    const io = { ...this.#deps, ...this.#deps.links, signal: question.signal };
    const { driver } = printer;
    const read = await this.#try(question, "its folder", () => openOwn(printer, file, question.signal)) ??
      await this.#try(question, "the printer", () => driver.openPrintFile?.(file, io));
    if (read?.thumbnail) return read;
    const described = await this.#describe(question, driver, io);
    return { ...described, facts: { ...described.facts, ...read?.facts } };
  }

  async #try(
    { printer, signal }: PrintFileQuestion,
    where: string,
    open: () => Promise<RangeReader | undefined> | undefined,
  ): Promise<KnownPrintFile | undefined> {
    try {
      await using reader = await open();
      return reader && await readKnown(reader, signal);
    } catch (error) {
      this.#deps.log.debug(`No print file from ${where}`, { printer: printer.name, error: errorText(error) });
      return undefined;
    }
  }

  async #describe({ printer, file }: PrintFileQuestion, driver: BoundDriver, io: DriverIo): Promise<KnownPrintFile> {
    try {
      const { facts = {}, thumbnail } = await driver.describePrintFile?.(file, io) ?? {};
      return { facts, ...(thumbnail ? { thumbnail: { kind: "encoded", bytes: thumbnail } } : {}) };
    } catch (error) {
      this.#deps.log.debug("No description of the print file", { printer: printer.name, error: errorText(error) });
      return nothing;
    }
  }
}

async function openOwn(
  { filesFolder }: PrinterSettings,
  file: FileRef,
  signal: AbortSignal,
): Promise<RangeReader | undefined> {
  const path = filesFolder === undefined ? undefined : await findLocalFile(filesFolder, file, signal);
  return path === undefined ? undefined : await openLocalFile(path);
}

/** Undefined: it says nothing and shows nothing. */
async function readKnown(reader: RangeReader, signal: AbortSignal): Promise<KnownPrintFile | undefined> {
  const { facts, thumbnails } = await readPrintFile(reader, { signal });
  const large = thumbnails.filter(({ widthPixels, heightPixels }) =>
    Math.max(widthPixels, heightPixels) >= leastSidePixels
  );
  const thumbnail = await firstReadable(thumbnailsByWorth(large, caps), signal);
  if (!thumbnail && Object.keys(facts).length === 0) return undefined;
  return { facts, ...(thumbnail ? { thumbnail } : {}) };
}

async function firstReadable(images: readonly EmbeddedImage[], signal: AbortSignal): Promise<ImageContent | undefined> {
  for (const image of images.slice(0, maxThumbnailsTried)) {
    try {
      return await image.read(signal);
    } catch {
      signal.throwIfAborted();
    }
  }
  return undefined;
}
