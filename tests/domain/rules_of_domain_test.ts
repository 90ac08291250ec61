/** The rules of the domain, one row each. */
import assert from "node:assert/strict";
import { applyReport, passTime, restoreState } from "../../src/domain/apply_report.ts";
import { emptyState } from "../../src/domain/printer_state.ts";
import { at, play, restart, setClock, type Step, story, storyBegins, type StoryOptions } from "./story.ts";
import {
  begins,
  benchy,
  cube,
  ended,
  fatal,
  fault,
  idle,
  lost,
  online,
  paused,
  position,
  printing,
  waiting,
  waitIsOver,
} from "./reports.ts";

interface Row {
  readonly name: string;
  readonly given: readonly Step[];
  readonly told: readonly string[];
  readonly options?: StoryOptions;
}
function check(rule: string, rows: readonly Row[]): void {
  for (const { name, given, told, options } of rows) {
    Deno.test(`${rule}: ${name}`, () => assert.deepEqual(story(given, options), told));
  }
}

const first = (report: Parameters<typeof at>[1]) => ({ link: { kind: "online" } as const, ...report });

check("the first look is silent", [
  { name: "idle", given: [at(0, idle), at(1, idle)], told: [] },
  {
    name: "printing, its end is told",
    given: [at(0, first(printing(40))), at(60, ended("finished"))],
    told: ["finished"],
  },
  {
    name: "paused, its resume is told",
    given: [at(0, first(paused("filament_runout"))), at(2, paused()), at(60, printing(41))],
    told: ["resumed"],
  },
  { name: "ended", given: [at(0, first(ended("failed", "Thermal Runaway"))), at(2, ended("failed"))], told: [] },
  {
    name: "ended, and then another file",
    given: [
      at(0, first(ended("finished"))),
      at(60, ended("finished", undefined, { file: cube })),
    ],
    told: ["started", "finished"],
  },
  { name: "waiting for the user", given: [at(0, first(waiting("waiting_for_user"))), at(5, idle)], told: [] },
  {
    name: "in a print and waiting",
    given: [at(0, first({ ...printing(3), ...waiting("error") })), at(9, printing(4))],
    told: [],
  },
  { name: "a fault that stands", given: [at(0, first(fatal("shutdown"))), at(5, fatal("shutdown"))], told: [] },
  { name: "not there", given: [at(0, lost), at(40, lost)], told: [] },
  { name: "not there, then there", given: [at(0, lost), at(60, idle)], told: ["online"] },
  { name: "a display text", given: [at(0, first({ message: { text: "Layer 3", marked: false } }))], told: [] },
  { name: "a start that begins right now", given: [at(0, first(begins()))], told: ["started"] },
  { name: "failed, nobody says why", given: [at(0, first(ended("failed"))), at(2, ended("failed"))], told: [] },
]);

Deno.test("a pause met at the first look began who knows when", () => {
  const resumed = play([at(0, first(paused("user"))), at(60, printing(41))]).told[0]?.event;
  assert.equal(resumed?.kind, "resumed");
  assert.ok(resumed && !("pausedSeconds" in resumed));
});

