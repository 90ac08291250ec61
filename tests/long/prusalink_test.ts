/**
 * The real PrusaLink on a simulated MK3S, watched by the real command: whole prints end in the right mails. Skipped, and said so,
 * where Python or PyPI is missing.
 */
import assert from "node:assert/strict";
import { bootId } from "../../bridge/libc.ts";
import { systemClock } from "../../src/clock.ts";
import { SdCard } from "../../src/demo/marlin/sd_card.ts";
import { type PrinterOnPty, simulatePrinterOnPty } from "../../src/demo/printer_on_pty.ts";
import { sliceModel } from "../../src/demo/sliced_file.ts";
import { type SmtpSink, startSmtpSink } from "../../src/demo/smtp_sink.ts";
import type { DriverIo } from "../../src/drivers/driver.ts";
import { prusalink } from "../../src/drivers/prusalink/prusalink.ts";
import { createLog, Secrets } from "../../src/log.ts";
import { encodePicture } from "../../src/pictures/codec.ts";
import { painted } from "../pictures/samples.ts";
import { makeWorkshop, type Running, until, type Workshop } from "../support/filagram.ts";
import { login, type RealPrusaLink, startPrusaLink, whyNoPrusaLink } from "../support/prusalink.ts";

const clock = systemClock({ bootId: bootId() });
const missing = await whyNoPrusaLink();
const timeScale = 30;

interface Scene extends AsyncDisposable {
  readonly workshop: Workshop;
  readonly sink: SmtpSink;
  readonly usb: PrinterOnPty;
  readonly link: RealPrusaLink;
  readonly agent: Running;
}

async function openScene(): Promise<Scene> {
  await using stack = new AsyncDisposableStack();
  const workshop = stack.use(await makeWorkshop());
  const sink = stack.use(await startSmtpSink({ clock }));
  const tty = `${workshop.folder}/ttyPRUSA`;
  const usb = stack.use(simulatePrinterOnPty({
    clock,
    linkPath: tty,
    build: "prusa",
    machine: "MK3S",
    timeScale,
    card: new SdCard(), // PrusaLink asks for its files until it hears of them
  }));
  const link = stack.use(await startPrusaLink({ tty }));
  await workshop.write(
    `printers:
  - { name: MK3S, driver: prusalink, address: "${link.url}", user: ${login.user}, password: !secret prusa }
channels:
  - { name: mail, type: email, host: 127.0.0.1, port: ${sink.port}, tls: none, from: a@example.org, to: [me@example.org] }
web: { listen: "127.0.0.1:0" }
`,
    `prusa: ${login.password}\n`,
  );
  const agent = stack.use(workshop.start("run"));
  await until("the agent sees the printer", async () => (await workshop.run("check")).code === 0);
  const moved = stack.move();
  return { workshop, sink, usb, link, agent, [Symbol.asyncDispose]: () => moved.disposeAsync() };
}

/** A print of so many machine minutes; `extra` stands in its middle. */
function model(minutes: number, extra = ""): Uint8Array<ArrayBuffer> {
  const lines = new TextDecoder().decode(sliceModel({ minutes, layers: 20, movesPerLayer: 12 })).split("\n");
  const png = encodePicture(painted("abcd", 55), { mediaType: "image/png", quality: 1 }).toBase64();
  const thumbnail = [
    `; thumbnail begin 220x55 ${png.length}`,
    ...png.match(/.{1,78}/g)?.map((part) => `; ${part}`) ?? [],
    "; thumbnail end",
  ];
  lines.splice(Math.floor(lines.length / 2), 0, ...extra.split("\n"));
  return new TextEncoder().encode([...thumbnail, ...lines].join("\n"));
}

async function print({ link }: Scene, name: string, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
  const response = await link.request("PUT", `/api/v1/files/local/${name}`, {
    body: bytes,
    headers: { "content-type": "text/x.gcode", "print-after-upload": "?1", overwrite: "?1" },
  });
  assert.equal(response.status, 201, await response.text());
}

async function order({ link }: Scene, method: string, what: string): Promise<void> {
  const status = await (await link.request("GET", "/api/v1/status")).json();
  const response = await link.request(method, `/api/v1/job/${status.job.id}${what}`);
  assert.equal(response.status, 204, await response.text());
}

/** First lines of the mails about this print, once the last of them is there. */
async function mailsOf({ sink, link, agent }: Scene, name: string, last: RegExp): Promise<string[]> {
  const lines = () =>
    sink.mails.map(({ parsed }) => parsed.text?.split("\n")[0] ?? "").filter((line) => line.includes(name));
  await until(`a mail about ${name} says ${last}`, () => lines().some((line) => last.test(line)), 120_000)
    .catch((error) => {
      const log = link.log().split("\n").filter((line) => /state|STATE|ERROR/.test(line)).slice(-20).join("\n");
      throw new Error(`${error.message}\n${lines().join("\n")}\n${agent.log().slice(-2000)}\n${log}`);
    });
  return lines();
}

function like(lines: readonly string[], patterns: readonly RegExp[]): void {
  assert.equal(lines.length, patterns.length, lines.join("\n"));
  for (const [index, pattern] of patterns.entries()) assert.match(lines[index] ?? "", pattern);
}

