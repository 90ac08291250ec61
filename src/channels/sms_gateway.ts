/**
 * Text messages by mail: carriers turn a mail to number@their.domain into one. Rides on an e-mail channel.
 */
import { z } from "zod";
import type { SendResult } from "../domain/delivery.ts";
import type { Clock } from "../clock.ts";
import type { Message } from "../domain/message.ts";
import { type ChannelIo, type CheckStep, defineChannel, type FittedDelivery, type Sender } from "./channel.ts";
import { shortenLine } from "./fit.ts";
import { refusalOf, type SmsCarrier, smsCarrierIds, smsCarriers, statusText } from "./sms/carriers.ts";
import { gsm7Length, toGsm7 } from "./sms/gsm7.ts";

/** Gateways cut at 120 to 160, the sender's address included. */
const maxSeptets = 120;
/** Fits the smallest handsets (600 KB) once it is base64. */
const maxPictureBytes = 450 * 1024;
const maxPictureSidePixels = 1280;

const settings = z.strictObject({
  number: z.coerce.string().regex(/^\d{5,15}$/, {
    error: "number must be the digits of the phone number, without +, spaces and dashes (US and Canada: 10 digits)",
  }).meta({ title: "Phone number" }),
  carrier: z.enum(smsCarrierIds, { error: `carrier must be one of ${smsCarrierIds.join(", ")}; or give its domain` })
    .optional().meta({ title: "Carrier" }),
  domain: z.string().regex(/^[a-z\d]([a-z\d-]*[a-z\d])?(\.[a-z\d-]+)+$/i, {
    error: "domain must be the part behind the @, like msg.fi.google.com",
  }).optional().meta({ title: "Gateway's domain", description: "For a carrier that is not in the list" }),
  mms: z.boolean({ error: "mms must be true (with picture) or false" }).default(false).meta({ title: "With picture" }),
  via: z.string({ error: "via must be the name of the e-mail channel that carries it" }).min(1)
    .meta({ title: "E-mail channel" }),
}).superRefine((written, context) => {
  const problem = (path: string, message: string) => context.addIssue({ code: "custom", path: [path], message });
  if ((written.carrier === undefined) === (written.domain === undefined)) {
    problem("carrier", "give either the carrier or the domain of its gateway");
  }
  const carrier = written.carrier && carrierOf(written.carrier);
  if (!carrier) return;
  const refusal = refusalOf(carrier);
  if (refusal) problem("carrier", refusal);
  if (!/^\d{10}$/.test(written.number)) problem("number", "number must have 10 digits, without +1, spaces and dashes");
  if (written.mms && !carrier.mmsDomain) problem("mms", `${carrier.label} takes no pictures by mail: set mms: false`);
});

export type SmsGatewaySettings = z.infer<typeof settings>;

export const smsGateway = defineChannel<SmsGatewaySettings>({
  id: "sms_gateway",
  label: "Text message by mail (carrier's gateway)",
  settings,
  limits: {
    titleCharacters: 60,
    bodyCharacters: maxSeptets,
    pictures: 1,
    pictureBytes: maxPictureBytes,
    pictureSidePixels: maxPictureSidePixels,
    pictureType: "image/jpeg",
    messagesPerMinute: 4, // carriers block what looks like bulk
  },
  recipients: (settings) => [gatewayAddress(settings)],
  carrier: (settings) => settings.via,
  open: (settings, io) => new SmsGatewaySender(settings, io),
});

function carrierOf(id: SmsGatewaySettings["carrier"]): SmsCarrier | undefined {
  return id && smsCarriers[id];
}

function gatewayAddress({ number, carrier, domain, mms }: SmsGatewaySettings): string {
  const known = carrierOf(carrier);
  return `${number}@${domain ?? (mms ? known?.mmsDomain : undefined) ?? known?.smsDomain}`;
}

/** A gateway that refuses for good, and the next message too, is left alone so long: asking on gets the sender blocked. */
const refusedHours = 24;
const refusalsInRow = 2;

class SmsGatewaySender implements Sender {
  readonly #settings: SmsGatewaySettings;
  readonly #clock: Clock;
  readonly #carrier: Sender;
  #refused: { result: SendResult; untilMilliseconds: number } | undefined;
  #refusals = 0;

  constructor(settings: SmsGatewaySettings, io: ChannelIo) {
    this.#settings = settings;
    this.#clock = io.clock;
    this.#carrier = io.carrier(settings.via);
  }

  async send(delivery: FittedDelivery, signal: AbortSignal): Promise<SendResult> {
    const now = this.#clock.now().monotonicMilliseconds;
    if (this.#refused && now < this.#refused.untilMilliseconds) return this.#refused.result;
    const pictures = this.#settings.mms
      ? delivery.pictures.filter(({ mediaType, bytes }) =>
        mediaType === "image/jpeg" && bytes.length <= maxPictureBytes
      )
      : [];
    const { threadRootId: _, ...alone } = delivery;
    const result = await this.#carrier.send({
      ...alone,
      message: { ...delivery.message, firstLine: smsText(delivery.message) },
      pictures: pictures.slice(0, 1),
      carried: true,
    }, signal);
    this.#refusals = result.kind === "rejected" ? this.#refusals + 1 : 0;
    if (result.kind === "rejected" && this.#refusals >= refusalsInRow) {
      this.#refused = { result, untilMilliseconds: now + refusedHours * 3_600_000 };
    }
    return result;
  }

  async *check(): AsyncIterable<CheckStep> {
    const carrier = carrierOf(this.#settings.carrier);
    yield {
      name: "gateway",
      isOk: carrier?.status !== "dead",
      detail: carrier ? statusText(carrier) : `${this.#settings.domain}: a gateway of your own choice; send a test`,
    };
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve(); // the carrier is not ours to close
  }
}

/** The first line in the letters of phones, the print's name shortened first, in its middle. */
export function smsText(message: Pick<Message, "firstLine" | "job">): string {
  const job = message.job === undefined ? undefined : toGsm7(message.job);
  return shortenLine(toGsm7(message.firstLine), {
    max: maxSeptets,
    ...(job ? { job } : {}),
    measure: gsm7Length,
    ellipsis: "..",
  });
}
