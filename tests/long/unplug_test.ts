/**
 * The plug pulled in mid-print and put back: the real command on a real tty.
 */
import assert from "node:assert/strict";
import { bootId } from "../../bridge/libc.ts";
import { systemClock } from "../../src/clock.ts";
import { SdCard } from "../../src/demo/marlin/sd_card.ts";
import { type PrinterOnPty, simulatePrinterOnPty } from "../../src/demo/printer_on_pty.ts";
import { sliceModel } from "../../src/demo/sliced_file.ts";
import { type SmtpSink, startSmtpSink } from "../../src/demo/smtp_sink.ts";
import { makeWorkshop, type Running, until, type Workshop } from "../support/filagram.ts";

const clock = systemClock({ bootId: bootId() });
const options = { sanitizeOps: false, sanitizeResources: false };

interface Scene extends AsyncDisposable {
  readonly workshop: Workshop;
  readonly sink: SmtpSink;
  readonly usb: PrinterOnPty;
  readonly agent: Running;
  /** First lines of all mails so far. */
  lines(): string[];
}

/** A printer whose print of half an hour takes so many seconds, and the agent that watches it. */
async function printOf({ seconds }: { seconds: number }): Promise<Scene> {
  const stack = new AsyncDisposableStack();
  const workshop = stack.use(await makeWorkshop());
  const sink = stack.use(await startSmtpSink({ clock }));
  const usb = stack.use(simulatePrinterOnPty({
    clock,
    linkPath: `${workshop.folder}/printer`,
    timeScale: 30 * 60 / seconds,
    card: new SdCard({ "benchy.gcode": sliceModel({ minutes: 30 }) }),
  }));
  await workshop.write(`printers:
  - { name: MK3S, driver: marlin, address: "serial:${workshop.folder}/printer" }
channels:
  - { name: mail, type: email, host: 127.0.0.1, port: ${sink.port}, tls: none, from: a@example.org, to: [me@example.org] }
web: { listen: "127.0.0.1:0" }
`);
  const agent = workshop.start("run");
  const lines = () => sink.mails.map(({ parsed }) => parsed.text?.split("\n")[0] ?? "");
  const scene = { workshop, sink, usb, agent, lines, [Symbol.asyncDispose]: () => stack.disposeAsync() };
  await until("the agent asks the printer", () => usb.printer.linesReceived >= 3);
  return scene;
}

const seconds = (count: number) => new Promise((resolve) => setTimeout(resolve, count * 1000));

async function pulledFor40Seconds(): Promise<void> {
  await using scene = await printOf({ seconds: 90 });
  const { usb, lines, workshop } = scene;
  usb.printer.startPrint("benchy.gcode");
  await until("the start is mailed", () => lines().length === 1);
  await seconds(10);
  await usb.unplug();
  await seconds(40);
  usb.replug();
  await until("it is back", () => lines().some((line) => line.includes("is back")), 15_000);
  await until("the end is mailed", () => lines().some((line) => line.includes("finished")), 90_000);
  const expected = [
    /^MK3S: benchy started/,
    /^MK3S: lost sight of it while printing benchy \(\d+ %\)$/,
    /^MK3S is back, benchy at \d+ %$/,
    /^MK3S: benchy finished in \d+ (min|s)$/,
  ];
  for (const [index, line] of expected.entries()) assert.match(lines()[index] ?? "", line);
  assert.deepEqual((await workshop.events()).map(({ kind }) => kind), ["started", "offline", "online", "finished"]);
  assert.equal(lines().length, 4);
}

async function flapping(): Promise<void> {
  await using scene = await printOf({ seconds: 80 });
  const { usb, lines, workshop } = scene;
  usb.printer.startPrint("benchy.gcode");
  await until("the start is mailed", () => lines().length === 1);
  for (let flap = 0; flap < 4; flap++) {
    await seconds(10);
    await usb.unplug();
    await seconds(5);
    usb.replug();
  }
  await until("the end is mailed", () => lines().some((line) => line.includes("finished")), 90_000);
  assert.deepEqual((await workshop.events()).map(({ kind }) => kind), ["started", "finished"], scene.agent.log());
  assert.equal(lines().length, 2);
}

async function pulledFiftyTimes(): Promise<void> {
  await using scene = await printOf({ seconds: 300 });
  const { usb, agent, lines } = scene;
  usb.printer.startPrint("benchy.gcode"); // a printer that prints talks by itself
  await until("the start is mailed", () => lines().length === 1);
  const measures: { files: number; kilobytes: number }[] = [];
  for (let cycle = 0; cycle < 50; cycle++) {
    await usb.unplug();
    await seconds(0.1);
    usb.replug();
    const tty = Deno.realPathSync(usb.linkPath);
    try {
      await until("the agent has opened the port", () => openFiles(agent.pid).includes(tty));
    } catch (error) {
      throw new Error(`Cycle ${cycle}, ${tty}: ${agent.log()}`, { cause: error });
    }
    await seconds(1); // it reads
    measures.push(measure(agent.pid));
  }
  const most = (of: typeof measures, what: keyof typeof measures[number]) => Math.max(...of.map((one) => one[what]));
  const [early, late] = [measures.slice(5, 15), measures.slice(-10)];
  const text = `open files ${most(early, "files")} → ${most(late, "files")}, ` +
    `RSS ${most(early, "kilobytes")} → ${most(late, "kilobytes")} KB`;
  console.log(text);
  assert.ok(most(late, "files") <= most(early, "files") + 1, text);
  assert.ok(most(late, "kilobytes") < most(early, "kilobytes") * 1.1 + 5_000, text);
}

function openFiles(pid: number): string[] {
  const folder = `/proc/${pid}/fd`;
  return [...Deno.readDirSync(folder)].map(({ name }) => {
    try {
      return Deno.readLinkSync(`${folder}/${name}`);
    } catch {
      return ""; // closed meanwhile
    }
  });
}

function measure(pid: number): { files: number; kilobytes: number } {
  const status = Deno.readTextFileSync(`/proc/${pid}/status`);
  return { files: openFiles(pid).length, kilobytes: Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]) };
}

/** The scenes are mostly waits: they play side by side, from the first test on. */
const scenes = {
  "pulled out in mid-print for 40 s: offline and online are told once each, nothing is lost": pulledFor40Seconds,
  "museum: 14 pulled out for 5 s, again and again: nothing is told but the print": flapping,
  "museum: 28 pulled out and put back 50 times: no open file and no memory is left behind": pulledFiftyTimes,
};
let playing: Map<string, Promise<void>> | undefined;

for (const name of Object.keys(scenes)) {
  Deno.test(name, options, async () => {
    playing ??= new Map(Object.entries(scenes).map(([name, play]) => [name, play()]));
    await Promise.allSettled(playing.values()); // so that none fails unheard
    await playing.get(name);
  });
}
