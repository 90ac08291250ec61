/**
 * The three loops together: what a printer reports, and what its owner gets of it.
 */
import assert from "node:assert/strict";
import { defaultRule, type Rule } from "../../src/domain/rule.ts";
import type { SendResult } from "../../src/domain/delivery.ts";
import { Secrets } from "../../src/log.ts";
import { begins, cube, ended, fatal, idle, lost, online, paused, printing } from "../domain/reports.ts";
import { jpegOf, painted } from "../pictures/samples.ts";
import { startSmtpServer } from "../support/smtp_server.ts";
import { accepted, mailSettings, offline, progressRule, TestChannel, TestHouse, TestPrinter } from "./house.ts";

const everything: Rule = { ...defaultRule, id: "all", picture: "none" };
const camera = {
  source: { url: "http://camera.local/shot.jpg" },
  flip: [],
  rotateDegrees: 0,
  deadlineSeconds: 10,
} as const;

/** A print from its start to 40 %. */
async function startPrint(house: TestHouse, printer: TestPrinter): Promise<void> {
  printer.report(idle, begins(), printing(40));
  await house.pass(1);
}

// -- from event to message ---------------------------------------------------------------------------------------------

Deno.test("an event becomes a mail, and the mails of a job are one thread", async () => {
  await using server = await startSmtpServer();
  const printer = new TestPrinter();
  await using house: TestHouse = new TestHouse({ printers: [printer], channels: [mailSettings(server.port)] });
  printer.report(idle, begins());
  await house.until("the first mail", () => server.mails.length === 1);
  await house.passQuietly(1800);
  printer.report(ended("finished"));
  await house.until("the second mail", () => server.mails.length === 2);
  const [started, finished] = server.mails.map(({ parsed }) => parsed);
  assert.match(started?.text ?? "", /^MK3S: benchy started\n/);
  assert.match(finished?.text ?? "", /^MK3S: benchy finished in 30 min\n/);
  assert.equal(finished?.inReplyTo, started?.messageId);
});

Deno.test("several rules for the same channel make one message, and the first of them decides", async () => {
  const printer = new TestPrinter();
  const [mail, phone] = [new TestChannel("mail"), new TestChannel("phone")];
  let looks = 0;
  await using house: TestHouse = new TestHouse({
    printers: [printer.settings({ camera })],
    channels: [mail, phone],
    rules: [
      { ...everything, id: "1", when: ["finished"], tell: ["mail"] },
      { ...everything, id: "2", when: ["finished", "started"], picture: "camera" },
      { ...everything, id: "3", when: ["finished"], printers: ["another"] },
    ],
    fetch: () => Promise.resolve(new Response(`${looks++}`)),
  });
  printer.report(idle, begins(), ended("finished"));
  await house.until("all are sent", () => mail.sent.length === 2 && phone.sent.length === 2);
  const notes = (channel: TestChannel) => channel.sent.map(({ message }) => message.notes.length);
  assert.deepEqual(mail.lines, ["MK3S: benchy started", "MK3S: benchy finished in 0 s"]);
  assert.deepEqual(notes(mail), [1, 0], "the first rule wants no picture of the end");
  assert.deepEqual(notes(phone), [1, 1]);
  assert.equal(looks, 2, "one look per event, however many channels");
});

Deno.test("each recipient is a delivery of its own, with the Message-ID of the event", async () => {
  const printer = new TestPrinter();
  const mail = new TestChannel("mail", ["me@example.org", "you@example.org"]);
  mail.answer = ({ recipient }) =>
    recipient.startsWith("you") ? { kind: "rejected", reason: "no such user" } : accepted;
  await using house: TestHouse = new TestHouse({ printers: [printer], channels: [mail], rules: [everything] });
  await startPrint(house, printer);
  assert.deepEqual(mail.tries.map(({ recipient }) => recipient), ["me@example.org", "you@example.org"]);
  assert.equal(new Set(mail.tries.map(({ messageId }) => messageId)).size, 1);
  await house.passQuietly(3 * 3600);
  assert.equal(mail.tries.length, 2, "what is rejected is never tried again");
  assert.deepEqual(house.outbox.list({ limit: 9 }).map(({ state }) => state), ["sent", "rejected"]);
});

