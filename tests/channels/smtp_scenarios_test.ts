/**
 * Mail servers as they really are. Each scenario ends in the right result and, where it is no success, in one sentence
 * that says what to change.
 */
import assert from "node:assert/strict";
import type { FittedDelivery, SendResult } from "../../src/channels/channel.ts";
import type { SmtpLimits } from "../../src/channels/email/session.ts";
import type { Clock } from "../../src/clock.ts";
import { type BadSmtpOptions, type BadSmtpServer, startBadSmtpServer } from "../support/bad_smtp_server.ts";
import { selfSigned } from "../support/certificates.ts";
import {
  localhostCertificate,
  startSmtpServer,
  testAuthority,
  type TestSmtpOptions,
  type TestSmtpServer,
} from "../support/smtp_server.ts";
import { caFile, clock, delivery, mailSender, message, never, picture } from "./sending.ts";

const login = { user: "me@example.org", password: "plum-tree-4711" };
const short: Partial<SmtpLimits> = { greetingMilliseconds: 2000, idleMilliseconds: 2000, connectMilliseconds: 5000 };
const hour = Temporal.Duration.from({ hours: 1 });

interface Outcome {
  readonly kind: SendResult["kind"];
  /** What the sentence must say. */
  readonly says?: RegExp;
  readonly isOffline?: true;
  readonly afterSeconds?: number;
}

interface Scenario {
  readonly name: string;
  /** The exhibit it shows. */
  readonly museum?: 19 | 20;
  readonly server?: TestSmtpOptions;
  readonly bad?: BadSmtpOptions;
  /** Settings beside host, port, from and to. */
  readonly settings?: Record<string, unknown>;
  readonly limits?: Partial<SmtpLimits>;
  readonly clock?: Clock;
  /** One after the other through one sender; default: one plain delivery. */
  readonly deliveries?: readonly Partial<FittedDelivery>[];
  readonly outcomes: readonly Outcome[];
  after?(server: TestSmtpServer, bad: BadSmtpServer): void | Promise<void>;
}

const sent = { kind: "sent" } as const;
const starttls = { tls: "starttls", caFile } as const;
const implicit = { tls: "implicit", caFile } as const;
const plain = { tls: "none" } as const;

function noPassword(lines: readonly string[]): void {
  assert.deepEqual(lines.filter((line) => /^AUTH|^MAIL/i.test(line)), [], "something went out in the clear");
}

/** A clock nobody has set yet: a Pi that woke in 1970. */
const unsetClock: Clock = {
  ...clock,
  now: () => ({ ...clock.now(), wall: Temporal.Instant.fromEpochMilliseconds(60_000) }),
  isSet: () => false,
};

const expired = testAuthority.issue({
  name: "localhost",
  hosts: ["localhost"],
  validFrom: Temporal.Instant.from("2020-01-01T00:00Z"),
  validUntil: Temporal.Instant.from("2021-01-01T00:00Z"),
});
const notYet = testAuthority.issue({
  name: "localhost",
  hosts: ["localhost"],
  validFrom: Temporal.Instant.from("2040-01-01T00:00Z"),
  validUntil: Temporal.Instant.from("2041-01-01T00:00Z"),
});
const otherName = testAuthority.issue({ name: "other.example", hosts: ["other.example"] });
const own = selfSigned({ name: "printer-room", hosts: ["printer-room"] });

