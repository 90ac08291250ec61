import assert from "node:assert/strict";
import { applyReport } from "../../src/domain/apply_report.ts";
import { completed, withFileFacts } from "../../src/domain/file_facts.ts";
import type { PrintFileFacts } from "../../src/domain/print_file.ts";
import { activeJob, emptyState, type Report } from "../../src/domain/printer_state.ts";
import { FakeClock } from "../support/fake_clock.ts";

const now = new FakeClock().now();
const facts: PrintFileFacts = {
  slicer: { name: "PrusaSlicer", version: "2.9.0" },
  estimatedSeconds: 4320,
  layers: 125,
  filamentMillimetres: [1000, 0, 500],
  filamentGrams: [0, 0],
};

function printing(progress: NonNullable<Report["progress"]>) {
  const state = applyReport(emptyState, { link: { kind: "online" }, job: { kind: "none" } }, now);
  return applyReport(state, { job: { kind: "printing", file: { path: "a.gcode" }, begins: true }, progress }, now);
}

Deno.test("withFileFacts() fills in what the printer does not say, summed over all tools", () => {
  const before = printing({ percent: 0 });
  const job = activeJob(before);
  const after = activeJob(withFileFacts(before, job?.id ?? "", facts));
  assert.deepEqual(after, { ...job, estimatedSeconds: 4320, layers: 125, filamentMillimetres: 1500 });
});

Deno.test("withFileFacts() never contradicts the printer, neither what it said nor what it says later", () => {
  const before = printing({ layers: 7, estimatedSeconds: 60 });
  const after = withFileFacts(before, activeJob(before)?.id ?? "", facts);
  assert.deepEqual([activeJob(after)?.layers, activeJob(after)?.estimatedSeconds], [7, 60]);
  assert.equal(activeJob(applyReport(after, { progress: { filamentMillimetres: 9 } }, now))?.filamentMillimetres, 9);
});

Deno.test("withFileFacts() leaves alone: another job, no job, a file that says nothing", () => {
  const state = printing({});
  assert.equal(withFileFacts(state, "another", facts), state);
  assert.equal(withFileFacts(emptyState, "1", facts), emptyState);
  assert.equal(withFileFacts(state, activeJob(state)?.id ?? "", {}), state);
});

Deno.test("completed() adds slicer and figures to an event's facts", () => {
  assert.deepEqual(completed({ percent: 3, layers: 9 }, facts), {
    percent: 3,
    layers: 9,
    slicer: "PrusaSlicer 2.9.0",
    estimatedSeconds: 4320,
    filamentMillimetres: 1500,
  });
  assert.deepEqual(completed({}, {}), {});
});
