/**
 * A month in the life of an agent, in a process of its own: prints, lost links, cameras, an evening without a network.
 * Says after each day, as JSON, what the process holds. Run with --v8-flags=--expose-gc.
 */
import { accepted, offline, progressRule, TestChannel, TestHouse, TestPrinter } from "./house.ts";
import { defaultRule } from "../../src/domain/rule.ts";
import { jpegOf, painted } from "../pictures/samples.ts";

export interface Day {
  readonly day: number;
  readonly heapBytes: number;
  readonly residentBytes: number;
  /** Who is asleep on the agent's clock. */
  readonly sleepers: number;
  readonly openFiles: number;
  readonly events: number;
  readonly sent: number;
}

const hour = 3600;
const picture = new Uint8Array(jpegOf(painted("ab/cd", 32)));

if (import.meta.main) await live(Number(Deno.args[0]));

async function live(days: number): Promise<void> {
  const printers = ["MK3S", "MK4"].map((name) => new TestPrinter(name));
  const [mail, phone] = [new TestChannel("mail", ["me@example.org", "you@example.org"]), new TestChannel("phone")];
  await using house = new TestHouse({
    printers: printers.map((printer) =>
      printer.settings({
        camera: {
          source: { url: "http://camera.local/shot.jpg" },
          flip: [],
          rotateDegrees: 0,
          deadlineSeconds: 10,
        },
      })
    ),
    channels: [mail, phone],
    rules: [{ ...defaultRule, onlyInPrint: false }, progressRule(10)],
    fetch: () => Promise.resolve(new Response(picture)),
  });
  let sent = 0;
  for (let day = 1; day <= days; day++) {
    for (let print = 0; print < 5; print++) {
      mail.answer = () => print === 3 ? offline : accepted;
      await onePrint(house, printers, { file: { path: `part ${day}-${print}.gcode` } });
    }
    mail.answer = () => accepted;
    await house.passQuietly(9 * hour);
    sent += mail.sent.length;
    for (const { sent, tries } of [mail, phone]) sent.length = tries.length = 0; // what the test itself keeps
    house.log.length = 0;
    say({ day, ...await held(house), sent });
  }
}

/** Three hours: heating, printing, a lost link, a pause. */
async function onePrint(
  house: TestHouse,
  printers: readonly TestPrinter[],
  { file }: { file: { path: string } },
): Promise<void> {
  const report = (...reports: Parameters<TestPrinter["report"]>) => {
    for (const printer of printers) printer.report(...reports);
  };
  report({ link: { kind: "online" }, job: { kind: "none" } });
  report({ job: { kind: "printing", begins: true, file } });
  for (let minute = 0; minute < 180; minute++) {
    await house.passQuietly(60);
    if (minute === 60) { for (const printer of printers) printer.breakLink(); }
    if (minute === 90) report({ job: { kind: "paused", file, reason: "filament_runout" } });
    else {
      report({
        job: { kind: "printing", file },
        progress: { percent: minute / 1.8, layer: minute },
        temperatures: { nozzle: { celsius: 214 + minute % 3, targetCelsius: 215 } },
        message: { text: `${minute} of 180`, marked: false },
      });
    }
  }
  report({ job: { kind: "ended", outcome: "finished", file } });
  await house.passQuietly(60);
}

async function held(house: TestHouse): Promise<Omit<Day, "day" | "sent">> {
  const gc: unknown = Reflect.get(globalThis, "gc");
  if (typeof gc !== "function") throw new Error("Run with --v8-flags=--expose-gc");
  gc();
  await new Promise((resolve) => setTimeout(resolve, 20)); // finalizers run
  gc();
  const { heapUsed, rss } = Deno.memoryUsage();
  return {
    heapBytes: heapUsed,
    residentBytes: rss,
    sleepers: house.clock.sleepers,
    openFiles: [...Deno.readDirSync("/proc/self/fd")].length,
    events: house.store.events({ limit: 1, newestFirst: true })[0]?.id ?? 0,
  };
}

function say(day: Day): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${JSON.stringify(day)}\n`));
}
