/**
 * A printer made of recordings, as a driver meets it: reachable in some stretches of time, and in each at some place of some
 * recording. The watch loop around it reconnects as the agent's does.
 */
import type { Moment } from "../../../src/domain/moment.ts";
import type { PrinterEvent } from "../../../src/domain/printer_event.ts";
import type { Report } from "../../../src/domain/printer_state.ts";
import type { DriverIo, SealedDriver } from "../../../src/drivers/driver.ts";
import { createLog, errorText, Secrets } from "../../../src/log.ts";
import { FakeClock, settled } from "../../support/fake_clock.ts";
import { Owner, tick, type ToldEvent } from "../../support/replay.ts";

/** A driver in the suite. */
export interface DriverRow {
  readonly driver: SealedDriver;
  /** Beside name and driver; with every secret it can have. */
  readonly settings: Readonly<Record<string, unknown>>;
  readonly secrets: readonly string[];
  /** Each line, request or message it may ever say. */
  readonly mayBeSaid: RegExp;
  readonly transcripts: readonly Transcript[];
  /** Prints that are over when a transcript begins: to an owner who was away before it they are news. */
  readonly mostMissedPrints?: number;
}

export interface Transcript {
  readonly name: string;
  readonly lengthMilliseconds: number;
  /** What its owner is told, from reading the recording. */
  readonly expected: readonly ToldEvent[];
  /** The other end of the link, from the beginning of one stretch to its end. */
  printer(stretch: Stretch): Printer;
}

/** What answers the driver in one stretch. Times are milliseconds of the recording. */
export interface Printer extends Pick<DriverIo, "fetch" | "openLink" | "openMessages"> {
  /** Moments at which it says something by itself. */
  readonly moments: readonly number[];
  /** Says what it says at that moment. */
  speak(milliseconds: number): void;
  /** The link breaks. */
  vanish(): void;
}

export interface Stretch {
  readonly transcript: Transcript;
  /** Where in the recording it begins and ends. */
  readonly from: number;
  readonly until: number;
  /** Nobody answers for so long before it. */
  readonly silentMilliseconds?: number;
  /** The recording's time now. */
  now(): number;
  /** Called with each line, request or message of the driver. */
  hear(said: string): void;
  readonly disturbance: Disturbance;
}

/** What the protocol allows a network to do; `random` is 0 to 1, the same in each run. */
export interface Disturbance {
  /** How a piece of bytes or messages is cut. */
  readonly cutsBytes: boolean;
  /** Answers and messages that come later, but in their order, by at most so long. */
  readonly delayMilliseconds: number;
  /** Rubbish between the true words. */
  readonly garbage: boolean;
  random(): number;
}

export const undisturbed: Disturbance = { cutsBytes: false, delayMilliseconds: 0, garbage: false, random: () => 0 };

/** Pseudo-random numbers that are the same for the same seed (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export interface Plan {
  readonly transcript: Transcript;
  readonly from?: number;
  readonly until?: number;
  readonly silentMilliseconds?: number;
}

export interface Watched {
  readonly told: readonly ToldEvent[];
  readonly events: readonly PrinterEvent[];
  readonly reports: readonly Report[];
  readonly said: readonly string[];
  readonly logged: readonly string[];
  /** Who still sleeps after the abort; nobody should. */
  readonly sleepersLeft: number;
}

export interface WatchOptions {
  readonly disturbance?: Disturbance;
  /** So much time after the last word. */
  readonly tailMilliseconds?: number;
}

const unreachable = () => Promise.reject(new TypeError("nobody answers"));

/** Watches the stretches one after the other, then aborts. */
export async function watchPlan(row: DriverRow, plan: readonly Plan[], options: WatchOptions = {}): Promise<Watched> {
  const clock = new FakeClock();
  const owner = new Owner(clock, undefined);
  const said: string[] = [];
  const logged: string[] = [];
  const stop = new AbortController();
  const disturbance = options.disturbance ?? undisturbed;
  let printer: Printer | undefined;
  const io: DriverIo = {
    clock,
    log: createLog({ level: "debug", secrets: new Secrets(), write: (line) => logged.push(line) }),
    signal: stop.signal,
    fetch: (...asked) => printer?.fetch(...asked) ?? unreachable(),
    openLink: (...asked) => printer?.openLink(...asked) ?? unreachable(),
    openMessages: (...asked) => printer?.openMessages(...asked) ?? unreachable(),
  };
  let running: Promise<unknown> | undefined;
  for (const [index, stretch] of plan.entries()) {
    const { transcript, from = 0, until = transcript.lengthMilliseconds, silentMilliseconds = 0 } = stretch;
    await clock.advance(silentMilliseconds);
    const begin = clock.now().monotonicMilliseconds - from;
    const now = () => clock.now().monotonicMilliseconds - begin;
    const present = transcript.printer({ transcript, from, until, now, hear: (word) => said.push(word), disturbance });
    printer = present;
    running ??= Promise.all([watch(row, { io, owner, logged }), tick({ clock, owner, signal: stop.signal })]);
    await settled();
    for (const moment of present.moments) {
      if (moment < from || moment > until) continue;
      await clock.advanceTo(begin + moment);
      present.speak(moment);
      await settled();
    }
    await clock.advanceTo(begin + until);
    if (index === plan.length - 1) break; // the last one stays
    printer = undefined;
    present.vanish();
  }
  await clock.advance(options.tailMilliseconds ?? 30_000);
  stop.abort();
  await running;
  return {
    told: owner.told,
    events: owner.events,
    reports: owner.reports,
    said,
    logged,
    sleepersLeft: clock.sleepers,
  };
}

async function watch(
  { driver, settings }: DriverRow,
  { io, owner, logged }: { io: DriverIo; owner: Owner; logged: string[] },
): Promise<void> {
  const bound = driver.bind(settings);
  while (!io.signal.aborted) {
    const link = new AbortController();
    try {
      for await (const report of bound.watch({ ...io, signal: AbortSignal.any([io.signal, link.signal]) })) {
        owner.step(report);
      }
    } catch (error) {
      logged.push(errorText(error));
      if (!io.signal.aborted) owner.step({ link: { kind: "lost", reason: errorText(error) } });
    } finally {
      link.abort();
    }
    await io.clock.sleep(1000, io.signal);
  }
}

/** Milliseconds on the fake clock at which it was told, since the beginning. */
export function toldAt({ at }: PrinterEvent): number {
  return (at as Moment).monotonicMilliseconds - new FakeClock().now().monotonicMilliseconds;
}
