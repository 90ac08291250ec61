import assert from "node:assert/strict";
import fc from "fast-check";
import { simpleParser } from "mailparser";
import { buildMail } from "../../src/channels/email/mime.ts";
import type { FittedDelivery } from "../../src/channels/channel.ts";
import type { Message } from "../../src/domain/message.ts";
import { delivery, message, picture } from "./sending.ts";

const headers = {
  from: { name: "Printers", address: "printers@example.org" },
  to: [{ address: "owner@example.org" }, { name: "Änne", address: "b@example.org" }],
  cc: [{ address: "c@example.org" }],
  agentId: "a1b2c3",
};

async function build(changes: Partial<FittedDelivery> = {}) {
  const raw = new TextDecoder("latin1").decode(await buildMail(delivery(changes), headers));
  return { raw, parsed: await simpleParser(raw), head: raw.slice(0, raw.indexOf("\r\n\r\n")).replace(/\r\n\s/g, " ") };
}

const oddNames = [
  'bench"y\r\nBcc: evil@example.org',
  "benchy\nX-Evil: 1\n\n<script>alert(1)</script>",
  "Größe_ß_Ångström",
  "ベンチー船.gcode",
  "🚤🖨️👩‍🔧",
  "*_[]()<>&`~'\"\\",
  "a".repeat(200),
  "漢".repeat(200),
  "=?utf-8?B?aGVsbG8=?=",
  "\u0000\u0007\u2028x",
];

function named(job: string): Message {
  return {
    ...message,
    job,
    subject: `[MK4] ${job}`,
    firstLine: `MK4: ${job} finished`,
    facts: [{ label: job, value: job }],
  };
}

Deno.test("a mail without a picture has text and HTML side by side and nothing related", async () => {
  const { raw, parsed } = await build();
  assert.match(raw, /^Content-Type: multipart\/alternative/m);
  assert.doesNotMatch(raw, /multipart\/related|multipart\/mixed|cid:/);
  assert.equal(
    parsed.text,
    "MK4: benchy finished in 1 h 12 min\n\nfilament used: 12 g, 4.1 m\nestimated was: 1 h 05 min\n\n" +
      "workshop, http://192.168.1.5:8090/\n",
  );
});

Deno.test("a late message says so in its second line, and what failed after the facts", async () => {
  const late = {
    ...message,
    lateLine: "Happened at 02:14, told late: no network for 3 h.",
    notes: ["No picture: the camera did not answer."],
  };
  const { parsed } = await build({ message: late });
  const lines = (parsed.text ?? "").split("\n");
  assert.equal(lines[1], late.lateLine);
  assert(lines.indexOf(late.notes[0] ?? "") > lines.indexOf("estimated was: 1 h 05 min"));
  assert.match(String(parsed.html), /Happened at 02:14.*No picture/s);
});

Deno.test("a picture is shown inside the HTML, and its words where pictures are blocked", async () => {
  const { raw, parsed } = await build({
    pictures: [picture(3000), { ...picture(), mediaType: "image/png", alt: 'The "file"' }],
  });
  assert.match(raw, /multipart\/alternative[\s\S]*multipart\/related[\s\S]*text\/html/);
  const [first, second] = parsed.attachments;
  assert.equal(first?.contentType, "image/jpeg");
  assert.equal(first?.contentDisposition, "inline");
  assert.equal(first?.filename, "picture.jpg");
  assert.deepEqual(new Uint8Array(first?.content ?? []), picture(3000).bytes);
  assert.equal(second?.filename, "picture-2.png");
  const html = decodeHtml(raw);
  assert(html.includes(`src="cid:${first?.cid}" alt="The print on the bed"`), html);
  assert(html.includes(`alt="The &quot;file&quot;"`));
});

