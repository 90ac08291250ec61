/**
 * A {@link ByteLink} on an open, non-blocking descriptor of a tty. A waiting read costs nothing: one thread sleeps in `poll` on the
 * descriptor and on an event descriptor that ends the wait at once when the link is closed.
 */
import { close, closeWaiting, errno, eventDescriptor, poll, pollEvents, read, signalEvent, write } from "./libc.ts";
import { type ByteLink, LinkLostError } from "./link.ts";

const maxChunkBytes = 4096;
/** How often is read in a row, without a wait, before other work gets its turn. */
const maxReadsInARow = 16;
/** How long one wait lasts; after it `stillThere` is asked. */
const usualWaitMilliseconds = 10_000;

/** An open descriptor that is closed after the last wait on it has returned, never under it. */
export class Descriptor implements AsyncDisposable {
  readonly fd: number;
  readonly #wakeFd: number;
  readonly #waits = new Set<Promise<unknown>>();
  readonly #buffer = new Uint8Array(maxChunkBytes);
  readonly #beforeClose: () => void;
  #closing: Promise<void> | undefined;
  #readsInARow = 0;

  /** Takes over `fd`. */
  constructor(fd: number, options: { beforeClose?: () => void } = {}) {
    this.fd = fd;
    this.#wakeFd = eventDescriptor();
    if (this.#wakeFd < 0) {
      close(fd);
      throw new LinkLostError("Cannot wait for a serial port: too many files are open", { problem: "other" });
    }
    this.#beforeClose = options.beforeClose ?? (() => {});
  }

  get isClosed(): boolean {
    return this.#closing !== undefined;
  }

  /** Reads since the last wait. */
  get readsInARow(): number {
    return this.#readsInARow;
  }

