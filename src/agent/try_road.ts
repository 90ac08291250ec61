/**
 * The test button: a synthetic event on the same road as a real one, told step by step.
 */
import type { Agent } from "../agent.ts";
import { routesOf } from "./compose.ts";
import { type Clock, deadline } from "../clock.ts";
import {
  type EventFacts,
  type EventKind,
  eventKinds,
  type JobRef,
  type PrinterEvent,
} from "../domain/printer_event.ts";
import { emptyState } from "../domain/printer_state.ts";
import type { TestRequest, TestStep } from "../domain/test_road.ts";
import type { Moment } from "../domain/moment.ts";
import type { Delivery, Outbox } from "../outbox/outbox.ts";
import type { Store } from "../store/store.ts";

export interface TestDeps {
  readonly agent: Agent;
  readonly clock: Clock;
  readonly store: Store;
  readonly outbox: Outbox;
}

/** So long a test waits to see where its deliveries get. */
const testDeadlineSeconds = 60;

/** Puts a test event on the road and tells how far it gets. Nothing is yielded after the last delivery is settled. */
export async function* tryRoad(request: TestRequest, deps: TestDeps, signal: AbortSignal): AsyncGenerator<TestStep> {
  const { agent, clock, store } = deps;
  const { settings } = agent;
  const printer = request.printer === undefined
    ? settings.printers[0]
    : settings.printers.find(({ name }) => name === request.printer);
  if (!printer) return yield bad("event", unknownName("printer", request.printer, settings.printers));
  if (request.channel !== undefined && !settings.channels.some(({ name }) => name === request.channel)) {
    return yield bad("event", unknownName("channel", request.channel, settings.channels));
  }
  const event = testEvent(request, clock.now(), settings.rules.map(({ id }) => id));
  const [stored] = store.commit(printer.name, agent.printerState(printer.name) ?? emptyState, [event]);
  if (!stored) return yield bad("event", "the event could not be stored");
  yield { name: "event", isOk: true, detail: `${event.kind} of ${printer.name}, stored as event ${stored.id}` };

  const { toChannel: _, ...asReal } = event;
  const matching = routesOf({ ...stored, event: asReal }, settings, printer)
    .map(({ channel, rule }) => `${rule.name ?? rule.id} → ${channel.name}`);
  const isForced = request.channel !== undefined && !matching.some((route) => route.endsWith(`→ ${request.channel}`));
  yield {
    name: "rules",
    isOk: matching.length > 0,
    detail: [
      matching.length ? matching.join(", ") : `no rule wants ${event.kind} of ${printer.name}`,
      ...(isForced ? [`sent to ${request.channel} all the same, because you named it`] : []),
    ].join("; "),
  };
  agent.eventStored();
  yield* follow(stored.id, deps, signal);
}

/** Tells what becomes of the event's deliveries until all are settled or the deadline has passed. */
async function* follow(
  event: number,
  { agent, clock, store, outbox }: TestDeps,
  signal: AbortSignal,
): AsyncGenerator<TestStep> {
  using limit = deadline(clock, testDeadlineSeconds * 1000, signal);
  const told = new Map<number, string>();
  const changes = agent.changes.watch(limit);
  while (!limit.aborted) {
    const isComposed = !store.uncomposed(1000).some(({ id }) => id === event);
    const deliveries = outbox.list({ event, limit: 100 });
    const now = clock.now().wall;
    for (const delivery of deliveries) {
      const step = deliveryStep(delivery, now);
      const key = `${step.name} ${step.detail}`;
      if (told.get(delivery.id) === key) continue;
      if (!told.has(delivery.id)) yield* queuedSteps(delivery);
      told.set(delivery.id, key);
      if (delivery.state !== "queued" || delivery.reason !== undefined) yield step;
    }
    if (isComposed && deliveries.every((delivery) => isDecided(delivery, now))) return;
    await changes.next();
  }
  if (!signal.aborted) {
    yield bad("waiting", `not settled within ${testDeadlineSeconds} s; it stays in the outbox: filagram outbox list`);
  }
}