check("a print that ended while the agent was down is told, late, as what it was", [
  {
    name: "its host remembers it, and prints another one already",
    given: [
      at(0, idle),
      at(5, { job: { kind: "printing", nativeId: "A1", file: benchy } }),
      restart(900),
      at(
        901,
        first({
          job: { kind: "printing", nativeId: "A3", file: cube },
          pastJobs: [{ nativeId: "A2", outcome: "failed", text: "?" }, { nativeId: "A1", outcome: "finished" }],
        }),
      ),
    ],
    told: ["started", "finished", "started"],
  },
  {
    name: "what its host remembers of others is no news",
    given: [at(0, first({ ...idle, pastJobs: [{ nativeId: "A1", outcome: "failed" }] })), at(5, printing(1))],
    told: ["started"],
  },
  ...(["finished", "cancelled", "ended"] as const).map((outcome) => ({
    name: outcome,
    given: [at(0, idle), at(5, printing(50)), restart(900), at(5000, online), at(5001, ended(outcome))],
    told: ["started", "offline in print", "online", outcome],
  })),
  {
    name: "failed, with its reason",
    given: [at(0, idle), at(5, printing(50)), restart(900), at(901, first(ended("failed", "Heater failed")))],
    told: ["started", "failed: Heater failed"],
  },
  {
    name: "nobody knows how",
    given: [at(0, idle), at(5, printing(50)), restart(900), at(901, idle)],
    told: ["started", "ended"],
  },
  {
    name: "it had all but ended",
    given: [at(0, idle), at(5, printing(99.8)), restart(900), at(901, idle)],
    told: ["started", "finished"],
  },
  {
    name: "another one runs now",
    given: [at(0, idle), at(5, printing(50)), restart(900), at(901, first(printing(7, { file: cube })))],
    told: ["started", "ended", "started"],
  },
  {
    name: "a print began and ended meanwhile",
    given: [at(0, idle), restart(900), at(901, first(ended("finished")))],
    told: ["started", "finished"],
  },
  {
    name: "a cancel announced hours before says nothing of the end",
    given: [
      at(0, idle),
      at(5, position(10)),
      at(60, { announced: { kind: "cancel" } }),
      restart(61, { wall: storyBegins.add({ hours: 3 }), bootId: "boot-2" }),
      at(61.1, idle),
    ],
    told: ["started", "ended"],
  },
]);

check("an agent restart tells nothing twice", [
  {
    name: "while paused",
    given: [
      at(0, idle),
      at(5, printing(50)),
      at(60, paused("user")),
      restart(90),
      at(91, first(paused())),
      at(200, printing(51)),
    ],
    told: ["started", "paused user", "resumed"],
  },
  {
    name: "within the grace of a pause",
    given: [at(0, idle), at(5, printing(50)), at(60, paused("user")), restart(61), at(62, first(paused("user")))],
    told: ["started", "paused user"],
  },
  {
    name: "within the grace of a fault",
    given: [at(0, idle), at(5, printing(50)), at(60, fatal("kill")), restart(61), at(70, idle)],
    told: ["started", "failed: kill"],
  },
  {
    name: "while offline",
    given: [at(0, idle), at(5, printing(50)), at(60, lost), restart(200), at(300, lost), at(400, first(printing(60)))],
    told: ["started", "offline in print: unplugged", "online in print"],
  },
  {
    name: "while a fault stands",
    given: [at(0, idle), at(60, fatal("shutdown")), restart(4000), at(4001, first(fatal("shutdown")))],
    told: ["error: shutdown"],
  },
  {
    name: "while it waits for the user",
    given: [at(0, idle), at(60, waiting("waiting_for_user")), restart(90), at(91, first(waiting("waiting_for_user")))],
    told: ["needs_you waiting_for_user"],
  },
  {
    name: "the printer is not there any more",
    given: [
      at(0, idle),
      at(5, printing(50)),
      restart(60),
      at(61, { link: { kind: "lost", reason: "no such device" } }),
    ],
    told: ["started", "offline in print: no such device"],
  },
  {
    name: "with another boot, and a clock in 1970",
    given: [
      at(0, idle),
      at(5, printing(50)),
      restart(60, { wall: Temporal.Instant.from("1970-01-01T00:00:00Z"), bootId: "boot-2" }),
      at(61, first(printing(60))),
      setClock(70, Temporal.Instant.from("2026-11-24T08:00:00Z")),
      at(600, ended("finished")),
    ],
    told: ["started", "finished"],
  },
]);

