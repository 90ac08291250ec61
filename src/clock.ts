/**
 * The only place that reads the time or waits. Everything else is handed a {@link Clock}, so that tests can move it.
 */
import { earliestBelievableTime, type Moment } from "./domain/moment.ts";

export interface Clock {
  /** The present, on the wall and since boot. */
  now(): Moment;
  /** Whether the wall clock can be believed. */
  isSet(): boolean;
  /** Waits; resolves early, without an error, when the signal aborts. */
  sleep(milliseconds: number, signal?: AbortSignal): Promise<void>;
}

/** The clock of this machine. `bootId` names the present boot, so that times since boot are never compared across two. */
export function systemClock({ bootId }: { bootId: string }): Clock {
  const origin = Deno.osUptime() * 1000 - performance.now();
  return {
    now: () => ({
      wall: Temporal.Now.instant().round("millisecond"),
      bootId,
      monotonicMilliseconds: Math.round(origin + performance.now()),
    }),
    isSet: () => Temporal.Instant.compare(Temporal.Now.instant(), earliestBelievableTime) >= 0,
    sleep: (milliseconds, signal) =>
      new Promise((resolve) => {
        if (signal?.aborted) return resolve();
        const done = () => {
          clearTimeout(timer);
          signal?.removeEventListener("abort", done);
          resolve();
        };
        const timer = setTimeout(done, Math.min(milliseconds, 2 ** 31 - 1));
        signal?.addEventListener("abort", done, { once: true });
      }),
  };
}

/** A signal of its own that aborts after `milliseconds` by the clock, or with `parent`. Dispose it when what it limits is over. */
export function deadline(clock: Clock, milliseconds: number, parent?: AbortSignal): AbortSignal & Disposable {
  const ended = new AbortController();
  const timeout = new AbortController();
  clock.sleep(milliseconds, ended.signal).then(() => {
    if (!ended.signal.aborted) {
      timeout.abort(new DOMException(`Nothing came within ${milliseconds} ms`, "TimeoutError"));
    }
  });
  const signal = parent ? AbortSignal.any([timeout.signal, parent]) : timeout.signal;
  return Object.assign(signal, {
    [Symbol.dispose]() {
      ended.abort();
      timeout.abort(); // or a long-lived parent would keep the listeners that others left on this signal
    },
  });
}

/** A one-slot signal without payload: a loop that has written wakes the next one. Several wakes before a wait are one. */
export class Wake {
  #isSet = false;
  #waiting: (() => void) | undefined;

  /** Ends the present wait, or lets the next one return at once. */
  wake(): void {
    this.#isSet = true;
    this.#waiting?.();
  }

  /** Waits for a wake, at most `milliseconds`. One waiter at a time. */
  async wait(clock: Clock, milliseconds: number, signal?: AbortSignal): Promise<void> {
    if (!this.#isSet) {
      const woken = new AbortController();
      this.#waiting = () => woken.abort();
      await clock.sleep(milliseconds, signal ? AbortSignal.any([signal, woken.signal]) : woken.signal);
      this.#waiting = undefined;
    }
    this.#isSet = false;
  }
}
