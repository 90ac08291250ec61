/**
 * The third loop: due deliveries go out through one channel and are settled.
 */
import type { FittedDelivery, Sender } from "../channels/channel.ts";
import { fitMessage } from "../channels/fit.ts";
import { type Clock, deadline, type Wake } from "../clock.ts";
import type { ChannelSettings } from "../config/settings.ts";
import type { SendResult } from "../domain/delivery.ts";
import type { Message, Picture } from "../domain/message.ts";
import { lateLine, type Lateness } from "../domain/message_text.ts";
import { corrected, hasBelievableTime, type Moment, secondsBetween } from "../domain/moment.ts";
import { errorText, type Log } from "../log.ts";
import type { Delivery, Outbox } from "../outbox/outbox.ts";
import { fitPictures, smallerPictures } from "../pictures/fit_pictures.ts";
import type { Pixels } from "../pictures/pixels.ts";

export interface SendDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly outbox: Outbox;
  readonly pixels: Pixels;
  /** Rung when something was enqueued for these channels. */
  readonly enqueued: Wake;
  /** In which times of day are shown. */
  timezone(): string;
  changed(): void;
  beat(): void;
}

/** A channel that takes longer than this for one message is given up for now. */
const sendDeadlineSeconds = 180;
const restSeconds = 10;
/** Channels that take this many a minute are not paced at all. */
const mostUnpacedPerMinute = 60;

/** A channel and those that ride on it: they share one loop, so that a burst is one queue. */
export interface OpenChannel {
  readonly settings: ChannelSettings;
  readonly sender: Sender;
}

export async function sendDeliveries(
  channels: readonly OpenChannel[],
  deps: SendDeps,
  signal: AbortSignal,
): Promise<void> {
  const pace = new Pace(deps.clock);
  while (!signal.aborted) {
    let hasSent = false;
    for (const channel of channels) {
      deps.beat();
      if (pace.restMilliseconds(channel.settings) > 0) continue;
      if (await sendNext(channel, deps, signal)) {
        hasSent = true;
        pace.sent(channel.settings);
      }
      if (signal.aborted) return;
    }
    if (!hasSent) await deps.enqueued.wait(deps.clock, restMilliseconds(channels, pace, deps), signal);
  }
}

async function sendNext(channel: OpenChannel, deps: SendDeps, signal: AbortSignal): Promise<boolean> {
  const name = channel.settings.name;
  try {
    const delivery = deps.outbox.take(name);
    if (!delivery) return false;
    deps.changed();
    const { limits } = channel.settings.channel;
    const pictures = await fitPictures(await loadPictures(delivery, deps.outbox), limits, { ...deps, signal });
    const outgoing = fitted(delivery, pictures, channel, deps);
    const result = await trySend(channel, outgoing, deps, signal);
    const settled = settle(delivery, result, channel, deps);
    if (result.kind === "tooLarge" && settled.state === "queued" && !signal.aborted) {
      const smaller = await smallerPictures(outgoing.pictures, result.maxBytes, { ...deps, signal });
      const isOneLess = smaller.length < outgoing.pictures.length;
      deps.outbox.replacePictures(
        settled,
        smaller,
        isOneLess ? `The picture was left out: ${result.reason}.` : undefined,
      );
    }
    return true;
  } catch (error) { // the store's trouble: the delivery stays where it is and is taken up again
    deps.log.error("Cannot send", { channel: name, error: errorText(error) });
    await deps.clock.sleep(restSeconds * 1000, signal);
    return false;
  }
}

async function loadPictures(delivery: Delivery, outbox: Outbox): Promise<Picture[]> {
  const loaded = await Promise.all(delivery.pictures.map((ref) => outbox.loadPicture(ref)));
  return loaded.filter((picture) => picture !== undefined);
}

function fitted(
  delivery: Delivery,
  pictures: readonly Picture[],
  { settings }: OpenChannel,
  { clock, timezone }: SendDeps,
): FittedDelivery {
  const now = clock.now();
  const message = withLateLine(delivery, { now, timezone: timezone() });
  const { wall } = corrected(delivery.at, now);
  return {
    id: delivery.id,
    messageId: delivery.messageId,
    ...(delivery.threadRootId ? { threadRootId: delivery.threadRootId } : {}),
    recipient: delivery.recipient,
    ...fitMessage(message, pictures, settings.channel.limits),
    at: hasBelievableTime({ ...now, wall }) ? wall : now.wall, // a mail from 1970 is spam
  };
}

/** How late a message is shows only when it goes out. */
function withLateLine(delivery: Delivery, when: { now: Moment; timezone: string }): Message {
  const { at, message } = delivery;
  const line = lateLine({ at, ...when, ...keptBy(delivery) });
  return line === undefined ? message : { ...message, lateLine: line };
}

/** A try without a way out counts as none, yet leaves its reason. */
function keptBy({ attempts, reason }: Delivery): Pick<Lateness, "keptBy"> {
  if (attempts > 0) return { keptBy: { kind: "channel", tries: attempts } };
  return reason === undefined ? {} : { keptBy: { kind: "network" } };
}

async function trySend(
  channel: OpenChannel,
  delivery: FittedDelivery,
  deps: SendDeps,
  signal: AbortSignal,
): Promise<SendResult> {
  using limit = deadline(deps.clock, sendDeadlineSeconds * 1000, signal);
  try {
    return await channel.sender.send(delivery, limit);
  } catch (error) { // a bug in the channel; nobody knows whether it went out
    deps.log.error("The channel failed", { channel: channel.settings.name, error: errorText(error) });
    return { kind: "uncertain", reason: errorText(error) };
  }
}

function settle(delivery: Delivery, result: SendResult, channel: OpenChannel, deps: SendDeps): Delivery {
  const settled = deps.outbox.settle(delivery, result);
  const fields = { channel: channel.settings.name, delivery: delivery.id };
  if (result.kind === "sent") deps.log.info(`Sent: ${delivery.message.firstLine}`, fields);
  else deps.log.warning(`Not sent (${result.kind}): ${result.reason}`, fields);
  deps.changed();
  return settled;
}

/** Keeps each channel to its messages per minute; a slow one holds up no other in its loop. */
class Pace {
  readonly #sentAt = new Map<string, Moment>();

  constructor(private readonly clock: Clock) {}

  sent({ name }: ChannelSettings): void {
    this.#sentAt.set(name, this.clock.now());
  }

  restMilliseconds({ name, channel }: ChannelSettings): number {
    const last = this.#sentAt.get(name);
    const { messagesPerMinute } = channel.limits;
    if (!last || messagesPerMinute >= mostUnpacedPerMinute) return 0;
    return Math.max(0, 60_000 / messagesPerMinute - (secondsBetween(last, this.clock.now()) ?? 0) * 1000);
  }
}

function restMilliseconds(channels: readonly OpenChannel[], pace: Pace, { clock, outbox }: SendDeps): number {
  const now = clock.now().wall.epochMilliseconds;
  const waits = channels.map(({ settings }) => {
    const dueAt = nextDueAt(settings.name, outbox);
    return dueAt ? Math.max(50, dueAt.epochMilliseconds - now, pace.restMilliseconds(settings)) : Infinity;
  });
  return Math.min(restSeconds * 1000, ...waits);
}

function nextDueAt(channel: string, outbox: Outbox): Temporal.Instant | undefined {
  try {
    return outbox.nextDueAt(channel);
  } catch {
    return undefined; // the store's trouble; the next take says so
  }
}
