import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import fc from "fast-check";
import { LinkLostError } from "../../bridge/link.ts";
import type { Report } from "../../src/domain/printer_state.ts";
import type { DriverIo } from "../../src/drivers/driver.ts";
import { marlin } from "../../src/drivers/marlin/marlin.ts";
import { createLog, Secrets } from "../../src/log.ts";
import { FakeClock, settled } from "../support/fake_clock.ts";
import { MemoryLink, readRecording, replay } from "../support/replay.ts";
import { randomCuts } from "../support/random_cuts.ts";

interface Watched {
  readonly link: MemoryLink;
  readonly clock: FakeClock;
  readonly stop: AbortController;
  readonly reports: Report[];
  readonly opened: { address: string; wakeUp?: string; looksRight?: (line: string) => boolean }[];
  readonly done: Promise<void>;
}

function watchMemory(settings: Record<string, unknown> = {}): Watched {
  const [link, clock, stop] = [new MemoryLink(), new FakeClock(), new AbortController()];
  const reports: Report[] = [];
  const opened: Watched["opened"] = [];
  const io: DriverIo = {
    clock,
    log: createLog({ level: "error", secrets: new Secrets(), write: () => {} }),
    signal: stop.signal,
    fetch: () => Promise.reject(new Error("no network here")),
    openLink: (address, { signal: _, ...options }) => {
      opened.push({ address, ...options });
      return Promise.resolve(link);
    },
    openMessages: () => Promise.reject(new Error("no messages here")),
  };
  const done = (async () => {
    for await (const report of marlin.bind({ address: "serial:/dev/x", ...settings }).watch(io)) reports.push(report);
  })();
  return { link, clock, stop, reports, opened, done };
}

Deno.test("a link that breaks ends the watch with its error, after the last line", async () => {
  const { link, reports, done } = watchMemory();
  const ended = rejects(done, LinkLostError);
  await settled();
  link.say("Done printing file\n");
  await settled();
  link.break("unplugged");
  await ended;
  deepEqual(reports, [{ job: { kind: "ended", outcome: "finished" } }]);
});

Deno.test("a signal ends the watch, and nothing is left waiting", async () => {
  const { clock, stop, done } = watchMemory();
  await clock.advance(10_000);
  stop.abort();
  await done;
  equal(clock.sleepers, 0);
});

Deno.test("the speed is searched for by what a printer would say; a passive watch wakes nobody", async () => {
  const active = watchMemory();
  const passive = watchMemory({ passive: true });
  await settled();
  equal(active.opened[0]?.wakeUp, "\nM115\n");
  equal(passive.opened[0]?.wakeUp, undefined);
  const looksRight = passive.opened[0]?.looksRight ?? (() => false);
  ok(looksRight("ok T:20.0 /0.0") && looksRight("echo:busy: processing") && looksRight(" T:20 /0 B:20 /0"));
  ok(!looksRight("x~}{|zxw}~") && !looksRight("\u0000\u00ff"));
  for (const { stop, done } of [active, passive]) {
    stop.abort();
    await done;
  }
});

Deno.test("a silent link costs nothing for a month: no timers, no listeners pile up", async () => {
  const { clock, stop, done } = watchMemory({ passive: true });
  await clock.advance(3_600_000);
  equal(clock.sleepers, 1);
  stop.abort();
  await done;
});

Deno.test("an endless line is bounded", async () => {
  const { link, clock, stop, reports, done } = watchMemory({ passive: true });
  await settled();
  const before = Deno.memoryUsage().rss;
  const chunk = new Uint8Array(65536).fill(120);
  for (let round = 0; round < 1000; round++) {
    link.say(chunk);
    await clock.advance(10);
  }
  ok(Deno.memoryUsage().rss - before < 60_000_000);
  link.say("\nstart\n");
  await clock.advance(100);
  deepEqual(reports, [{ restarted: {} }]);
  stop.abort();
  await done;
});

Deno.test("anything may come: random bytes between the lines of real printers", async () => {
  const recordings = ["marlin/sd_list_and_print", "marlin/filament_runout_sd_print", "klipper-tty/klipper_tty_print"]
    .map((name) => readRecording(`tests/transcripts/${name}.jsonl`).filter(({ dir }) => dir === "rx"));
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...recordings),
      fc.array(
        fc.tuple(
          fc.nat(400),
          fc.oneof(fc.string({ unit: "binary" }), fc.constantFrom("{", "ok ok ok", "//action:", "Error:", "!!")),
        ),
        {
          maxLength: 20,
        },
      ),
      fc.infiniteStream(fc.integer({ min: 1, max: 30 })),
      async (recording, noise, sizes) => {
        const lines = [...recording];
        for (const [index, text] of noise) {
          const at = Math.min(index, lines.length - 1);
          lines.splice(at, 0, { t: lines[at]?.t ?? 0, dir: "rx", text });
        }
        await replay(marlin, lines, { cut: randomCuts(sizes), tailSeconds: 5 });
      },
    ),
    { numRuns: 30 },
  );
});
