/**
 * Reads parts of a file over HTTP (RFC 9110, 14: range requests). A server that ignores ranges is read from the
 * beginning only as far as is needed, and never beyond {@link maxWholeBytes}: a printer's host has a print to mind.
 */
import { fetchWithLogin, type HttpLogin, type LoginMemory } from "./http_login.ts";

/** Asked for on opening, because it tells the size and is what readers want first. */
const firstBytes = 64 * 1024;
/** From a server that sends whole files only: so much is read and kept, what lies behind it cannot be read. */
const maxWholeBytes = 8 * 1024 * 1024;

export interface HttpRangesOptions {
  readonly fetch: typeof globalThis.fetch;
  /** Ends the opening; each read has its own. */
  readonly signal: AbortSignal;
  /** API keys and the like. They go to this address only: a redirect is refused. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly login?: HttpLogin;
  readonly memory?: LoginMemory;
  /** For a server that does not say how long the file is. */
  readonly sizeBytes?: number;
}

/** A file on an HTTP server; the shape of the domain's RangeReader. One read at a time. */
export interface HttpFile extends AsyncDisposable {
  readonly sizeBytes: number;
  /** The bytes from `offsetBytes`; fewer than asked only at the end of the file. @throws Error when they cannot be had */
  read(offsetBytes: number, lengthBytes: number, signal: AbortSignal): Promise<Uint8Array>;
}

/** Opens `url` for reading in parts. @throws Error when there is no such file, or no word about its size */
export async function openHttpFile(url: string, options: HttpRangesOptions): Promise<HttpFile> {
  const closed = new AbortController();
  const abort = () => closed.abort(options.signal.reason);
  options.signal.addEventListener("abort", abort, { once: true });
  try {
    options.signal.throwIfAborted();
    const response = await ask(url, { offset: 0, length: firstBytes, signal: closed.signal }, options);
    const name = shownName(url);
    if (response.status === 200) {
      const sizeBytes = sizeOfWhole(response) ?? options.sizeBytes;
      if (sizeBytes === undefined) throw await refused(response, name, "the server does not say how long it is");
      return new WholeFile(response, { name, sizeBytes, closed });
    }
    const range = rangeOf(response);
    if (range?.offset !== 0) throw await refused(response, name, `the server answered ${response.status}`);
    const first = await readAtMost(response, firstBytes);
    const version = versionOf(response, range);
    const next = (offset: number, length: number, signal: AbortSignal) => ask(url, { offset, length, signal }, options);
    return new RangedFile({ name, sizeBytes: range.sizeBytes, first, version, next });
  } catch (error) {
    closed.abort();
    throw error;
  } finally {
    options.signal.removeEventListener("abort", abort);
  }
}

interface Part {
  readonly offset: number;
  readonly length: number;
  readonly signal: AbortSignal;
}

function ask(url: string, { offset, length, signal }: Part, options: HttpRangesOptions): Promise<Response> {
  const { fetch, headers, login, memory } = options;
  return fetchWithLogin(fetch, url, {
    signal,
    redirect: "manual",
    headers: { ...headers, range: `bytes=${offset}-${offset + length - 1}`, "accept-encoding": "identity" },
    ...(login ? { login } : {}),
    ...(memory ? { memory } : {}),
  });
}

interface Ranged {
  readonly name: string;
  readonly sizeBytes: number;
  readonly first: Uint8Array;
  readonly version: string;
  next(offset: number, length: number, signal: AbortSignal): Promise<Response>;
}

/** A server that knows ranges. */
class RangedFile implements HttpFile {
  readonly sizeBytes: number;
  readonly #file: Ranged;

  constructor(file: Ranged) {
    this.sizeBytes = file.sizeBytes;
    this.#file = file;
  }

  async read(offsetBytes: number, lengthBytes: number, signal: AbortSignal): Promise<Uint8Array> {
    signal.throwIfAborted();
    const length = Math.max(0, Math.min(lengthBytes, this.sizeBytes - offsetBytes));
    const { first } = this.#file;
    if (offsetBytes + length <= first.length) return first.slice(offsetBytes, offsetBytes + length);
    const bytes = new Uint8Array(length);
    for (let filled = 0; filled < length;) { // a server may send less than asked
      const part = await this.#part(offsetBytes + filled, length - filled, signal);
      bytes.set(part, filled);
      filled += part.length;
    }
    return bytes;
  }