check("one job starts once and ends once", [
  {
    name: "a different file while one runs ends the old one first",
    given: [at(0, idle), at(5, printing(50)), at(60, printing(1, { file: cube }))],
    told: ["started", "ended", "started"],
  },
  {
    name: "the old one had all but ended",
    given: [at(0, idle), at(5, printing(99.9)), at(60, printing(1, { file: cube }))],
    told: ["started", "finished", "started"],
  },
  {
    name: "the same end again is none",
    given: [at(0, idle), at(5, printing(50)), ...[60, 61, 90, 900].map((t) => at(t, ended("finished")))],
    told: ["started", "finished"],
  },
  {
    name: "the same file printed again right after its end",
    given: [at(0, idle), at(5, printing(50)), at(60, ended("finished")), at(61, printing(0))],
    told: ["started", "finished", "started"],
  },
  {
    name: "cancel while paused",
    given: [at(0, idle), at(5, printing(50)), at(60, paused("user")), at(90, ended("cancelled"))],
    told: ["started", "paused user", "cancelled"],
  },
  {
    name: "cancel within the grace of a pause",
    given: [at(0, idle), at(5, printing(50)), at(60, paused("user")), at(61, ended("cancelled"))],
    told: ["started", "cancelled"],
  },
  {
    name: "a failure, and at once the next print",
    given: [at(0, idle), at(5, printing(50)), at(60, fatal("kill")), at(61, begins({ file: cube }))],
    told: ["started", "failed: kill", "started"],
  },
  {
    name: "an announced cancel whose print runs on is forgotten",
    given: [at(0, idle), at(5, position(10)), at(60, { announced: { kind: "cancel" } }), at(90, position(20))],
    told: ["started"],
  },
  {
    name: "cancelled just before its end",
    given: [at(0, idle), at(5, position(999_999)), at(60, { announced: { kind: "cancel" } }), at(63, idle)],
    told: ["started", "cancelled"],
  },
  {
    name: "failed, but the cancel was announced",
    given: [at(0, idle), at(5, position(10)), at(60, { announced: { kind: "cancel" } }), at(63, ended("failed", "x"))],
    told: ["started", "cancelled"],
  },
  {
    name: "failed, and the cancel is said one line later",
    given: [
      at(0, idle),
      at(5, position(10)),
      at(60, ended("failed", undefined, {})),
      at(61, { announced: { kind: "cancel" } }),
    ],
    told: ["started", "cancelled"],
  },
  {
    name: "a tiny print again, seen by its end",
    given: [
      at(0, idle),
      at(5, printing(50)),
      at(60, ended("finished")),
      at(70, { announced: { kind: "start" } }),
      at(72, ended("finished")),
    ],
    told: ["started", "finished", "started", "finished"],
  },
  {
    name: "a tiny print of a selected file, seen by its end",
    given: [at(0, idle), at(5, { selectedFile: cube }), at(9, ended("finished", undefined, {}))],
    told: ["started", "finished"],
  },
  {
    name: "the stopwatch began anew while nobody looked",
    given: [
      at(0, idle),
      at(5, { ...printing(), progress: { elapsedSeconds: 3000 } }),
      at(60, lost),
      at(70, { ...printing(), progress: { elapsedSeconds: 20 } }),
    ],
    told: ["started", "ended", "started"],
  },
  {
    name: "a failure, told even if nobody looked at the clock before the next print",
    given: [at(0, idle), at(5, printing(50)), at(60, fatal("kill")), at(300, begins({ file: cube }))],
    told: ["started", "failed: kill", "started"],
    options: { tickSeconds: 1e6 },
  },
]);

check("a stop dominates a pause", [
  {
    name: "a shutdown just after it",
    given: [at(0, idle), at(5, printing(50)), at(60, paused()), at(61.9, fatal("shutdown")), at(62, paused())],
    told: ["started", "failed: shutdown"],
  },
  {
    name: "a lost board: no pause, offline after the grace",
    given: [at(0, idle), at(5, printing(50)), at(60, paused()), at(61, lost)],
    told: ["started", "offline in print: unplugged"],
  },
  {
    name: "a kill while it has long been paused",
    given: [at(0, idle), at(5, printing(50)), at(60, paused("user")), at(300, fatal("Heater failed"))],
    told: ["started", "paused user", "failed: Heater failed"],
  },
  {
    name: "a short loss within the grace: the pause must be said again",
    given: [at(0, idle), at(5, printing(50)), at(60, paused()), at(61, lost), at(70, online), at(80, online)],
    told: ["started"],
  },
  {
    name: "an error that lets go: the pause tells it, and the wait with it",
    given: [at(0, idle), at(5, position(10)), at(60, waiting("waiting_for_user")), at(61.5, fault("jam"))],
    told: ["started", "paused error: jam"],
  },
  {
    name: "a kill while a prompt of a running print settles",
    given: [
      at(0, idle),
      at(5, printing(50)),
      at(60, { ...printing(50), ...waiting("error") }),
      at(61.9, fatal("kill")),
    ],
    told: ["started", "failed: kill"],
  },
]);

