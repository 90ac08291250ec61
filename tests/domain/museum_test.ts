/** What went wrong for the owners of printers with other notifiers: the exhibits that the domain can show. */
import assert from "node:assert/strict";
import { matchingRules } from "../../src/domain/rule.ts";
import { momentAt, play, restart, type Step, story, type StoryOptions, timedStory } from "./story.ts";
import { at } from "./story.ts";
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
} from "./reports.ts";

const everyTenth: StoryOptions = {
  policies: [{ rule: "r", every: { kind: "percent", percent: 10 }, gapSeconds: 0, longerThanSeconds: 0 }],
};
const everyQuarter: StoryOptions = {
  policies: [{ rule: "r", every: { kind: "percent", percent: 25 }, gapSeconds: 0, longerThanSeconds: 0 }],
};

interface Exhibit {
  readonly name: string;
  readonly given: readonly Step[];
  readonly told: readonly string[];
  readonly options?: StoryOptions;
}

const exhibits: readonly Exhibit[] = [
  {
    name: "01 a cancel told as failed, or as both",
    given: [at(0, idle), at(5, printing(10)), at(60, ended("failed")), at(60.2, ended("cancelled"))],
    told: ["started", "cancelled"],
  },
  {
    name: "01 a cancel told as failed, or as both: the other way round",
    given: [at(0, idle), at(5, printing(10)), at(60, ended("cancelled")), at(60.2, ended("failed"))],
    told: ["started", "cancelled"],
  },
  {
    name: "01 a cancel told as failed, or as both: announced first",
    given: [
      at(0, idle),
      at(5, position(1000)),
      at(60, { announced: { kind: "cancel" } }),
      at(63, { job: { kind: "ended", outcome: "failed" } }),
      at(64, { job: { kind: "none" } }),
    ],
    told: ["started", "cancelled"],
  },
  {
    name: "02 no user, file or name",
    given: [
      at(0, { job: { kind: "none" } }),
      at(5, { job: { kind: "printing" } }),
      at(60, { job: { kind: "paused" } }),
      at(90, { job: { kind: "printing" } }),
      at(99, { job: { kind: "ended", outcome: "finished" } }),
    ],
    told: ["started", "paused unknown", "resumed", "finished"],
  },
  {
    name: "03 progress wobble",
    given: [at(0, idle), ...[0, 24, 25, 24, 25, 24.9, 25.1].map((percent, n) => at(5 + n * 60, printing(percent)))],
    told: ["started", "progress 25 %"],
    options: everyQuarter,
  },
  {
    name: "04 progress jumps 5 to 45 %",
    given: [at(0, idle), ...[0, 5, 45, 46].map((percent, n) => at(5 + n * 60, printing(percent)))],
    told: ["started", "progress 45 %"],
    options: everyTenth,
  },
  {
    name: "04 progress jumps 9 to 11 %",
    given: [at(0, idle), ...[0, 9, 11, 19, 21].map((percent, n) => at(5 + n * 60, printing(percent)))],
    told: ["started", "progress 11 %", "progress 21 %"],
    options: everyTenth,
  },
  {
    name: "05 100 % and finished both",
    given: [at(0, idle), at(5, printing(0)), at(60, printing(95)), at(90, printing(100)), at(92, ended("finished"))],
    told: ["started", "progress 95 %", "finished"],
    options: everyTenth,
  },
  {
    name: "06 agent starts while the printer sits in finished",
    given: [0, 2, 4, 600].map((seconds) => at(seconds, { link: { kind: "online" }, ...ended("finished") })),
    told: [],
  },
  {
    name: "06 agent starts while the printer sits in finished: without a name",
    given: [0, 2, 4].map((seconds) => at(seconds, { job: { kind: "ended", outcome: "finished" } })),
    told: [],
  },
  {
    name: "06 agent starts again while the printer sits in finished",
    given: [
      at(0, idle),
      at(5, printing(50)),
      at(600, ended("finished")),
      restart(900),
      at(901, ended("finished")),
      at(903, ended("finished")),
    ],
    told: ["started", "finished"],
  },
  {
    name: "07 agent restarts in mid-print",
    given: [
      at(0, idle),
      at(5, printing(0)),
      at(300, printing(42)),
      restart(400),
      at(401, online),
      at(402, printing(43)),
      at(500, printing(51)),
      at(900, ended("finished")),
    ],
    told: ["started", "progress 42 %", "progress 51 %", "finished"],
    options: everyTenth,
  },
  {
    name: "08 print ends while the link is down",
    given: [
      at(0, idle),
      at(5, printing(80)),
      at(60, lost),
      at(900, { link: { kind: "online" }, ...ended("finished") }),
    ],
    told: ["started", "offline in print: unplugged", "online", "finished"],
  },
  {
    name: "08 print ends while the link is down: nobody knows how",
    given: [at(0, idle), at(5, printing(80)), at(60, lost), at(900, idle)],
    told: ["started", "offline in print: unplugged", "online", "ended"],
  },
  {
    name: "10 parking for a frame is no pause",
    given: [
      at(0, idle),
      at(5, printing(10)),
      ...[20, 40, 60].flatMap((seconds) => [at(seconds, paused()), at(seconds + 1.5, printing())]),
      ...[80, 99].flatMap((seconds) => [
        at(seconds, { announced: { kind: "pause" } }),
        at(seconds + 1.5, { announced: { kind: "resume" } }),
      ]),
    ],
    told: ["started"],
  },
  {
    name: "11 busy: paused for user every 2 s",
    given: [
      at(0, idle),
      at(5, position(1000)),
      ...Array.from({ length: 285 }, (_, n) => at(60 + 2 * n, waiting("waiting_for_user"))),
      at(640, { announced: { kind: "resume" } }),
      at(645, position(1100)),
    ],
    told: ["started", "paused waiting_for_user", "resumed"],
  },
  {
    name: "11 busy: paused for user every 2 s, outside of a print",
    given: [at(0, idle), ...Array.from({ length: 285 }, (_, n) => at(60 + 2 * n, waiting("waiting_for_user")))],
    told: ["needs_you waiting_for_user"],
  },
  {
    name: "14 offline flaps",
    given: [
      at(0, idle),
      ...Array.from({ length: 30 }, (_, n) => [at(10 + n * 40, lost), at(30 + n * 40, idle)]).flat(),
    ],
    told: [],
  },
  {
    name: "14 offline in mid-print is told",
    given: [at(0, idle), at(5, printing(10)), at(60, lost), at(300, online), at(301, printing(63))],
    told: ["started", "offline in print: unplugged", "online in print"],
  },
  {
    name: "24 print started at the printer's own screen",
    given: [at(0, idle), at(60, position(812)), at(65, position(1812))],
    told: ["started"],
  },
  {
    name: "25 firmware shuts down while idle",
    given: [at(0, idle), at(60, fatal("Shutdown due to webhooks request"))],
    told: ["error: Shutdown due to webhooks request"],
  },
  {
    name: "33 time-based progress on a print of 8 s",
    given: [at(0, idle), at(5, printing(0)), at(9, printing(50)), at(13, ended("finished"))],
    told: ["started", "finished"],
    options: {
      policies: [{ rule: "r", every: { kind: "time", seconds: 1 }, gapSeconds: 60, longerThanSeconds: 0 }],
    },
  },
  {
    name: "34 paused for user told once per pause, in every print",
    given: [
      at(0, idle),
      ...[0, 1000, 2000].flatMap((begin) => [
        at(begin + 5, position(1000)),
        at(begin + 60, waiting("waiting_for_user")),
        at(begin + 62, waiting("waiting_for_user")),
        at(begin + 100, { announced: { kind: "resume" } }),
        at(begin + 200, waiting("waiting_for_user")),
        at(begin + 300, { announced: { kind: "resume" } }),
        at(begin + 400, { job: { kind: "ended", outcome: "finished" } }),
        at(begin + 401, { job: { kind: "none" } }),
      ]),
    ],
    told: [1, 2, 3].flatMap(() => [
      "started",
      "paused waiting_for_user",
      "resumed",
      "paused waiting_for_user",
      "resumed",
      "finished",
    ]),
  },
  {
    name: "37 fatal error told twice, without its reason",
    given: [
      at(0, idle),
      at(5, position(1000)),
      at(60, fatal("Thermal Runaway, system stopped! Heater_ID: E0")),
      at(60.1, fatal("Printer halted. kill() called!")),
      at(60.2, ended("failed", undefined, {})),
      at(61, fatal("Printer halted. kill() called!")),
    ],
    told: ["started", "failed: Thermal Runaway, system stopped! Heater_ID: E0"],
  },
  {
    name: "37 fatal error told twice: its reason arrives one line later",
    given: [at(0, idle), at(5, printing(10)), at(60, ended("failed")), at(60.5, fatal("MINTEMP triggered"))],
    told: ["started", "failed: MINTEMP triggered"],
  },
  {
    name: "38 emergency stop mailed as paused",
    given: [
      at(0, idle),
      at(5, printing(10)),
      at(60, { ...paused(), ...fatal("Shutdown due to M112 command") }),
      at(60.3, paused()),
      at(70, { restarted: { cause: "firmware restart" }, job: { kind: "none" } }),
    ],
    told: ["started", "failed: Shutdown due to M112 command"],
  },
  {
    name: "38 lost board mailed as paused",
    given: [
      at(0, idle),
      at(5, printing(10)),
      at(60, paused()),
      at(60.25, fatal("Lost communication with MCU 'mcu'")),
      at(61, lost),
      at(62, paused()),
    ],
    told: ["started", "failed: Lost communication with MCU 'mcu'"],
  },
  {
    name: "39 host software restarted in mid-print",
    given: [
      at(0, idle),
      at(5, printing(10)),
      at(60, lost),
      at(70, online),
      at(72, printing(12)),
      at(700, ended("finished")),
    ],
    told: ["started", "finished"],
  },
  {
    name: "40 firmware restarted in mid-print",
    given: [at(0, idle), at(5, printing(10)), at(60, { restarted: { cause: "External Reset" } }), at(61, idle)],
    told: ["started", "failed: the printer restarted (External Reset)"],
  },
  {
    name: "41 false alarm in the first snapshot",
    given: [
      at(0, { ...idle, ...waiting("filament_runout"), ...fatal("MCU 'mcu' shutdown"), message: say("hello", false) }),
      at(1, { attention: { kind: "over" } }),
    ],
    told: [],
  },
  {
    name: "43 the job is gone from the API at the moment it ends",
    given: [
      at(0, idle),
      at(5, printing(96, { nativeId: "7", file: benchy })),
      at(99, { job: { kind: "ended", outcome: "finished" } }),
      at(110, { job: { kind: "none" } }),
    ],
    told: ["started", "finished"],
  },
];