Deno.test("the HTML loads nothing from outside, sets no background and reads in the dark", async () => {
  const html = decodeHtml((await build({ pictures: [picture()] })).raw);
  assert.doesNotMatch(html, /(src|href)="(?!cid:|http:\/\/192\.168\.1\.5:8090\/)/);
  assert.doesNotMatch(html, /background|@import|url\(|<script|#fff|#000/i);
  assert.match(html, /<meta name="color-scheme" content="light dark">/);
  assert.match(html, /<html lang="en">/);
  assert.match(html, /<h1[^>]*>MK4: benchy finished in 1\u00a0h 12\u00a0min<\/h1>/);
  assert.match(html, /<th scope="row"[^>]*>filament used<\/th><td[^>]*>12\u00a0g, 4\.1\u00a0m<\/td>/);
});

Deno.test("museum: 32 Date and Message-ID are the event's own, the same at every try; a job's mails are one thread", async () => {
  const one = { messageId: "<17.mail.0@a1b2c3.filagram.invalid>", threadRootId: "<15.mail.0@a1b2c3.filagram.invalid>" };
  for (const { head, parsed } of [await build(one), await build(one)]) {
    assert.match(head, /^Date: Mon, 23 Nov 2026 18:40:05 \+0000$/m);
    assert.equal(parsed.messageId, one.messageId);
    assert.equal(parsed.inReplyTo, one.threadRootId);
    assert.equal(parsed.references, one.threadRootId);
    assert.match(head, /^Auto-Submitted: auto-generated$/m);
    assert.match(head, /^X-Auto-Response-Suppress: All$/m);
    assert.match(head, /^List-ID: Filagram <a1b2c3\.filagram\.invalid>$/mi);
    assert.match(head, /^MIME-Version: 1\.0$/m);
  }
  const root = await build({ ...one, messageId: one.threadRootId });
  assert.equal(root.parsed.inReplyTo, undefined, "the first of a job answers nothing");
});

Deno.test("headers name everybody, whoever the envelope is for", async () => {
  const { head, parsed } = await build({ recipient: "c@example.org" });
  assert.match(head, /^From: Printers <printers@example\.org>$/m);
  assert.deepEqual([parsed.to].flat().flatMap((to) => to?.value.map(({ name, address }) => [name, address]) ?? []), [
    ["", "owner@example.org"],
    ["Änne", "b@example.org"],
  ]);
  assert.match(head, /^Cc: c@example\.org$/m);
});

Deno.test("museum: 18 a file name is shown as it is and is nothing but a name", async (test) => {
  for (const job of oddNames) {
    await test.step(JSON.stringify(job.slice(0, 30)), async () => {
      const plain = await build();
      const { parsed, head, raw } = await build({ message: named(job), pictures: [picture()] });
      assert.deepEqual([...parsed.headers.keys()].sort(), [...plain.parsed.headers.keys()].sort(), "a header came in");
      // deno-lint-ignore no-control-regex -- what may not be in a header
      const shown = `[MK4] ${job.replace(/[\u0000-\u001f\u2028]+/g, " ")}`;
      assert.equal(parsed.subject, shown);
      assert.doesNotMatch(head, /evil@|^X-Evil/mi);
      assert.match(head, /^[\x20-\x7e\r\n]*$/);
      for (const line of raw.split("\r\n")) assert(line.length <= 998, "RFC 5322 2.1.1");
      assert.doesNotMatch(decodeHtml(raw), /<script/);
    });
  }
});

Deno.test("any name: the headers are those of a harmless one", async () => {
  const names = [...(await build()).parsed.headers.keys()].sort();
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: "binary", maxLength: 300 }), async (job) => {
      assert.deepEqual([...(await build({ message: named(job) })).parsed.headers.keys()].sort(), names);
    }),
    { numRuns: 40 },
  );
});

Deno.test("Python's email reads the same as mailparser", async () => {
  const read = "import email, email.policy, json, sys\n" +
    "m = email.message_from_binary_file(sys.stdin.buffer, policy=email.policy.default)\n" +
    "print(json.dumps({'subject': m['Subject'], 'text': m.get_body(('plain',)).get_content(), 'names': [a.get_filename() " +
    "for a in m.walk() if a.get_filename()], 'headers': sorted(k.lower() for k in m.keys()), " +
    "'defects': [str(d) for p in m.walk() for d in p.defects], 'bytes': [len(p.get_content()) for p in m.walk() if " +
    "p.get_content_maintype() == 'image']}))";
  for (const job of oddNames) {
    const bytes = await buildMail(delivery({ message: named(job), pictures: [picture(5000)] }), headers);
    const parsed = await simpleParser(new TextDecoder("latin1").decode(bytes));
    const python = new Deno.Command("python3", { args: ["-c", read], stdin: "piped", stdout: "piped" }).spawn();
    const input = python.stdin.getWriter();
    await input.write(bytes);
    await input.close();
    const seen = JSON.parse(new TextDecoder().decode((await python.output()).stdout));
    assert.equal(seen.subject, parsed.subject);
    // deno-lint-ignore no-control-regex -- Python ends a line where Unicode does, mailparser where mail does
    const lines = (text: string) => text.split(/\r\n|[\r\n\u0000-\u001f\u2028]/).join("\n").trimEnd();
    assert.equal(lines(seen.text), lines(parsed.text ?? ""));
    assert.deepEqual(seen.names, ["picture.jpg"]);
    const names = parsed.headerLines.map(({ key }) => key).sort();
    assert.deepEqual(seen.headers, names);
    assert.deepEqual(seen.defects, []);
    assert.deepEqual(seen.bytes, [5000]);
  }
});

Deno.test("a message carried for another channel is its first line, to its own address alone", async () => {
  const carried = { carried: true, recipient: "5551234567@msg.fi.google.com" } as const;
  const { raw, parsed, head } = await build(carried);
  assert.match(head, /^To: 5551234567@msg\.fi\.google\.com$/m);
  assert.doesNotMatch(head, /^(Cc|Subject|In-Reply-To|References|List-ID):/mi);
  assert.match(head, /^Content-Type: text\/plain; charset=utf-8$/m);
  assert.equal(parsed.text, "MK4: benchy finished in 1 h 12 min\n");
  assert.doesNotMatch(raw, /owner@|b@|c@|html/);
  const withPicture = await build({ ...carried, pictures: [picture()] });
  assert.match(withPicture.head, /^Content-Type: multipart\/mixed/m);
  assert.equal(withPicture.parsed.attachments[0]?.contentDisposition, "attachment");
  assert.equal(withPicture.parsed.html, false);
});

function decodeHtml(raw: string): string {
  const part = /Content-Type: text\/html[\s\S]*?\r\n\r\n([\s\S]*?)\r\n--/.exec(raw)?.[1] ?? "";
  const bytes = part.replace(/=\r\n/g, "").replace(
    /=([\dA-F]{2})/g,
    (_, hex) => String.fromCharCode(parseInt(hex, 16)),
  );
  return new TextDecoder().decode(Uint8Array.from(bytes, (letter) => letter.charCodeAt(0)));
}
