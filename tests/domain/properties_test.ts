/** Laws of the domain, over random printers. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { applyReport, passTime, restoreState } from "../../src/domain/apply_report.ts";
import { deriveEvents, type PrinterEvent } from "../../src/domain/printer_event.ts";
import {
  activeJob,
  type Announcement,
  type JobProgress,
  type JobReport,
  type PauseReason,
  type Report,
} from "../../src/domain/printer_state.ts";
import type { ProgressPolicy, ProgressStep } from "../../src/domain/progress.ts";
import { at, momentAt, play, restart, type Step, storedAndRead, type Told } from "./story.ts";

const file = fc.constantFrom({ path: "a.gcode" }, { path: "b.gcode" }, { path: "A~1.GCO", sizeBytes: 1000 });
const text = fc.constantFrom("Thermal Runaway", "kill() called", "");
const reason = fc.constantFrom<PauseReason>("user", "filament_runout", "waiting_for_user", "gcode", "error", "unknown");
const maybe = <T>(one: fc.Arbitrary<T>) => fc.option(one, { nil: undefined });

/** Without the fields that are undefined: as drivers build their reports. */
function dense<T>(shape: fc.Arbitrary<unknown>): fc.Arbitrary<T> {
  return shape.map((value) => JSON.parse(JSON.stringify(value)));
}

const names = { file: maybe(file), nativeId: maybe(fc.constantFrom("1", "2")) };
const job = dense<JobReport>(fc.oneof(
  fc.record({ kind: fc.constant("none") }),
  fc.record({ kind: fc.constantFrom("active", "printing"), begins: maybe(fc.boolean()), ...names }),
  fc.record({ kind: fc.constant("paused"), reason: maybe(reason), ...names }),
  fc.record({
    kind: fc.constant("ended"),
    outcome: fc.constantFrom("finished", "cancelled", "failed", "ended"),
    text: maybe(text),
    ...names,
  }),
));
const progress = dense<JobProgress>(fc.record({
  percent: maybe(fc.double({ min: -10, max: 120, noNaN: true })),
  position: maybe(fc.record({ bytes: fc.nat(1000), totalBytes: fc.constantFrom(0, 1000) })),
  layer: maybe(fc.nat(200)),
  elapsedSeconds: maybe(fc.nat(10_000)),
  remainingSeconds: maybe(fc.nat(10_000)),
}));
const announced = dense<Announcement>(fc.oneof(
  fc.record({ kind: fc.constant("start"), file: maybe(file) }),
  fc.record({ kind: fc.constant("pause"), reason: maybe(reason) }),
  fc.record({ kind: fc.constantFrom("resume", "cancel") }),
));
const report = dense<Report>(fc.record({
  link: maybe(fc.constantFrom({ kind: "online" }, { kind: "online" }, { kind: "lost", reason: "unplugged" })),
  job: maybe(job),
  progress: maybe(progress),
  selectedFile: maybe(file),
  announced: maybe(announced),
  attention: maybe(fc.oneof(fc.record({ kind: fc.constant("waiting"), reason }), fc.constant({ kind: "over" }))),
  fault: maybe(fc.record({ text, fatal: fc.boolean() })),
  restarted: maybe(fc.constant({})),
  uploaded: maybe(file),
  message: maybe(fc.record({ text, marked: fc.boolean() })),
}));
/** No driver says in one breath that a print is over and that the next one begins. */
const coherent = report.map((whole): Report => {
  const { selectedFile: _1, announced: _2, restarted: _3, ...rest } = whole;
  return whole.job?.kind === "ended" || ((whole.job || whole.progress) && whole.announced?.kind === "cancel")
    ? rest
    : whole;
});
/** Most reports of most printers say one thing. */
const narrow = fc.tuple(report, fc.nat(8)).map(([whole, nth]): Report => {
  const parts = Object.entries(whole);
  const part = parts[nth % Math.max(1, parts.length)];
  return part ? Object.fromEntries([part]) : {};
});
const pause = fc.constantFrom(0, 0.1, 1, 1.9, 5, 20, 40, 100, 4000);
const step = fc.tuple(pause, fc.oneof({ weight: 2, arbitrary: narrow }, { weight: 1, arbitrary: report }));
const steps: fc.Arbitrary<Step[]> = fc.array(step, { maxLength: 25 }).map((list) => {
  let seconds = 0;
  return list.map(([after, one]) => at(seconds += after, one));
});
const every: fc.Arbitrary<ProgressStep> = fc.oneof(
  fc.record({ kind: fc.constant("percent" as const), percent: fc.constantFrom(5, 10, 33) }),
  fc.record({ kind: fc.constant("time" as const), seconds: fc.constantFrom(1, 60) }),
  fc.record({ kind: fc.constant("timeShare" as const), percent: fc.constant(10) }),
  fc.record({ kind: fc.constant("layers" as const), layers: fc.constantFrom(1, 25) }),
  fc.record({ kind: fc.constant("beforeEnd" as const), seconds: fc.constant(600) }),
);
const policies: fc.Arbitrary<ProgressPolicy[]> = fc.array(
  fc.record({ every, gapSeconds: fc.constantFrom(0, 30), longerThanSeconds: fc.constantFrom(0, 100) }),
  { maxLength: 3 },
).map((list) => list.map((one, n) => ({ ...one, rule: `r${n}` })));

