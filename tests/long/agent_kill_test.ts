/**
 * The real agent, killed at random points while a printer talks on a real tty and mails go out: nothing that was committed is
 * lost, nothing comes twice as two different mails.
 */
import assert from "node:assert/strict";
import { openPty } from "../../bridge/pty.ts";
import { bootId } from "../../bridge/libc.ts";
import { systemClock } from "../../src/clock.ts";
import { startSmtpSink } from "../../src/demo/smtp_sink.ts";
import { makeWorkshop, until } from "../support/filagram.ts";

const kills = 15;

Deno.test(`museum: 21 the whole agent killed ${kills} times under load`, {
  sanitizeOps: false,
  sanitizeResources: false,
}, async () => {
  await using workshop = await makeWorkshop();
  await using sink = await startSmtpSink({ clock: systemClock({ bootId: bootId() }), maxMails: 100_000 });
  await using pty = openPty({ linkPath: `${workshop.folder}/printer` });
  await workshop.write(
    `printers: [{ name: MK3S, driver: marlin, address: "serial:${workshop.folder}/printer", passive: true }]
channels: [{ name: mail, type: email, host: 127.0.0.1, port: ${sink.port}, tls: none, from: a@example.org, to: [b@example.org] }]
web: { listen: "127.0.0.1:0" }
`,
  );
  const writer = pty.master.writable.getWriter();
  let said = 0;
  const talk = setInterval(
    () => writer.write(new TextEncoder().encode(`//action:notification $MR$:load|message ${++said}\n`)),
    20,
  );
  for (let kill = 0; kill < kills; kill++) {
    const agent = workshop.start("run");
    await agent.said("Page: ");
    await new Promise((resolve) => setTimeout(resolve, 300 + Math.random() * 1500));
    await agent.kill("SIGKILL");
  }
  clearInterval(talk);
  await using agent = workshop.start("run");
  await agent.said("Page: ");
  await until("everything is settled", async () => {
    const { stdout } = await workshop.run("outbox", "list", "--json");
    return stdout.trim() === "";
  }, 120_000);

  const events = await workshop.events(); // the newest thousand
  assert.ok(events.length > kills, `only ${events.length} events in ${said} messages`);
  const mailsOf = new Map<string, Set<string>>();
  for (const { parsed } of sink.mails) {
    const text = /message \d+/.exec(parsed.text ?? "")?.[0] ?? "";
    mailsOf.set(text, (mailsOf.get(text) ?? new Set()).add(parsed.messageId ?? ""));
  }
  for (const { text } of events) {
    assert.equal(mailsOf.get(/message \d+/.exec(String(text))?.[0] ?? "")?.size, 1, `"${text}" came as one mail`);
  }
});
