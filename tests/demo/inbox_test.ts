import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { Hono } from "hono";
import nodemailer from "nodemailer";
import { systemClock } from "../../src/clock.ts";
import { frameAt, startDemoCamera } from "../../src/demo/camera.ts";
import { createInbox } from "../../src/demo/inbox.tsx";
import { startSmtpSink } from "../../src/demo/smtp_sink.ts";

const clock = systemClock({ bootId: "test" });

interface Bench extends AsyncDisposable {
  readonly app: Hono;
  send(mail: { subject: string; text: string; html?: string; root?: string; id: string }): Promise<void>;
}

async function setUp(): Promise<Bench> {
  const sink = await startSmtpSink({ clock });
  const app = new Hono().route("/inbox", createInbox({ sink, base: "/inbox" }));
  const transport = nodemailer.createTransport({ host: "127.0.0.1", port: sink.port, ignoreTLS: true });
  return {
    app,
    async send({ id, root, html, ...mail }) {
      await transport.sendMail({
        ...mail,
        from: "Printers <printers@example.org>",
        to: "me@example.org",
        messageId: `<${id}@test>`,
        ...(root ? { references: [`<${root}@test>`], inReplyTo: `<${root}@test>` } : {}),
        ...(html
          ? {
            html,
            attachments: [{
              filename: "p.jpg",
              cid: "p@test",
              contentType: "image/jpeg",
              content: Buffer.from(frameAt(50)),
            }],
          }
          : {}),
      });
    },
    async [Symbol.asyncDispose]() {
      transport.close();
      await sink[Symbol.asyncDispose]();
    },
  };
}

Deno.test("the inbox lists mails newest first, with sender, subject, first line and thread", async () => {
  await using bench = await setUp();
  assert.match(await (await bench.app.request("/inbox")).text(), /No mail yet/);
  await bench.send({ id: "1", subject: "[MK4] benchy", text: "MK4: benchy started\n\nmore" });
  await bench.send({ id: "2", root: "1", subject: "[MK4] benchy", text: "MK4: benchy finished" });
  const list = await (await bench.app.request("/inbox/list")).text();
  assert.ok(list.indexOf("benchy finished") < list.indexOf("benchy started"));
  for (const part of ["Printers", "[MK4] benchy", "1 of 2", "2 of 2", 'data-count="2"']) {
    assert.ok(list.includes(part), part);
  }
});

Deno.test("an opened mail shows its HTML in a sandbox, its picture inside, its text and its headers", async () => {
  await using bench = await setUp();
  await bench.send({ id: "1", subject: "benchy", text: "the text", html: '<p>the html</p><img src="cid:p@test">' });
  const page = await (await bench.app.request("/inbox/mails/1")).text();
  assert.match(page, /<iframe src="\/inbox\/mails\/1\/body" sandbox=""/);
  const body = await bench.app.request("/inbox/mails/1/body");
  assert.match(body.headers.get("content-security-policy") ?? "", /default-src 'none'.*sandbox/);
  assert.match(await body.text(), /<img src="data:image\/jpeg;base64,\/9j\//);
  assert.match(await (await bench.app.request("/inbox/mails/1/text")).text(), /<pre>the text/);
  assert.match(await (await bench.app.request("/inbox/mails/1/headers")).text(), /Message-ID: &lt;1@test&gt;/);
  assert.equal((await bench.app.request("/inbox/mails/7")).status, 404);
});

Deno.test("what a mail says is text in the inbox, never markup", async () => {
  await using bench = await setUp();
  const evil = "<script>alert(1)</script>";
  await bench.send({ id: "1", subject: evil, text: evil, html: evil });
  for (const path of ["", "/list", "/mails/1", "/mails/1/text", "/mails/1/headers"]) {
    const answer = await bench.app.request(`/inbox${path}`);
    assert.ok(!(await answer.text()).includes(evil), path);
    assert.match(answer.headers.get("content-security-policy") ?? "", /script-src 'self'/);
  }
  const source = await bench.app.request("/inbox/mails/1/raw");
  assert.match(source.headers.get("content-type") ?? "", /^text\/plain/);
  assert.equal(source.headers.get("x-content-type-options"), "nosniff");
});

Deno.test("the open page hears of each new mail", async () => {
  await using bench = await setUp();
  const answer = await bench.app.request("/inbox/live");
  assert.ok(answer.body);
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  assert.match((await reader.read()).value ?? "", /data: 0/);
  const next = reader.read();
  await bench.send({ id: "1", subject: "benchy", text: "benchy" });
  assert.match((await next).value ?? "", /event: mails\ndata: 1/);
  await reader.cancel();
});

Deno.test("the demo's camera serves a JPEG that changes with the print", async () => {
  let percent = 0;
  await using camera = startDemoCamera({ percent: () => percent });
  const pictures: string[] = [];
  for (percent of [0, 50, 100]) {
    const answer = await fetch(camera.snapshotUrl);
    assert.equal(answer.headers.get("content-type"), "image/jpeg");
    const bytes = new Uint8Array(await answer.arrayBuffer());
    assert.deepEqual([...bytes.slice(0, 3)], [0xff, 0xd8, 0xff]);
    pictures.push(bytes.toBase64());
  }
  assert.equal(new Set(pictures).size, 3);
});