Deno.test("museum: 15 a camera that hangs for 60 s: the text goes out when the camera's deadline is over", async () => {
  await using server = await startSmtpServer();
  const printer = new TestPrinter();
  await using house: TestHouse = new TestHouse({
    printers: [printer.settings({ camera })],
    channels: [mailSettings(server.port)],
    fetch: (_, init) => answerAfter(house, 60, init?.signal),
  });
  const before = house.clock.now().monotonicMilliseconds;
  printer.report(idle, begins());
  await house.until("the mail", () => server.mails.length === 1);
  const seconds = (house.clock.now().monotonicMilliseconds - before) / 1000;
  assert.ok(seconds >= 10 && seconds < 12, `after ${seconds} s`);
  assert.match(server.mails[0]?.parsed.text ?? "", /No picture from the camera: it did not answer within 10 s\./);
});

Deno.test("ten events at once with slow cameras: each message waits for its own picture only", async () => {
  const printers = Array.from({ length: 10 }, (_, number) => new TestPrinter(`P${number}`));
  const mail = new TestChannel();
  const sentAfter: Record<string, number> = {};
  await using house: TestHouse = new TestHouse({
    printers: printers.map((printer, number) =>
      printer.settings(
        number === 9 ? {} : { camera: { ...camera, source: { url: `http://camera.local/${number}` } } },
      )
    ),
    channels: [mail],
    fetch: (url, init) => answerAfter(house, Number(String(url).at(-1)), init?.signal),
  });
  const before = house.clock.now().monotonicMilliseconds;
  mail.answer = ({ message }) => {
    sentAfter[message.printer] = Math.round((house.clock.now().monotonicMilliseconds - before) / 1000);
    return accepted;
  };
  for (const printer of printers) printer.report(idle, begins());
  await house.until("all are sent", () => mail.sent.length === 10);
  const expected = Object.fromEntries(printers.map(({ name }, number) => [name, number === 9 ? 0 : number]));
  assert.deepEqual(sentAfter, expected);
});

Deno.test("museum: 27 the picture is of the event's moment, though the mail goes out hours later", async () => {
  const pictures = { red: jpegOf(painted("a", 16)), blue: jpegOf(painted("f", 16)) };
  const printer = new TestPrinter();
  const mail = new TestChannel();
  let shown = pictures.red;
  mail.answer = () => offline;
  await using house: TestHouse = new TestHouse({
    printers: [printer.settings({ camera })],
    channels: [mail],
    fetch: () => Promise.resolve(new Response(new Uint8Array(shown))),
  });
  printer.report(idle, begins(), ended("finished"));
  await house.until("both are composed", () => house.outbox.list({ limit: 9 }).length === 2);
  shown = pictures.blue;
  await house.passQuietly(3 * 3600);
  mail.answer = () => accepted;
  await house.until("both are sent", () => mail.sent.length === 2);
  for (const { pictures: [picture] } of mail.sent) assert.deepEqual(picture?.bytes, pictures.red);
});

/** A camera that answers after so long, with no picture; it is asked no longer than the signal says. */
function answerAfter(house: TestHouse, seconds: number, signal: AbortSignal | null | undefined): Promise<Response> {
  return house.clock.sleep(seconds * 1000, signal ?? undefined).then(() => {
    if (signal?.aborted) throw signal.reason;
    return new Response("late");
  });
}

// -- channels in trouble -----------------------------------------------------------------------------------------------

