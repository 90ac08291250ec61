/**
 * A clock that stands still until the test moves it. Time passes step by step: every sleeper that is due wakes at its
 * own moment, and whatever it does next has happened before the next one wakes.
 */
import { setImmediate } from "node:timers";
import type { Clock } from "../../src/clock.ts";
import type { Moment } from "../../src/domain/moment.ts";

interface Sleeper {
  readonly dueMilliseconds: number;
  readonly wake: () => void;
}

export interface FakeClockOptions {
  /** Wall time at the start, as RFC 3339. */
  wall?: string;
  bootId?: string;
  /** Milliseconds since boot at the start. */
  monotonicMilliseconds?: number;
  /** Whether the wall clock can be believed. */
  isSet?: boolean;
}

export class FakeClock implements Clock {
  #wallMilliseconds: number;
  #monotonicMilliseconds: number;
  #isSet: boolean;
  #bootId: string;
  readonly #sleepers = new Set<Sleeper>();

  constructor(options: FakeClockOptions = {}) {
    this.#wallMilliseconds = Temporal.Instant.from(options.wall ?? "2026-11-23T12:00:00Z").epochMilliseconds;
    this.#monotonicMilliseconds = options.monotonicMilliseconds ?? 1_000_000;
    this.#isSet = options.isSet ?? true;
    this.#bootId = options.bootId ?? "boot-1";
  }

  now(): Moment {
    return {
      wall: Temporal.Instant.fromEpochMilliseconds(this.#wallMilliseconds),
      bootId: this.#bootId,
      monotonicMilliseconds: this.#monotonicMilliseconds,
    };
  }

  isSet(): boolean {
    return this.#isSet;
  }

  sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      const wake = () => {
        this.#sleepers.delete(sleeper);
        signal?.removeEventListener("abort", wake);
        resolve();
      };
      const sleeper = { dueMilliseconds: this.#monotonicMilliseconds + Math.max(0, milliseconds), wake };
      this.#sleepers.add(sleeper);
      signal?.addEventListener("abort", wake, { once: true });
    });
  }

  /** How many are asleep now: zero when everything has let go of the clock. */
  get sleepers(): number {
    return this.#sleepers.size;
  }

  /** When the next sleeper is due, in milliseconds since boot. */
  get nextDueMilliseconds(): number | undefined {
    let next: number | undefined;
    for (const { dueMilliseconds } of this.#sleepers) {
      if (next === undefined || dueMilliseconds < next) next = dueMilliseconds;
    }
    return next;
  }

  /**
   * Lets so much time pass, waking sleepers in order. With a least step they wake late and together, as on a machine
   * that is very busy: days pass in seconds.
   */
  async advance(milliseconds: number, leastStepMilliseconds = 0): Promise<void> {
    await this.advanceTo(this.#monotonicMilliseconds + milliseconds, leastStepMilliseconds);
  }

  /** Lets time pass until so many milliseconds since boot. */
  async advanceTo(untilMilliseconds: number, leastStepMilliseconds = 0): Promise<void> {
    await settled();
    for (;;) {
      const due = this.nextDueMilliseconds;
      if (due === undefined || due > untilMilliseconds) break;
      const next = Math.min(untilMilliseconds, Math.max(due, this.#monotonicMilliseconds + leastStepMilliseconds));
      this.#moveTo(next);
      for (const sleeper of [...this.#sleepers]) if (sleeper.dueMilliseconds <= next) sleeper.wake();
      await settled();
    }
    this.#moveTo(untilMilliseconds);
  }

  /** Somebody (NTP) sets the wall clock; time since boot does not jump. */
  setWall(wall: string): void {
    this.#wallMilliseconds = Temporal.Instant.from(wall).epochMilliseconds;
    this.#isSet = true;
  }

  /** The machine restarts: a new boot, whose monotonic time starts again. */
  reboot(options: { bootId: string; wall?: string; isSet?: boolean }): void {
    this.#bootId = options.bootId;
    this.#monotonicMilliseconds = 0;
    if (options.wall !== undefined) this.#wallMilliseconds = Temporal.Instant.from(options.wall).epochMilliseconds;
    if (options.isSet !== undefined) this.#isSet = options.isSet;
    for (const sleeper of [...this.#sleepers]) sleeper.wake();
  }

  #moveTo(milliseconds: number): void {
    if (milliseconds <= this.#monotonicMilliseconds) return;
    this.#wallMilliseconds += milliseconds - this.#monotonicMilliseconds;
    this.#monotonicMilliseconds = milliseconds;
  }
}

/** Waits until all that can happen without time passing or outside input has happened (promises, in-memory streams). */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(() => setImmediate(() => resolve())));
}
