/**
 * Readers over readers: one that counts, one that reads ahead, one that shows a part.
 */
import type { RangeReader } from "../../domain/print_file.ts";

/** Counts what is read of a source. Does not close it. */
export class CountedReader implements RangeReader {
  readonly #source: RangeReader;
  bytesRead = 0;
  reads = 0;

  constructor(source: RangeReader) {
    this.#source = source;
  }

  get sizeBytes(): number {
    return this.#source.sizeBytes;
  }

  async read(offsetBytes: number, lengthBytes: number, signal: AbortSignal): Promise<Uint8Array> {
    signal.throwIfAborted();
    this.reads++;
    const bytes = await this.#source.read(offsetBytes, lengthBytes, signal);
    this.bytesRead += bytes.length;
    return bytes;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }
}

/** Reads at least `windowBytes` at once: many small reads in order cost few of the source. */
export class ReadAhead implements RangeReader {
  readonly #source: RangeReader;
  readonly #windowBytes: number;
  #start = 0;
  #window: Uint8Array = new Uint8Array();

  constructor(source: RangeReader, windowBytes: number) {
    this.#source = source;
    this.#windowBytes = windowBytes;
  }

  get sizeBytes(): number {
    return this.#source.sizeBytes;
  }

  async read(offsetBytes: number, lengthBytes: number, signal: AbortSignal): Promise<Uint8Array> {
    const wanted = Math.max(0, Math.min(lengthBytes, this.sizeBytes - offsetBytes));
    const within = offsetBytes - this.#start;
    if (within < 0 || within + wanted > this.#window.length) {
      const known = within < 0 ? new Uint8Array() : this.#window.subarray(within);
      const missing = Math.max(wanted - known.length, this.#windowBytes);
      const rest = await this.#source.read(offsetBytes + known.length, missing, signal);
      this.#window = known.length === 0 ? rest : joined(known, rest);
      this.#start = offsetBytes;
      return this.#window.subarray(0, wanted);
    }
    return this.#window.subarray(within, within + wanted);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  const whole = new Uint8Array(first.length + second.length);
  whole.set(first);
  whole.set(second, first.length);
  return whole;
}

/** A part of a source as if it were all of it. Does not close the source. */
export class PartReader implements RangeReader {
  readonly #source: RangeReader;
  readonly #start: number;
  readonly sizeBytes: number;

  constructor(source: RangeReader, { start, sizeBytes }: { start: number; sizeBytes: number }) {
    this.#source = source;
    this.#start = start;
    this.sizeBytes = Math.max(0, Math.min(sizeBytes, source.sizeBytes - start));
  }

  read(offsetBytes: number, lengthBytes: number, signal: AbortSignal): Promise<Uint8Array> {
    const wanted = Math.max(0, Math.min(lengthBytes, this.sizeBytes - offsetBytes));
    return wanted === 0
      ? Promise.resolve(new Uint8Array())
      : this.#source.read(this.#start + offsetBytes, wanted, signal);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }
}