function* queuedSteps(delivery: Delivery): Generator<TestStep> {
  const pictures = delivery.pictures.length ? `, ${delivery.pictures.length} picture` : "";
  yield step(
    delivery,
    "queued",
    true,
    `"${delivery.message.firstLine}"${pictures} for ${delivery.recipient} by ${delivery.channel}`,
  );
  for (const note of delivery.message.notes) {
    if (!note.startsWith("This is a test")) yield step(delivery, "picture", false, note);
  }
}

function deliveryStep(delivery: Delivery, now: Temporal.Instant): TestStep {
  const to = `${delivery.recipient} by ${delivery.channel}`;
  switch (delivery.state) {
    case "queued":
      return step(
        delivery,
        isDecided(delivery, now) ? "waiting" : "again",
        false,
        `${to}: ${delivery.reason ?? "tried again soon"}`,
      );
    case "sending":
      return step(delivery, "sending", true, to);
    case "sent":
      return step(delivery, "sent", true, `accepted for ${to}`);
    case "uncertain":
      return step(delivery, "uncertain", false, `${to}: ${delivery.reason ?? "nobody knows"}`);
    case "rejected":
    case "expired":
      return step(delivery, "failed", false, `${to}: ${delivery.reason ?? delivery.state}`);
  }
}

/** Settled, or waiting for a later try: the owner has seen why. What is tried again at once (smaller) goes on. */
function isDecided({ state, reason, dueAt }: Delivery, now: Temporal.Instant): boolean {
  if (state !== "queued") return state !== "sending";
  return reason !== undefined && dueAt !== undefined && Temporal.Instant.compare(dueAt, now) > 0;
}

function step(delivery: Delivery, name: string, isOk: boolean, detail: string): TestStep {
  return { name, isOk, detail, delivery: delivery.id };
}

function bad(name: string, detail: string): TestStep {
  return { name, isOk: false, detail };
}

function unknownName(what: string, name: string | undefined, known: readonly { name: string }[]): string {
  const names = known.map((one) => `"${one.name}"`).join(", ");
  if (known.length === 0) return `there is no ${what} in the settings`;
  return name === undefined ? `name a ${what}: ${names}` : `there is no ${what} "${name}"; there is ${names}`;
}

/** An event as it would look in the middle of a plausible print. */
function testEvent(request: TestRequest, now: Moment, rules: readonly string[]): PrinterEvent {
  const kind = request.kind ?? "test";
  const isEnd = kind === "finished";
  const job: JobRef = { id: `test-${now.wall.epochMilliseconds.toString(36)}`, file: { path: "test print.gcode" } };
  const facts: EventFacts = {
    percent: isEnd ? 100 : kind === "started" ? 0 : 50,
    elapsedSeconds: isEnd ? 4320 : 2160,
    ...(isEnd ? {} : { remainingSeconds: kind === "started" ? 4320 : 2160 }),
  };
  const base = { at: now, isTest: true, ...(request.channel ? { toChannel: request.channel } : {}) };
  const inJob = { ...base, job, facts };
  switch (kind) {
    case "test":
      return { ...base, facts: {}, kind };
    case "uploaded":
      return { ...base, facts: {}, kind, file: { path: "test print.gcode" } };
    case "started":
    case "finished":
    case "cancelled":
      return { ...inJob, kind };
    case "progress":
      return { ...inJob, kind, rules };
    case "paused":
      return { ...inJob, kind, reason: "user" };
    case "needs_you":
      return { ...inJob, kind, reason: "filament_runout" };
    case "resumed":
      return { ...inJob, kind, pausedSeconds: 720 };
    case "failed":
      return { ...inJob, kind, text: "Thermal Runaway, system stopped! Heater_ID: E0 (this is a test)" };
    case "ended":
      return { ...inJob, kind, lastSeenAt: now };
    case "error":
      return { ...base, facts: {}, kind, text: "this is a test" };
    case "online":
      return { ...inJob, kind, awaySeconds: 720 };
    case "offline":
      return { ...inJob, kind, since: now };
    case "message":
      return { ...base, facts: {}, kind, text: "This is a test", marked: true };
  }
}

/** Whether a word names an event. */
export function isEventKind(word: string): word is EventKind {
  return (eventKinds as readonly string[]).includes(word);
}
