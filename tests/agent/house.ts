/**
 * An agent in this process: real loops, store and outbox on a clock of the test; the test says what printers report,
 * and either takes the messages itself or gives a real channel.
 */
import { z } from "zod";
import { Agent } from "../../src/agent.ts";
import { defineChannel, type FittedDelivery, type SendResult } from "../../src/channels/channel.ts";
import { email } from "../../src/channels/email.ts";
import type { ChannelSettings, PrinterSettings, Settings } from "../../src/config/settings.ts";
import type { Report } from "../../src/domain/printer_state.ts";
import { defaultRule, type Rule } from "../../src/domain/rule.ts";
import { defineDriver } from "../../src/drivers/driver.ts";
import { createLog, Secrets } from "../../src/log.ts";
import { Outbox } from "../../src/outbox/outbox.ts";
import { Store } from "../../src/store/store.ts";
import { temporaryFolder } from "../outbox/samples.ts";
import { FakeClock, type FakeClockOptions, settled } from "../support/fake_clock.ts";

/** Reports what the test tells it to; a new watch takes over from an older one. */
export class TestPrinter {
  /** How often its driver was started. */
  watches = 0;
  #items: (Report | Error)[] = [];
  #wake = () => {};
  readonly #driver = defineDriver({
    id: "test",
    label: "Test",
    settings: z.unknown(),
    watch: (_, io) => this.#watch(io.signal),
  });

  constructor(readonly name = "MK3S") {}

  settings(changes: Partial<PrinterSettings> = {}): PrinterSettings {
    const { name } = this;
    const driver = this.#driver.bind({});
    return { name, driver, address: "test:", tellsDisplayText: false, fingerprint: "1", ...changes };
  }

  /** The agent reads it as soon as it watches. */
  report(...reports: Report[]): void {
    this.#add(...reports);
  }

  /** The watch ends with this error. */
  breakLink(text = "unplugged"): void {
    this.#add(new Error(text));
  }

  #add(...items: (Report | Error)[]): void {
    this.#items.push(...items);
    this.#wake();
  }

  async *#watch(signal: AbortSignal): AsyncGenerator<Report> {
    const turn = ++this.watches;
    this.#wake();
    while (turn === this.watches && !signal.aborted) {
      const item = this.#items.shift();
      if (item instanceof Error) throw item;
      if (item) yield item;
      else await this.#nextItem(signal);
    }
  }

  #nextItem(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        signal.removeEventListener("abort", done);
        resolve();
      };
      this.#wake = done;
      signal.addEventListener("abort", done, { once: true });
    });
  }
}

type Answer = (delivery: FittedDelivery, signal: AbortSignal) => SendResult | Promise<SendResult>;

export const offline: SendResult = { kind: "retry", reason: "There is no way to mail.example.org", isOffline: true };
export const accepted: SendResult = { kind: "sent" };

/** Takes messages and answers as the test wants. */
export class TestChannel {
  /** Accepted ones, in order. */
  readonly sent: FittedDelivery[] = [];
  /** All that were handed to it. */
  readonly tries: FittedDelivery[] = [];
  opened = 0;
  closed = 0;
  answer: Answer = () => accepted;

  constructor(readonly name = "mail", private readonly recipients: readonly string[] = ["me@example.org"]) {}

  settings(changes: Partial<ChannelSettings> = {}): ChannelSettings {
    const channel = defineChannel({
      id: "test",
      label: "Test",
      settings: z.unknown(),
      limits: {
        titleCharacters: 200,
        bodyCharacters: 10_000,
        pictures: 1,
        pictureBytes: 1_000_000,
        messagesPerMinute: 1000,
      },
      recipients: () => [...this.recipients],
      open: () => {
        this.opened++;
        return {
          send: async (delivery, signal) => {
            this.tries.push(delivery);
            const result = await this.answer(delivery, signal);
            if (result.kind === "sent") this.sent.push(delivery);
            return result;
          },
          [Symbol.asyncDispose]: () => {
            this.closed++;
            return Promise.resolve();
          },
        };
      },
    });
    return { name: this.name, channel: channel.bind({}), fingerprint: "1", ...changes };
  }

  /** First lines of what was accepted. */
  get lines(): string[] {
    return this.sent.map(({ message }) => message.firstLine);
  }
}

/** The real mail channel, to a server on loopback. */
export function mailSettings(port: number, changes: Record<string, unknown> = {}): ChannelSettings {
  const channel = email.bind({
    host: "127.0.0.1",
    port,
    tls: "none",
    from: "Printers <printers@example.org>",
    to: ["owner@example.org"],
    ...changes,
  });
  return { name: "mail", channel, fingerprint: JSON.stringify(changes) };
}

