/**
 * The whole road with nothing left out: the real command, a real tty, a real mail server.
 */
import assert from "node:assert/strict";
import { bootId } from "../../bridge/libc.ts";
import { systemClock } from "../../src/clock.ts";
import { SdCard } from "../../src/demo/marlin/sd_card.ts";
import { type PrinterOnPty, simulatePrinterOnPty } from "../../src/demo/printer_on_pty.ts";
import { sliceModel } from "../../src/demo/sliced_file.ts";
import { type SmtpSink, startSmtpSink } from "../../src/demo/smtp_sink.ts";
import { startBadSmtpServer } from "../support/bad_smtp_server.ts";
import { jpegOf, noise } from "../pictures/samples.ts";
import { makeWorkshop, until, type Workshop } from "../support/filagram.ts";

const clock = systemClock({ bootId: bootId() });
const options = { sanitizeOps: false, sanitizeResources: false };

function printerIn(workshop: Workshop, { seconds }: { seconds: number }): PrinterOnPty {
  return simulatePrinterOnPty({
    clock,
    linkPath: `${workshop.folder}/printer`,
    timeScale: 30 * 60 / seconds,
    card: new SdCard({ "benchy.gcode": sliceModel({ minutes: 30 }) }),
  });
}

const settings = (workshop: Workshop, smtpPort: number) =>
  `printers:
  - name: MK3S
    driver: marlin
    address: serial:${workshop.folder}/printer
channels:
  - name: mail
    type: email
    host: 127.0.0.1
    port: ${smtpPort}
    tls: none
    from: Filagram <printers@example.org>
    to: [owner@example.org]
web: { listen: "127.0.0.1:0" }
`;

const firstLines = (sink: SmtpSink) => sink.mails.map(({ parsed }) => (parsed.text ?? "").split("\n")[0]);

Deno.test("run with a short YAML mails a print from a PTY", options, async () => {
  await using workshop = await makeWorkshop();
  await using sink = await startSmtpSink({ clock });
  await using printer = printerIn(workshop, { seconds: 5 });
  await workshop.write(settings(workshop, sink.port));
  await using agent = workshop.start("run");
  await until("the agent asks the printer", () => printer.printer.linesReceived >= 3);
  printer.printer.startPrint("benchy.gcode");
  await until("the end is mailed", () => firstLines(sink).some((line) => line?.includes("finished")), 60_000);
  const lines = firstLines(sink);
  assert.equal(lines.length, 2, lines.join("\n"));
  assert.match(lines[0] ?? "", /^MK3S: benchy started/);
  assert.match(lines[1] ?? "", /^MK3S: benchy finished in \d+ s$/);
  const [started, finished] = sink.mails.map(({ parsed }) => parsed);
  assert.equal(started?.subject, "[MK3S] benchy");
  assert.equal(finished?.inReplyTo, started?.messageId, "one thread per job");
  const { code } = await agent.kill("SIGTERM");
  assert.equal(code, 0, agent.log());
});

Deno.test(
  "museum: 07 SIGKILL in mid-print and a new start: no second started, no missing finished",
  options,
  async () => {
    await using workshop = await makeWorkshop();
    await using sink = await startSmtpSink({ clock });
    await using printer = printerIn(workshop, { seconds: 14 });
    await workshop.write(settings(workshop, sink.port));
    const first = workshop.start("run");
    await until("the agent asks the printer", () => printer.printer.linesReceived >= 3);
    printer.printer.startPrint("benchy.gcode");
    await until("the start is mailed", () => firstLines(sink).some((line) => line?.includes("started")));
    await first.kill("SIGKILL");
    await using second = workshop.start("run");
    try {
      await until("the end is mailed", () => firstLines(sink).some((line) => line?.includes("finished")), 60_000);
    } catch (error) {
      const events = await workshop.events();
      throw new Error([second.log(), JSON.stringify(events), ...firstLines(sink)].join("\n"), { cause: error });
    }
    assert.deepEqual(firstLines(sink).map((line) => line?.split(" ")[2]), ["started", "finished"]);
  },
);