function say(text: string, marked: boolean): { text: string; marked: boolean } {
  return { text, marked };
}

for (const { name, given, told, options } of exhibits) {
  Deno.test(`museum: ${name}`, () => assert.deepEqual(story(given, options), told));
}

Deno.test("museum: 09 reconnect, then the same file again", () => {
  const again = [
    at(0, idle),
    at(5, position(400_000)),
    at(60, { job: { kind: "ended", outcome: "finished" } }),
    at(70, lost),
    at(80, position(2_000)),
  ];
  assert.deepEqual(story(again), ["started", "finished", "started"]);
  const inMidPrint = [
    at(0, idle),
    at(5, printing(80, { file: benchy })),
    at(60, lost),
    at(500, { link: { kind: "online" }, ...printing(3, { file: benchy }) }),
  ];
  assert.deepEqual(story(inMidPrint), [
    "started",
    "offline in print: unplugged",
    "online in print",
    "ended",
    "started",
  ]);
});

Deno.test("museum: 22 duration shown is measured, not the slicer's guess", () => {
  const { told } = play([
    at(0, idle),
    at(10, { ...printing(0), progress: { estimatedSeconds: 9999 } }),
    at(1010, ended("finished")),
  ]);
  const finished = told.at(-1)?.event;
  assert.equal(finished?.kind, "finished");
  assert.equal(finished?.facts.elapsedSeconds, 1000);
  assert.equal(finished?.facts.estimatedSeconds, 9999);
});

