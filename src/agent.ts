/**
 * The agent: three loops joined by two tables. Watch stores events, compose makes deliveries of them, send settles them.
 */
import type { Sender } from "./channels/channel.ts";
import { type Clock, Wake } from "./clock.ts";
import type { ChannelSettings, PrinterSettings, Settings } from "./config/settings.ts";
import { hasBelievableTime, hasPassed, type Moment, secondsBetween } from "./domain/moment.ts";
import type { PrinterState } from "./domain/printer_state.ts";
import type { DriverIo } from "./drivers/driver.ts";
import { composeEvents } from "./agent/compose.ts";
import { Changes } from "./agent/changes.ts";
import { FrameKeeper } from "./agent/frames.ts";
import { PrintFiles } from "./agent/print_files.ts";
import { type OpenChannel, sendDeliveries } from "./agent/send.ts";
import { Troubles } from "./agent/troubles.ts";
import { WatchedPrinter } from "./agent/watch.ts";
import type { Log } from "./log.ts";
import type { Outbox } from "./outbox/outbox.ts";
import { Pixels } from "./pictures/pixels.ts";
import type { Store } from "./store/store.ts";

export interface AgentDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly store: Store;
  readonly outbox: Outbox;
  readonly fetch: typeof fetch;
  /** 0 to 1; spreads reconnects. */
  readonly random: () => number;
  /** The ways to printers: bytes and messages. */
  readonly links: Pick<DriverIo, "openLink" | "openMessages">;
}

/** Graces and time-based progress are looked at this often. */
const tickMilliseconds = 500;
/** A loop that has not beaten for so long is stuck; longer than any deadline within one beat. */
const stuckAfterSeconds = 240;
/** The wall clock was set, not merely adjusted. */
const leastClockJumpMilliseconds = 2000;
const retention = { everySeconds: 3600, keepDays: 90, maxBytes: 500 * 1024 * 1024 };

interface Running {
  readonly fingerprint: string;
  readonly stop: AbortController;
  readonly done: Promise<void>;
}

export class Agent implements AsyncDisposable {
  readonly changes = new Changes();
  #settings: Settings;
  readonly #stored = new Wake();
  readonly #enqueued = new Map<string, Wake>();
  readonly #printers = new Map<string, Running & { readonly watched: WatchedPrinter }>();
  readonly #senders = new Map<string, Running>();
  readonly #beats = new Map<string, Moment>();
  readonly #stop = new AbortController();
  readonly #pixels: Pixels;
  readonly #files: PrintFiles;
  readonly #frames: FrameKeeper;
  readonly #troubles: Troubles;
  readonly #loops: Promise<void>[] = [];

