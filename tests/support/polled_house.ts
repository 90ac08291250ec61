/**
 * A driver that polls a real server on a fake clock: time stands still while an answer is under way, so that no limit of the
 * driver depends on how fast this machine is.
 */
import type { PrinterEvent } from "../../src/domain/printer_event.ts";
import type { PrinterState, Report } from "../../src/domain/printer_state.ts";
import type { BoundDriver, DriverIo, SealedDriver } from "../../src/drivers/driver.ts";
import { createLog, errorText, Secrets } from "../../src/log.ts";
import { FakeClock, settled } from "./fake_clock.ts";
import { Owner, tick, type ToldEvent } from "./replay.ts";

const stepMilliseconds = 250;

export interface PolledHouseOptions {
  readonly settings: Record<string, unknown>;
  readonly stored?: PrinterState;
  /** Goes on where an earlier house stopped. */
  readonly clock?: FakeClock;
}

export class PolledHouse implements AsyncDisposable {
  readonly clock: FakeClock;
  readonly driver: BoundDriver;
  /** Why the driver gave up, each time. */
  readonly losses: string[] = [];
  readonly logged: string[] = [];
  /** What the driver asked, and how it was answered: `GET /api/v1/status 200`. */
  readonly asked: string[] = [];
  /** So often a question was asked before the last one was answered. */
  overlaps = 0;
  readonly #owner: Owner;
  readonly #stop = new AbortController();
  readonly #running: Promise<unknown>;
  #underWay = 0;

  constructor(driver: SealedDriver, { settings, stored, clock = new FakeClock() }: PolledHouseOptions) {
    this.clock = clock;
    this.#owner = new Owner(this.clock, stored);
    this.driver = driver.bind(settings);
    this.#running = Promise.all([
      this.#watch(),
      tick({ clock: this.clock, owner: this.#owner, signal: this.#stop.signal }),
    ]);
  }

  get io(): DriverIo {
    return {
      clock: this.clock,
      log: createLog({ level: "debug", secrets: new Secrets(), write: (line) => this.logged.push(line) }),
      signal: this.#stop.signal,
      fetch: (input, init) => this.#fetch(input, init),
      openLink: () => Promise.reject(new Error("no link here")),
      openMessages: () => Promise.reject(new Error("no messages here")),
    };
  }

  get told(): ToldEvent[] {
    return this.#owner.told;
  }

  get kinds(): string[] {
    return this.told.map(({ kind, reason }) => reason === undefined ? kind : `${kind}: ${reason}`);
  }

  get events(): readonly PrinterEvent[] {
    return this.#owner.events;
  }

  get reports(): readonly Report[] {
    return this.#owner.reports;
  }

  get state(): PrinterState {
    return this.#owner.state;
  }

  /** Time passes, and all that was asked in it is answered. */
  async pass(seconds: number): Promise<void> {
    const end = this.clock.now().monotonicMilliseconds + seconds * 1000;
    await this.answered();
    while (this.clock.now().monotonicMilliseconds < end) {
      await this.clock.advance(stepMilliseconds);
      await this.answered();
    }
  }

  /** Nothing is under way. */
  async answered(): Promise<void> {
    await settled();
    while (this.#underWay > 0) {
      await new Promise((resolve) => setTimeout(resolve, 1));
      await settled();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #watch(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      try {
        for await (const report of this.driver.watch(this.io)) this.#owner.step(report);
      } catch (error) {
        this.losses.push(errorText(error));
        this.#owner.step({ link: { kind: "lost", reason: errorText(error) } });
      }
      await this.clock.sleep(1000, this.#stop.signal);
    }
  }

  /** The whole answer is here before the driver sees any of it. */
  async #fetch(input: Parameters<typeof fetch>[0], init: RequestInit | undefined): Promise<Response> {
    if (this.#underWay++ > 0) this.overlaps++;
    try {
      const response = await fetch(input, init);
      const { pathname, search } = new URL(String(input));
      this.asked.push(`${init?.method ?? "GET"} ${pathname}${search} ${response.status}`);
      const body = response.body === null ? null : await response.arrayBuffer();
      return new Response(body, { status: response.status, headers: response.headers });
    } finally {
      this.#underWay--;
    }
  }
}