Deno.test("museum: 22 a print that ended unseen has the printer's duration or none", () => {
  const begin = [at(0, idle), at(10, { ...printing(), progress: { elapsedSeconds: 9 } }), at(100, lost)];
  const late = (progress: { elapsedSeconds?: number }) =>
    play([...begin, at(9000, { ...ended("finished"), progress })]).told.at(-1)?.event.facts.elapsedSeconds;
  assert.equal(late({}), undefined);
  assert.equal(late({ elapsedSeconds: 1234 }), 1234);
});

Deno.test("museum: 29 a test takes the same road", () => {
  const rule = { id: "r", when: ["failed"] as const, picture: "auto", gapSeconds: 0, longerThanSeconds: 0 } as const;
  const set = { rules: [rule], tellsDisplayText: false };
  const event = { at: momentAt(0), facts: {}, isTest: true };
  assert.deepEqual(matchingRules({ ...event, kind: "failed" }, "MK4", set), [rule]);
  assert.deepEqual(matchingRules({ ...event, kind: "started" }, "MK4", set), []);
});

Deno.test("museum: 36 percent is derived from one source and clamped", () => {
  const percents = (steps: Step[]) =>
    play(steps).states.flatMap(({ state }) =>
      state.job && "percent" in state.job && state.job.percent !== undefined ? [state.job.percent] : []
    );
  const mixed = percents([
    at(0, idle),
    at(5, position(400_000)),
    at(10, position(410_000, 1_000_000, { percent: 30 })),
    at(15, position(420_000)),
    at(20, printing(140, {})),
    at(25, printing(-3, {})),
    at(30, printing(NaN, {})),
  ]);
  assert.deepEqual([...new Set(mixed)], [40, 30, 100, 0]);
});