export interface HouseOptions {
  readonly printers: readonly (TestPrinter | PrinterSettings)[];
  readonly channels: readonly (TestChannel | ChannelSettings)[];
  readonly rules?: readonly Rule[];
  readonly clock?: FakeClockOptions;
  readonly fetch?: typeof fetch;
  readonly secrets?: Secrets;
}

export class TestHouse implements AsyncDisposable {
  readonly folder = temporaryFolder();
  /** What was logged. */
  readonly log: string[] = [];
  clock: FakeClock;
  store: Store;
  outbox: Outbox;
  agent: Agent;
  #settings: Settings;
  readonly #options: HouseOptions;
  /** Agents that lost their power: their clocks stand still. */
  readonly #dead: Agent[] = [];

  constructor(options: HouseOptions) {
    this.#options = options;
    this.#settings = settingsOf(options);
    this.clock = new FakeClock(options.clock);
    ({ store: this.store, outbox: this.outbox, agent: this.agent } = this.#start());
  }

  #start(): { store: Store; outbox: Outbox; agent: Agent } {
    const { clock } = this;
    const { secrets = new Secrets(), fetch = () => Promise.reject(new Error("There is no camera")) } = this.#options;
    const store = Store.open(this.folder.path);
    const outbox = new Outbox(store, { clock, random: () => 0.5 });
    const log = createLog({ level: "debug", secrets, write: (line) => this.log.push(line) });
    const none = () => Promise.reject(new Error("There are no links"));
    const links = { openLink: none, openMessages: none };
    const agent = new Agent(this.#settings, { clock, log, store, outbox, fetch, random: () => 0.5, links });
    agent.start({ watch: true });
    return { store, outbox, agent };
  }

  /** Lets time pass; what can happen in it has happened. */
  async pass(seconds: number): Promise<void> {
    await this.clock.advance(seconds * 1000);
    await settled();
  }

  /** Hours or days in which nothing happens but that time passes, in steps of half a minute. */
  async passQuietly(seconds: number): Promise<void> {
    await this.clock.advance(seconds * 1000, 30_000);
    await settled();
  }

  /** Time passes slowly, with room for real sockets and workers, until it is so. */
  async until(what: string, isSo: () => boolean): Promise<void> {
    const end = performance.now() + 15_000;
    while (!isSo()) {
      if (performance.now() > end) throw new Error(`Not in time: ${what}\n${this.log.join("\n")}`);
      await this.clock.advance(20);
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  }

  /** Hardly any time passes, so that workers and files have their real time, however busy the machine is. */
  async waitFor(what: string, isSo: () => boolean): Promise<void> {
    const end = performance.now() + 60_000;
    while (!isSo()) {
      if (performance.now() > end) throw new Error(`Not in time: ${what}\n${this.log.join("\n")}`);
      await this.clock.advance(1);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  async reload(changes: Partial<HouseOptions>): Promise<void> {
    this.#settings = settingsOf({ ...this.#options, ...changes });
    await this.agent.reload(this.#settings);
    await settled();
  }

  /** The agent is stopped and started again, in the same boot. */
  async restart(): Promise<void> {
    await this.agent[Symbol.asyncDispose]();
    this.store[Symbol.dispose]();
    ({ store: this.store, outbox: this.outbox, agent: this.agent } = this.#start());
    await settled();
  }

  /** The board loses its power and starts again: whatever the agent was doing, it does no more. */
  async powerCut(next: FakeClockOptions): Promise<void> {
    this.#dead.push(this.agent);
    this.store[Symbol.dispose]();
    this.clock = new FakeClock({ monotonicMilliseconds: 20_000, ...next });
    ({ store: this.store, outbox: this.outbox, agent: this.agent } = this.#start());
    await settled();
  }

  /** Kinds of all stored events, oldest first. */
  get events(): string[] {
    return this.store.events({ limit: 10_000 }).map(({ event }) => event.kind);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const agent of [...this.#dead, this.agent]) await agent[Symbol.asyncDispose]();
    this.store[Symbol.dispose]();
    this.folder[Symbol.dispose]();
  }
}

function settingsOf({ printers, channels, rules = [defaultRule] }: HouseOptions): Settings {
  return {
    path: "/etc/filagram/filagram.yaml",
    agent: { name: "workshop", timezone: "Europe/Berlin", language: "en" },
    web: { hostname: "127.0.0.1", port: 0 },
    printers: printers.map((printer) => printer instanceof TestPrinter ? printer.settings() : printer),
    channels: channels.map((channel) => channel instanceof TestChannel ? channel.settings() : channel),
    rules,
  };
}

/** Every so many percent. */
export function progressRule(percent: number, changes: Partial<Rule> = {}): Rule {
  return { ...defaultRule, id: "progress", when: ["progress"], every: { kind: "percent", percent }, ...changes };
}