Deno.test("a channel that hangs or is dead holds up no other", async () => {
  const printer = new TestPrinter();
  const channels = ["dead", "hanging", "well"].map((name) => new TestChannel(name));
  const [dead, hanging, well] = channels as [TestChannel, TestChannel, TestChannel];
  dead.answer = () => ({ kind: "retry", reason: "busy" });
  hanging.answer = (_, signal) => untilAborted(signal);
  await using house: TestHouse = new TestHouse({ printers: [printer], channels, rules: [everything] });
  await startPrint(house, printer);
  printer.report(ended("finished"));
  await house.pass(1);
  assert.deepEqual(well.lines, ["MK3S: benchy started", "MK3S: benchy finished in 1 s"]);
  assert.equal(hanging.tries.length, 1);
  await house.pass(400);
  assert.ok(hanging.tries.length >= 2, "given up for now and tried again");
  assert.ok(dead.tries.length >= 8);
});

Deno.test("a message that was kept says when it happened and what kept it", async () => {
  const printer = new TestPrinter();
  const [mail, phone] = [new TestChannel("mail"), new TestChannel("phone")];
  mail.answer = () => offline;
  phone.answer = () => ({ kind: "retry", reason: "busy" });
  await using house: TestHouse = new TestHouse({ printers: [printer], channels: [mail, phone], rules: [everything] });
  await startPrint(house, printer); // 13:00 in Berlin
  await house.passQuietly(3 * 3600);
  mail.answer = phone.answer = () => accepted;
  await house.pass(20 * 60);
  const late = (channel: TestChannel) => channel.sent[0]?.message.lateLine;
  assert.equal(late(mail), "Happened at 13:00, told late: no network for 3 h.");
  assert.match(late(phone) ?? "", /^Happened at 13:00, told late: 1\d tries before this failed\.$/);
  printer.report(ended("finished"));
  await house.pass(1);
  assert.equal(mail.sent[1]?.message.lateLine, undefined);
});

Deno.test("a mail server that is away for an hour and comes back gets everything once, in order", async () => {
  const first = await startSmtpServer();
  const { port } = first;
  const printer = new TestPrinter();
  await using house: TestHouse = new TestHouse({
    printers: [printer],
    channels: [mailSettings(port)],
    rules: [everything, progressRule(25, { picture: "none" })],
  });
  printer.report(idle, begins());
  await house.until("the first mail", () => first.mails.length === 1);
  await first[Symbol.asyncDispose]();
  for (const percent of [25, 50, 75]) {
    await house.pass(1200);
    printer.report(printing(percent));
  }
  await house.pass(1200);
  printer.report(ended("finished"));
  await house.until("a try", () => house.log.some((line) => line.includes("Not sent (retry)")));
  await using second = await startSmtpServer({ port });
  await house.pass(900);
  await house.until("the end", () => second.mails.length >= 1);
  await house.passQuietly(3600);
  assert.deepEqual(second.mails.map(({ parsed }) => parsed.text?.split("\n")[0]), [
    "MK3S: benchy finished in 1 h 20 min",
  ]);
});

Deno.test("museum: 31 no progress arrives after the end because the network was away", async () => {
  const printer = new TestPrinter();
  const mail = new TestChannel();
  mail.answer = () => offline;
  await using house: TestHouse = new TestHouse({
    printers: [printer],
    channels: [mail],
    rules: [everything, progressRule(10, { picture: "none" })],
  });
  printer.report(idle, begins());
  for (let percent = 5; percent < 100; percent += 5) {
    await house.pass(10);
    printer.report(printing(percent));
  }
  await house.pass(10);
  printer.report(ended("finished"));
  await house.pass(10);
  mail.answer = () => accepted;
  await house.pass(60);
  assert.deepEqual(mail.lines, ["MK3S: benchy started", "MK3S: benchy finished in 3 min"]);
  assert.equal(house.events.filter((kind) => kind === "progress").length, 9);
});