const endKinds = ["finished", "cancelled", "failed", "ended"];
const isEnd = ({ kind }: PrinterEvent) => endKinds.includes(kind);
const options = { numRuns: 500 };
const coarse = { tickSeconds: 1, tailSeconds: 40 };

function perJob(told: readonly Told[]): Map<string, string[]> {
  const jobs = new Map<string, string[]>();
  for (const { event } of told) {
    if (event.job && event.kind !== "online" && event.kind !== "offline") {
      jobs.set(event.job.id, [...jobs.get(event.job.id) ?? [], event.kind]);
    }
  }
  return jobs;
}

/** Starts once, ends once, and nothing of it is told before its start or after its end. */
function assertLives(told: readonly Told[]): void {
  for (const [id, kinds] of perJob(told)) {
    assert.ok(kinds.filter((kind) => kind === "started").length <= 1, `${id}: ${kinds}`);
    assert.ok(!kinds.includes("started") || kinds[0] === "started", `${id}: ${kinds}`);
    const end = kinds.findIndex((kind) => endKinds.includes(kind));
    assert.ok(end < 0 || end === kinds.length - 1, `${id}: ${kinds}`);
  }
}

Deno.test("a print starts once, ends once as one thing, and is silent before and after", () => {
  fc.assert(fc.property(steps, (steps) => assertLives(play(steps, coarse).told)), options);
});

Deno.test("a print never ends before it started; only one met at the first look starts untold", () => {
  fc.assert(
    fc.property(steps, (steps) => {
      const { told, states } = play(steps, coarse);
      const firstSeen = states.map(({ state }) => state.job).find((job) => job && job.kind !== "none");
      const metRunning = firstSeen && firstSeen.kind !== "none" && !firstSeen.startedAt ? firstSeen.id : undefined;
      for (const [id, kinds] of perJob(told)) {
        if (id !== metRunning) assert.equal(kinds[0], "started", `${id}: ${kinds}`);
      }
    }),
    options,
  );
});

Deno.test("a print that is over in the state was told to be over", () => {
  fc.assert(
    fc.property(steps, (steps) => {
      const { told, states } = play(steps, coarse);
      const running = new Set(states.flatMap(({ state }) => activeJob(state)?.id ?? []));
      const stillRuns = activeJob(states.at(-1)?.state ?? { jobNumber: 0 })?.id;
      const ends = told.flatMap(({ event }) => isEnd(event) ? [event.job?.id] : []);
      for (const id of running) assert.equal(ends.filter((one) => one === id).length, id === stillRuns ? 0 : 1, id);
    }),
    options,
  );
});

Deno.test("ids of prints are unique", () => {
  fc.assert(
    fc.property(steps, (steps) => {
      const starts = play(steps, coarse).told.flatMap(({ event }) => event.kind === "started" ? [event.job?.id] : []);
      assert.equal(new Set(starts).size, starts.length);
    }),
    options,
  );
});

Deno.test("nothing changed, nothing said", () => {
  fc.assert(
    fc.property(steps, (steps) => {
      for (const { state, now } of play(steps, coarse).states) {
        assert.deepEqual(deriveEvents(state, state, now), []);
        assert.equal(passTime(state, now), state, "time that has not passed changes nothing");
      }
    }),
    { numRuns: 100 },
  );
});

Deno.test("the same report twice at the same moment adds no event", () => {
  fc.assert(
    fc.property(steps, coherent, (steps, report) => {
      const { state } = play(steps, coarse);
      const now = momentAt(1_000_000);
      const once = applyReport(state, report, now);
      const twice = applyReport(once, report, now);
      assert.deepEqual(deriveEvents(once, twice, now).map(({ kind }) => kind), []);
    }),
    { numRuns: 1000 },
  );
});

