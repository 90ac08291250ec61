/**
 * Compressed data, piece by piece and never more than a bound: `node:zlib` streams, which (unlike `DecompressionStream`) read gzip
 * files of several members, forgive what follows the last one, and give no more than a piece at a time, however well it packs.
 */
import { pipeline, Readable } from "node:stream";
import { createGunzip, createInflateRaw, inflateRawSync, inflateSync } from "node:zlib";
import type { RangeReader } from "../../domain/print_file.ts";
import { limits } from "../limits.ts";
import { BrokenFileError } from "./reading.ts";

export type Compression = "gzip" | "deflate-raw";

const pieceBytes = 64 * 1024;

export interface InflateOptions {
  readonly compression: Compression;
  readonly signal: AbortSignal;
  /** Compressed bytes read so far. */
  readonly onRead?: (bytes: number) => void;
}

/** The content of compressed data. @throws BrokenFileError where they are broken, end early or grow too much */
export async function* inflated(source: RangeReader, options: InflateOptions): AsyncGenerator<Uint8Array> {
  let compressedBytes = 0;
  let contentBytes = 0;
  const onRead = (bytes: number) => {
    compressedBytes = bytes;
    options.onRead?.(bytes);
  };
  const packed = Readable.from(piecesOf(source, { ...options, onRead }), { highWaterMark: 1 });
  const create = options.compression === "gzip" ? createGunzip : createInflateRaw;
  const inflater = pipeline(packed, create({ chunkSize: pieceBytes }), () => {}); // it throws below
  try {
    for await (const piece of inflater as AsyncIterable<Uint8Array>) {
      contentBytes += piece.length;
      if (contentBytes > limits.freeExpansionBytes + compressedBytes * limits.maxExpansion) {
        throw new BrokenFileError(
          `What is compressed in it grows more than ${limits.maxExpansion} times: no G-code does`,
        );
      }
      yield plain(piece);
    }
  } catch (error) {
    throw isZlibError(error) ? brokenAt(contentBytes, error) : error;
  } finally {
    inflater.destroy();
  }
}

/** A whole text or picture of known size. @throws BrokenFileError */
export function inflateWhole(
  bytes: Uint8Array,
  { compression, maxBytes }: { compression: "zlib" | "deflate-raw"; maxBytes: number },
): Uint8Array {
  try {
    return plain((compression === "zlib" ? inflateSync : inflateRawSync)(bytes, { maxOutputLength: maxBytes }));
  } catch (error) {
    if (error instanceof RangeError) throw new BrokenFileError("What is compressed in it is longer than it says");
    throw isZlibError(error) ? brokenAt(0, error) : error;
  }
}

/** A Buffer is not what it seems: its `slice` shares the memory. */
function plain({ buffer, byteOffset, length }: Uint8Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, length);
}

async function* piecesOf(
  source: RangeReader,
  { signal, onRead }: { signal: AbortSignal; onRead(bytes: number): void },
): AsyncGenerator<Uint8Array> {
  for (let offset = 0; offset < source.sizeBytes;) {
    const piece = await source.read(offset, pieceBytes, signal);
    if (piece.length === 0) return; // it became shorter
    offset += piece.length;
    onRead(offset);
    yield piece;
  }
}

function isZlibError(error: unknown): boolean {
  return error instanceof Error && "code" in error && /^Z_/.test(String(error.code));
}

function brokenAt(contentBytes: number, cause: unknown): BrokenFileError {
  return new BrokenFileError(`What is compressed in it is broken or cut off after ${contentBytes} bytes`, { cause });
}

/** So much is kept of what was passed, for readers that look back a little from the end. */
const keptBytes = 1024 * 1024;
const maxRestarts = 4;

/**
 * Ranges of compressed data. It only runs forward: the end is reached through everything before it, which `maxBytes` bounds.
 * Where it cannot go on, the content ends, and `problem` says why.
 */
export class InflatedReader implements RangeReader {
  /** The compressed data. */
  readonly packed: RangeReader;
  readonly #compression: Compression;
  readonly #maxBytes: number;
  readonly #signal: AbortSignal;
  readonly sizeBytes: number;
  problem: string | undefined;
  #pieces: AsyncGenerator<Uint8Array> | undefined;
  #kept: Uint8Array[] = [];
  #keptStart = 0;
  #position = 0;
  #isAtEnd = false;
  #restarts = 0;

  constructor(
    packed: RangeReader,
    { compression, sizeBytes, signal, maxBytes = limits.maxInflatedForFactsBytes }: {
      compression: Compression;
      sizeBytes: number;
      /** Ends every read of it. */
      signal: AbortSignal;
      maxBytes?: number;
    },
  ) {
    this.packed = packed;
    this.#compression = compression;
    this.sizeBytes = sizeBytes;
    this.#maxBytes = maxBytes;
    this.#signal = signal;
  }

  async read(offsetBytes: number, lengthBytes: number, signal: AbortSignal): Promise<Uint8Array> {
    signal.throwIfAborted();
    if (offsetBytes < this.#keptStart) await this.#restart();
    const end = Math.min(offsetBytes + lengthBytes, this.sizeBytes);
    while (this.#position < end && !this.#isAtEnd) {
      signal.throwIfAborted();
      await this.#advance();
      this.#forget(Math.min(offsetBytes, this.#position - keptBytes));
    }
    return this.#copy(offsetBytes, Math.max(offsetBytes, Math.min(end, this.#position)));
  }

  /** Read to where it was said to end, it goes on. */
  get isLonger(): boolean {
    return this.#position > this.sizeBytes;
  }

  async #advance(): Promise<void> {
    this.#pieces ??= inflated(this.packed, { compression: this.#compression, signal: this.#signal });
    try {
      if (this.#position >= this.#maxBytes) {
        throw new BrokenFileError(`Only the first ${this.#maxBytes} bytes of what is compressed in it were looked at`);
      }
      const { value, done } = await this.#pieces.next();
      if (done) this.#isAtEnd = true;
      else {
        this.#kept.push(value);
        this.#position += value.length;
      }
    } catch (error) {
      if (!(error instanceof BrokenFileError)) throw error;
      this.problem = error.message;
      this.#isAtEnd = true;
    }
  }

  async #restart(): Promise<void> {
    if (++this.#restarts > maxRestarts) throw new BrokenFileError("What is compressed in it was read too often");
    await this.#pieces?.return(undefined);
    this.#pieces = undefined;
    this.#kept = [];
    this.#keptStart = this.#position = 0;
    this.#isAtEnd = false;
  }

  #forget(before: number): void {
    for (let first = this.#kept[0]; first && this.#keptStart + first.length <= before; first = this.#kept[0]) {
      this.#keptStart += first.length;
      this.#kept.shift();
    }
  }

  #copy(start: number, end: number): Uint8Array {
    const copy = new Uint8Array(end - start);
    let at = this.#keptStart;
    for (const piece of this.#kept) {
      const from = Math.max(start, at);
      const to = Math.min(end, at + piece.length);
      if (from < to) copy.set(piece.subarray(from - at, to - at), from - start);
      at += piece.length;
    }
    return copy;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#pieces?.return(undefined);
  }
}