const scenarios: readonly Scenario[] = [
  ...["PLAIN", "LOGIN", "CRAM-MD5"].map((method): Scenario => ({
    name: `implicit TLS with ${method}`,
    server: { tls: "implicit", login, authMethods: [method] },
    settings: { ...implicit, ...login },
    outcomes: [sent],
    after: (server) => assert.deepEqual(server.logins, [method]),
  })),
  {
    name: "STARTTLS required",
    server: { tls: "starttls", login },
    settings: { ...starttls, ...login },
    outcomes: [sent],
  },
  {
    name: "untrusted certificate on STARTTLS",
    server: { tls: "starttls", login },
    settings: { tls: "starttls", ...login },
    outcomes: [{
      kind: "retry",
      says: /nobody this board trusts .* caFile, or fingerprint256: "[\dA-F:]{95}"/,
      afterSeconds: 900,
    }],
    after: (server) => assert.equal(server.attempts, 0, "the password was told to a stranger"),
  },
  {
    name: "untrusted certificate on implicit TLS",
    server: { tls: "implicit", login },
    settings: { tls: "implicit", ...login },
    outcomes: [{ kind: "retry", says: /nobody this board trusts .* caFile/ }],
    after: (server) => assert.equal(server.attempts, 0),
  },
  ...(["starttls", "implicit"] as const).map((tls): Scenario => ({
    name: `certificate for another name on ${tls}`,
    server: { tls, login, certificate: otherName },
    settings: { tls, caFile, ...login },
    outcomes: [{ kind: "retry", says: /is for "other\.example", not for "localhost"/ }],
    after: (server) => assert.equal(server.attempts, 0),
  })),
  {
    name: "certificate that has ended",
    server: { tls: "starttls", certificate: expired },
    settings: starttls,
    outcomes: [{ kind: "retry", says: /ended on 2021-01-01: check this board's clock/, afterSeconds: 900 }],
  },
  {
    name: "certificate of the future: this board's clock is behind",
    server: { tls: "starttls", certificate: notYet },
    settings: starttls,
    outcomes: [{ kind: "retry", says: /valid only from 2040-01-01, .* check the clock/ }],
  },
  {
    name: "certificate trouble before the clock is set is looked at again soon",
    server: { tls: "starttls" },
    settings: { tls: "starttls" },
    clock: unsetClock,
    outcomes: [{ kind: "retry", says: /before this board knows the time/, afterSeconds: 60 }],
  },
  { name: "own CA", server: { tls: "implicit" }, settings: implicit, outcomes: [sent] },
  {
    name: "a CA file that is not there",
    server: { tls: "implicit" },
    settings: { tls: "implicit", caFile: "/nowhere/ca.pem" },
    outcomes: [{ kind: "retry", says: /cannot read caFile "\/nowhere\/ca.pem"/ }],
  },
  {
    name: "a CA file that holds no certificate",
    server: { tls: "implicit" },
    settings: { tls: "implicit", caFile: import.meta.filename },
    outcomes: [{ kind: "retry", says: /caFile ".*" holds no certificate in PEM form/ }],
  },
  ...(["starttls", "implicit"] as const).map((tls): Scenario => ({
    name: `pinned fingerprint on ${tls}: a self-signed certificate of any name`,
    server: { tls, certificate: own, login },
    settings: { tls, fingerprint256: own.fingerprint256.toLowerCase(), ...login },
    outcomes: [sent],
  })),
  {
    name: "pinned fingerprint of another certificate, though a trusted one",
    server: { tls: "starttls", login },
    settings: { ...starttls, fingerprint256: own.fingerprint256, ...login },
    outcomes: [{ kind: "retry", says: /not the pinned one/ }],
    after: (server) => assert.equal(server.attempts, 0),
  },
  {
    name: "STARTTLS stripped from the offer",
    bad: { extensions: ["AUTH PLAIN LOGIN", "SIZE 1000000"] },
    settings: { tls: "starttls", ...login },
    outcomes: [{ kind: "retry", says: /offers no STARTTLS .* nothing was sent/, afterSeconds: 900 }],
    after: (_, bad) => noPassword(bad.lines),
  },
  {
    name: "STARTTLS offered, then refused",
    bad: { extensions: ["STARTTLS", "AUTH PLAIN"] },
    settings: { tls: "starttls", ...login },
    outcomes: [{ kind: "retry", says: /offers no STARTTLS/ }],
    after: (_, bad) => noPassword(bad.lines),
  },
  {
    name: "wrong password: said once, then not tried again for a while",
    server: { tls: "starttls", login },
    settings: { ...starttls, ...login, password: "guess" },
    deliveries: [{}, {}, {}],
    outcomes: Array(3).fill({
      kind: "retry",
      says: /refuses the login of "me@example\.org": check user and password/,
      afterSeconds: 900,
    }),
    after: (server) => assert.equal(server.attempts, 1, "tried again: providers lock accounts for that"),
  },
  {
    name: "535 5.7.139: Microsoft takes no passwords any more",
    museum: 19,
    server: { tls: "starttls", login, onLogin: () => ({ code: 535, text: "5.7.139 Authentication unsuccessful" }) },
    settings: { ...starttls, ...login },
    outcomes: [{ kind: "retry", says: /no longer takes passwords .* another provider/, afterSeconds: 900 }],
  },
  {
    name: "534 5.7.9: an app password is wanted",
    server: {
      tls: "starttls",
      login,
      onLogin: () => ({ code: 534, text: "5.7.9 Application-specific password required" }),
    },
    settings: { ...starttls, ...login },
    outcomes: [{ kind: "retry", says: /wants an app password/, afterSeconds: 900 }],
  },
  {
    name: "454 at login is no wrong password",
    server: { tls: "starttls", login, onLogin: () => ({ code: 454, text: "4.7.0 Temporary authentication failure" }) },
    settings: { ...starttls, ...login },
    outcomes: [{ kind: "retry", says: /cannot check logins now: nothing to change/, afterSeconds: 300 }],
  },
  {
    name: "no AUTH offered",
    museum: 19,
    server: { tls: "starttls" },
    settings: { ...starttls, ...login },
    outcomes: [{ kind: "retry", says: /offers no login on port \d+: leave out user and password/ }],
  },
  {
    name: "a login is wanted but none is set",
    server: { tls: "starttls", login },
    settings: starttls,
    outcomes: [{ kind: "retry", says: /takes no mail without a login: put user and password/, afterSeconds: 900 }],
  },
  {
    name: "AUTH LOGIN only",
    museum: 19,
    server: { tls: "starttls", login, authMethods: ["LOGIN"] },
    settings: { ...starttls, ...login },
    outcomes: [sent],
  },
  {
    name: "AUTH XOAUTH2 only",
    bad: { extensions: ["AUTH XOAUTH2"] },
    settings: { ...plain, ...login },
    outcomes: [{ kind: "retry", says: /no login by password \(only XOAUTH2\)/ }],
    after: (_, bad) => noPassword(bad.lines),
  },
  {
    name: "421 as greeting",
    bad: { answer: (verb) => verb === "CONNECT" ? { say: "421 4.3.2 too busy", then: "hangUp" } : undefined },
    settings: plain,
    outcomes: [{ kind: "retry", says: /slowing this account down|closing its doors/ }],
  },
  {
    name: "554 as greeting",
    bad: { answer: (verb) => verb === "CONNECT" ? { say: "554 no service", then: "hangUp" } : undefined },
    settings: plain,
    outcomes: [{ kind: "retry", says: /does not serve this connection/, afterSeconds: 3600 }],
  },
  {
    name: "421 in mid-session of a new connection",
    bad: { answer: (verb) => verb === "MAIL" ? { say: "421 closing", then: "hangUp" } : undefined },
    settings: plain,
    outcomes: [{ kind: "retry", says: /closing its doors for now/, afterSeconds: 60 }],
  },
  {
    name: "421 in mid-session of a kept connection: the mail goes out over a new one at once",
    bad: {
      answer: (verb, line, connection) =>
        verb === "MAIL" && connection === 1 && line.includes("SIZE=") && ++mailsOfFirst > 1
          ? { say: "421 4.4.2 idle too long", then: "hangUp" }
          : undefined,
      extensions: ["SIZE 1000000"],
    },
    settings: plain,
    deliveries: [{}, {}],
    outcomes: [sent, sent],
    after: (_, bad) => {
      assert.equal(bad.connections, 2);
      assert.equal(bad.mails.length, 2);
    },
  },
  {
    name: "greylisting 450, then accepted",
    museum: 19,
    server: { onRecipient: () => greylisted++ === 0 ? { code: 450, text: "4.2.0 try again later" } : undefined },
    settings: plain,
    deliveries: [{ messageId: "<1.mail.0@x>" }, { messageId: "<1.mail.0@x>" }],
    outcomes: [{ kind: "retry", says: /greylisting/, afterSeconds: 300 }, sent],
    after: (server) => assert.equal(server.mails[0]?.parsed.messageId, "<1.mail.0@x>"),
  },
  {
    name: "451 4.7.1 after the whole mail",
    server: { onMail: () => ({ code: 451, text: "4.7.1 greylisted" }) },
    settings: plain,
    outcomes: [{ kind: "retry", says: /greylisting/, afterSeconds: 300 }],
  },
  {
    name: "452 4.2.2: the mailbox is full for now",
    server: { onRecipient: () => ({ code: 452, text: "4.2.2 mailbox full" }) },
    settings: plain,
    outcomes: [{ kind: "retry", says: /mailbox of owner@example\.org is full: make room/, afterSeconds: 1800 }],
  },
  {
    name: "550 for one of two recipients: one delivery sent, one rejected, over one connection",
    server: {
      onRecipient: (address) => address.startsWith("gone") ? { code: 550, text: "5.1.1 no such user" } : undefined,
    },
    settings: { ...plain, to: ["gone@example.org", "owner@example.org"] },
    deliveries: [{ recipient: "gone@example.org" }, { recipient: "owner@example.org" }],
    outcomes: [
      { kind: "rejected", says: /does not take mail for gone@example\.org: check the address \(550 5\.1\.1/ },
      sent,
    ],
    after: (server) => {
      assert.equal(server.connections, 1);
      assert.deepEqual(server.mails.map((mail) => mail.recipients), [["owner@example.org"]]);
    },
  },
  {
    name: "553 for the sender: the owner's setting, tried again later",
    server: { onSender: () => ({ code: 553, text: "5.7.1 not owned by user" }) },
    settings: plain,
    outcomes: [{
      kind: "retry",
      says: /not send as printers@example\.org: put the account's own address under from/,
      afterSeconds: 3600,
    }],
  },
  {
    name: "554 after the whole mail",
    server: { onMail: () => ({ code: 554, text: "5.7.1 spam" }) },
    settings: plain,
    outcomes: [{ kind: "rejected", says: /looks unwanted/ }],
  },
  {
    name: "550 5.4.5: the daily limit",
    server: { onMail: () => ({ code: 550, text: "5.4.5 Daily user sending limit exceeded" }) },
    settings: plain,
    outcomes: [{ kind: "retry", says: /as many mails as it allows in a day/, afterSeconds: 10_800 }],
  },
  {
    name: "SIZE exceeded by the picture: nothing is sent in vain, then it goes without",
    museum: 20,
    server: { maxBytes: 100_000 },
    settings: plain,
    deliveries: [{ pictures: [picture(200_000)] }, {}],
    outcomes: [{ kind: "tooLarge", says: /takes mails up to 0\.1 MB/ }, sent],
    after: (server) => assert.equal(server.mails.length, 1),
  },
  {
    name: "552 after the whole mail, the limit untold",
    museum: 20,
    server: { maxBytes: 100_000, hidesSize: true },
    settings: plain,
    deliveries: [{ pictures: [picture(200_000)] }, {}],
    outcomes: [{ kind: "tooLarge", says: /too large/ }, sent],
  },
  {
    name: "too large without any picture",
    server: { maxBytes: 1000 },
    settings: plain,
    outcomes: [{ kind: "rejected", says: /only up to 0\.0 MB/ }],
  },
  {
    name: "server that never greets",
    bad: { answer: (verb) => verb === "CONNECT" ? { then: "silence" } : undefined },
    settings: { tls: "starttls" },
    limits: short,
    outcomes: [{ kind: "retry", says: /does not greet: if the port speaks TLS at once \(465\), set tls: implicit/ }],
  },
  {
    name: "falls silent at the login: neither a wrong password nor a lost mail",
    bad: { extensions: ["AUTH PLAIN"], answer: (verb) => verb === "AUTH" ? { then: "silence" } : undefined },
    settings: { ...plain, ...login },
    limits: short,
    outcomes: [{ kind: "retry", says: /fell silent in the middle: nothing to change/ }],
  },
  {
    name: "server that hangs up instead of greeting",
    bad: { answer: (verb) => verb === "CONNECT" ? { then: "hangUp" } : undefined },
    settings: { tls: "starttls" },
    outcomes: [{ kind: "retry", says: /hung up before it greeted: check port and tls/ }],
  },
  {
    name: "hangs after DATA, before the mail",
    bad: { answer: (verb) => verb === "DATA" ? { then: "silence" } : undefined },
    settings: plain,
    limits: short,
    outcomes: [{ kind: "retry", says: /fell silent in the middle/ }],
  },
  {
    name: "hangs up in the middle of a large mail: it cannot have been accepted",
    bad: { answer: (verb) => verb === "DATA" ? { say: "354 go on", then: "hangUp" } : undefined },
    settings: plain,
    deliveries: [{ pictures: [picture(8_000_000)] }],
    outcomes: [{ kind: "retry", says: /hung up in the middle/ }],
  },
  {
    name: "hangs after the whole mail",
    museum: 19,
    bad: { answer: (verb) => verb === "." ? { then: "silence" } : undefined },
    settings: plain,
    limits: short,
    outcomes: [{ kind: "uncertain", says: /may have arrived/ }],
  },
  {
    name: "drops after DATA before its answer: uncertain, then the same Message-ID again",
    bad: { answer: (verb, _line, connection) => verb === "." && connection === 1 ? { then: "hangUp" } : undefined },
    settings: plain,
    deliveries: [{ messageId: "<9.mail.0@x>" }, { messageId: "<9.mail.0@x>" }],
    outcomes: [{ kind: "uncertain", says: /given the whole mail but not heard again/ }, sent],
    after: (_, bad) => {
      assert.deepEqual(bad.mails.map((mail) => /^Message-ID: (.*)$/im.exec(mail)?.[1]), [
        "<9.mail.0@x>",
        "<9.mail.0@x>",
      ]);
      const [first, second] = bad.mails.map((mail) => mail.replace(/_NmP-[\da-f]+/g, "boundary"));
      assert.equal(first, second, "the same mail again");
    },
  },
  {
    name: "name that does not resolve",
    settings: { ...plain, host: "no-such-host.invalid" },
    outcomes: [{ kind: "retry", isOffline: true, says: /No address is known for "no-such-host\.invalid"/ }],
  },
  {
    name: "TLS to a plain port",
    museum: 19,
    server: {},
    settings: implicit,
    outcomes: [{ kind: "retry", says: /does not speak TLS at once on port \d+: set tls: starttls/ }],
  },
  {
    name: "plain to a TLS port",
    museum: 19,
    server: { tls: "implicit" },
    settings: starttls,
    limits: short,
    outcomes: [{ kind: "retry", says: /set tls: implicit|wants tls: implicit/ }],
  },
  {
    name: "something that is no mail server",
    bad: { answer: (verb) => verb === "CONNECT" ? "HTTP/1.1 400 Bad Request" : undefined },
    settings: plain,
    outcomes: [{ kind: "retry", says: /is no mail server/ }],
  },
  {
    name: "six messages over one pooled connection and one login",
    server: { tls: "starttls", login },
    settings: { ...starttls, ...login },
    deliveries: Array(6).fill({}),
    outcomes: Array(6).fill(sent),
    after: (server) => {
      assert.equal(server.connections, 1);
      assert.equal(server.logins.length, 1);
      assert.equal(new Set(server.mails.map((mail) => mail.parsed.messageId)).size, 6);
    },
  },
  {
    name: "server that closes after each message",
    bad: { answer: (verb) => verb === "." ? { say: "250 2.0.0 accepted", then: "hangUp" } : undefined },
    settings: plain,
    deliveries: [{}, {}, {}],
    outcomes: [sent, sent, sent],
    after: (_, bad) => assert.equal(bad.mails.length, 3),
  },
  {
    name: "non-ASCII password and user",
    server: { tls: "starttls", login: { user: "jürgen@example.org", password: "Grüße → 漢字 🔑" } },
    settings: { ...starttls, user: "jürgen@example.org", password: "Grüße → 漢字 🔑" },
    outcomes: [sent],
  },
  {
    name: "body lines that are single dots",
    server: {},
    settings: plain,
    deliveries: [{ message: { ...message, facts: [{ label: "dots", value: "x\n.\n..\n.end" }] } }],
    outcomes: [sent],
    after: (server) => assert.match(server.mails[0]?.parsed.text ?? "", /dots: x\n\.\n\.\.\n\.end\n/),
  },
];

Deno.test("what a server offers and says reaches no terminal as control characters", async () => {
  await using server = startBadSmtpServer({
    extensions: ["\x1b[2JX", "AUTH XOAUTH2\x1b[31m"],
    answer: (verb) => verb === "RCPT" ? "550 5.1.1 \x1b[31mno \x9b31m\u202eone" : undefined,
  });
  await using nobody = mailSender({ host: "127.0.0.1", port: server.port, tls: "none" });
  await using owner = mailSender({ host: "127.0.0.1", port: server.port, tls: "none", ...login });
  const details: string[] = [];
  for (const sender of [nobody, owner]) {
    for await (const { detail } of sender.check(never)) details.push(detail);
  }
  const result = await nobody.send(delivery(), never);
  assert(result.kind === "rejected");
  assert.match(details.join("\n"), /XOAUTH2/);
  for (const text of [...details, result.reason]) assert.doesNotMatch(text, /[\p{Control}\p{Bidi_Control}]/u);
});

let mailsOfFirst = 0;
let greylisted = 0;

for (const scenario of scenarios) {
  Deno.test(`${scenario.museum ? `museum: ${scenario.museum}` : "SMTP scenario:"} ${scenario.name}`, async () => {
    await using server = await startSmtpServer(scenario.server);
    await using bad = startBadSmtpServer(scenario.bad);
    const port = scenario.bad ? bad.port : server.port;
    await using sender = mailSender({ host: "localhost", port, ...scenario.settings }, {
      ...(scenario.limits ? { limits: scenario.limits } : {}),
      ...(scenario.clock ? { clock: scenario.clock } : {}),
    });
    const deliveries = scenario.deliveries ?? [{}];
    for (const [index, changes] of deliveries.entries()) {
      checkOutcome(await sender.send(delivery(changes), never), scenario.outcomes[index]);
    }
    await scenario.after?.(server, bad);
  });
}

function checkOutcome(result: SendResult, expected: Outcome | undefined): void {
  assert(expected);
  assert.equal(result.kind, expected.kind, JSON.stringify(result));
  if (result.kind === "sent") return;
  assert.match(result.reason, expected.says ?? /./);
  assert.doesNotMatch(result.reason, /undefined|\[object|plum-tree|\n/);
  if (result.kind !== "retry") return;
  assert.equal(result.isOffline, expected.isOffline);
  if (expected.afterSeconds !== undefined) assert.equal(result.afterSeconds, expected.afterSeconds);
}

for (const tls of ["starttls", "implicit"] as const) {
  Deno.test(`an untrusted certificate on ${tls} stays untrusted, however often it is met`, async () => {
    // Deno 2.9.5 calls a resumed TLS session authorized without verifying anything
    await using server = await startSmtpServer({ tls, login });
    for (let round = 0; round < 4; round++) {
      const settings = { host: "localhost", port: server.port, tls };
      await using pinned = mailSender({ ...settings, fingerprint256: localhostCertificate.fingerprint256 });
      checkOutcome(await pinned.send(delivery(), never), { kind: "retry", says: /without a login/ });
      await using sender = mailSender({ ...settings, ...login });
      checkOutcome(await sender.send(delivery(), never), { kind: "retry", says: /nobody this board trusts/ });
    }
    assert.equal(server.attempts, 0);
  });
}

Deno.test("SMTP scenario: connection refused", async () => {
  const closed = startBadSmtpServer();
  const { port } = closed;
  await closed[Symbol.asyncDispose]();
  await using sender = mailSender({ host: "localhost", port, tls: "starttls" });
  checkOutcome(await sender.send(delivery(), never), {
    kind: "retry",
    says: /Nothing takes mail on port .* \(ECONNREFUSED\)/,
  });
});

for (const [verb, kind] of [["CONNECT", "retry"], ["MAIL", "retry"], ["DATA", "retry"], [".", "uncertain"]] as const) {
  Deno.test(`SMTP scenario: abort in mid-send, at ${verb}: ${kind}`, async () => {
    const stop = new AbortController();
    await using bad = startBadSmtpServer({
      answer: (at) => {
        if (at !== verb) return undefined;
        queueMicrotask(() => stop.abort());
        return { then: "silence" };
      },
    });
    await using sender = mailSender({ host: "localhost", port: bad.port, tls: "none" });
    const result = await sender.send(delivery(), stop.signal);
    checkOutcome(result, { kind, says: kind === "retry" ? /Stopped before the mail was out/ : /may have arrived/ });
  });
}

Deno.test("SMTP scenario: a connection that was kept and dropped meanwhile loses and doubles nothing", async () => {
  await using bad = startBadSmtpServer();
  await using sender = mailSender({ host: "localhost", port: bad.port, tls: "none" });
  for (let round = 0; round < 5; round++) {
    checkOutcome(await sender.send(delivery(), never), sent);
    bad.hangUp(); // the sender may or may not have noticed when it sends next
  }
  assert.equal(bad.mails.length, 5);
  assert.equal(bad.connections, 5);
});

Deno.test("museum: 23 no secret in the reason, even if the server repeats it", async () => {
  const { user, password } = login;
  const blob = btoa(`\0${user}\0${password}`);
  await using bad = startBadSmtpServer({
    extensions: ["AUTH PLAIN"],
    answer: (verb, line) =>
      verb === "AUTH" ? `535 5.7.8 bad login ${line} or ${password} or ${btoa(password)}` : undefined,
  });
  await using sender = mailSender({ host: "localhost", port: bad.port, tls: "none", ...login });
  const texts = [JSON.stringify(await sender.send(delivery(), never))];
  for await (const step of sender.check(never)) texts.push(step.detail);
  assert(bad.lines.some((line) => line.includes(blob)), "the server was told the password at all");
  for (const text of texts) {
    for (const secret of [password, blob, btoa(password)]) assert(!text.includes(secret.replace(/=+$/, "")), text);
  }
});

Deno.test("SMTP scenario: a refused login is tried again after a growing wait", async () => {
  let secondsOn = 0;
  const moved: Clock = {
    ...clock,
    now: () => ({ ...clock.now(), monotonicMilliseconds: clock.now().monotonicMilliseconds + secondsOn * 1000 }),
  };
  await using server = await startSmtpServer({ tls: "starttls", login });
  await using sender = mailSender({ host: "localhost", port: server.port, ...starttls, ...login, password: "guess" }, {
    clock: moved,
  });
  const waits: (number | undefined)[] = [];
  for (const wait of [0, 890, 20, 1800, hour.total("seconds")]) {
    secondsOn += wait;
    const result = await sender.send(delivery(), never);
    waits.push(result.kind === "retry" ? result.afterSeconds : undefined);
  }
  assert.deepEqual(waits.map((wait) => Math.ceil((wait ?? 0) / 60)), [15, 1, 30, 60, 120]);
  assert.equal(server.attempts, 4);
});