Deno.test("a first report tells nothing but a start that begins right then", () => {
  fc.assert(
    fc.property(coherent, (report) => {
      const now = momentAt(0);
      const { uploaded: _1, announced: _2, restarted: _3, message: _4, ...quiet } = report;
      const first: Report = { link: { kind: "online" }, ...quiet };
      const begins = first.job && "begins" in first.job && first.job.begins;
      const events = deriveEvents({ jobNumber: 0 }, applyReport({ jobNumber: 0 }, first, now), now);
      assert.deepEqual(events.map(({ kind }) => kind), begins ? ["started"] : []);
    }),
    options,
  );
});

Deno.test("a state survives being stored", () => {
  fc.assert(
    fc.property(steps, policies, (steps, policies) => {
      const { state } = play(steps, { ...coarse, policies });
      assert.deepEqual(storedAndRead(state), state);
    }),
    options,
  );
});

Deno.test("percent stays between 0 and 100", () => {
  fc.assert(
    fc.property(steps, (steps) => {
      for (const { event } of play(steps, coarse).told) {
        const { percent } = event.facts;
        assert.ok(percent === undefined || (percent >= 0 && percent <= 100), `${percent}`);
      }
    }),
    options,
  );
});

Deno.test("milestones rise per print and rule, at most one per gap", () => {
  fc.assert(
    fc.property(steps, policies, (steps, policies) => {
      const { told, states } = play(steps, { ...coarse, policies });
      const lastAt = new Map<string, number>();
      for (const { seconds, event } of told) {
        if (event.kind !== "progress") continue;
        for (const rule of event.rules) {
          const key = `${event.job?.id} ${rule}`;
          const gap = policies.find((one) => one.rule === rule)?.gapSeconds ?? 0;
          assert.ok(seconds - (lastAt.get(key) ?? -Infinity) >= gap - 1e-6);
          lastAt.set(key, seconds);
        }
      }
      const highest = new Map<string, number>();
      for (const { state: { job } } of states) {
        if (!job || job.kind === "none") continue;
        for (const [rule, { milestone }] of Object.entries(job.told)) {
          const key = `${job.id} ${rule}`;
          assert.ok(milestone >= (highest.get(key) ?? 0), `${key}: ${milestone}`);
          highest.set(key, milestone);
        }
      }
    }),
    options,
  );
});

Deno.test("a new agent at any point tells no second start and loses no end", () => {
  fc.assert(
    fc.property(steps, fc.nat(), (steps, where) => {
      const index = steps.length ? where % steps.length : 0;
      const before = steps[index];
      const again = before ? [...steps.slice(0, index + 1), restart(before.seconds), ...steps.slice(index + 1)] : steps;
      const { told, states } = play(again, coarse);
      assertLives(told);
      const running = new Set(states.flatMap(({ state }) => activeJob(state)?.id ?? []));
      const stillRuns = activeJob(states.at(-1)?.state ?? { jobNumber: 0 })?.id;
      const ends = new Set(told.flatMap(({ event }) => isEnd(event) ? [event.job?.id] : []));
      for (const id of running) assert.ok(id === stillRuns || ends.has(id), `the end of ${id} was lost`);
    }),
    options,
  );
});

Deno.test("a new agent that hears what the old one heard last tells nothing", () => {
  fc.assert(
    fc.property(job, progress, (job, progress) => {
      const snapshot: Report = { link: { kind: "online" }, job, progress };
      const { state } = play([at(0, { job: { kind: "none" } }), at(5, snapshot)]);
      const later = momentAt(5000);
      const restored = restoreState(storedAndRead(state), later);
      const heard = applyReport(restored, { ...snapshot, job: withoutBegins(job) }, later);
      assert.deepEqual(deriveEvents(restored, heard, later).map(({ kind }) => kind), []);
      assert.deepEqual(deriveEvents(heard, passTime(heard, momentAt(5100)), later).map(({ kind }) => kind), []);
    }),
    { numRuns: 1000 },
  );
});

function withoutBegins(job: JobReport): JobReport {
  return "begins" in job ? { ...job, begins: false } : job;
}

Deno.test("how often the loop looks at the clock changes nothing but the moment", () => {
  fc.assert(
    fc.property(steps, (steps) => {
      const lines = (tickSeconds: number) =>
        play(steps, { tickSeconds, tailSeconds: 90 }).told.map(({ event }) => event.kind);
      assert.deepEqual(lines(0.5), lines(0.25));
    }),
    { numRuns: 200 },
  );
});
