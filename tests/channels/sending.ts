/**
 * What the tests of channels send, and with what they send it.
 */
import type { ChannelIo, FittedDelivery } from "../../src/channels/channel.ts";
import { EmailSender } from "../../src/channels/email.ts";
import { type SmtpLimits, smtpLimits } from "../../src/channels/email/session.ts";
import { emailSettings, resolveEmail } from "../../src/channels/email/settings.ts";
import { type Clock, systemClock } from "../../src/clock.ts";
import type { Message, Picture } from "../../src/domain/message.ts";
import { createLog, Secrets } from "../../src/log.ts";
import { testAuthority } from "../support/smtp_server.ts";

export const clock = systemClock({ bootId: "test" });
export const never = new AbortController().signal;

/** A file that holds the CA of the test servers, as an owner would have one. */
export const caFile = Deno.makeTempFileSync({ prefix: "filagram-ca-", suffix: ".pem" });
Deno.writeTextFileSync(caFile, testAuthority.certificate);
addEventListener("unload", () => Deno.removeSync(caFile));

export const message: Message = {
  printer: "MK4",
  job: "benchy",
  subject: "[MK4] benchy",
  firstLine: "MK4: benchy finished in 1 h 12 min",
  body: "Benchy finished in 1 h 12 min",
  notes: [],
  facts: [{ label: "filament used", value: "12 g, 4.1 m" }, { label: "estimated was", value: "1 h 05 min" }],
  isUrgent: false,
  footer: { agent: "workshop", url: "http://192.168.1.5:8090/" },
  language: "en",
};

/** The smallest JPEG there is, or one padded to `bytes`. */
export function picture(bytes = 0): Picture {
  const head = [0xff, 0xd8, 0xff, 0xe0, 0, 16, 0x4a, 0x46, 0x49, 0x46, 0, 1, 1, 0, 0, 1, 0, 1, 0, 0];
  const all = new Uint8Array(Math.max(bytes, head.length + 2));
  all.set(head);
  all.set([0xff, 0xd9], all.length - 2);
  return { hash: "0".repeat(64), mediaType: "image/jpeg", alt: "The print on the bed", bytes: all };
}

let lastId = 0;

export function delivery(changes: Partial<FittedDelivery> = {}): FittedDelivery {
  const id = ++lastId;
  return {
    id,
    messageId: `<${id}.mail.0@a1b2c3.filagram.invalid>`,
    recipient: "owner@example.org",
    message,
    pictures: [],
    at: Temporal.Instant.from("2026-11-23T18:40:05Z"),
    ...changes,
  };
}

export function channelIo(changes: Partial<ChannelIo> = {}): ChannelIo {
  return {
    clock,
    log: createLog({ level: "error", secrets: new Secrets(), write: () => {} }),
    fetch: () => Promise.reject(new Error("No channel of these tests fetches")),
    agentId: "a1b2c3",
    carrier: (name) => {
      throw new Error(`No channel "${name}"`);
    },
    ...changes,
  };
}

export interface MailSenderOptions {
  readonly limits?: Partial<SmtpLimits>;
  readonly clock?: Clock;
}

/** A sender from settings as an owner writes them. */
export function mailSender(written: Record<string, unknown>, options: MailSenderOptions = {}): EmailSender {
  const settings = emailSettings.parse({
    from: "Printers <printers@example.org>",
    to: ["owner@example.org"],
    ...written,
  });
  const io = channelIo(options.clock ? { clock: options.clock } : {});
  return new EmailSender(resolveEmail(settings), io, { ...smtpLimits, ...options.limits });
}
