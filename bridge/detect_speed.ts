/**
 * Finds the speed of a serial device by listening at one after the other. The port stays open all the while: each new opening could
 * reset the board.
 */
import { errno, pollClockMilliseconds, pollEvents } from "./libc.ts";
import { LinkLostError } from "./link.ts";
import type { OpenTty } from "./serial_port.ts";

/** Most common first (protocols.md 1.2). */
export const usualSpeeds: readonly number[] = [115200, 250000, 230400, 500000, 1000000, 57600, 38400, 19200, 9600];

/** At each speed: long enough for a board that the opening has reset to say its first line. */
const listenMilliseconds = 3000;
/** A device at another speed has taken the first wake-up for the rest of a garbled line; so it is sent again, after this. */
const wakeAgainMilliseconds = 1000;
/** A longer line is noise. */
const maxLineBytes = 4096;
/** What is kept of the bytes heard at one speed; beyond this the oldest go. */
const maxHeardBytes = 64 * 1024;

export interface SpeedSearch {
  /** Whether a line could be what is expected to be heard. */
  readonly looksRight: (line: string) => boolean;
  /** Sent at each speed so that a silent device answers; nothing is sent without it. */
  readonly wakeUp?: string;
  readonly signal: AbortSignal;
  /** The port as the owner wrote it, for the error. */
  readonly path: string;
  readonly speeds?: readonly number[];
  readonly listenMilliseconds?: number;
}

export interface FoundSpeed {
  readonly baud: number;
  /** All bytes since the port was set to this speed. */
  readonly heard: readonly Uint8Array<ArrayBuffer>[];
}

/**
 * The first speed at which a right line is heard; the port is left at it.
 * @throws LinkLostError with problem "no answer", or "unplugged"; the signal's reason when it aborts
 */
export async function detectSpeed(tty: OpenTty, search: SpeedSearch): Promise<FoundSpeed> {
  const speeds = search.speeds ?? usualSpeeds;
  for (const baud of speeds) {
    if (!canSet(tty, baud)) continue;
    // What was heard at the speed before is garbage.
    tty.flushInput();
    const heard = await listen(tty, search);
    if (heard) return { baud, heard };
  }
  const fact = `nothing it understands was heard at ${speeds.join(", ")} baud`;
  throw new LinkLostError(
    `No answer on serial port "${search.path}": ${fact}. Is the printer switched on? Otherwise write its speed: ?baud=115200`,
    { problem: "no answer" },
  );
}

/** An adapter that does not do one of the speeds may still do the right one. */
function canSet(tty: OpenTty, baud: number): boolean {
  try {
    tty.setSpeed(baud);
    return true;
  } catch (error) {
    if (error instanceof LinkLostError && error.problem === "other") return false;
    throw error;
  }
}

/** @returns the bytes heard if there was a right line among them */
async function listen(tty: OpenTty, search: SpeedSearch): Promise<Uint8Array<ArrayBuffer>[] | undefined> {
  const { descriptor } = tty;
  const heard = new HeardBytes();
  const end = pollClockMilliseconds() + (search.listenMilliseconds ?? listenMilliseconds);
  let nextWake = search.wakeUp === undefined ? Infinity : 0;
  using _closing = closeOnAbort(tty, search.signal);
  for (let now = pollClockMilliseconds(); now < end; now = pollClockMilliseconds()) {
    if (now >= nextWake) {
      // A full buffer takes nothing: the device is not reading anyway.
      descriptor.write(new TextEncoder().encode(search.wakeUp));
      nextWake = now + wakeAgainMilliseconds;
    }
    await descriptor.wait(pollEvents.readable, Math.max(1, Math.ceil(Math.min(end, nextWake) - now)));
    search.signal.throwIfAborted();
    const chunk = descriptor.read();
    if (chunk instanceof Uint8Array) {
      if (heard.add(chunk).some((line) => search.looksRight(line))) return heard.chunks;
    } else if (chunk !== -errno.EAGAIN && chunk !== -errno.EINTR) {
      throw tty.lost();
    }
  }
  return undefined;
}

/** Ends a wait at once; the caller still disposes the port. */
function closeOnAbort(tty: OpenTty, signal: AbortSignal): Disposable {
  signal.throwIfAborted();
  const onAbort = () => void tty[Symbol.asyncDispose]();
  signal.addEventListener("abort", onAbort, { once: true });
  return { [Symbol.dispose]: () => signal.removeEventListener("abort", onAbort) };
}

/** Keeps what was heard, and cuts it into lines. */
class HeardBytes {
  readonly chunks: Uint8Array<ArrayBuffer>[] = [];
  #bytes = 0;
  #rest = "";
  // Every byte is a character, so that noise is no error.
  readonly #decoder = new TextDecoder("latin1");

  /** @returns the lines that `chunk` completes, without empty ones */
  add(chunk: Uint8Array<ArrayBuffer>): string[] {
    this.chunks.push(chunk);
    this.#bytes += chunk.byteLength;
    while (this.#bytes > maxHeardBytes) this.#bytes -= this.chunks.shift()?.byteLength ?? 0;
    const lines = (this.#rest + this.#decoder.decode(chunk)).split("\n");
    this.#rest = (lines.pop() ?? "").slice(-maxLineBytes);
    return lines.map((line) => line.replace(/\r$/, "")).filter((line) => line !== "");
  }
}
