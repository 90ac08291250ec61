/**
 * Debian's own Postfix and OpenSMTPD, as their owners set them up: what they say ends in the right result, and what they
 * took arrives at the next server as a mail that two parsers read alike. Skipped, and said so, where they cannot run.
 */
import assert from "node:assert/strict";
import type { FittedDelivery, SendResult } from "../../src/channels/channel.ts";
import type { EmailSender } from "../../src/channels/email.ts";
import { caFile, delivery, mailSender, message, never, picture } from "../channels/sending.ts";
import { startOpensmtpd, whyNoMount, whyNoOpensmtpd } from "../support/opensmtpd.ts";
import { startPolicyServer } from "../support/policy_server.ts";
import { startPostfix, whyNoPostfix } from "../support/postfix.ts";
import { readByPython } from "../support/python_email.ts";
import { logOnce, type RealMailServer } from "../support/real_mail_server.ts";
import { startSmtpServer, type TestSmtpServer } from "../support/smtp_server.ts";

const login = { user: "me@example.org", password: "plum-tree-4711" };
const secure = { tls: "starttls", caFile, ...login } as const;
const plain = { tls: "none" } as const;

const noPostfix = await whyNoPostfix();
const noOpensmtpd = await whyNoOpensmtpd();

function serverTest(name: string, reason: string | undefined, fn: () => Promise<void>): void {
  Deno.test({
    name: reason === undefined ? name : `${name} (skipped: ${reason})`,
    ignore: reason !== undefined,
    fn,
  });
}

const withPostfix = (name: string, fn: () => Promise<void>) => serverTest(`Postfix: ${name}`, noPostfix, fn);
const withOpensmtpd = (name: string, fn: () => Promise<void>, reason = noOpensmtpd) =>
  serverTest(`OpenSMTPD: ${name}`, reason, fn);

function senderTo(server: RealMailServer, settings: Record<string, unknown>): EmailSender {
  return mailSender({ host: "localhost", port: server.port, ...settings });
}

/** A delivery whose texts are as odd as file names get. */
function oddDelivery(changes: Partial<FittedDelivery> = {}): FittedDelivery {
  const job = 'Größe "ベンチー" 🚤 <b>&amp;';
  return delivery({
    message: {
      ...message,
      job,
      subject: `[MK4] ${job}`,
      firstLine: `MK4: ${job} finished in 1 h 12 min`,
      facts: [...message.facts, { label: "the printer said", value: ".\n..\nFrom here on\n" + "lang ".repeat(300) }],
    },
    pictures: [picture(30_000)],
    ...changes,
  });
}

/** Sends, says what came of it, and how the server put it. */
async function tell(sender: EmailSender, what: FittedDelivery): Promise<SendResult> {
  const result = await sender.send(what, never);
  console.log(`    ${result.kind}: ${result.kind === "sent" ? result.receipt : result.reason}`);
  if (result.kind !== "sent") assert.doesNotMatch(result.reason, /undefined|plum-tree|\n/);
  return result;
}

interface Expected {
  readonly says: RegExp;
  readonly afterSeconds?: number;
}

function assertRetry(result: SendResult, { says, afterSeconds }: Expected): void {
  assert(result.kind === "retry", JSON.stringify(result));
  assert.match(result.reason, says);
  if (afterSeconds !== undefined) assert.equal(result.afterSeconds, afterSeconds);
}

/** Sends it, waits for it behind the server, and reads it there with a parser that is not ours, and with Python's. */
async function assertArrives(sender: EmailSender, sink: TestSmtpServer, what: FittedDelivery): Promise<void> {
  const arriving = sink.nextMail();
  assert.equal((await tell(sender, what)).kind, "sent");
  const { parsed, raw, recipients } = await arriving;
  const python = await readByPython(raw);
  const { subject, firstLine, facts } = what.message;
  assert.deepEqual(recipients, [what.recipient]);
  assert.deepEqual([parsed.messageId, python.messageId], [what.messageId, what.messageId]);
  assert.deepEqual([parsed.subject, python.subject], [subject, subject]);
  assert.equal(parsed.date?.toISOString(), "2026-11-23T18:40:05.000Z");
  for (const text of [parsed.text ?? "", python.text.replaceAll("\r\n", "\n")]) {
    assert(text.startsWith(`${firstLine}\n`), text);
    for (const { label, value } of facts) assert(text.includes(`${label}: ${value}`), `${label} in ${text}`);
  }
  assert.match(python.html, /<h1/);
  assert.deepEqual(python.defects, []);
  const bytes = what.pictures.map((picture) => picture.bytes.length);
  assert.deepEqual([parsed.attachments.map(({ size }) => size), python.pictureBytes], [bytes, bytes]);
}