Deno.test("museum: 23 a server that quotes the password: it is in no log line and in no reason", async () => {
  const password = "hunter2-Zürich";
  const seen = [password, btoa(String.fromCharCode(...new TextEncoder().encode(`\0me\0${password}`)))];
  await using server = await startSmtpServer({
    login: { user: "me", password: "another" },
    onLogin: () => ({ code: 535, text: `5.7.8 I do not take "${seen.join('" or "')}"` }),
  });
  const secrets = new Secrets();
  secrets.add(password);
  const printer = new TestPrinter();
  await using house: TestHouse = new TestHouse({
    printers: [printer],
    channels: [mailSettings(server.port, { user: "me", password })],
    secrets,
  });
  printer.breakLink(`GET http://printer/?key=${encodeURIComponent(password)} failed`);
  printer.report(idle, begins());
  await house.until("the refusal", () => house.log.some((line) => line.includes("Not sent")));
  const told = [...house.log, ...house.outbox.list({ limit: 9 }).map(({ reason }) => reason ?? "")].join("\n");
  for (const form of [...seen, encodeURIComponent(password)]) assert.ok(!told.includes(form), told);
  assert.match(told, /•••/);
});

// -- settings that change ----------------------------------------------------------------------------------------------

Deno.test("changed settings start only what changed, and no event is missed meanwhile", async () => {
  const [kept, changed, added] = ["kept", "changed", "added"].map((name) => new TestPrinter(name)) as [
    TestPrinter,
    TestPrinter,
    TestPrinter,
  ];
  const [mail, phone, push] = ["mail", "phone", "push"].map((name) => new TestChannel(name)) as [
    TestChannel,
    TestChannel,
    TestChannel,
  ];
  await using house: TestHouse = new TestHouse({
    printers: [kept, changed],
    channels: [mail, phone],
    rules: [everything],
  });
  for (const printer of [kept, changed]) printer.report(idle, begins());
  await house.pass(1);
  const reloading = house.reload({
    printers: [kept, changed.settings({ fingerprint: "2" }), added],
    channels: [mail, phone.settings({ fingerprint: "2" }), push],
    rules: [everything],
  });
  kept.report(ended("finished"));
  changed.report(printing(41), ended("finished"));
  added.report(idle, begins());
  await reloading;
  await house.pass(5);
  assert.deepEqual([kept.watches, changed.watches, added.watches], [1, 2, 1]);
  assert.deepEqual([mail.opened, phone.opened, push.opened], [1, 2, 1]);
  assert.deepEqual([mail.closed, phone.closed, push.closed], [0, 1, 0]);
  const ends = ["added: benchy started", "changed: benchy finished in 1 s", "kept: benchy finished in 1 s"];
  assert.deepEqual(mail.lines.slice(2).toSorted(), ends);
  assert.deepEqual(phone.lines.slice(2).toSorted(), ends);
  assert.deepEqual(push.lines.toSorted(), ends);
});

Deno.test("a printer that is taken out of the settings is left alone, and taken up where it was when it is back", async () => {
  const [printer, other] = [new TestPrinter(), new TestPrinter("other")];
  const mail = new TestChannel();
  await using house: TestHouse = new TestHouse({ printers: [printer, other], channels: [mail], rules: [everything] });
  await startPrint(house, printer);
  await house.reload({ printers: [other], channels: [mail], rules: [everything] });
  await house.passQuietly(3600);
  assert.deepEqual(mail.lines, ["MK3S: benchy started"], "nobody looks at it, so it is not lost");
  await house.reload({ printers: [printer, other], channels: [mail], rules: [everything] });
  printer.report(printing(90), ended("finished"));
  await house.pass(1);
  assert.deepEqual(mail.lines, ["MK3S: benchy started", "MK3S: benchy finished in 1 h"]);
});