  constructor(settings: Settings, private readonly deps: AgentDeps) {
    this.#settings = settings;
    this.#pixels = new Pixels(deps.clock);
    this.#files = new PrintFiles(deps);
    this.#frames = new FrameKeeper({
      ...deps,
      pixels: this.#pixels,
      rules: () => this.#settings.rules,
      signal: this.#stop.signal,
    });
    this.#troubles = new Troubles(deps.log);
  }

  /** Starts the loops. Without `watch`, printers are left alone: only what is stored is composed and sent. */
  start({ watch }: { watch: boolean }): void {
    const { clock, log, outbox, store } = this.deps;
    for (const warning of store.warnings) log.warning(warning);
    const now = clock.now(); // the clock may have been set while no agent ran
    if (hasBelievableTime(now)) this.#troubles.tryTo("correct the times", () => store.correctTimes(now));
    outbox.recover();
    if (watch) { for (const printer of this.#settings.printers) this.#watch(printer); }
    this.#openChannels();
    this.#loops.push(this.#compose(), this.#tick());
  }

  get settings(): Settings {
    return this.#settings;
  }

  /** Takes over changed settings: only what changed is started anew. */
  async reload(settings: Settings): Promise<void> {
    this.#settings = settings;
    const printers = await stopChanged(this.#printers, settings.printers);
    for (const printer of printers) this.#watch(printer);
    const groups = await stopChanged(this.#senders, channelGroups(settings).map(asRunnable));
    this.#retryMended(groups.map(({ name }) => name));
    this.#openChannels();
    this.#stored.wake();
    this.changes.notify();
  }

  /** What a channel could not send with its old settings is worth a try with the new ones, now. */
  #retryMended(carriers: readonly string[]): void {
    const mended = this.#settings.channels.filter(({ name, channel }) => carriers.includes(channel.carrier ?? name));
    this.deps.outbox.hurry(mended.map(({ name }) => name));
  }

  /** The newest state of a printer, fresher than the stored one. */
  printerState(name: string): PrinterState | undefined {
    return this.#printers.get(name)?.watched.state ?? this.deps.store.loadState(name);
  }

  /** New events were stored by somebody else than a watch loop. */
  eventStored(): void {
    this.#stored.wake();
    this.changes.notify();
  }

  /** A delivery may be due earlier than planned. */
  deliveryDue(): void {
    for (const wake of this.#enqueued.values()) wake.wake();
    this.changes.notify();
  }

  /** What does not work now, one sentence each: a full disk. */
  troubles(): string[] {
    return this.#troubles.sentences;
  }

  /** The loops that have not beaten lately, by name. */
  stuckLoops(): string[] {
    const now = this.deps.clock.now();
    return [...this.#beats].filter(([, at]) => (secondsBetween(at, now) ?? 0) > stuckAfterSeconds).map(([name]) =>
      name
    );
  }

  /** Ends all loops: what was read is stored, what is being sent is settled or stays uncertain. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    const running = [...this.#printers.values(), ...this.#senders.values()];
    await Promise.all([...this.#loops, ...running.map(({ done }) => done)]);
    await this.#frames.settled();
    this.#pixels[Symbol.dispose]();
    this.changes.end();
  }

  // -- the loops -----------------------------------------------------------------------------------------------------

  #watch(settings: PrinterSettings): void {
    const { clock, log, store, fetch, random, links } = this.deps;
    const watched = new WatchedPrinter(settings, {
      clock,
      log,
      store,
      random,
      stored: this.#stored,
      changed: () => this.changes.notify(),
      rules: () => this.#settings.rules,
      troubles: this.#troubles,
    });
    const stop = new AbortController();
    const signal = AbortSignal.any([stop.signal, this.#stop.signal]);
    const io = { clock, log: log.with({ printer: settings.name }), fetch, ...links };
    this.#printers.set(settings.name, {
      fingerprint: settings.fingerprint,
      stop,
      done: watched.run(io, signal),
      watched,
    });
  }

  async #compose(): Promise<void> {
    await composeEvents({
      ...this.deps,
      pixels: this.#pixels,
      files: this.#files,
      stored: this.#stored,
      settings: () => this.#settings,
      enqueued: (channels) => {
        for (const channel of channels) this.#enqueued.get(channel)?.wake();
        this.changes.notify();
      },
      beat: () => this.#beat("compose"),
    }, this.#stop.signal);
  }

  #openChannels(): void {
    for (const group of channelGroups(this.#settings)) {
      const { name, fingerprint } = asRunnable(group);
      if (this.#senders.has(name)) continue;
      const stop = new AbortController();
      const signal = AbortSignal.any([stop.signal, this.#stop.signal]);
      this.#senders.set(name, { fingerprint, stop, done: this.#send(name, group, signal) });
    }
  }

  async #send(name: string, group: readonly ChannelSettings[], signal: AbortSignal): Promise<void> {
    const { clock, log, outbox } = this.deps;
    const wake = new Wake();
    for (const settings of group) this.#enqueued.set(settings.name, wake);
    await using open = openSenders(group, this.deps);
    await sendDeliveries(open.channels, {
      clock,
      log,
      outbox,
      pixels: this.#pixels,
      enqueued: wake,
      timezone: () => this.#settings.agent.timezone,
      changed: () => this.changes.notify(),
      beat: () => this.#beat(`send ${name}`),
    }, signal);
    this.#beats.delete(`send ${name}`);
  }

  /** What time alone brings: graces, time-based progress, a clock that was set, retention. */
  async #tick(): Promise<void> {
    const { clock, store, outbox } = this.deps;
    let before = clock.now();
    let retainedAt = before;
    while (!this.#stop.signal.aborted) {
      await clock.sleep(tickMilliseconds, this.#stop.signal);
      this.#beat("tick");
      const now = clock.now();
      if (this.#troubles.tryTo("correct the times", () => this.#followClock(before, now))) before = now;
      for (const [name, { watched }] of this.#printers) {
        this.#troubles.tryTo(`go on with "${name}"`, () => {
          watched.step();
          watched.completeJob(this.#files, this.#stop.signal);
          this.#frames.look(watched.settings, watched.state);
        });
      }
      if (!hasPassed(retention.everySeconds, retainedAt, now)) continue;
      this.#troubles.tryTo("forget what is old", () => {
        outbox.expireUntaken();
        if (store.retain({ now, ...retention }).isDone) retainedAt = now;
      });
    }
  }

  /** Where the wall clock was set, the times of this boot become what they were. */
  #followClock(before: Moment, now: Moment): void {
    const jump = wallJumpMilliseconds(before, now);
    if (Math.abs(jump) < leastClockJumpMilliseconds) return;
    if (hasBelievableTime(now)) {
      this.deps.store.correctTimes(now);
      for (const { watched } of this.#printers.values()) watched.clockWasSet(now);
    }
    this.deps.log.info("The clock was set", { bySeconds: Math.round(jump / 1000) });
    this.deliveryDue();
  }

  #beat(name: string): void {
    this.#beats.set(name, this.deps.clock.now());
  }
}

