/** The constructed fixtures of the protocol notes (16.1 to 16.6), and what other drivers will report, as stories. */
import assert from "node:assert/strict";
import { at, restart, type Step, story, timedStory } from "./story.ts";
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
} from "./reports.ts";
import { waiting } from "./reports.ts";

interface Row {
  readonly name: string;
  readonly given: readonly Step[];
  readonly told: readonly string[];
}

function check(protocol: string, rows: readonly Row[]): void {
  for (const { name, given, told } of rows) {
    Deno.test(`${protocol}: ${name}`, () => assert.deepEqual(story(given), told));
  }
}

const resume = { announced: { kind: "resume" } } as const;
const runout = { announced: { kind: "pause", reason: "filament_runout" } } as const;

Deno.test("Marlin: 16.1 SD print with runout, finish", () => {
  const cubeFile = { path: "CUBE~1.GCO", sizeBytes: 1_000_000 };
  const steps = [
    at(0, { restarted: {} }),
    at(3, { ...idle, temperatures: { nozzle: { celsius: 24.1 } } }),
    at(60, { selectedFile: cubeFile }),
    at(60.1, resume),
    at(65, position(812)),
    at(66, { job: { kind: "active", file: { path: "CUBE~1.GCO", displayName: "cube big.gcode" } } }),
    at(600, position(400_000)),
    at(605, waiting("filament_runout")),
    at(605.1, runout),
    at(607, waiting("waiting_for_user")),
    at(609, waiting("waiting_for_user")),
    at(610, position(400_000)),
    at(900, resume),
    at(905, position(400_500)),
    at(2000, { progress: { elapsedSeconds: 1940 } }),
    at(2000.1, { job: { kind: "ended", outcome: "finished" } }),
    at(2005, { job: { kind: "none" } }),
  ];
  assert.deepEqual(timedStory(steps), [
    "65 started CUBE~1.GCO",
    "607 paused filament_runout cube big",
    "902 resumed cube big",
    "2000.1 finished cube big",
  ]);
});