Deno.test("a second run on the same state is refused with a sentence", options, async () => {
  await using workshop = await makeWorkshop();
  await using sink = await startSmtpSink({ clock });
  await using _printer = printerIn(workshop, { seconds: 5 });
  await workshop.write(settings(workshop, sink.port));
  await using agent = workshop.start("run");
  await agent.said("Page: ");
  const { code, stderr } = await workshop.run("run");
  assert.equal(code, 1);
  assert.match(stderr, /^Another filagram runs on the state/m);
});

Deno.test(
  "museum: 29 test takes the real road, with and without an agent, and says which rules match",
  options,
  async () => {
    await using workshop = await makeWorkshop();
    await using sink = await startSmtpSink({ clock });
    await using _printer = printerIn(workshop, { seconds: 5 });
    await workshop.write(settings(workshop, sink.port));
    const alone = await workshop.run("test", "MK3S", "finished", "--json");
    assert.equal(alone.code, 0, alone.stderr + alone.stdout);
    const steps = alone.stdout.trim().split("\n").map((line) => JSON.parse(line));
    assert.deepEqual(steps.map(({ name }) => name).filter((name) => name !== "sending"), [
      "event",
      "rules",
      "queued",
      "sent",
    ]);
    assert.match(firstLines(sink)[0] ?? "", /^MK3S: test print finished in 1 h 12 min/);

    await using agent = workshop.start("run");
    await agent.said("Page: ");
    const asked = await workshop.run("test", "--channel", "mail");
    assert.equal(asked.code, 0, asked.stderr + asked.stdout);
    assert.match(asked.stdout, /accepted for owner@example.org/);
    assert.match(firstLines(sink)[1] ?? "", /^Test from Filagram: this is how messages of MK3S reach you/);
    const wrong = await workshop.run("test", "MK3S", "exploded");
    assert.equal(wrong.code, 2);
  },
);

const simulatedWith = (camera: string, mail: string) =>
  `printers: [{ name: MK3S, driver: simulated${camera} }]
channels: [{ name: mail, type: email, ${mail}, tls: none, from: me@example.org, to: [owner@example.org] }]
web: { listen: "127.0.0.1:0" }
`;

async function testSteps(workshop: Workshop): Promise<{ code: number; names: string[]; detail: string }> {
  const { code, stdout } = await workshop.run("test", "MK3S", "finished", "--json");
  const steps = stdout.trim().split("\n").map((line) => JSON.parse(line));
  const names = steps.map(({ name }) => name).filter((name) => name !== "sending");
  return { code, names, detail: steps.at(-1)?.detail ?? "" };
}

Deno.test("test says why where nothing could leave this board", options, async () => {
  await using workshop = await makeWorkshop();
  await workshop.write(simulatedWith("", "host: no-such-host.invalid"));
  const { code, names, detail } = await testSteps(workshop);
  assert.equal(code, 1);
  assert.deepEqual(names, ["event", "rules", "queued", "waiting"]);
  assert.match(detail, /"no-such-host.invalid".*check this board's network/);
});

Deno.test("test goes on to the mail with a smaller picture", options, async () => {
  let mails = 0;
  await using server = startBadSmtpServer({
    answer: (verb) => verb === "." && ++mails === 1 ? "552 5.3.4 too big" : undefined,
  });
  const bytes = new Uint8Array(jpegOf(noise(1600, 1200)));
  await using camera = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, () => new Response(bytes));
  await using workshop = await makeWorkshop();
  const url = `http://127.0.0.1:${camera.addr.port}/`;
  await workshop.write(simulatedWith(`, camera: { snapshot: "${url}" }`, `host: 127.0.0.1, port: ${server.port}`));
  const { code, names } = await testSteps(workshop);
  // a step that is over at once may not be seen
  assert.deepEqual(names.filter((name) => name !== "again"), ["event", "rules", "queued", "sent"]);
  assert.equal(code, 0);
});