function wallJumpMilliseconds(before: Moment, now: Moment): number {
  const wall = now.wall.epochMilliseconds - before.wall.epochMilliseconds;
  return wall - (now.monotonicMilliseconds - before.monotonicMilliseconds);
}

/** A channel with those that ride on it: one loop each, so that a carrier's burst is one queue. */
function channelGroups(settings: Settings): ChannelSettings[][] {
  const carriers = settings.channels.filter(({ channel }) => channel.carrier === undefined);
  return carriers.map((carrier) => [
    carrier,
    ...settings.channels.filter(({ channel }) => channel.carrier === carrier.name),
  ]);
}

function asRunnable(group: readonly ChannelSettings[]): { name: string; fingerprint: string } {
  return { name: group[0]?.name ?? "", fingerprint: group.map(({ fingerprint }) => fingerprint).join(" ") };
}

/** Opens the senders of a group; the carrier's own is the one the others ride on. */
export function openSenders(
  group: readonly ChannelSettings[],
  { clock, log, fetch, store }: Pick<AgentDeps, "clock" | "log" | "fetch" | "store">,
): AsyncDisposable & { readonly channels: OpenChannel[] } {
  const senders = new Map<string, Sender>();
  const channels = group.map((settings): OpenChannel => {
    const sender = settings.channel.open({
      clock,
      log: log.with({ channel: settings.name }),
      fetch,
      agentId: store.agentId,
      carrier(name) {
        const carrier = senders.get(name);
        if (!carrier) throw new Error(`There is no channel "${name}" to carry "${settings.name}"`);
        return carrier;
      },
    });
    senders.set(settings.name, sender);
    return { settings, sender };
  });
  return {
    channels,
    async [Symbol.asyncDispose]() {
      for (const sender of [...senders.values()].reverse()) await sender[Symbol.asyncDispose]();
    },
  };
}

/** Stops what is gone or has changed; returns what is to be started. */
async function stopChanged<T extends { readonly name: string; readonly fingerprint: string }>(
  running: Map<string, Running>,
  wanted: readonly T[],
): Promise<T[]> {
  for (const [name, { fingerprint, stop, done }] of [...running]) {
    if (wanted.some((candidate) => candidate.name === name && candidate.fingerprint === fingerprint)) continue;
    stop.abort();
    await done;
    running.delete(name);
  }
  return wanted.filter(({ name }) => !running.has(name));
}