const marlinPrints = [at(0, idle), at(5, position(400_000))];
check("Marlin", [
  {
    name: "16.2 a silent end before the end of the file is a cancel",
    given: [...marlinPrints, at(20, { job: { kind: "none" } }), at(25, { job: { kind: "none" } })],
    told: ["started", "cancelled"],
  },
  {
    name: "16.2 a kill is one failure, in the first words",
    given: [
      ...marlinPrints,
      at(20, fatal("Thermal Runaway, system stopped! Heater_ID: E0")),
      at(20.02, fatal("Printer halted. kill() called!")),
      at(20.05, lost),
      at(120, { restarted: { cause: "External Reset" } }),
      at(121, idle),
    ],
    told: ["started", "failed: Thermal Runaway, system stopped! Heater_ID: E0", "offline: unplugged", "online"],
  },
  {
    name: "16.3 a host's print seen on a tap",
    given: [
      at(0, online),
      at(5, { ...begins({}), progress: { percent: 0, remainingSeconds: 3900 } }),
      at(65, { ...begins({}), progress: { percent: 0, remainingSeconds: 3840 } }),
      at(1900, { job: { kind: "active" }, progress: { percent: 50, remainingSeconds: 1920 } }),
      at(3900, { job: { kind: "active" }, progress: { percent: 100, remainingSeconds: 0 } }),
      at(4020, { job: { kind: "ended", outcome: "finished" } }),
    ],
    told: ["started", "finished"],
  },
  {
    name: "a selected file that was not started is no print",
    given: [at(0, idle), at(5, { selectedFile: cube }), at(6, { job: { kind: "none" } }), at(7, runout)],
    told: [],
  },
  {
    name: "a very short print is told by its end alone",
    given: [
      at(0, idle),
      at(5, { selectedFile: cube }),
      at(5.1, resume),
      at(6, { job: { kind: "ended", outcome: "finished" } }),
    ],
    told: ["started", "finished"],
  },
  {
    name: "an action line without a print is no event",
    given: [
      at(0, idle),
      at(5, { announced: { kind: "pause" } }),
      at(9, runout),
      at(11, resume),
      at(12, { announced: { kind: "cancel" } }),
    ],
    told: [],
  },
  {
    name: "an announced pause is believed once the position stands",
    given: [
      ...marlinPrints,
      at(20, { announced: { kind: "pause" } }),
      at(22, position(400_900)),
      at(27, position(400_900)),
      at(90, position(400_900)),
      at(95, position(401_400)),
    ],
    told: ["started", "paused unknown", "resumed"],
  },
  {
    name: "an announced pause that the position contradicts is none",
    given: [
      ...marlinPrints,
      at(20, { announced: { kind: "pause" } }),
      ...[1, 2, 3, 4, 5, 6].map((n) => at(20 + n * 5, position(400_000 + n * 100))),
    ],
    told: ["started"],
  },
  {
    name: "standing still long after a contradicted pause is none",
    given: [
      ...marlinPrints,
      at(20, { announced: { kind: "pause" } }),
      ...[1, 2, 3, 4].map((n) => at(20 + n * 5, position(400_000 + n * 100))),
      ...[5, 6, 7].map((n) => at(20 + n * 5, position(400_400))),
    ],
    told: ["started"],
  },
  {
    name: "a runout needs no second witness, though the last moves are still made",
    given: [...marlinPrints, at(20, runout), at(21, position(400_100)), at(26, position(400_200))],
    told: ["started", "paused filament_runout"],
  },
  {
    name: "the last report of a position after the end starts no print",
    given: [
      ...marlinPrints,
      at(20, { job: { kind: "ended", outcome: "finished" } }),
      at(20.5, position(1_000_000)),
      at(25, { job: { kind: "none" } }),
      at(60, position(500)),
    ],
    told: ["started", "finished", "started"],
  },
  {
    name: "the next print begins without a word",
    given: [...marlinPrints, at(10, position(900_000)), at(20, position(300))],
    told: ["started", "ended", "started"],
  },
  {
    name: "a position alone betrays the next print",
    given: [...marlinPrints, at(20, { progress: { position: { bytes: 300, totalBytes: 1_000_000 } } })],
    told: ["started", "ended", "started"],
  },
  {
    name: "the file was read to its end, though the slicer's percentage lags behind",
    given: [
      at(0, idle),
      at(5, position(400_000, 1_000_000, { percent: 30 })),
      at(60, position(999_900, 1_000_000, { percent: 96 })),
      at(70, { job: { kind: "none" } }),
    ],
    told: ["started", "finished"],
  },
  {
    name: "a reset at the opening of the port ends the print that was stored",
    given: [...marlinPrints, restart(60), at(61, { restarted: { cause: "External Reset" } }), at(64, idle)],
    told: ["started", "failed: the printer restarted (External Reset)"],
  },
  {
    name: "an error that stops nothing is told as an error",
    given: [
      ...marlinPrints,
      at(20, fault("Probing Failed")),
      at(30, fault("Probing Failed")),
      at(35, position(410_000)),
    ],
    told: ["started", "error: Probing Failed"],
  },
  {
    name: "a print that is gone right after an error has failed by it",
    given: [...marlinPrints, at(20, fault("SD read error")), at(21, { job: { kind: "none" } })],
    told: ["started", "failed: SD read error"],
  },
]);

