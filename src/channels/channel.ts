/**
 * The contract of a channel: a way out, with its limits. Shared code fits a message to them before `send`.
 */
import type { z } from "zod";
import type { Clock } from "../clock.ts";
import type { SendResult } from "../domain/delivery.ts";
import type { Message, Picture } from "../domain/message.ts";
import type { Log } from "../log.ts";

export type { SendResult };

export interface ChannelLimits {
  readonly titleCharacters: number;
  readonly bodyCharacters: number;
  readonly pictures: number;
  /** All pictures of one message together. */
  readonly pictureBytes: number;
  /** Of the longer side; absent: any. */
  readonly pictureSidePixels?: number;
  /** The only type taken; absent: any. */
  readonly pictureType?: "image/jpeg";
  readonly messagesPerMinute: number;
}

/** One delivery as it goes out: fitted to the channel's limits, its pictures loaded. */
export interface FittedDelivery {
  readonly id: number;
  /** Stable over retries and restarts: `<17.mail.0@a1b2c3.filagram.invalid>`. */
  readonly messageId: string;
  /** The first message of the same job on this channel, for threads; absent without a job or for that first message. */
  readonly threadRootId?: string;
  /** The one address this delivery goes to. */
  readonly recipient: string;
  readonly message: Message;
  readonly pictures: readonly Picture[];
  /** When the event happened (the mail's Date). */
  readonly at: Temporal.Instant;
  /** Carried for another channel: names only its own address, and is nothing but the first line and its pictures. */
  readonly carried?: true;
}

/** One per configured channel; it may keep a connection until it is disposed. */
export interface Sender extends AsyncDisposable {
  send(delivery: FittedDelivery, signal: AbortSignal): Promise<SendResult>;
  /** Tries everything short of sending. */
  check?(signal: AbortSignal): AsyncIterable<CheckStep>;
}

/** One thing tried: `connected`, `TLS`, `login`. */
export interface CheckStep {
  readonly name: string;
  readonly isOk: boolean;
  /** What was found; where it failed, the one sentence that says what to do. */
  readonly detail: string;
}

/** One step, and whose. */
export interface CheckReport {
  readonly subject: { readonly kind: "printer" | "channel"; readonly name: string };
  readonly step: CheckStep;
}

export interface ChannelIo {
  readonly clock: Clock;
  readonly log: Log;
  readonly fetch: typeof fetch;
  /** Random and lasting: this agent's part of every Message-ID. */
  readonly agentId: string;
  /** The Sender of another configured channel, for one that rides on it. */
  carrier(name: string): Sender;
}

export interface Channel<Settings> {
  readonly id: string;
  readonly label: string;
  readonly settings: z.ZodType<Settings>;
  readonly limits: ChannelLimits;
  /** One delivery each. */
  recipients(settings: Settings): string[];
  /** The name of the channel this one rides on, if any. */
  carrier?(settings: Settings): string;
  open(settings: Settings, io: ChannelIo): Sender;
}

/** A channel whose settings type is sealed, so that unlike channels fit one list. */
export interface SealedChannel {
  readonly id: string;
  readonly label: string;
  readonly settings: z.ZodType;
  readonly limits: ChannelLimits;
  /** @throws z.ZodError */
  bind(settings: unknown): BoundChannel;
}

/** A channel with its settings inside. */
export interface BoundChannel {
  readonly id: string;
  readonly limits: ChannelLimits;
  readonly recipients: readonly string[];
  /** The name of the channel this one rides on: it shares that one's queue. */
  readonly carrier?: string;
  open(io: ChannelIo): Sender;
}

/** Seals the settings type of a channel. */
export function defineChannel<Settings>(channel: Channel<Settings>): SealedChannel {
  return {
    id: channel.id,
    label: channel.label,
    settings: channel.settings,
    limits: channel.limits,
    bind(unchecked) {
      const settings = channel.settings.parse(unchecked);
      return {
        id: channel.id,
        limits: channel.limits,
        recipients: channel.recipients(settings),
        ...(channel.carrier ? { carrier: channel.carrier(settings) } : {}),
        open: (io) => channel.open(settings, io),
      };
    },
  };
}
