import assert from "node:assert/strict";
import { checksum } from "../../src/demo/marlin/line_intake.ts";
import { SdCard } from "../../src/demo/marlin/sd_card.ts";
import { type MarlinOptions, MarlinSimulator } from "../../src/demo/marlin_simulator.ts";
import { sliceModel } from "../../src/demo/sliced_file.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { MemoryHost } from "./host.ts";

const fileName = "A long file name.gcode";

interface Bench extends AsyncDisposable {
  readonly clock: FakeClock;
  readonly printer: MarlinSimulator;
  readonly host: MemoryHost;
}

async function setUp(options: Partial<MarlinOptions> = {}): Promise<Bench> {
  const clock = new FakeClock();
  const card = new SdCard({ [fileName]: sliceModel({ minutes: 60, layers: 20 }) });
  const printer = new MarlinSimulator({ clock, card, random: () => 0.5, ...options });
  const host = new MemoryHost(clock);
  printer.attach(host.pipe);
  await clock.advance(1000);
  return {
    clock,
    printer,
    host,
    async [Symbol.asyncDispose]() {
      await printer[Symbol.asyncDispose]();
      await host.close();
    },
  };
}

const position = (line: string) => Number(/^SD printing byte (\d+)\//.exec(line)?.[1]);

Deno.test("a print of an hour takes two minutes at thirty times the speed, with reports at the seconds asked for", async () => {
  await using bench = await setUp({ timeScale: 30 });
  const { host, printer } = bench;
  await host.send("M155 S2");
  await host.send("M27 S5");
  const startedAt = host.milliseconds;
  assert.ok(printer.startPrint(fileName));
  await host.until(/^Done printing file$/);
  const seconds = (host.milliseconds - startedAt) / 1000;
  assert.ok(seconds > 120 && seconds < 125, `${seconds} s`);
  const times = (pattern: RegExp) =>
    host.heard.filter((line) => pattern.test(line.text)).map((line) => line.milliseconds);
  for (const [pattern, interval] of [[/^ T:.*B@:\d+$/, 2000], [/^SD printing byte/, 5000]] as const) {
    const gaps = times(pattern).slice(1).map((time, index) => time - (times(pattern)[index] ?? 0));
    assert.ok(gaps.every((gap) => Math.abs(gap - interval) <= 40), `${pattern}: ${gaps}`);
  }
  const positions = host.texts.filter((line) => line.startsWith("SD printing")).map(position);
  assert.deepEqual(positions, positions.toSorted((a, b) => a - b));
});

Deno.test("the print time is told before the end, in real seconds, and only of prints longer than a minute", async () => {
  for (const [timeScale, isTold] of [[30, true], [120, false]] as const) {
    await using bench = await setUp({ timeScale });
    bench.printer.startPrint(fileName);
    const lines = await bench.host.until(/^Done printing file$/);
    const time = lines.find((line) => line.startsWith("echo:Print time:"));
    if (isTold) assert.match(time ?? "", /^echo:Print time: 2m \d+s$/);
    else assert.equal(time, undefined);
  }
});

Deno.test("a print from the card is paused, purged once more, resumed and cancelled as on the real one", async () => {
  await using bench = await setUp({ timeScale: 10 });
  const { host, clock, printer } = bench;
  await host.send("M27 S1");
  await host.send(`M23 ALONGF~1.GCO`);
  await host.send("M24");
  await clock.advance(60_000);
  host.skip();
  await host.send("M25");
  const pausing = await host.until(/prompt_begin Nozzle Parked/);
  assert.ok(pausing.indexOf("//action:paused") < pausing.indexOf("echo:Send M108 to resume"));
  const stoodAt = position(pausing.findLast((line) => line.startsWith("SD printing")) ?? "");
  const waiting = await host.until(/^echo:busy: paused for user$/);
  assert.ok(waiting.filter((line) => line.startsWith("SD printing")).every((line) => position(line) === stoodAt));

  await host.send("M108");
  await host.until(/prompt_button PurgeMore/);
  await host.send("M876 S0");
  await host.until(/prompt_button PurgeMore/);
  await host.send("M876 S1");
  await host.until(/^\/\/action:resumed$/);
  await clock.advance(5000);
  assert.equal(printer.view().kind, "printing");

  await host.send("M524");
  await host.until(/^Not SD printing$/);
  const home = await host.until(/^X:0\.00 Y:0\.00/);
  assert.ok(!host.texts.includes("//action:cancel"), "M524 is silent");
  assert.ok(!home.includes("Done printing file"));
  assert.equal(printer.view().kind, "idle");
});

Deno.test("a print cancelled at the screen says so", async () => {
  await using bench = await setUp({ timeScale: 10 });
  bench.printer.startPrint(fileName);
  await bench.clock.advance(30_000);
  bench.printer.cancelFromScreen();
  await bench.host.until(/^\/\/action:cancel$/);
  await bench.host.until(/^X:0\.00 Y:0\.00/);
  assert.equal(bench.printer.view().kind, "idle");
});

Deno.test("a runout stops the print until somebody has loaded filament", async () => {
  await using bench = await setUp({ timeScale: 30 });
  const { host, clock, printer } = bench;
  printer.startPrint(fileName);
  await clock.advance(60_000);
  printer.runOut();
  await host.until(/^\/\/action:paused filament_runout 0$/);
  await host.until(/^echo:Insert filament and send M108$/);
  await clock.advance(20_000);
  assert.equal(printer.view().kind, "waiting");
  printer.insertFilament();
  await host.until(/^\/\/action:resumed$/);
  await host.until(/^Done printing file$/);
});

Deno.test("the nozzle goes cold when nobody comes, and is heated again", async () => {
  await using bench = await setUp({ timeScale: 30 });
  const { host, clock, printer } = bench;
  printer.startPrint(fileName);
  await clock.advance(60_000);
  printer.runOut();
  await host.until(/prompt_begin Nozzle Parked/);
  await host.until(/prompt_begin Heater Timeout/);
  printer.pressButton();
  await host.until(/prompt_begin Reheat Done/);
  printer.insertFilament();
  await host.until(/^\/\/action:resumed$/);
});

Deno.test("boards without pause handling pause in place; vendors' boards pause without a word", async () => {
  for (const [build, says] of [["nopark", true], ["vendor", false]] as const) {
    await using bench = await setUp({ timeScale: 10, build });
    const { host, clock, printer } = bench;
    printer.startPrint(fileName);
    await clock.advance(40_000);
    printer.pauseFromScreen();
    await clock.advance(1000);
    assert.equal(printer.view().kind, "paused");
    assert.equal(host.texts.includes("//action:pause"), says);
    printer.resumeFromScreen();
    await clock.advance(1000);
    assert.equal(printer.view().kind, "printing");
  }
});

Deno.test("after a kill there is silence until the power is switched off and on", async () => {
  await using bench = await setUp({ timeScale: 30 });
  const { host, clock, printer } = bench;
  printer.startPrint(fileName);
  await host.send("M155 S1");
  await clock.advance(30_000);
  printer.kill();
  await clock.advance(100);
  assert.deepEqual(host.texts.slice(-3), [
    "Error:!! KILL caused by KILL button/pin",
    "Error:Printer halted. kill() called!",
    "//action:poweroff",
  ]);
  const heard = host.heard.length;
  await host.send("M105");
  await clock.advance(30_000);
  assert.equal(host.heard.length, heard);
  host.skip();
  printer.powerCycle();
  assert.deepEqual((await host.until(/^echo:SD card ok$/)).slice(0, 2), ["start", "PowerUp"]);
  assert.equal(printer.view().kind, "idle");
});

Deno.test("a printer that hangs says nothing; garbage and any line come through as they are", async () => {
  await using bench = await setUp();
  const { host, clock, printer } = bench;
  printer.say("echo:hello");
  printer.garbage(200);
  printer.say("");
  await clock.advance(100);
  assert.ok(host.texts.includes("echo:hello"));
  printer.hang();
  const heard = host.heard.length;
  await host.send("M105");
  await clock.advance(60_000);
  assert.equal(host.heard.length, heard);
});

Deno.test("a command that takes long is kept alive every two seconds, and what came meanwhile is answered in a burst", async () => {
  await using bench = await setUp();
  const { host } = bench;
  await host.send("G28");
  await host.send("M105");
  await host.send("M105");
  const lines = await host.until(/^X:0\.00/);
  assert.equal(lines.filter((line) => line === "echo:busy: processing").length, 8);
  await bench.clock.advance(50);
  assert.deepEqual(host.texts.slice(-3).map((line) => line.slice(0, 4)), ["ok", "ok T", "ok T"]);
});

Deno.test("a card put in late is noticed; one pulled out ends its print", async () => {
  const card = new SdCard({ "a.gco": sliceModel({ minutes: 5 }) });
  await using bench = await setUp({ card: new SdCard() });
  const { host, clock, printer } = bench;
  assert.equal(printer.startPrint("a.gco"), false);
  printer.insertCard(card);
  assert.ok(printer.startPrint("a.gco"));
  await clock.advance(60_000);
  printer.removeCard();
  await clock.advance(30_000);
  assert.equal(printer.view().kind, "idle");
  await host.send("M27");
  assert.ok(host.texts.includes("Not SD printing"));
});

Deno.test("an uploaded file can be printed", async () => {
  await using bench = await setUp();
  const { host } = bench;
  for (const [index, line] of ["M28 up.gco", "G4 P10", "M118 from the file"].entries()) {
    const numbered = `N${index + 1} ${line}`;
    await host.send(`${numbered}*${checksum(numbered)}`);
  }
  await host.send("M29");
  await host.send("M32 up.gco");
  await host.until(/^from the file$/);
  await host.until(/^Done printing file$/);
});

Deno.test("ten printers print side by side on one clock", async () => {
  const clock = new FakeClock();
  const benches = Array.from({ length: 10 }, () => {
    const card = new SdCard({ "a.gco": sliceModel({ minutes: 30 }) });
    const printer = new MarlinSimulator({ clock, card, timeScale: 60 });
    const host = new MemoryHost(clock);
    printer.attach(host.pipe);
    return { printer, host };
  });
  await clock.advance(1000);
  for (const { printer } of benches) assert.ok(printer.startPrint("a.gco"));
  await clock.advance(40_000);
  for (const { printer, host } of benches) {
    assert.ok(host.texts.includes("Done printing file"));
    await printer[Symbol.asyncDispose]();
    await host.close();
  }
  assert.equal(clock.sleepers, 0);
});
