/**
 * The second loop: events become deliveries; rules decide who, text and pictures are made here.
 */
import type { Wake } from "../clock.ts";
import type { ChannelSettings, PrinterSettings, Settings } from "../config/settings.ts";
import { composeMessage } from "../domain/message_text.ts";
import { defaultRule, matchingRules, type Rule } from "../domain/rule.ts";
import { completed } from "../domain/file_facts.ts";
import { isEnd, type PrinterEvent } from "../domain/printer_event.ts";
import { errorText } from "../log.ts";
import { EventPictures, type EventPicturesDeps } from "./event_pictures.ts";
import type { NewDelivery, Outbox } from "../outbox/outbox.ts";
import type { Store, StoredEvent } from "../store/store.ts";

export interface ComposeDeps extends EventPicturesDeps {
  readonly store: Store;
  readonly outbox: Outbox;
  settings(): Settings;
  /** Rung by the watch loops. */
  readonly stored: Wake;
  /** Called with the channels that have new deliveries. */
  enqueued(channels: readonly string[]): void;
  /** Called on every round, so that a stuck loop is seen. */
  beat(): void;
}

/** Events composed at the same time: each waits for its own picture only. */
const maxAtOnce = 50;
const restSeconds = 10;

export async function composeEvents(deps: ComposeDeps, signal: AbortSignal): Promise<void> {
  const underWay = new Map<number, Promise<void>>();
  while (!signal.aborted) {
    deps.beat();
    for (const stored of waitingEvents(deps, underWay)) {
      const done = composeEvent(stored, deps, signal).catch((error) => {
        deps.log.error("Cannot compose a message", { event: stored.id, error: errorText(error) });
        return deps.clock.sleep(restSeconds * 1000, signal); // tried again: the event is still uncomposed
      }).finally(() => {
        if (underWay.size >= maxAtOnce) deps.stored.wake(); // others may wait for this place
        underWay.delete(stored.id);
      });
      underWay.set(stored.id, done);
    }
    await deps.stored.wait(deps.clock, restSeconds * 1000, signal);
  }
  await Promise.all(underWay.values());
}

function waitingEvents({ store, log }: ComposeDeps, underWay: ReadonlyMap<number, unknown>): StoredEvent[] {
  try {
    const waiting = store.uncomposed(maxAtOnce).filter(({ id }) => !underWay.has(id));
    return waiting.slice(0, maxAtOnce - underWay.size);
  } catch (error) {
    log.error("Cannot read events", { error: errorText(error) });
    return [];
  }
}

async function composeEvent(stored: StoredEvent, deps: ComposeDeps, signal: AbortSignal): Promise<void> {
  const settings = deps.settings();
  const printer = settings.printers.find((candidate) => candidate.name === stored.printer);
  const routes = routesOf(stored, settings, printer);
  const { timezone } = settings.agent;
  const pictures = new EventPictures(stored, { ...deps, printer, timezone, signal });
  const [event, ...illustrated] = await Promise.all([
    routes.length > 0 ? withFileFacts(stored.event, pictures) : stored.event,
    ...routes.map(async ({ channel, rule }) => ({ channel, rule, ...await pictures.of(rule.picture) })),
  ]);
  if (signal.aborted) return; // still uncomposed: the next start takes it up
  const deliveries = illustrated.flatMap(({ channel, rule, pictures, notes }): NewDelivery[] => {
    const message = composeMessage(event, {
      printer: stored.printer,
      agent: { name: settings.agent.name },
      timezone,
      now: deps.clock.now(),
      road: { rule: rule.name ?? rule.id, channel: channel.name },
      notes,
    });
    return channel.channel.recipients.map((recipient) => ({
      channel: channel.name,
      recipient,
      repeat: 0,
      message,
      pictures,
    }));
  });
  deps.outbox.enqueue(stored, deliveries);
  deps.enqueued(routes.map(({ channel }) => channel.name));
  if (event.job && isEnd(event) && !event.isTest) {
    deps.store.frames.drop({ printer: stored.printer, job: event.job.id }); // its animation is a picture of the deliveries now
  }
}

/** The first words about a print are said before the printer itself knows much of it. */
async function withFileFacts(event: PrinterEvent, pictures: EventPictures): Promise<PrinterEvent> {
  if (event.kind !== "uploaded" && event.kind !== "started") return event;
  return { ...event, facts: completed(event.facts, (await pictures.file()).facts) };
}

export interface Route {
  readonly channel: ChannelSettings;
  /** The first rule that wants it on this channel: it decides words and picture. */
  readonly rule: Rule;
}

/** Which channels get this event, and by which rule. A test of one channel goes there whatever the rules say. */
export function routesOf(stored: StoredEvent, settings: Settings, printer: PrinterSettings | undefined): Route[] {
  const { event } = stored;
  const rules = matchingRules(event, stored.printer, {
    rules: settings.rules,
    tellsDisplayText: printer?.tellsDisplayText ?? false,
  });
  const ruleFor = (channel: string) => rules.find((rule) => rule.tell?.includes(channel) ?? true);
  return settings.channels.flatMap((channel): Route[] => {
    if (event.toChannel !== undefined) {
      return event.toChannel === channel.name
        ? [{ channel, rule: ruleFor(channel.name) ?? { ...defaultRule, name: "none" } }]
        : [];
    }
    const rule = ruleFor(channel.name);
    return rule ? [{ channel, rule }] : [];
  });
}
