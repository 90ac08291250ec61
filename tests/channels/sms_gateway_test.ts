import assert from "node:assert/strict";
import fc from "fast-check";
import type { FittedDelivery, Sender, SendResult } from "../../src/channels/channel.ts";
import { smsCarriers } from "../../src/channels/sms/carriers.ts";
import { gsm7Length, toGsm7 } from "../../src/channels/sms/gsm7.ts";
import { smsGateway, smsText } from "../../src/channels/sms_gateway.ts";
import { startSmtpServer } from "../support/smtp_server.ts";
import { channelIo, delivery, mailSender, message, never, picture } from "./sending.ts";

const google = { number: "5551234567", carrier: "google_fi", via: "mail" };

function carrierThat(answers: SendResult): Sender & { carried: FittedDelivery[] } {
  const carried: FittedDelivery[] = [];
  return {
    carried,
    send: (delivery) => {
      carried.push(delivery);
      return Promise.resolve(answers);
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

function problemsOf(written: Record<string, unknown>): string {
  return smsGateway.settings.safeParse(written).error?.issues.map(({ message }) => message).join("\n") ?? "";
}

Deno.test("a text message is the first line, in one mail to the number alone", async () => {
  await using server = await startSmtpServer();
  await using mail = mailSender({ host: "localhost", port: server.port, tls: "none", cc: ["c@example.org"] });
  const bound = smsGateway.bind(google);
  await using sender = bound.open(channelIo({ carrier: (name) => name === "mail" ? mail : assert.fail(name) }));
  assert.deepEqual(bound.recipients, ["5551234567@msg.fi.google.com"]);
  assert.equal(bound.carrier, "mail");
  const result = await sender.send(
    delivery({ recipient: "5551234567@msg.fi.google.com", pictures: [picture()] }),
    never,
  );
  assert.equal(result.kind, "sent");
  const [received] = server.mails;
  assert.deepEqual(received?.recipients, ["5551234567@msg.fi.google.com"]);
  assert.equal(received?.parsed.text, "MK4: benchy finished in 1 h 12 min\n");
  assert.equal(received?.parsed.subject, undefined);
  assert.equal(received?.parsed.attachments.length, 0, "no picture without mms");
});

Deno.test("with mms: true one JPEG comes along, nothing else does", async () => {
  const carrier = carrierThat({ kind: "sent" });
  const bound = smsGateway.bind({ ...google, carrier: "rogers", mms: true });
  assert.deepEqual(bound.recipients, ["5551234567@mms.rogers.com"]);
  await using sender = bound.open(channelIo({ carrier: () => carrier }));
  const png = { ...picture(), mediaType: "image/png" as const };
  await sender.send(delivery({ pictures: [png, picture(500_000), picture(1000), picture(2000)] }), never);
  assert.deepEqual(carrier.carried[0]?.pictures.map(({ bytes }) => bytes.length), [1000]);
  assert.equal(carrier.carried[0]?.carried, true);
});

Deno.test("a gateway that refuses a number for good is not asked again for a day", async () => {
  const carrier = carrierThat({ kind: "rejected", reason: "no such number" });
  await using sender = smsGateway.bind(google).open(channelIo({ carrier: () => carrier }));
  for (let round = 0; round < 3; round++) {
    assert.deepEqual(await sender.send(delivery(), never), { kind: "rejected", reason: "no such number" });
  }
  assert.equal(carrier.carried.length, 2, "one refusal may be about its text");
});

Deno.test("a dead gateway is refused with a sentence, an ending one is shown with its day", async () => {
  assert.match(
    problemsOf({ ...google, carrier: "att" }),
    /AT&T turns no mails .* \(since 2025-06-17\): use another channel/,
  );
  for (const [id, { status }] of Object.entries(smsCarriers)) {
    assert.equal(problemsOf({ ...google, carrier: id }) === "", status !== "dead", id);
  }
  await using sender = smsGateway.bind({ ...google, carrier: "verizon" }).open(
    channelIo({ carrier: () => carrierThat({ kind: "sent" }) }),
  );
  const steps = await Array.fromAsync(sender.check?.(never) ?? []);
  assert.match(steps[0]?.detail ?? "", /closes on 2027-03-31: set up a second channel/);
});

Deno.test("settings of a text message: what is wrong is said", () => {
  for (const number of ["+15551234567", "555 123 4567", "555-123-4567", "abc", ""]) {
    assert.match(problemsOf({ ...google, number }), /number must be the digits .* without \+/);
  }
  assert.match(problemsOf({ ...google, number: "15551234567" }), /number must have 10 digits/);
  assert.equal(problemsOf({ ...google, number: 5551234567 }), "", "YAML reads an unquoted number as one");
  assert.match(problemsOf({ ...google, carrier: "vodafone" }), /carrier must be one of att, .*; or give its domain/);
  assert.match(problemsOf({ number: "5551234567", via: "mail" }), /either the carrier or the domain/);
  assert.match(problemsOf({ ...google, carrier: "c_spire", mms: true }), /takes no pictures/);
  assert.equal(problemsOf({ number: "491701234567", domain: "sms.example.de", via: "mail" }), "");
});

const letters: readonly [string, string][] = [
  ["215 °C, 4 × 3 — “quoted” … → done ✓", '215 C, 4 x 3 - "quoted" ... -> done ok'],
  ["Größe Ångström façade Łódź İstanbul", "Größe Ångström facade Lodz Istanbul"],
  ["ベンチー.gcode", "?.gcode"],
  ["Деталь корпуса їжак Щит v2", "Detal korpusa izhak Shchit v2"],
  ["Ελληνικά ψάρι ẞ", "Ellinika psari SS"],
  ["🚤 benchy 👩‍🔧", "benchy"],
  ["a\r\nb\tc", "a b c"],
  ["50 % [x] {y} €", "50 % [x] {y} €"],
];

Deno.test("phones read the GSM 7-bit alphabet", () => {
  for (const [from, to] of letters) assert.equal(toGsm7(from), to);
  assert.equal(gsm7Length("[€]"), 6);
});

Deno.test("any text ends in at most 120 septets of the alphabet, the print's name shortened in its middle", () => {
  const alphabet = /^[@£$¥èéùìòÇØøÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !"#¤%&'()*+,\-./0-9:;<=>?¡A-ZÄÖÑÜ§¿a-zäöñüà^{}\\[~\]|€]*$/;
  fc.assert(fc.property(fc.string({ unit: "grapheme", maxLength: 300 }), (job) => {
    const text = smsText({ firstLine: `MK4: ${job} finished in 1 h 12 min`, job });
    assert(gsm7Length(text) <= 120);
    assert.match(text, alphabet);
  }));
  const job = "calibration_cube_".repeat(12);
  assert.match(
    smsText({ ...message, job, firstLine: `MK4: ${job} failed at 50 %` }),
    /^MK4: cal.*\.\..*cube_ failed at 50 %$/,
  );
});