check("short graces", [
  { name: "a short loss is none", given: [at(0, idle), at(5, lost), at(34, idle)], told: [] },
  {
    name: "a long one is told, once",
    given: [at(0, idle), at(5, lost), at(10, lost), at(90, lost)],
    told: ["offline: unplugged"],
  },
  {
    name: "back waits for the job's first word",
    given: [at(0, idle), at(5, printing(50)), at(60, lost), at(300, online), at(303, printing(63))],
    told: ["started", "offline in print: unplugged", "online in print"],
  },
  {
    name: "lost again before that word: it was not back",
    given: [at(0, idle), at(5, printing(50)), at(60, lost), at(300, online), at(301, lost), at(400, printing(63))],
    told: ["started", "offline in print: unplugged", "online in print"],
  },
  {
    name: "the first reason of a loss stays",
    given: [at(0, idle), at(5, lost), at(9, { link: { kind: "lost", reason: "no such device" } })],
    told: ["offline: unplugged"],
  },
]);

Deno.test("back tells where the job is", () => {
  const given = [at(0, idle), at(5, printing(50)), at(60, lost), at(300, online), at(303, printing(63))];
  const back = play(given).told.at(-1);
  assert.equal(back?.seconds, 303);
  assert.equal(back?.event.facts.percent, 63);
});

check("waits for a human", [
  {
    name: "one, until it is over",
    given: [
      at(0, idle),
      at(5, waiting("waiting_for_user")),
      at(9, waiting("waiting_for_user", "Reheat")),
      at(60, waitIsOver),
      at(90, waiting("error", "Door open")),
    ],
    told: ["needs_you waiting_for_user", "needs_you error: Door open"],
  },
  {
    name: "told at once where no job could make a pause of it",
    given: [at(0, idle), at(5, waiting("waiting_for_user")), at(6, waitIsOver)],
    told: ["needs_you waiting_for_user"],
  },
  {
    name: "a pause that the owner made, and then a runout",
    given: [at(0, idle), at(5, printing(50)), at(60, paused("user")), at(300, waiting("filament_runout"))],
    told: ["started", "paused user", "needs_you filament_runout"],
  },
  {
    name: "the reason arrives after the pause",
    given: [
      at(0, idle),
      at(5, printing(50)),
      at(60, paused()),
      at(61, waiting("filament_runout")),
      at(64, waiting("filament_runout")),
    ],
    told: ["started", "paused filament_runout"],
  },
  {
    name: "a cancel ends the wait: the next one is told",
    given: [
      at(0, idle),
      at(5, position(10)),
      at(60, waiting("waiting_for_user")),
      at(90, idle),
      at(100, waiting("waiting_for_user")),
    ],
    told: ["started", "paused waiting_for_user", "cancelled", "needs_you waiting_for_user"],
  },
  {
    name: "a kill within the grace is only a failure",
    given: [at(0, idle), at(5, position(10)), at(60, waiting("waiting_for_user")), at(60.5, fatal("kill"))],
    told: ["started", "failed: kill"],
  },
  {
    name: "a wait of a running print, and then its pause: one",
    given: [
      at(0, idle),
      at(5, printing(50)),
      at(60, { ...printing(50), ...waiting("waiting_for_user", "Reload") }),
      at(61, paused()),
    ],
    told: ["started", "paused waiting_for_user: Reload"],
  },
]);