check("Moonraker", [
  {
    name: "16.4",
    given: [
      at(0, { link: { kind: "online" }, ...ended("finished", undefined, { file: { path: "old.gcode" } }) }),
      at(5, { uploaded: { path: "a.gcode", sizeBytes: 100 } }),
      at(6, { ...printing(0, { file: { path: "a.gcode" } }), progress: { percent: 0, elapsedSeconds: 0 } }),
      at(60, printing(25, {})),
      at(90, paused("filament_runout", {})),
      at(120, printing(26, {})),
      at(150, ended("failed", "Heater extruder not heating at expected rate", {})),
      at(150.4, fatal("Klipper state: Shutdown")),
      at(151, fatal("Once the underlying issue is corrected, use FIRMWARE_RESTART")),
    ],
    told: [
      "uploaded",
      "started",
      "paused filament_runout",
      "resumed",
      "failed: Heater extruder not heating at expected rate",
    ],
  },
  {
    name: "shutdown first, then the state error",
    given: [
      at(0, idle),
      at(5, printing(10)),
      at(60, fatal("MCU 'mcu' shutdown: Timer too close")),
      at(60.3, ended("failed", "Klippy Shutdown", {})),
    ],
    told: ["started", "failed: MCU 'mcu' shutdown: Timer too close"],
  },
  {
    name: "print_stats says paused as long as the shutdown stands",
    given: [
      at(0, idle),
      at(5, printing(10)),
      at(60, { ...paused(), ...fatal("Shutdown due to M112 command") }),
      at(300, lost),
      at(310, { ...online, ...paused(), ...fatal("Shutdown due to M112 command") }),
      restart(4000),
      at(4001, { ...online, ...paused(), ...fatal("Shutdown due to M112 command") }),
      at(5000, { restarted: {}, ...idle }),
      at(5100, printing(1)),
    ],
    told: ["started", "failed: Shutdown due to M112 command", "started"],
  },
  {
    name: "klippy is gone in mid-print and comes back without the print",
    given: [at(0, idle), at(5, printing(10)), at(60, { ...lost }), at(80, { ...online, restarted: {} }), at(81, idle)],
    told: ["started", "failed: the printer restarted"],
  },
  {
    name: "a reprint of the same file right after its end",
    given: [
      at(0, idle),
      at(5, printing(10, { nativeId: "0000A1", file: benchy })),
      at(60, ended("finished", undefined, { nativeId: "0000A1", file: benchy })),
      at(61, printing(0, { nativeId: "0000A2", file: benchy })),
      at(61.2, ended("finished", undefined, { nativeId: "0000A1", file: benchy })),
    ],
    told: ["started", "finished", "started"],
  },
  {
    name: "late words about a job that has ended start nothing",
    given: [
      at(0, idle),
      at(5, printing(10, { nativeId: "0000A1", file: benchy })),
      at(60, ended("cancelled", undefined, { nativeId: "0000A1", file: benchy })),
      at(60.2, printing(10, { nativeId: "0000A1", file: benchy })),
      at(60.4, paused("user", { nativeId: "0000A1", file: benchy })),
      at(61, { job: { kind: "none" } }),
    ],
    told: ["started", "cancelled"],
  },
  {
    name: "a prompt in a print that goes on needs somebody, but is no pause",
    given: [
      at(0, idle),
      at(5, printing(10)),
      at(60, waiting("waiting_for_user", "Insert the nut")),
      at(61, printing(11)),
      at(65, printing(11)),
      at(90, { attention: { kind: "over" } }),
      at(95, { ...printing(12), ...waiting("waiting_for_user", "And another one") }),
    ],
    told: [
      "started",
      "needs_you waiting_for_user: Insert the nut",
      "needs_you waiting_for_user: And another one",
    ],
  },
]);

check("OctoPrint", [
  {
    name: "16.5",
    given: [
      at(0, idle),
      at(5, begins()),
      at(5.5, printing(0, { file: benchy })),
      at(60, printing(12.5, {})),
      at(90, waiting("filament_runout")),
      at(90.1, paused("unknown", {})),
      at(200, printing(13, {})),
      at(300, { announced: { kind: "cancel" } }),
      at(301, ended("failed")),
      at(301.1, ended("cancelled")),
    ],
    told: ["started", "paused filament_runout", "resumed", "cancelled"],
  },
  {
    name: "a fatal error brings Error and PrintFailed",
    given: [at(0, idle), at(5, begins()), at(60, fatal("Thermal Runaway")), at(60.1, ended("failed")), at(61, lost)],
    told: ["started", "failed: Thermal Runaway", "offline: unplugged"],
  },
  {
    name: "a dropped connection brings only PrintFailed",
    given: [at(0, idle), at(5, begins()), at(60, ended("failed")), at(60.1, lost)],
    told: ["started", "failed", "offline: unplugged"],
  },
  {
    name: "an error without a print",
    given: [at(0, idle), at(60, fatal("Thermal Runaway"))],
    told: ["error: Thermal Runaway"],
  },
  {
    name: "the same start said twice is one",
    given: [at(0, idle), at(5, printing(2)), at(5.2, begins()), at(9, begins())],
    told: ["started"],
  },
  {
    name: "the same file started again, its end unseen",
    given: [at(0, idle), at(5, begins()), at(60, printing(40)), at(90, begins())],
    told: ["started", "ended", "started"],
  },
]);