// -- both ------------------------------------------------------------------------------------------------------------

for (const method of ["PLAIN", "LOGIN", "CRAM-MD5"]) {
  withPostfix(`STARTTLS with an own CA, and a login by ${method}`, async () => {
    await using sink = await startSmtpServer();
    await using server = await startPostfix({ sinkPort: sink.port, login, authMethods: method });
    await using sender = senderTo(server, secure);
    await assertArrives(sender, sink, oddDelivery());
    await assertArrives(sender, sink, delivery({ recipient: "other@example.net" }));
    await logOnce(server, new RegExp(`sasl_method=${method}, sasl_username=me@example.org`));
  });
}

withOpensmtpd("STARTTLS with an own CA, and a login", async () => {
  await using sink = await startSmtpServer();
  await using server = await startOpensmtpd({ sinkPort: sink.port, login });
  await using sender = senderTo(server, secure);
  await assertArrives(sender, sink, oddDelivery());
  await assertArrives(sender, sink, delivery({ recipient: "other@example.net" }));
  await logOnce(server, /authentication user=me@example\.org result=ok/);
});

const servers = [
  {
    test: withPostfix,
    start: (sink: TestSmtpServer) => startPostfix({ sinkPort: sink.port, login }),
    startPlain: (sink: TestSmtpServer, maxBytes: number) => startPostfix({ sinkPort: sink.port, maxBytes }),
    goodLogin: /sasl_username=me@example\.org/,
    refusedLogins: /SASL \w+ authentication failed/g,
    withoutLogin: /passes on no mail to owner@example\.org for a stranger: put user and password/,
    withoutTls: /takes no mail without a login/,
  },
  {
    test: withOpensmtpd,
    start: (sink: TestSmtpServer) => startOpensmtpd({ sinkPort: sink.port, login }),
    startPlain: (sink: TestSmtpServer, maxBytes: number) => startOpensmtpd({ sinkPort: sink.port, maxBytes }),
    goodLogin: /authentication user=me@example\.org result=ok/,
    refusedLogins: /authentication user=\S+ result=permfail/g,
    withoutLogin: /takes no mail without a login/,
    withoutTls: /takes no mail without a login/,
  },
];

for (const { test, start, startPlain, goodLogin, refusedLogins, withoutLogin, withoutTls } of servers) {
  test("a wrong password is said once, not tried again, and mended", async () => {
    await using sink = await startSmtpServer();
    await using server = await start(sink);
    const what = delivery();
    {
      await using sender = senderTo(server, { ...secure, password: "guess" });
      for (let tries = 0; tries < 3; tries++) {
        const says = /refuses the login of "me@example\.org": check user and password/;
        assertRetry(await tell(sender, what), { says, afterSeconds: 900 });
      }
    }
    await using sender = senderTo(server, secure);
    await assertArrives(sender, sink, what);
    const log = await logOnce(server, goodLogin);
    assert.equal(log.match(refusedLogins)?.length, 1);
  });

  test("a login is wanted but none is set, or not even TLS", async () => {
    await using sink = await startSmtpServer();
    await using server = await start(sink);
    await using stranger = senderTo(server, { tls: "starttls", caFile });
    assertRetry(await tell(stranger, delivery()), { says: withoutLogin, afterSeconds: 900 });
    await using naked = senderTo(server, plain);
    assertRetry(await tell(naked, delivery()), { says: withoutTls });
    await using member = senderTo(server, secure);
    await assertArrives(member, sink, delivery());
  });

  test("a certificate nobody vouches for is told no password", async () => {
    await using sink = await startSmtpServer();
    await using server = await start(sink);
    await using sender = senderTo(server, { tls: "starttls", ...login });
    assertRetry(await tell(sender, delivery()), {
      says: /nobody this board trusts .* fingerprint256: "([\dA-F:]{95})"/,
    });
    assert.doesNotMatch(await server.log(), /sasl|authentication/i);
    const steps = await Array.fromAsync(sender.check(never));
    const pin = /fingerprint256: "([\dA-F:]{95})"/.exec(steps.at(-1)?.detail ?? "")?.[1];
    await using pinned = senderTo(server, { tls: "starttls", fingerprint256: pin, ...login });
    await assertArrives(pinned, sink, delivery());
  });

  test("too large with its picture: it goes without", async () => {
    await using sink = await startSmtpServer();
    await using server = await startPlain(sink, 100_000);
    await using sender = senderTo(server, plain);
    const what = oddDelivery({ pictures: [picture(120_000)] });
    const result = await tell(sender, what);
    assert(result.kind === "tooLarge");
    console.log(`    it takes ${result.maxBytes} bytes`);
    await assertArrives(sender, sink, { ...what, pictures: [] });
    await assertArrives(sender, sink, oddDelivery({ pictures: [picture(50_000)] }));
  });

  test("stopped while a connection is kept, then started again: nothing is lost, nothing comes twice", async () => {
    await using sink = await startSmtpServer();
    await using server = await start(sink);
    await using sender = senderTo(server, secure);
    await assertArrives(sender, sink, delivery());
    await server.stop();
    const what = oddDelivery();
    assertRetry(await tell(sender, what), { says: /Nothing takes mail on port \d+ of localhost/ });
    await server.start();
    await assertArrives(sender, sink, what);
    assert.equal(sink.mails.filter(({ parsed }) => parsed.messageId === what.messageId).length, 1);
  });
}

