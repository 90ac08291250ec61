/** When a rule hears of a print's progress. */
import assert from "node:assert/strict";
import { elapsedSeconds, type ProgressPolicy, type ProgressStep, remainingSeconds } from "../../src/domain/progress.ts";
import { activeJob } from "../../src/domain/printer_state.ts";
import { at, momentAt, play, restart, type Step } from "./story.ts";
import { begins, ended, idle, lost, paused, printing } from "./reports.ts";

function policy(every: ProgressStep, more: Partial<ProgressPolicy> = {}): ProgressPolicy {
  return { rule: "r", every, gapSeconds: 0, longerThanSeconds: 0, ...more };
}

/** Seconds at which progress was told. */
function toldAt(steps: readonly Step[], ...policies: ProgressPolicy[]): number[] {
  return play(steps, { policies, tickSeconds: 1 }).told
    .filter(({ event }) => event.kind === "progress").map(({ seconds }) => seconds);
}

/** A print of 1000 s from second 0, reporting every 10 s. */
const wholePrint: readonly Step[] = [
  at(0, idle),
  at(0, begins()),
  ...Array.from({ length: 100 }, (_, n) =>
    at(n * 10, {
      ...printing(),
      progress: { percent: n, layer: n, layers: 100, remainingSeconds: 1000 - n * 10, estimatedSeconds: 1000 },
    })),
  at(1000, ended("finished")),
];

const rows: readonly { name: string; policy: ProgressPolicy; told: readonly number[] }[] = [
  { name: "every 25 %", policy: policy({ kind: "percent", percent: 25 }), told: [250, 500, 750] },
  { name: "every 33.3 %", policy: policy({ kind: "percent", percent: 33.3 }), told: [340, 670] },
  { name: "every 100 %: the end says it", policy: policy({ kind: "percent", percent: 100 }), told: [] },
  { name: "every 5 min", policy: policy({ kind: "time", seconds: 300 }), told: [300, 600, 900] },
  { name: "every 20 % of the time", policy: policy({ kind: "timeShare", percent: 20 }), told: [200, 400, 600, 800] },
  { name: "every 30 layers", policy: policy({ kind: "layers", layers: 30 }), told: [300, 600, 900] },
  { name: "5 min before the end, once", policy: policy({ kind: "beforeEnd", seconds: 300 }), told: [700] },
  { name: "20 min before the end of a shorter print", policy: policy({ kind: "beforeEnd", seconds: 1200 }), told: [] },
  {
    name: "every 10 %, but never more often than every 5 min",
    policy: policy({ kind: "percent", percent: 10 }, { gapSeconds: 300 }),
    told: [300, 600, 900],
  },
  {
    name: "only prints longer than 15 min",
    policy: policy({ kind: "percent", percent: 50 }, { longerThanSeconds: 900 }),
    told: [500],
  },
  {
    name: "only prints longer than 20 min",
    policy: policy({ kind: "percent", percent: 50 }, { longerThanSeconds: 1200 }),
    told: [],
  },
];
for (const { name, policy, told } of rows) {
  Deno.test(`progress: ${name}`, () => assert.deepEqual(toldAt(wholePrint, policy), told));
}

Deno.test("progress: rules due at the same moment share one event that names them", () => {
  const policies = [
    policy({ kind: "percent", percent: 50 }, { rule: "half" }),
    policy({ kind: "percent", percent: 25 }, { rule: "quarter" }),
  ];
  const events = play(wholePrint, { policies }).told.map(({ event }) => event);
  const rules = events.flatMap((event) => event.kind === "progress" ? [event.rules] : []);
  assert.deepEqual(rules, [["quarter"], ["half", "quarter"], ["quarter"]]);
});

