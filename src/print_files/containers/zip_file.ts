/**
 * What the readers of zipped print files share: texts, pictures and G-code of entries by name.
 */
import type { RangeReader } from "../../domain/print_file.ts";
import { type EmbeddedImage, UnreadableImageError } from "../embedded_image.ts";
import { readGcodeText } from "../gcode/read_gcode_text.ts";
import { imageHeaderBytes, readImageHeader } from "../image_header.ts";
import type { MarkScan } from "../layer_marks.ts";
import { limits } from "../limits.ts";
import { feedInflated, feedPlain } from "./feed.ts";
import { InflatedReader } from "./inflate.ts";
import { PartReader } from "./readers.ts";
import { BrokenFileError, type Container, type FeedOptions, type Reading } from "./reading.ts";
import { openZipEntry, readZipEntry, shownName, type ZipEntry } from "./zip_directory.ts";

interface TextOptions {
  readonly container: Container;
  /** Only its first bytes, as if there were no more. */
  readonly headBytes?: number;
  readonly signal: AbortSignal;
}

export class ZipFile {
  readonly #source: RangeReader;
  readonly #entries: ReadonlyMap<string, ZipEntry>;
  /** What could not be read on the way. */
  readonly problems: string[] = [];

  constructor(source: RangeReader, entries: ReadonlyMap<string, ZipEntry>) {
    this.#source = source;
    this.#entries = entries;
  }

  has(name: string): boolean {
    return this.#entries.has(name);
  }

  names(pattern: RegExp): string[] {
    return [...this.#entries.keys()].filter((name) => pattern.test(name));
  }

  /** Undefined: not there, or not readable, which is a problem. */
  async text(name: string, signal: AbortSignal): Promise<string | undefined> {
    const entry = this.#entries.get(name);
    if (!entry) return undefined;
    const { maxMetadataBytes: maxBytes } = limits;
    const bytes = await this.#unlessBroken(() => readZipEntry(this.#source, entry, { signal, maxBytes }));
    return bytes && new TextDecoder().decode(bytes);
  }

  /** Undefined: not there, or not readable, or no JSON, which are problems. */
  async json(name: string, signal: AbortSignal): Promise<unknown> {
    const text = await this.text(name, signal);
    if (text === undefined) return undefined;
    try {
      return JSON.parse(text);
    } catch {
      this.problems.push(`"${name}" in it is no JSON`);
      return undefined;
    }
  }

  /** The pictures with these names, in this order, as many as are listed at all. */
  async images(names: readonly string[], signal: AbortSignal): Promise<EmbeddedImage[]> {
    const images: EmbeddedImage[] = [];
    for (const name of names.slice(0, limits.maxThumbnails)) {
      const image = await this.#unlessBroken(() => this.#image(name, signal));
      if (image) images.push(image);
    }
    if (names.length > limits.maxThumbnails) this.problems.push(`It has ${names.length} pictures; not all are listed`);
    return images;
  }

  async #image(name: string, signal: AbortSignal): Promise<EmbeddedImage> {
    const entry = this.#entry(name);
    await using content = await openZipEntry(this.#source, entry, signal);
    const header = readImageHeader(await content.read(0, imageHeaderBytes, signal));
    if (!header) throw new BrokenFileError(`${shownName(name)} in it is no picture that is known`);
    return {
      ...header,
      label: name.slice(0, limits.maxTextLength),
      sizeBytes: entry.sizeBytes,
      read: async (signal) => {
        try {
          const bytes = await readZipEntry(this.#source, entry, { signal, maxBytes: limits.maxThumbnailBytes });
          return { kind: "encoded", bytes };
        } catch (error) {
          if (error instanceof BrokenFileError) throw new UnreadableImageError(error.message, { cause: error });
          throw error;
        }
      },
    };
  }

  /** What an entry with G-code says; nothing, if it cannot be read, which is a problem. */
  async readText(name: string, options: TextOptions): Promise<Reading> {
    const { container } = options;
    return await this.#unlessBroken(() => this.#readText(name, options)) ??
      { container, facts: {}, thumbnails: [], problems: [] };
  }

  async #readText(name: string, { container, headBytes, signal }: TextOptions): Promise<Reading> {
    await using content = await openZipEntry(this.#source, this.#entry(name), signal);
    const shown = headBytes === undefined ? content : new PartReader(content, { start: 0, sizeBytes: headBytes });
    const found = await readGcodeText(shown, signal);
    const problem = content instanceof InflatedReader ? content.problem : undefined;
    return {
      container,
      ...found,
      problems: [...found.problems, ...problem === undefined ? [] : [problem]],
      feed: (scan, options) => this.#feed(name, scan, options),
    };
  }

  sizeOf(name: string): number {
    return this.#entries.get(name)?.sizeBytes ?? 0;
  }

  async #feed(name: string, scan: MarkScan, options: FeedOptions): Promise<readonly string[]> {
    await using content = await openZipEntry(this.#source, this.#entry(name), options.signal);
    return content instanceof InflatedReader
      ? await feedInflated(content.packed, { ...options, scan, compression: "deflate-raw" })
      : await feedPlain(content, { ...options, scan, startOffset: 0 });
  }

  #entry(name: string): ZipEntry {
    const entry = this.#entries.get(name);
    if (!entry) throw new BrokenFileError(`${shownName(name)} is not in it`);
    return entry;
  }

  async #unlessBroken<T>(work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof BrokenFileError)) throw error;
      this.problems.push(error.message);
      return undefined;
    }
  }
}