Deno.test("mended settings of a channel send at once what waits; what was overtaken stays overtaken", async () => {
  const printer = new TestPrinter();
  const mail = new TestChannel();
  const rules = [everything, progressRule(25, { picture: "none" })];
  mail.answer = () => ({ kind: "retry", reason: "wrong password", afterSeconds: 24 * 3600 });
  await using house: TestHouse = new TestHouse({ printers: [printer], channels: [mail], rules });
  printer.report(idle, begins());
  for (const percent of [25, 50]) {
    await house.pass(60);
    printer.report(printing(percent));
  }
  await house.pass(60);
  printer.report(ended("finished"));
  await house.passQuietly(1800);
  assert.equal(mail.tries.length, 4);
  mail.answer = () => accepted;
  await house.reload({ printers: [printer], channels: [mail.settings({ fingerprint: "mended" })], rules });
  await house.pass(0);
  assert.deepEqual(mail.lines, ["MK3S: benchy started", "MK3S: benchy finished in 3 min"]);
});

// -- stop and start ----------------------------------------------------------------------------------------------------

Deno.test("museum: 07 progress is told once each, whenever the agent is started again", async () => {
  const printer = new TestPrinter();
  const mail = new TestChannel();
  await using house: TestHouse = new TestHouse({
    printers: [printer],
    channels: [mail],
    rules: [everything, progressRule(25, { picture: "none" })],
  });
  printer.report(idle, begins());
  for (const percent of [10, 25, 26, 49, 50, 51, 74, 75, 76, 99]) {
    await house.pass(60);
    printer.report(printing(percent));
    await house.pass(1);
    await house.restart();
    printer.report(printing(percent));
  }
  await house.pass(60);
  printer.report(ended("finished"));
  await house.pass(5);
  assert.deepEqual(mail.lines.map((line) => line.split(",")[0]), [
    "MK3S: benchy started",
    "MK3S: benchy 25 %",
    "MK3S: benchy 50 %",
    "MK3S: benchy 75 %",
    "MK3S: benchy finished in 11 min",
  ]);
});

Deno.test("a stopped agent has settled what it was sending, or says that nobody knows", async () => {
  const printer = new TestPrinter();
  const [slow, hanging] = [new TestChannel("slow"), new TestChannel("hanging")];
  slow.answer = () => house.clock.sleep(5000).then(() => accepted);
  hanging.answer = (_, signal) => untilAborted(signal);
  await using house: TestHouse = new TestHouse({ printers: [printer], channels: [slow, hanging], rules: [everything] });
  await startPrint(house, printer);
  const stopping = house.restart();
  hanging.answer = () => accepted;
  await house.pass(5);
  await stopping;
  await house.pass(1);
  assert.deepEqual(slow.lines, ["MK3S: benchy started"]);
  assert.deepEqual(hanging.lines, ["MK3S: benchy started"]);
  assert.deepEqual(house.outbox.counts(), { sent: 2 });
  assert.equal(new Set(hanging.tries.map(({ messageId }) => messageId)).size, 1);
});

Deno.test("museum: 21 power cut in mid-send: the same Message-ID again, and nothing else twice", async () => {
  const printer = new TestPrinter();
  const mail = new TestChannel();
  await using house: TestHouse = new TestHouse({ printers: [printer], channels: [mail], rules: [everything] });
  await startPrint(house, printer);
  const answer = Promise.withResolvers<SendResult>();
  mail.answer = () => answer.promise;
  printer.report(ended("finished"));
  await house.pass(1);
  mail.answer = () => accepted;
  await house.powerCut({ bootId: "boot-2", wall: "2026-11-23T12:10:00Z" });
  printer.report(idle);
  await house.pass(60);
  assert.deepEqual(mail.lines, ["MK3S: benchy started", "MK3S: benchy finished in 1 s"]);
  const [first, again] = mail.tries.slice(1);
  assert.equal(again?.messageId, first?.messageId);
  assert.equal(
    again?.message.lateLine,
    "Happened at 13:00, told late: a try before this failed, and a restart in between.",
  );
  answer.resolve(accepted);
});