  async #part(offset: number, length: number, signal: AbortSignal): Promise<Uint8Array> {
    const { name, version, next } = this.#file;
    const response = await next(offset, length, signal);
    const range = rangeOf(response);
    if (range && versionOf(response, range) !== version) {
      throw await refused(response, name, "it has changed meanwhile");
    }
    if (range?.offset !== offset) throw await refused(response, name, `the server answered ${response.status}`);
    const part = await readAtMost(response, length);
    if (part.length === 0) throw new Error(`Cannot read "${name}": nothing came from byte ${offset}`);
    return part;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }
}

/** A server that sends whole files only: its one answer is read on as far as somebody wants to look. */
class WholeFile implements HttpFile {
  readonly sizeBytes: number;
  readonly #name: string;
  readonly #closed: AbortController;
  readonly #body: ReadableStreamDefaultReader<Uint8Array> | undefined;
  #bytes = new Uint8Array(0);
  #filled = 0;

  constructor(
    response: Response,
    { name, sizeBytes, closed }: { name: string; sizeBytes: number; closed: AbortController },
  ) {
    this.sizeBytes = sizeBytes;
    this.#name = name;
    this.#closed = closed;
    this.#body = response.body?.getReader();
  }

  async read(offsetBytes: number, lengthBytes: number, signal: AbortSignal): Promise<Uint8Array> {
    signal.throwIfAborted();
    const end = Math.min(offsetBytes + lengthBytes, this.sizeBytes);
    if (end > maxWholeBytes) {
      throw new Error(`Cannot read "${this.#name}" at byte ${offsetBytes}: its server sends whole files only`);
    }
    const abort = () => this.#closed.abort(signal.reason);
    signal.addEventListener("abort", abort, { once: true });
    try {
      while (this.#filled < end) {
        const { value, done } = await this.#body?.read() ?? { value: undefined, done: true };
        if (done) throw new Error(`Cannot read "${this.#name}": it ended after ${this.#filled} bytes`);
        this.#keep(value);
      }
    } finally {
      signal.removeEventListener("abort", abort);
    }
    return this.#bytes.slice(offsetBytes, Math.max(offsetBytes, end));
  }

  #keep(part: Uint8Array): void {
    const filled = this.#filled + part.length;
    if (filled > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(filled, 2 * this.#bytes.length));
      larger.set(this.#bytes.subarray(0, this.#filled));
      this.#bytes = larger;
    }
    this.#bytes.set(part, this.#filled);
    this.#filled = filled;
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#closed.abort();
    return Promise.resolve();
  }
}

interface Range {
  readonly offset: number;
  readonly sizeBytes: number;
}

/** What part of what this is; of an empty file there is no part, and its server says so with 416. */
function rangeOf({ status, headers }: Response): Range | undefined {
  const said = headers.get("content-range") ?? "";
  if (status === 416) return /^bytes \*\/0$/.test(said) ? { offset: 0, sizeBytes: 0 } : undefined;
  const [, offset, size] = (status === 206 ? /^bytes (\d+)-\d+\/(\d+)$/.exec(said) : undefined) ?? [];
  return offset === undefined ? undefined : { offset: Number(offset), sizeBytes: Number(size) };
}

/** Different for a file that was replaced between two reads. */
function versionOf({ headers }: Response, { sizeBytes }: Range): string {
  return [sizeBytes, headers.get("etag"), headers.get("last-modified")].join(" ");
}

function sizeOfWhole({ headers }: Response): number | undefined {
  const length = headers.get("content-length");
  return length !== null && /^\d+$/.test(length) && !headers.has("content-encoding") ? Number(length) : undefined;
}

async function readAtMost(response: Response, maxBytes: number): Promise<Uint8Array> {
  if (response.status === 416) {
    await response.body?.cancel();
    return new Uint8Array(0);
  }
  const bytes = new Uint8Array(maxBytes);
  let filled = 0;
  for await (const part of response.body ?? []) {
    const wanted = part.subarray(0, maxBytes - filled);
    bytes.set(wanted, filled);
    filled += wanted.length;
    if (filled === maxBytes) break; // which also lets go of what comes after it
  }
  return bytes.slice(0, filled);
}

async function refused(response: Response, name: string, fact: string): Promise<Error> {
  await response.body?.cancel();
  return new Error(`Cannot read "${name}": ${fact}`);
}

/** Without what a query may hold. */
function shownName(url: string): string {
  const { origin, pathname } = new URL(url);
  return origin + pathname;
}