const job130 = { nativeId: "130", file: benchy };
check("PrusaLink", [
  {
    name: "16.6",
    given: [
      at(0, { link: { kind: "online" }, job: { kind: "ended", outcome: "finished" } }),
      at(5, printing(0, job130)),
      at(60, printing(41, job130)),
      at(65, paused("waiting_for_user", { nativeId: "130" })),
      at(70, paused("waiting_for_user", { nativeId: "130" })),
      at(90, printing(41, { nativeId: "130" })),
      at(120, { job: { kind: "ended", outcome: "cancelled" } }),
      at(125, { job: { kind: "ended", outcome: "cancelled" } }),
      at(130, { job: { kind: "none" } }),
    ],
    told: ["started", "paused waiting_for_user", "resumed", "cancelled"],
  },
  {
    name: "FINISHED stays while the agent restarts",
    given: [
      at(0, idle),
      at(5, printing(96, job130)),
      at(60, { job: { kind: "ended", outcome: "finished" } }),
      restart(63),
      at(64, { link: { kind: "online" }, job: { kind: "ended", outcome: "finished" } }),
      at(70, { job: { kind: "none" } }),
    ],
    told: ["started", "finished"],
  },
  {
    name: "the printer was unplugged in mid-print: the job is gone with an error",
    given: [
      at(0, idle),
      at(5, printing(30, job130)),
      at(60, {
        job: { kind: "ended", outcome: "failed" },
        fault: { text: "Serial device does not exist", fatal: true },
      }),
      at(75, idle),
    ],
    told: ["started", "failed: Serial device does not exist"],
  },
  {
    name: "the next job of a queue takes its place between two polls",
    given: [
      at(0, idle),
      at(5, printing(30, job130)),
      at(7, printing(0, { nativeId: "131", file: cube })),
    ],
    told: ["started", "ended", "started"],
  },
  {
    name: "after a power cut it counts its prints anew: another file",
    given: [
      at(0, idle),
      at(5, printing(60, job130)),
      at(65, idle),
      at(90, printing(0, { nativeId: "130", file: cube })),
      at(150, ended("finished", undefined, { nativeId: "130", file: cube })),
    ],
    told: ["started", "cancelled", "started", "finished"],
  },
  {
    name: "after a power cut it counts its prints anew: the same file, then another at once",
    given: [
      at(0, idle),
      at(5, printing(60, job130)),
      at(65, ended("finished", undefined, job130)),
      at(76, idle),
      at(90, printing(0, job130)),
      at(120, printing(50, job130)),
      at(130, printing(0, { nativeId: "130", file: cube })),
    ],
    told: ["started", "finished", "started", "ended", "started"],
  },
  {
    name: "an answer without the job is lost, and it is there again: no new print",
    given: [
      at(0, idle),
      at(5, printing(96, job130)),
      at(65, ended("finished", undefined, job130)),
      at(66, idle),
      at(67, printing(96, { nativeId: "130" })),
      at(68, idle),
    ],
    told: ["started", "finished"],
  },
  {
    name: "a whole print went by between two polls",
    given: [
      at(0, idle),
      at(5, printing(30, job130)),
      at(7, ended("finished", undefined, { nativeId: "131", file: cube })),
    ],
    told: ["started", "ended", "started", "finished"],
  },
]);