Deno.test("progress: a job met in its middle begins with what is found there", () => {
  const tenth = policy({ kind: "percent", percent: 10 });
  const met = [at(0, { link: { kind: "online" }, ...printing(45) }), at(10, printing(49)), at(20, printing(51))];
  assert.deepEqual(toldAt(met, tenth), [20]);
  const percentComesLater = [at(0, printing()), at(5, printing(45)), at(10, printing(49)), at(20, printing(51))];
  assert.deepEqual(toldAt(percentComesLater, tenth), [20]);
});

Deno.test("progress: a first word of 12 % of a print seen from its start is a milestone", () => {
  const steps = [at(0, idle), at(5, begins()), at(20, printing(12)), at(30, printing(19))];
  assert.deepEqual(toldAt(steps, policy({ kind: "percent", percent: 10 })), [20]);
});

Deno.test("progress: none while it stands, is out of sight or about to fail; the newest afterwards", () => {
  const tenth = policy({ kind: "percent", percent: 10 });
  const start = [at(0, idle), at(5, begins()), at(10, printing(5))];
  assert.deepEqual(
    toldAt([...start, at(20, paused()), at(30, { progress: { percent: 31 } }), at(60, printing(32))], tenth),
    [60],
  );
  assert.deepEqual(toldAt([...start, at(20, paused()), at(21, { progress: { percent: 31 } })], tenth), []);
  assert.deepEqual(toldAt([...start, at(20, lost), at(60, printing(32))], tenth), [60]);
  const everyMinute = policy({ kind: "time", seconds: 60 });
  assert.deepEqual(toldAt([...start, at(20, lost), at(100, printing(32))], everyMinute), [100, 125, 185]);
  assert.deepEqual(toldAt([...start, at(20, { ...printing(32), fault: { text: "x", fatal: true } })], tenth), []);
});

Deno.test("progress: what was told survives the agent, also with another boot and no clock", () => {
  const steps = [
    at(0, idle),
    at(5, begins()),
    at(10, printing(15)),
    restart(20, { wall: Temporal.Instant.from("1970-01-01T00:00:00Z"), bootId: "boot-2" }),
    at(21, printing(19)),
    at(30, printing(22)),
  ];
  assert.deepEqual(toldAt(steps, policy({ kind: "percent", percent: 10 })), [10, 30]);
});

Deno.test("progress: never below what was told, whatever the percentage does", () => {
  const percents = [0, 30, 10, 29, 31, 5, 41, 99.6, 100];
  const steps = [at(0, idle), ...percents.map((percent, n) => at(n * 10, n === 0 ? begins() : printing(percent)))];
  assert.deepEqual(toldAt(steps, policy({ kind: "percent", percent: 10 })), [10, 60]);
});

Deno.test("remainingSeconds() believes the printer, then the slicer, then a straight line", () => {
  const remaining = (...steps: Step[]) => {
    const { state } = play([at(0, idle), at(0, begins()), ...steps], { tailSeconds: 0 });
    const job = activeJob(state);
    return job && remainingSeconds(job, momentAt(100));
  };
  const progress = { percent: 20 };
  assert.equal(remaining(at(100, { progress: { ...progress, remainingSeconds: 77, estimatedSeconds: 500 } })), 77);
  assert.equal(remaining(at(100, { progress: { ...progress, estimatedSeconds: 500 } })), 400);
  assert.equal(remaining(at(100, { progress })), 400);
  assert.equal(remaining(at(100, { progress: { percent: 1 } })), undefined, "too early to tell");
  assert.equal(remaining(at(70, paused()), at(100, { progress })), 280, "the time it stood still is not counted");
});

Deno.test("elapsedSeconds() is measured, or the printer's own where the start was not seen", () => {
  const elapsed = (...steps: Step[]) => {
    const job = activeJob(play(steps, { tailSeconds: 0 }).state);
    return job && elapsedSeconds(job, momentAt(100));
  };
  assert.equal(elapsed(at(0, idle), at(10, begins())), 90);
  assert.equal(elapsed(at(0, { ...printing(), progress: { elapsedSeconds: 1234 } })), 1234);
  assert.equal(elapsed(at(0, printing())), undefined);
});