  /** What is there now: bytes of the caller's own, or minus errno (`-EAGAIN`: nothing yet), or 0 after a hangup. */
  read(): Uint8Array<ArrayBuffer> | number {
    if (this.isClosed) return 0;
    this.#readsInARow++;
    const length = read(this.fd, this.#buffer);
    return length > 0 ? this.#buffer.slice(0, length) : length;
  }

  /** @returns how many bytes the kernel took, or minus errno */
  write(bytes: Uint8Array<ArrayBuffer>): number {
    return this.isClosed ? -errno.EIO : write(this.fd, bytes);
  }

  /** Waits for `events`, for the close of this descriptor, or for `alsoFd`. @returns what `fd` is ready for, 0 for nothing */
  async wait(events: number, milliseconds: number, alsoFd?: number): Promise<number> {
    if (this.isClosed) return 0;
    this.#readsInARow = 0;
    const entries = [{ fd: this.#wakeFd, events: pollEvents.readable }];
    // Without events only the others are waited for: a hangup would end the wait at once.
    if (events !== 0) entries.push({ fd: this.fd, events });
    if (alsoFd !== undefined) entries.push({ fd: alsoFd, events: pollEvents.readable });
    const waiting = poll(entries, milliseconds);
    this.#waits.add(waiting);
    try {
      const ready = await waiting;
      return events === 0 ? 0 : ready[1] ?? 0;
    } finally {
      this.#waits.delete(waiting);
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#closing ??= this.#close();
  }

  async #close(): Promise<void> {
    signalEvent(this.#wakeFd);
    await Promise.allSettled(this.#waits);
    this.#beforeClose();
    await closeWaiting(this.fd);
    await closeWaiting(this.#wakeFd);
  }
}

export interface DescriptorLinkOptions {
  readonly label: string;
  /** Ends the link: pending reads and writes fail with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** Bytes that were read before the link was made. */
  readonly heard?: readonly Uint8Array<ArrayBuffer>[];
  /** What a lost link is told as. */
  readonly lost: () => LinkLostError;
  /** Asked when nothing came for a while: false ends the link as lost. */
  readonly stillThere?: () => boolean;
  readonly waitMilliseconds?: number;
  /** Who has the other side open, now and then; without this a hangup ends the link. */
  readonly peer?: {
    isThere(): boolean;
    /** Returns when somebody may have come. */
    wait(): Promise<void>;
  };
}

/** Makes the descriptor's two streams. Disposing the link closes the descriptor. */
export function descriptorLink(descriptor: Descriptor, options: DescriptorLinkOptions): ByteLink {
  const { label, signal } = options;
  const ended = new AbortController();
  const heard = [...options.heard ?? []];
  let reading: ReadableStreamDefaultController<Uint8Array> | undefined;
  let writing: WritableStreamDefaultController | undefined;

  /** Ends both streams, once; with a reason they fail with it. */
  function end(reason?: unknown): Promise<void> {
    if (!ended.signal.aborted) {
      ended.abort();
      signal?.removeEventListener("abort", onAbort);
      if (reason === undefined) reading?.close();
      else reading?.error(reason);
      writing?.error(reason ?? new LinkLostError(`${label} was closed`, { problem: "other" }));
    }
    return descriptor[Symbol.asyncDispose]();
  }
  const onAbort = () => void end(signal?.reason);

  const readable = new ReadableStream<Uint8Array>({
    start: (controller) => void (reading = controller),
    async pull(controller) {
      const chunk = heard.shift() ?? await nextChunk(descriptor, options);
      if (ended.signal.aborted) return;
      if (chunk instanceof Uint8Array) controller.enqueue(chunk);
      else end(chunk);
    },
    cancel() {
      reading = undefined;
      return end();
    },
  }, { highWaterMark: 0 });

  const writable = new WritableStream<Uint8Array>({
    start: (controller) => void (writing = controller),
    async write(chunk) {
      const problem = await writeAll(descriptor, chunk.slice(), options);
      if (problem && !ended.signal.aborted) throw problem;
    },
    abort: () => end(),
  });

  signal?.addEventListener("abort", onAbort, { once: true });
  if (signal?.aborted) onAbort();
  return { readable, writable, label, [Symbol.asyncDispose]: () => end() };
}

function isHungUp(ready: number): boolean {
  return (ready & (pollEvents.error | pollEvents.hangup | pollEvents.invalid)) !== 0;
}

/** The next bytes, or why there are no more. */
async function nextChunk(
  descriptor: Descriptor,
  { lost, stillThere, peer, waitMilliseconds = usualWaitMilliseconds }: DescriptorLinkOptions,
): Promise<Uint8Array | LinkLostError> {
  let ready = 0;
  while (!descriptor.isClosed) {
    const chunk = descriptor.read();
    if (chunk instanceof Uint8Array) {
      // A flood of bytes must not keep timers and other links from their turn: now and then the event loop goes round.
      if (descriptor.readsInARow >= maxReadsInARow) await descriptor.wait(pollEvents.readable, 0);
      return chunk;
    }
    if (chunk === -errno.EINTR) continue;
    if (chunk !== -errno.EAGAIN || isHungUp(ready)) {
      if (!peer) return lost();
      await peer.wait();
      ready = 0;
      continue;
    }
    ready = await descriptor.wait(pollEvents.readable, waitMilliseconds);
    if (ready === 0 && stillThere && !descriptor.isClosed && !stillThere()) return lost();
  }
  return lost();
}

/** @returns why not everything could be written, if so */
async function writeAll(
  descriptor: Descriptor,
  bytes: Uint8Array<ArrayBuffer>,
  { lost, peer }: DescriptorLinkOptions,
): Promise<LinkLostError | undefined> {
  let ready = 0;
  for (let at = 0; at < bytes.byteLength && !descriptor.isClosed;) {
    // A device talks whether or not somebody listens: without a peer the bytes are gone, as they would be on a cable.
    if (peer && !peer.isThere()) return undefined;
    const taken = descriptor.write(bytes.subarray(at));
    if (taken > 0) {
      at += taken;
      continue;
    }
    if (taken === -errno.EINTR) continue;
    if ((taken !== -errno.EAGAIN && taken !== 0) || isHungUp(ready)) return lost();
    ready = await descriptor.wait(pollEvents.writable, usualWaitMilliseconds);
  }
  return undefined;
}
