import { deepEqual, ok } from "node:assert/strict";
import { openLink } from "../../bridge/open_link.ts";
import { openPty } from "../../bridge/pty.ts";
import { systemClock } from "../../src/clock.ts";
import type { Report } from "../../src/domain/printer_state.ts";
import type { DriverIo } from "../../src/drivers/driver.ts";
import { marlin } from "../../src/drivers/marlin/marlin.ts";
import { createLog, Secrets } from "../../src/log.ts";

Deno.test("over a real PTY: a board resets, is asked who it is, and prints", async () => {
  await using pty = openPty();
  const stop = new AbortController();
  const io: DriverIo = {
    clock: systemClock({ bootId: "test" }),
    log: createLog({ level: "error", secrets: new Secrets(), write: () => {} }),
    signal: stop.signal,
    fetch,
    openLink: (address, options) => openLink(address, options),
    openMessages: () => Promise.reject(new Error("no messages here")),
  };
  const board = answer(pty.master.readable, pty.master.writable);
  const reports: Report[] = [];
  for await (const report of marlin.bind({ address: `serial:${pty.slavePath}?baud=115200` }).watch(io)) {
    reports.push(report);
    if (report.progress?.position) stop.abort();
  }
  const heard = await board;
  deepEqual(heard.slice(0, 2), ["M115", "M27"]);
  ok(reports.some(({ restarted }) => restarted?.cause === "PowerUp"));
  deepEqual(reports.at(-1), { job: { kind: "active" }, progress: { position: { bytes: 100, totalBytes: 1000 } } });
});

/** A board that has just been reset, and prints from its card. */
async function answer(readable: ReadableStream<Uint8Array>, writable: WritableStream<Uint8Array>): Promise<string[]> {
  const writer = writable.getWriter();
  const say = (text: string) => writer.write(new TextEncoder().encode(text));
  await say("start\nPowerUp\necho:SD card ok\n");
  const heard: string[] = [];
  const reader = readable.pipeThrough(new TextDecoderStream() as TransformStream<Uint8Array, string>).getReader();
  for (let text = ""; !heard.includes("M27");) {
    const { value, done } = await reader.read();
    if (done) break;
    const lines = (text + value).split("\n");
    text = lines.pop() ?? "";
    heard.push(...lines);
    for (const line of lines) {
      await say(line === "M115" ? "FIRMWARE_NAME:Marlin 2.1.2\nok\n" : "SD printing byte 100/1000\nok\n");
    }
  }
  reader.releaseLock(); // a cancel would pull the plug before the last line is read
  writer.releaseLock();
  return heard;
}