async function finishes(scene: Scene, t: Deno.TestContext): Promise<boolean> {
  return await t.step("a print that is paused, resumed and finished", async () => {
    await print(scene, "whole.gcode", model(10));
    await scene.link.waitFor("PRINTING");
    await order(scene, "PUT", "/pause"); // at once: no mail may be so slow that the print is over before
    await mailsOf(scene, "whole", /paused/);
    await order(scene, "PUT", "/resume");
    like(await mailsOf(scene, "whole", /finished/), [
      /^MK3S: whole started, about \d+ min$/,
      /^MK3S: whole paused at \d+ %$/,
      /^MK3S: whole finished in /,
    ]);
  });
}

async function describes(scene: Scene, t: Deno.TestContext): Promise<boolean> {
  return await t.step(
    "its file is described with thumbnail and figures; one Digest login lasts for all questions",
    async () => {
      const statuses: number[] = [];
      const io: DriverIo = {
        clock,
        log: createLog({ level: "error", secrets: new Secrets(), write: () => {} }),
        signal: AbortSignal.timeout(60_000),
        fetch: async (input, init) => {
          const response = await fetch(input, init);
          statuses.push(response.status);
          return response;
        },
        openLink: () => Promise.reject(new Error("no link here")),
        openMessages: () => Promise.reject(new Error("no messages here")),
      };
      const driver = prusalink.bind({ address: scene.link.url, user: login.user, password: login.password });
      const [event] = await scene.workshop.events();
      const job = event?.["job"] as { file?: string } | undefined;
      assert.equal(job?.file, "whole.gcode");
      const found = await driver.describePrintFile?.({ path: "whole.gcode", storage: "local" }, io);
      assert.equal(found?.facts.estimatedSeconds, 600);
      assert.deepEqual(found?.thumbnail?.subarray(1, 4), new TextEncoder().encode("PNG"));
      assert.deepEqual(await driver.cameras?.(io), []);
      const reports = driver.watch(io)[Symbol.asyncIterator]();
      for (let number = 0; number < 2; number++) assert.equal((await reports.next()).value.link.kind, "online");
      await reports.return?.();
      assert.deepEqual(statuses, [401, 200, 200, 200, 200, 200]);
    },
  );
}

async function isCancelled(scene: Scene, t: Deno.TestContext): Promise<boolean> {
  return await t.step("a print that is stopped is told cancelled, once", async () => {
    await scene.link.waitFor("IDLE", "READY");
    await print(scene, "stopped.gcode", model(120));
    await mailsOf(scene, "stopped", /started/);
    await order(scene, "DELETE", "");
    like(await mailsOf(scene, "stopped", /cancelled/), [/started/, /^MK3S: stopped cancelled/]);
  });
}

async function needsFilament(scene: Scene, t: Deno.TestContext): Promise<boolean> {
  return await t.step("a filament change needs its owner, who comes", async () => {
    await scene.link.waitFor("IDLE", "READY");
    await print(scene, "colours.gcode", model(8, "M600"));
    await mailsOf(scene, "colours", /needs you/);
    scene.usb.printer.insertFilament();
    like(await mailsOf(scene, "colours", /finished/), [
      /started/,
      /^MK3S needs you: it waits for you \(colours/,
      /finished/,
    ]);
  });
}

async function dies(scene: Scene, t: Deno.TestContext): Promise<boolean> {
  return await t.step("a firmware that kills itself is a failed print, with PrusaLink's words", async () => {
    await scene.link.waitFor("IDLE", "READY");
    await print(scene, "killed.gcode", model(120));
    await mailsOf(scene, "killed", /started/);
    scene.usb.printer.kill();
    like(await mailsOf(scene, "killed", /failed/), [/started/, /failed.*: Firmware detected a hardware issue$/]);
    scene.usb.printer.powerCycle();
  });
}

async function isUnplugged(scene: Scene, t: Deno.TestContext): Promise<boolean> {
  return await t.step("a cable pulled in mid-print is a failed print; the next one is told again", async () => {
    await scene.link.waitFor("IDLE", "READY");
    await print(scene, "pulled.gcode", model(120));
    await mailsOf(scene, "pulled", /started/);
    await scene.usb.unplug();
    like(await mailsOf(scene, "pulled", /failed/), [/started/, /failed.*: Serial device does not exist$/]);
    scene.usb.replug();
    await scene.link.waitFor("IDLE", "READY");
    await print(scene, "after.gcode", model(3));
    like(await mailsOf(scene, "after", /finished/), [/started/, /finished/]);
  });
}

Deno.test({
  name: missing === undefined
    ? "the real PrusaLink on a simulated MK3S, mailed by the real command"
    : `the real PrusaLink (skipped: ${missing})`,
  ignore: missing !== undefined,
  sanitizeOps: false,
  sanitizeResources: false,
  async fn(t) {
    await using scene = await openScene();
    for (const act of [finishes, describes, isCancelled, needsFilament, dies, isUnplugged]) {
      if (!await act(scene, t)) return; // what follows would only wait in vain
    }
    const kinds = (await scene.workshop.events()).map(({ kind }) => kind);
    assert.deepEqual(kinds.filter((kind) => kind === "offline" || kind === "error"), []);
  },
});
