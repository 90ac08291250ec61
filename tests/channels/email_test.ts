import assert from "node:assert/strict";
import type { Clock } from "../../src/clock.ts";
import { startBadSmtpServer } from "../support/bad_smtp_server.ts";
import { startSmtpServer } from "../support/smtp_server.ts";
import { caFile, clock, delivery, mailSender, never } from "./sending.ts";

for (const tls of ["starttls", "implicit", "none"] as const) {
  Deno.test(`a mail goes out with tls: ${tls} and a login`, async () => {
    const login = { user: "me@example.org", password: "correct horse" };
    await using server = await startSmtpServer({ tls, login });
    await using sender = mailSender({
      host: "localhost",
      port: server.port,
      tls,
      ...login,
      ...(tls === "none" ? {} : { caFile }),
    });
    const result = await sender.send(delivery(), never);
    assert.deepEqual(result, { kind: "sent", receipt: "250 2.0.0 accepted as 17" });
    const [mail] = server.mails;
    assert.equal(mail?.parsed.subject, "[MK4] benchy");
    assert.deepEqual(mail?.recipients, ["owner@example.org"]);
    assert.deepEqual(server.logins, [tls === "none" ? "CRAM-MD5" : "PLAIN"]);
  });
}

Deno.test("ten mails at once go out one after the other over one connection", async () => {
  await using server = await startSmtpServer();
  await using sender = mailSender({ host: "localhost", port: server.port, tls: "none" });
  const deliveries = Array.from({ length: 10 }, () => delivery());
  const results = await Promise.all(deliveries.map((one) => sender.send(one, never)));
  assert(results.every(({ kind }) => kind === "sent"));
  assert.equal(server.connections, 1);
  assert.deepEqual(server.mails.map(({ parsed }) => parsed.messageId), deliveries.map(({ messageId }) => messageId));
});

Deno.test("the connection is kept for the next mail, and closed when none comes", async () => {
  const sleeps: { milliseconds: number; end: () => void }[] = [];
  const patient: Clock = {
    ...clock,
    sleep: (milliseconds, signal) => {
      if (milliseconds < 40_000) return clock.sleep(milliseconds, signal);
      return new Promise((resolve) => {
        sleeps.push({ milliseconds, end: resolve });
        signal?.addEventListener("abort", () => resolve(), { once: true });
      });
    },
  };
  await using bad = startBadSmtpServer();
  await using sender = mailSender({ host: "localhost", port: bad.port, tls: "none" }, { clock: patient });
  await sender.send(delivery(), never);
  await sender.send(delivery(), never);
  assert.equal(bad.connections, 1);
  assert.deepEqual(sleeps.map(({ milliseconds }) => milliseconds >= 30_000), [true, true]);
  assert(!bad.lines.includes("QUIT"));
  for (const { end } of sleeps) end();
  while (!bad.lines.includes("QUIT")) await clock.sleep(5);
  await sender.send(delivery(), never);
  assert.equal(bad.connections, 2);
});

Deno.test("disposing waits for the mail that is on its way", async () => {
  await using server = await startSmtpServer();
  const sender = mailSender({ host: "localhost", port: server.port, tls: "none" });
  const sending = sender.send(delivery(), never);
  await sender[Symbol.asyncDispose]();
  assert.equal((await sending).kind, "sent");
});

Deno.test("check shows each step: name, connection, TLS with whom and until when, login, what is offered", async () => {
  const login = { user: "me@example.org", password: "correct horse" };
  await using server = await startSmtpServer({ tls: "starttls", login, maxBytes: 25_000_000 });
  await using sender = mailSender({ host: "localhost", port: server.port, tls: "starttls", caFile, ...login });
  const steps = await Array.fromAsync(sender.check(never));
  assert.deepEqual(steps.map(({ name, isOk }) => `${name} ${isOk}`), [
    "name true",
    "connected true",
    "TLS true",
    "login true",
    "offers true",
  ]);
  const details = steps.map(({ detail }) => detail);
  assert.equal(details[0], "localhost is 127.0.0.1");
  assert.match(details[1] ?? "", /^port \d+ of 127\.0\.0\.1$/);
  assert.match(
    details[2] ?? "",
    /^TLSv1\.[23] with "localhost, 127\.0\.0\.1" \(Filagram tests\) until \d{4}-\d\d-\d\d$/,
  );
  assert.equal(details[3], "as me@example.org by PLAIN");
  assert.match(details[4] ?? "", /^messages up to 25\.0 MB, PIPELINING, 8BITMIME/);
  assert.equal(server.mails.length, 0);
});

const failures: readonly { at: string; says: RegExp; settings: Record<string, unknown> }[] = [
  { at: "name", says: /No address is known/, settings: { host: "no-such-host.invalid" } },
  { at: "connected", says: /Nothing takes mail on port 1 /, settings: { port: 1 } },
  { at: "TLS", says: /nobody this board trusts/, settings: { caFile: undefined } },
  {
    at: "login",
    says: /refuses the login of "me@example\.org": check user and password; many providers want an app/,
    settings: { password: "no" },
  },
];

for (const { at, says, settings } of failures) {
  Deno.test(`check stops at ${at} with one sentence`, async () => {
    const login = { user: "me@example.org", password: "correct horse" };
    await using server = await startSmtpServer({ tls: "starttls", login });
    await using sender = mailSender({
      host: "localhost",
      port: server.port,
      tls: "starttls",
      caFile,
      ...login,
      ...settings,
    });
    const steps = await Array.fromAsync(sender.check(never));
    const last = steps.pop();
    assert(steps.every(({ isOk }) => isOk));
    assert.equal(last?.name, at);
    assert.equal(last?.isOk, false);
    assert.match(last?.detail ?? "", says);
  });
}
