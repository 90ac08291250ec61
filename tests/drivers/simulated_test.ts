import assert from "node:assert/strict";
import { applyReport } from "../../src/domain/apply_report.ts";
import { deriveEvents } from "../../src/domain/printer_event.ts";
import { emptyState, type PrinterState, type Report } from "../../src/domain/printer_state.ts";
import type { DriverIo } from "../../src/drivers/driver.ts";
import { simulated } from "../../src/drivers/simulated.ts";
import { createLog, Secrets } from "../../src/log.ts";
import { FakeClock, settled } from "../support/fake_clock.ts";

function ioOn(clock: FakeClock, signal: AbortSignal): DriverIo {
  const unused = () => Promise.reject(new Error("the simulated printer needs no link"));
  return {
    clock,
    signal,
    log: createLog({ level: "error", secrets: new Secrets(), write: () => {} }),
    fetch: unused,
    openLink: unused,
    openMessages: unused,
  };
}

Deno.test("the simulated printer tells two whole prints, each once", async () => {
  const clock = new FakeClock();
  const end = new AbortController();
  let state: PrinterState = emptyState;
  const kinds: string[] = [];
  const jobs = new Set<string>();
  const watching = (async () => {
    for await (const report of simulated.bind({ minutes: 10 }).watch(ioOn(clock, end.signal))) {
      const after = applyReport(state, report, clock.now());
      for (const event of deriveEvents(state, after, clock.now())) {
        kinds.push(event.kind === "paused" ? `paused: ${event.reason}` : event.kind);
        if (event.job) jobs.add(event.job.id);
      }
      state = after;
    }
  })();
  await clock.advance(26 * 60_000);
  end.abort();
  await watching;
  const onePrint = ["started", "paused: filament_runout", "resumed", "finished"];
  assert.deepEqual(kinds.filter((kind) => kind !== "online"), [...onePrint, ...onePrint]);
  assert.equal(jobs.size, 2);
});

Deno.test("the simulated printer counts percent and layers up and never back", async () => {
  const clock = new FakeClock();
  const end = new AbortController();
  const reports: Report[] = [];
  const watching = (async () => {
    for await (const report of simulated.bind({ minutes: 2 }).watch(ioOn(clock, end.signal))) reports.push(report);
  })();
  await clock.advance(2.3 * 60_000);
  end.abort();
  await watching;
  const percents = reports.flatMap((report) => report.progress?.percent ?? []);
  assert.deepEqual(percents, percents.toSorted((a, b) => a - b));
  assert.equal(percents.at(-1), 100);
  const layers = reports.flatMap((report) => report.progress?.layer ?? []);
  assert.deepEqual(layers, layers.toSorted((a, b) => a - b));
});

Deno.test("the simulated printer ends at once when it is told to", async () => {
  const clock = new FakeClock();
  const end = new AbortController();
  const watching = (async () => {
    for await (const _ of simulated.bind({}).watch(ioOn(clock, end.signal)));
  })();
  await clock.advance(30_000);
  end.abort();
  await watching;
  await settled();
  assert.equal(clock.sleepers, 0);
});

Deno.test("a simulated printer needs no settings and takes no unknown ones", () => {
  assert.equal(simulated.bind({}).id, "simulated");
  assert.throws(() => simulated.bind({ minutes: -1 }));
  assert.throws(() => simulated.bind({ minuets: 3 }));
});
