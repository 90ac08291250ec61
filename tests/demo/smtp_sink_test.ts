import assert from "node:assert/strict";
import { systemClock } from "../../src/clock.ts";
import { startSmtpSink } from "../../src/demo/smtp_sink.ts";
import { delivery, mailSender, never, picture } from "../channels/sending.ts";

const clock = systemClock({ bootId: "test" });

Deno.test("the demo's inbox takes mails with any login, shows them parsed and forgets the oldest", async () => {
  await using sink = await startSmtpSink({ clock, maxMails: 2 });
  await using sender = mailSender({
    host: "localhost",
    port: sink.port,
    tls: "none",
    user: "any@body.org",
    password: "x",
  });
  const stop = new AbortController();
  const changes = sink.changes(stop.signal)[Symbol.asyncIterator]();
  for (let count = 0; count < 3; count++) {
    const next = changes.next();
    assert.equal((await sender.send(delivery({ pictures: [picture()] }), never)).kind, "sent");
    assert.equal((await next).done, false);
  }
  const next = changes.next();
  stop.abort();
  assert.equal((await next).done, true);
  assert.deepEqual(sink.mails.map(({ number }) => number), [2, 3]);
  const [mail] = sink.mails;
  assert.equal(mail?.parsed.subject, "[MK4] benchy");
  assert.deepEqual(mail?.recipients, ["owner@example.org"]);
  assert.equal(mail?.parsed.attachments.length, 1);
});