Deno.test("a loop that hangs is named, and only that one", async () => {
  const printer = new TestPrinter();
  const [well, deaf] = [new TestChannel("well"), new TestChannel("deaf")];
  const release = Promise.withResolvers<SendResult>();
  deaf.answer = () => release.promise; // not even to its signal does it listen
  const house = new TestHouse({ printers: [printer], channels: [well, deaf], rules: [everything] });
  await house.pass(600);
  assert.deepEqual(house.agent.stuckLoops(), []);
  await startPrint(house, printer);
  await house.pass(200);
  assert.deepEqual(house.agent.stuckLoops(), [], "within its deadline");
  await house.pass(60);
  assert.deepEqual(house.agent.stuckLoops(), ["send deaf"]);
  release.resolve(accepted);
  await house.pass(11);
  assert.deepEqual(house.agent.stuckLoops(), []);
  await house[Symbol.asyncDispose]();
});

Deno.test("the clock is set while messages are on their way: none waits for years, and times are true", async () => {
  const printer = new TestPrinter();
  const mail = new TestChannel();
  await using house: TestHouse = new TestHouse({
    printers: [printer],
    channels: [mail],
    rules: [everything],
    clock: { wall: "1970-01-01T00:00:20Z", isSet: false, monotonicMilliseconds: 20_000 },
  });
  mail.answer = () => offline;
  printer.report(idle, begins());
  await house.passQuietly(1800);
  mail.answer = () => house.clock.sleep(300).then((): SendResult => ({ kind: "retry", reason: "greylisted" }));
  await house.pass(20.2); // a try is under way
  house.clock.setWall("2026-11-23T18:30:00Z");
  await house.pass(0.4);
  mail.answer = () => accepted;
  await house.pass(30);
  assert.match(mail.sent[0]?.message.lateLine ?? "", /^Happened at 18:59, told late: a try before this failed\.$/);
  const at = house.store.events({ limit: 1 })[0]?.event.at.wall;
  assert.equal(at?.toString().slice(0, 16), "2026-11-23T17:59");
});

Deno.test("times of a boot are corrected, too, when its clock was set while no agent ran", async () => {
  const printer = new TestPrinter();
  const mail = new TestChannel();
  await using house: TestHouse = new TestHouse({
    printers: [printer],
    channels: [mail],
    rules: [everything],
    clock: { wall: "1970-01-01T00:00:20Z", isSet: false, monotonicMilliseconds: 20_000 },
  });
  await startPrint(house, printer);
  const restarting = house.restart();
  house.clock.setWall("2026-11-23T18:30:00Z");
  await restarting;
  await house.pass(1);
  const years = house.store.events({ limit: 9 }).map(({ event }) => event.at.wall.toString().slice(0, 4));
  assert.deepEqual(years, ["2026"]);
});

// -- exhibits of the museum that show on the whole road ----------------------------------------------------------------

interface Exhibit {
  readonly name: string;
  readonly rules?: readonly Rule[];
  tell(house: TestHouse, printer: TestPrinter): Promise<void>;
  readonly lines: readonly string[];
}