// -- Postfix ---------------------------------------------------------------------------------------------------------

withPostfix("it does not name its limit but has one: 552 after the whole mail", async () => {
  await using sink = await startSmtpServer();
  const settings = { smtpd_discard_ehlo_keywords: "size", message_size_limit: "100000" };
  await using server = await startPostfix({ sinkPort: sink.port, settings });
  await using sender = senderTo(server, plain);
  const what = oddDelivery({ pictures: [picture(120_000)] });
  assert.equal((await tell(sender, what)).kind, "tooLarge");
  await assertArrives(sender, sink, { ...what, pictures: [] });
});

withPostfix("greylisting by a policy server: 450, then accepted, the same mail", async () => {
  await using policy = startPolicyServer((_, number) =>
    number === 1 ? "450 4.2.0 Greylisted, come back later" : "DUNNO"
  );
  await using sink = await startSmtpServer();
  await using server = await startPostfix({ sinkPort: sink.port, login, policyPort: policy.port });
  await using sender = senderTo(server, secure);
  const what = oddDelivery();
  assertRetry(await tell(sender, what), { says: /greylisting/, afterSeconds: 300 });
  await assertArrives(sender, sink, what);
  assert.equal(policy.questions[0]?.get("recipient"), "owner@example.org");
  assert.equal(sink.mails.length, 1);
});

withPostfix("a full queue: 452, and the mail waits until there is room", async () => {
  await using sink = await startSmtpServer();
  await using server = await startPostfix({ sinkPort: sink.port, settings: { queue_minfree: "9000000000000000" } });
  await using sender = senderTo(server, plain);
  const what = oddDelivery();
  assertRetry(await tell(sender, what), { says: /has no room for more now/, afterSeconds: 1800 });
  await server.restart({ queue_minfree: "0" });
  await assertArrives(sender, sink, what);
});

withPostfix("stopped between recipient and text: tried again, and it arrives once", async () => {
  const stopped = Promise.withResolvers<void>();
  await using policy = startPolicyServer(async (_, number) => {
    if (number === 1) {
      await server.stop();
      stopped.resolve();
    }
    return "DUNNO";
  });
  await using sink = await startSmtpServer();
  await using server = await startPostfix({ sinkPort: sink.port, login, policyPort: policy.port });
  await using sender = senderTo(server, secure);
  const what = oddDelivery();
  assertRetry(await tell(sender, what), { says: /hung up in the middle: nothing to change/ });
  await stopped.promise;
  await server.start();
  await assertArrives(sender, sink, what);
  assert.equal(sink.mails.length, 1);
});

// -- OpenSMTPD -------------------------------------------------------------------------------------------------------

withOpensmtpd("greylisting by a filter: 451, then accepted, the same mail", async () => {
  await using sink = await startSmtpServer();
  await using server = await startOpensmtpd({ sinkPort: sink.port, login, greylists: true });
  await using sender = senderTo(server, secure);
  const what = oddDelivery();
  assertRetry(await tell(sender, what), { says: /greylisting/, afterSeconds: 300 });
  await assertArrives(sender, sink, what);
  assert.equal(sink.mails.length, 1);
});

withOpensmtpd("a full disk under its queue: the mail waits until there is room", async () => {
  await using sink = await startSmtpServer();
  await using server = await startOpensmtpd({ sinkPort: sink.port, hasSmallQueue: true });
  await using sender = senderTo(server, plain);
  await server.fillQueue(true);
  const what = oddDelivery();
  assertRetry(await tell(sender, what), { says: /nothing to change, it is tried again/ });
  await server.fillQueue(false);
  await assertArrives(sender, sink, what);
}, noOpensmtpd ?? await whyNoMount());
