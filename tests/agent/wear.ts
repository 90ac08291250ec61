/**
 * What an agent writes to its card: an hour of a printer that is idle, then hours in which it prints, by the fake clock, in a
 * process of its own. Says as JSON how many bytes each hour cost (`write_bytes` of /proc/self/io: what went to the disk's layer).
 */
import { defaultRule } from "../../src/domain/rule.ts";
import { progressRule, TestChannel, TestHouse, TestPrinter } from "./house.ts";

export interface Wear {
  readonly startBytes: number;
  readonly idleBytes: number;
  /** Per hour. */
  readonly printingBytes: number;
  readonly messages: number;
  /** The journal of the database at the end. */
  readonly walBytes: number;
}

const secondsPerReport = 2;
/** Long enough that the journal is brought home on the way. */
const printingHours = 8;
const printingSeconds = printingHours * 3600;

if (import.meta.main) {
  const printer = new TestPrinter();
  const channel = new TestChannel();
  const beforeStart = writtenBytes();
  await using house = new TestHouse({
    printers: [printer],
    channels: [channel],
    rules: [{ ...defaultRule, onlyInPrint: false }, progressRule(10)],
  });
  printer.report({ link: { kind: "online" }, job: { kind: "none" } });
  await house.passQuietly(60);
  const start = writtenBytes();
  for (let second = 0; second < 3600; second += secondsPerReport) {
    printer.report({ temperatures: { nozzle: { celsius: 21 + second % 10 / 10, targetCelsius: 0 } } });
    await house.passQuietly(secondsPerReport);
  }
  const idle = writtenBytes();
  const file = { path: "benchy.gcode" };
  printer.report({ job: { kind: "printing", begins: true, file } });
  for (let second = 0; second < printingSeconds; second += secondsPerReport) {
    printer.report({
      job: { kind: "printing", file },
      progress: {
        percent: 100 * second / printingSeconds,
        layer: Math.floor(second / 30),
        remainingSeconds: printingSeconds - second,
      },
      temperatures: { nozzle: { celsius: 214 + second % 10 / 10, targetCelsius: 215 } },
      message: { text: `${second} of ${printingSeconds}`, marked: false },
    });
    await house.passQuietly(secondsPerReport);
  }
  printer.report({ job: { kind: "ended", outcome: "finished", file } });
  await house.passQuietly(60);
  const wear: Wear = {
    startBytes: start - beforeStart,
    idleBytes: idle - start,
    printingBytes: Math.round((writtenBytes() - idle) / printingHours),
    messages: channel.sent.length,
    walBytes: Deno.statSync(`${house.store.folder}/filagram.db-wal`).size,
  };
  console.log(JSON.stringify(wear));
}

function writtenBytes(): number {
  return Number(/^write_bytes: (\d+)$/m.exec(Deno.readTextFileSync("/proc/self/io"))?.[1] ?? NaN);
}