const exhibits: readonly Exhibit[] = [
  {
    name: "05 100 % and finished both",
    rules: [everything, progressRule(50, { picture: "none" })],
    lines: ["MK3S: benchy started", "MK3S: benchy 50 %", "MK3S: benchy finished in 3 s"],
    async tell(house, printer) {
      printer.report(idle, begins());
      for (const percent of [50, 99.9, 100]) {
        await house.pass(1);
        printer.report(printing(percent));
      }
      printer.report(ended("finished"));
    },
  },
  {
    name: "06 agent starts while the printer sits in finished",
    lines: [],
    async tell(house, printer) {
      printer.report({ ...online, ...ended("finished") });
      await house.pass(60);
      await house.restart();
      printer.report({ ...online, ...ended("finished") });
    },
  },
  {
    name: "08 print ends while the link is down",
    lines: [
      "MK3S: benchy started",
      "MK3S: lost sight of it while printing benchy (40 %)",
      "MK3S: benchy finished",
    ],
    async tell(house, printer) {
      await startPrint(house, printer);
      printer.breakLink();
      await house.passQuietly(3600);
      printer.report(ended("finished"));
    },
  },
  {
    name: "14 offline flaps",
    lines: ["MK3S: benchy started", "MK3S: benchy finished in 10 min"],
    async tell(house, printer) {
      await startPrint(house, printer);
      for (let flap = 0; flap < 30; flap++) {
        printer.breakLink();
        await house.pass(flap % 2 ? 15 : 25);
        printer.report(printing(40));
      }
      printer.report(ended("finished"));
    },
  },
  {
    name: "22 duration shown is the slicer's guess",
    lines: ["MK3S: benchy started, about 2 h", "MK3S: benchy finished in 2 h 30 min"],
    async tell(house, printer) {
      printer.report(idle, { ...begins(), progress: { estimatedSeconds: 7200 } });
      await house.passQuietly(9000);
      printer.report(ended("finished"));
    },
  },
  {
    name: "24 print started at the printer's own screen",
    lines: ["MK3S: the print started", "MK3S: the print finished in 1 h"],
    async tell(house, printer) {
      printer.report(idle, { job: { kind: "active" }, progress: { position: { bytes: 10, totalBytes: 1000 } } });
      await house.passQuietly(3600);
      printer.report({ job: { kind: "ended", outcome: "finished" } });
    },
  },
  {
    name: "25 firmware shuts down while idle",
    lines: ["MK3S: error: MCU 'mcu' shutdown: Lost communication"],
    async tell(house, printer) {
      printer.report(idle);
      await house.pass(60);
      printer.report(fatal("MCU 'mcu' shutdown: Lost communication"));
    },
  },
  {
    name: "33 time-based progress on a print of 8 s",
    rules: [everything, {
      ...progressRule(1, { picture: "none", gapSeconds: 300 }),
      every: { kind: "time", seconds: 1 },
    }],
    lines: ["MK3S: benchy started", "MK3S: benchy finished in 8 s"],
    async tell(house, printer) {
      printer.report(idle, begins());
      for (let second = 1; second <= 8; second++) {
        await house.pass(1);
        printer.report(printing(second * 12));
      }
      printer.report(ended("finished"));
    },
  },
  {
    name: "38 a lost board is no pause, and failed once",
    lines: ["MK3S: benchy started", "MK3S: benchy failed at 40 %: Thermal Runaway, system stopped! Heater_ID: E0"],
    async tell(house, printer) {
      await startPrint(house, printer);
      printer.report(paused(), fatal("Thermal Runaway, system stopped! Heater_ID: E0"), fatal("Printer halted"), lost);
    },
  },
  {
    name: "09 reconnect, then the same file again",
    lines: [
      "MK3S: benchy started",
      "MK3S: benchy finished in 1 s",
      "MK3S: benchy started",
      "MK3S: benchy finished in 1 min",
      "MK3S: cube started",
    ],
    async tell(house, printer) {
      await startPrint(house, printer);
      printer.report(ended("finished"), idle);
      printer.breakLink();
      await house.pass(5);
      printer.report(idle, begins());
      await house.pass(60);
      printer.report(ended("finished"), idle, begins({ file: cube }));
    },
  },
];

for (const { name, rules = [everything], tell, lines } of exhibits) {
  Deno.test(`museum: ${name}`, async () => {
    const printer = new TestPrinter();
    const mail = new TestChannel();
    await using house: TestHouse = new TestHouse({ printers: [printer], channels: [mail], rules });
    await tell(house, printer);
    await house.pass(20);
    assert.deepEqual(mail.lines.map((line) => line.replace(/, .* left$/, "")), lines);
  });
}

function untilAborted(signal: AbortSignal): Promise<SendResult> {
  return new Promise((resolve) =>
    signal.addEventListener("abort", () => resolve({ kind: "retry", reason: "stopped" }), { once: true })
  );
}
