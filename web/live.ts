/**
 * Server-sent events: what changes, as it changes. `printer`, `event` and `delivery` carry the JSON of the reading API,
 * `settings` what is wrong with the settings file. Format: https://html.spec.whatwg.org/multipage/server-sent-events.html
 */
import type { Clock } from "../src/clock.ts";
import { deliveryJson, eventJson, printerJson } from "./api_shapes.ts";
import type { WebDeps } from "./deps.ts";
import { safeJson } from "./safe_json.ts";

/** Finds readers that left without a word, and changes that nobody announced. */
const beatMilliseconds = 15_000;
/** Changes closer together are one. */
const leastPauseMilliseconds = 200;
/** Deliveries older than these no longer change while somebody looks. */
const watchedDeliveries = 50;
const mostEventsAtOnce = 200;

/** Tells the printers first, then what changes; with `after`, first the events since that one. */
export async function* liveTexts(
  deps: WebDeps,
  { after, signal }: { after: number | undefined; signal: AbortSignal },
): AsyncGenerator<string> {
  const look = new Look(deps, after);
  yield `retry: 2000\n\n${look.changes()}`;
  for await (const _ of changesAndBeats(deps, signal)) {
    const text = look.changes();
    yield text || ": beat\n\n";
    await deps.clock.sleep(leastPauseMilliseconds, signal);
  }
}

/** Remembers what was told, so that only news are told. */
class Look {
  #lastEvent: number;
  readonly #printers = new Map<string, string>();
  #deliveries = new Map<number, string>();
  #problem: string | undefined;

  constructor(private readonly deps: WebDeps, after: number | undefined) {
    this.#lastEvent = after ?? deps.store.events({ limit: 1, newestFirst: true })[0]?.id ?? 0;
    this.#deliveries = this.#newestDeliveries();
    this.#problem = deps.settingsProblem();
  }

  changes(): string {
    const { settings, printerState, clock, secrets, store } = this.deps;
    const parts: string[] = [];
    const now = clock.now();
    for (const printer of settings().printers) {
      const state = printerState(printer.name);
      // The time left runs on with the clock: that alone is no news.
      const { elapsedSeconds: _1, remainingSeconds: _2, ...stable } = printerJson(printer, state, now);
      const text = safeJson(stable, secrets);
      if (this.#printers.get(printer.name) === text) continue;
      this.#printers.set(printer.name, text);
      parts.push(sent("printer", safeJson(printerJson(printer, state, now), secrets)));
    }
    for (const stored of store.events({ after: this.#lastEvent, limit: mostEventsAtOnce })) {
      this.#lastEvent = stored.id;
      parts.push(sent("event", safeJson(eventJson(stored), secrets), stored.id));
    }
    const deliveries = this.#newestDeliveries();
    for (const [id, text] of deliveries) {
      if (this.#deliveries.get(id) !== text) parts.push(sent("delivery", text));
    }
    this.#deliveries = deliveries;
    const problem = this.deps.settingsProblem();
    if (problem !== this.#problem) parts.push(sent("settings", safeJson({ problem }, secrets)));
    this.#problem = problem;
    return parts.join("");
  }

  #newestDeliveries(): Map<number, string> {
    const list = this.deps.outbox.list({ limit: watchedDeliveries, newestFirst: true }).reverse();
    return new Map(list.map((delivery) => [delivery.id, safeJson(deliveryJson(delivery), this.deps.secrets)]));
  }
}

function sent(kind: string, json: string, id?: number): string {
  return `${id === undefined ? "" : `id: ${id}\n`}event: ${kind}\ndata: ${json}\n\n`;
}

/** Yields after every change, and after every {@link beatMilliseconds} without one. */
async function* changesAndBeats(
  { changes, clock }: { changes(signal: AbortSignal): AsyncIterable<void>; clock: Clock },
  signal: AbortSignal,
): AsyncGenerator<void> {
  const iterator = changes(signal)[Symbol.asyncIterator]();
  let change = iterator.next();
  while (!signal.aborted) {
    const awake = new AbortController();
    const beat = clock.sleep(beatMilliseconds, AbortSignal.any([signal, awake.signal]));
    const first = await Promise.race([change, beat]);
    awake.abort();
    if (first?.done || signal.aborted) return;
    if (first) change = iterator.next();
    yield;
  }
}