const say = (seconds: number, text: string, marked = true) => at(seconds, { message: { text, marked } });
check("the same text again within a minute is one", [
  { name: "said twice", given: [at(0, idle), say(5, "A"), say(30, "A")], told: ["message: A"] },
  {
    name: "said often",
    given: [at(0, idle), ...[0, 30, 60, 90, 120].map((t) => say(5 + t, "A"))],
    told: ["message: A"],
  },
  {
    name: "with others between",
    given: [at(0, idle), say(5, "A"), say(6, "B"), say(7, "A")],
    told: ["message: A", "message: B"],
  },
  { name: "after a minute", given: [at(0, idle), say(5, "A"), say(66, "A")], told: ["message: A", "message: A"] },
  {
    name: "shown, and then meant",
    given: [at(0, idle), say(5, "A", false), say(6, "A")],
    told: ["message: A", "message: A"],
  },
  { name: "meant, and also shown", given: [at(0, idle), say(5, "A"), say(6, "A", false)], told: ["message: A"] },
  {
    name: "shown again after an agent restart",
    given: [at(0, idle), say(5, "Layer 3", false), restart(900), at(901, online), say(902, "Layer 3", false)],
    told: ["message: Layer 3"],
  },
]);

check("faults", [
  {
    name: "in other words, or again: one",
    given: [at(0, idle), at(5, fatal("A")), at(6, fatal("B")), at(20, fatal("C")), at(70, fatal("A"))],
    told: ["error: A"],
  },
  {
    name: "again after a minute",
    given: [at(0, idle), at(5, fault("A")), at(99, fault("A"))],
    told: ["error: A", "error: A"],
  },
  {
    name: "after a restart another one is news",
    given: [at(0, idle), at(5, fatal("A")), at(20, { restarted: {} }), at(25, fatal("A"))],
    told: ["error: A", "error: A"],
  },
  {
    name: "in the next print it is news",
    given: [at(0, idle), at(5, fatal("A")), at(20, printing(1)), at(30, fatal("A"))],
    told: ["error: A", "started", "failed: A"],
  },
  {
    name: "two errors that stop nothing",
    given: [at(0, idle), at(5, fault("A")), at(9, fault("B"))],
    told: ["error: A", "error: B"],
  },
  {
    name: "the reason of a print first seen failed",
    given: [at(0, idle), at(5, fault("A")), at(20, ended("failed"))],
    told: ["error: A", "started", "failed: A"],
  },
]);

Deno.test("unknown stays absent", () => {
  const { state, told } = play([
    at(0, idle),
    at(5, { job: { kind: "printing" }, progress: { percent: NaN, layer: Infinity } }),
  ]);
  assert.ok(state.job?.kind === "printing");
  assert.ok(!("percent" in state.job) && !("layer" in state.job) && !("file" in state.job));
  assert.deepEqual(told[0]?.event.facts, { elapsedSeconds: 0 });
});

Deno.test("a start that was announced began when it was said, one first seen later when its stopwatch says", () => {
  const startOf = (steps: Step[]) =>
    play(steps).told.find(({ event }) => event.kind === "started")?.event.at.monotonicMilliseconds;
  assert.equal(
    startOf([at(0, idle), at(20, { announced: { kind: "start", file: benchy } }), at(50, position(5))]),
    20_000,
  );
  assert.equal(startOf([at(0, idle), at(50, { ...printing(), progress: { elapsedSeconds: 12 } })]), 38_000);
});

Deno.test("a file uploaded twice at once is one upload", () => {
  const given = [at(0, idle), at(5, { uploaded: benchy }), at(6, { uploaded: benchy }), at(60, { uploaded: benchy })];
  assert.deepEqual(story(given), ["uploaded", "uploaded"]);
});

Deno.test("a failure that turned out to be a cancel leaves no fault behind", () => {
  const { state } = play([at(0, idle), at(5, printing(10)), at(60, ended("failed")), at(60.2, ended("cancelled"))]);
  assert.ok(!("fault" in state));
});

Deno.test("after a restart the grace before offline begins anew: the driver has not looked yet", () => {
  const moment = (seconds: number) => ({
    wall: Temporal.Instant.from("2026-11-23T10:00:00Z").add({ seconds }),
    bootId: "boot",
    monotonicMilliseconds: seconds * 1000,
  });
  let state = applyReport(emptyState, { link: { kind: "online" } }, moment(0));
  state = applyReport(state, { link: { kind: "lost", reason: "unplugged" } }, moment(10));
  state = restoreState(state, moment(100));
  assert.equal(passTime(state, moment(101)).link?.kind, "online");
  const offline = passTime(state, moment(131)).link;
  assert.ok(offline?.kind === "offline" && offline.reason === "unplugged");
});