Deno.test("museum: 38 a fault that can be resumed from is the reason of the pause, told once", () => {
  const given = [
    at(0, idle),
    at(5, printing(10)),
    at(60, fault("Heater cooled down")),
    at(60.4, paused()),
    at(100, printing(11)),
  ];
  assert.deepEqual(story(given), ["started", "paused error: Heater cooled down", "resumed"]);
});

Deno.test("museum: 40 host killed in mid-print: offline after the grace, failed once it is seen again", () => {
  const given = [
    at(0, idle),
    at(5, printing(10)),
    at(60, lost),
    at(300, { ...online, ...ended("failed", "klippy disconnected") }),
    at(301, printing(undefined, { file: cube })),
  ];
  assert.deepEqual(timedStory(given), [
    "5 started benchy",
    "90 offline in print: unplugged benchy",
    "300 online",
    "300 failed: klippy disconnected benchy",
    "301 started cube",
  ]);
});

Deno.test("museum: 33 at most one per gap", () => {
  const gap = 300;
  const policies = [
    { rule: "r", every: { kind: "time", seconds: 1 } as const, gapSeconds: gap, longerThanSeconds: 0 },
  ];
  const steps = [
    at(0, idle),
    at(5, begins()),
    ...Array.from({ length: 400 }, (_, n) => at(6 + n * 5, printing(n / 4))),
  ];
  const told = play(steps, { policies }).told.filter(({ event }) => event.kind === "progress");
  assert.equal(told.length, 6);
  for (const [n, one] of told.entries()) {
    const before = told[n - 1]?.seconds ?? 5;
    assert.ok(one.seconds - before >= gap, `${one.seconds} comes too soon after ${before}`);
  }
});
