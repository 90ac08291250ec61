/**
 * One picture out of a stream that never ends: `multipart/x-mixed-replace`, as webcams send MJPEG. The parts are told apart by the line
 * that really stands between them; what the header announces has been seen to differ.
 */
import { isComplete, readPictureHeader } from "./picture_header.ts";

export function isStream(contentType: string | null): boolean {
  return /^\s*multipart\//i.test(contentType ?? "");
}

/** A camera that wakes up may send an empty or broken part first. */
const maxParts = 5;
const maxPartHeadBytes = 8 * 1024;

/**
 * The first part that is a whole picture; where there is none among the first few, the last of them, for whoever says what is wrong
 * with it. Ends the stream.
 */
export async function readFirstPicture(stream: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  let part: Uint8Array = new Uint8Array();
  let parts = 0;
  for await (part of readParts(stream)) {
    if (readPictureHeader(part) && isComplete(part) || ++parts === maxParts) break;
  }
  return part;
}

async function* readParts(stream: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  await using input = new Input(stream);
  const delimiter = await input.delimiter();
  while (delimiter && !input.hasEnded) {
    const head = await input.partHead();
    if (head === undefined) return;
    const length = /^content-length:\s*(\d+)\s*$/im.exec(head)?.[1];
    const part = length === undefined ? await input.until(delimiter) : await input.take(Number(length));
    yield part;
    if (length !== undefined) await input.until(delimiter);
    input.skip(delimiter.length);
  }
}

/** What has come of the stream and was not used yet. */
class Input implements AsyncDisposable {
  readonly #chunks: AsyncIterator<Uint8Array>;
  #bytes: Uint8Array<ArrayBuffer> = new Uint8Array();
  hasEnded = false;

  constructor(stream: AsyncIterable<Uint8Array>) {
    this.#chunks = stream[Symbol.asyncIterator]();
  }

  /** The first line that starts with two hyphens, without its end; undefined: there is none near the start. */
  async delimiter(): Promise<Uint8Array | undefined> {
    const start = await this.#find(encode("--"), maxPartHeadBytes);
    if (start === undefined) return undefined;
    this.skip(start);
    const end = await this.#find(encode("\n"), maxPartHeadBytes);
    if (end === undefined) return undefined;
    const line = this.#bytes.slice(0, end);
    this.skip(end);
    return line.at(-1) === 0x0d ? line.subarray(0, -1) : line;
  }

  /** The header lines of a part; the input is then at its first byte. */
  async partHead(): Promise<string | undefined> {
    for (const [end, length] of [[encode("\r\n\r\n"), 4], [encode("\n\n"), 2]] as const) {
      const at = await this.#find(end, maxPartHeadBytes);
      if (at === undefined) continue;
      const head = new TextDecoder("latin1").decode(this.#bytes.subarray(0, at));
      this.skip(at + length);
      return head;
    }
    return undefined;
  }

  /** The bytes before the delimiter or the end, without the line end that belongs to the delimiter. */
  async until(delimiter: Uint8Array): Promise<Uint8Array> {
    const at = await this.#find(delimiter, Infinity) ?? this.#bytes.length;
    const taken = this.#bytes.slice(0, at);
    this.skip(at);
    if (taken.at(-1) !== 0x0a) return taken;
    return taken.subarray(0, taken.at(-2) === 0x0d ? -2 : -1);
  }

  async take(length: number): Promise<Uint8Array> {
    while (this.#bytes.length < length && await this.#more());
    const taken = this.#bytes.slice(0, length);
    this.skip(taken.length);
    return taken;
  }

  skip(length: number): void {
    this.#bytes = this.#bytes.subarray(length);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#chunks.return?.();
  }

  /** Where these bytes stand, reading on as far as needed; undefined: not before `maxBytes` or the end. */
  async #find(wanted: Uint8Array, maxBytes: number): Promise<number | undefined> {
    for (let from = 0;;) {
      const at = indexOf(this.#bytes, wanted, from);
      if (at >= 0) return at <= maxBytes ? at : undefined;
      from = Math.max(0, this.#bytes.length - wanted.length + 1);
      if (this.#bytes.length > maxBytes || !await this.#more()) return undefined;
    }
  }

  async #more(): Promise<boolean> {
    if (this.hasEnded) return false;
    const { done, value } = await this.#chunks.next();
    if (done) {
      this.hasEnded = true;
      return false;
    }
    const longer = new Uint8Array(this.#bytes.length + value.length);
    longer.set(this.#bytes);
    longer.set(value, this.#bytes.length);
    this.#bytes = longer;
    return true;
  }
}

function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function indexOf(bytes: Uint8Array, wanted: Uint8Array, from: number): number {
  const [first = 0] = wanted;
  for (let at = bytes.indexOf(first, from); at >= 0; at = bytes.indexOf(first, at + 1)) {
    if (wanted.every((byte, index) => bytes[at + index] === byte)) return at;
  }
  return -1;
}
