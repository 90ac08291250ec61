/** Situations that no recording has, built from the protocol pages; each with what its owner is told. */
import { deepEqual, equal, ok } from "node:assert/strict";
import { marlin } from "../../src/drivers/marlin/marlin.ts";
import { emptyState } from "../../src/domain/printer_state.ts";
import { type RecordedLine, replay, type ReplayOptions, said, type Script, type ToldEvent } from "../support/replay.ts";

/** Positions of a print, every `every` seconds. */
function positions(from: number, to: number, { every = 5, total = 100_000, start = 1000, step = 1000 } = {}): Script {
  const script: [number, string][] = [];
  for (let second = from, bytes = start; second <= to; second += every, bytes += step) {
    script.push([second, `SD printing byte ${bytes}/${total}`]);
  }
  return script;
}

/** Passive unless said otherwise: nobody answers questions here. */
function situation(name: string, script: Script, expected: readonly ToldEvent[], options: ReplayOptions = {}): void {
  const lines: RecordedLine[] = said(...script).sort((a, b) => a.t - b.t);
  const settings = { passive: true, ...options.settings };
  Deno.test(name, async () => deepEqual((await replay(marlin, lines, { ...options, settings })).told, expected));
}

const boot: Script = [[0, "start", "PowerUp", "Marlin 2.1.2"], [0.6, "echo:SD card ok"]];

// -- the constructed fixtures of the protocol page -------------------------------------------------------------------

situation("Marlin SD print with runout, finish (16.1)", [
  ...boot,
  [3, " T:24.10 /0.00 B:23.90 /0.00 @:0 B@:0", "Not SD printing"],
  [60, "echo:Now fresh file: CUBE~1.GCO", "File opened: CUBE~1.GCO Size: 1000000", "File selected", "//action:resume"],
  [65, "SD printing byte 812/1000000"],
  [66, "Current file: CUBE~1.GCO cube big.gcode"],
  [600, "SD printing byte 400000/1000000"],
  [605, "//action:prompt_end", "//action:prompt_begin FilamentRunout T0", "//action:prompt_show"],
  [605, "//action:paused filament_runout 0"],
  [607, "echo:busy: paused for user"],
  ...Array.from({ length: 100 }, (_, index): [number, string] => [609 + 2 * index, "echo:busy: paused for user"]),
  [900, "//action:resumed"],
  [2000, "echo:Print time: 32m 20s", "Done printing file"],
  [2005, "Not SD printing"],
], [
  { kind: "started", file: "CUBE~1.GCO" },
  { kind: "paused", reason: "filament_runout", file: "cube big.gcode" },
  { kind: "resumed", file: "cube big.gcode" },
  { kind: "finished", file: "cube big.gcode" },
]);

situation("Marlin cancel: the third 'not printing' (16.2)", [
  ...boot,
  [10, "SD printing byte 400000/1000000"],
  [15, "SD printing byte 410000/1000000"],
  [16, "Not SD printing"],
  [17, "Not SD printing"],
  [18, "Not SD printing"],
], [{ kind: "started" }, { kind: "cancelled" }]);

situation("one 'not printing' between positions is nothing", [
  ...boot,
  [10, "SD printing byte 400000/1000000"],
  [15, "Not SD printing"],
  [20, "SD printing byte 410000/1000000"],
  [25, "Not SD printing"],
  [30, "SD printing byte 420000/1000000"],
], [{ kind: "started" }]);

situation("museum: 37 a fatal error is one message with the printer's first words (16.2)", [
  ...boot,
  [10, "SD printing byte 400000/1000000"],
  [20, "Error:Thermal Runaway, system stopped! Heater_ID: E0", "Error:Printer halted. kill() called!"],
  [20, "//action:poweroff"],
], [{ kind: "started" }, { kind: "failed", text: "Thermal Runaway, system stopped! Heater_ID: E0" }]);

const normal = (percent: number, minutes: number) =>
  `NORMAL MODE: Percent done: ${percent}; print time remaining in mins: ${minutes}; Change in mins: -1`;
const silent = (percent: number) =>
  `SILENT MODE: Percent done: ${percent}; print time remaining in mins: 1; Change in mins: -1`;

situation(
  "Prusa MK3 host print seen on a tap (16.3)",
  [
    [1, normal(0, 65), silent(0)],
    [1800, normal(50, 32), silent(49)],
    [3600, normal(100, 0), silent(100)],
    [3660, "ok T:180.0 /0.0 B:50.0 /0.0"],
    [3700, "ok T:160.0 /0.0 B:50.0 /0.0"],
    [3790, "ok T:100.0 /0.0 B:40.0 /0.0"],
  ],
  [{ kind: "started" }, { kind: "finished" }],
  { settings: { passive: true } },
);

Deno.test("Prusa MK3 host print: progress and remaining time are the printer's (16.3)", async () => {
  const { state } = await replay(marlin, said([1, normal(0, 65)], [1800, normal(50, 32), silent(49)]), {
    settings: { passive: true },
    tailSeconds: 1,
  });
  ok(state.job?.kind === "printing");
  equal(state.job.percent, 50);
  equal(state.job.remainingSeconds, 32 * 60);
});

situation(
  "a second host print after 100 % ends the first as finished",
  [
    [1, normal(0, 65)],
    [600, normal(100, 0)],
    [900, normal(0, 30)],
  ],
  [{ kind: "started" }, { kind: "finished" }, { kind: "started" }],
  { tailSeconds: 5 },
);

situation(
  "a host print that grew cold half-way is over, nobody knows how",
  [
    [1, "T:210.0 /210.0 B:60.0 /60.0"],
    [2, "echo: M73 Progress: 0%; Time left: 10m;"],
    [100, "echo: M73 Progress: 50%; Time left: 5m;"],
    [110, "T:205.0 /0.0 B:60.0 /0.0"],
  ],
  [{ kind: "started" }, { kind: "ended" }],
  { tailSeconds: 200 },
);

// -- what is no print and no news ------------------------------------------------------------------------------------

situation("an echo of M73 on a cold printer is no print", [
  ...boot,
  [2, "ok T:21.0 /0.0 B:21.0 /0.0"],
  [3, "echo: M73 Progress: 50%; Time left: 10m;", "ok"],
], []);

situation("a selected file is no print, nor is 0/0", [
  ...boot,
  [2, "SD printing byte 0/0"],
  [3, "File opened: A.GCO Size: 9313", "File selected"],
  [5, "SD printing byte 0/9313"],
  [10, "SD printing byte 0/9313"],
], []);

situation(
  "action lines without a job are nothing",
  [
    ...boot,
    [2, "//action:pause"],
    [3, "//action:resume"],
    [4, "//action:cancel"],
    [5, "//action:poweroff"],
    [6, "echo://action:pause"],
  ],
  [],
  { tailSeconds: 100 },
);

situation("talk about garbled lines is no fault", [
  ...boot,
  [2, "Error:Line Number is not Last Line Number+1, Last Line: 5", "Resend: 6", "ok"],
  [3, "Error:checksum mismatch, Last Line: 2", "Resend: 3", "ok"],
  [4, 'echo:Unknown command: "M9999"', "ok"],
  [5, "open failed, File: X.GCO."],
], []);

situation("names in a list of files are names", [
  ...boot,
  [
    2,
    "Begin file list",
    "Done printing file",
    "Error:Printer halted. kill() called! 12",
    "End file list",
    "ok",
  ],
], []);

situation("a print that is met running is not told as started", [
  [2, "SD printing byte 5000/10000"],
  [7, "SD printing byte 6000/10000"],
  [12, "Done printing file"],
], [{ kind: "finished" }]);

// -- prints ----------------------------------------------------------------------------------------------------------

situation("museum: 24 a print started at the printer's own screen is noticed", [
  ...boot,
  [5, "Not SD printing"],
  ...positions(60, 80),
], [{ kind: "started" }]);

situation("a print started at the screen of a printer that was met idle and hot", [
  [2, "ok T:200.0 /200.0 B:60.0 /60.0"],
  [3, "Not SD printing"],
  [8, "Not SD printing"],
  ...positions(30, 40),
], [{ kind: "started" }]);

situation("a file opened and started before anything was heard of a job", [
  [1, "T:20 /0 B:20 /0"],
  [2, "File opened: A.GCO Size: 9313", "File selected", "//action:resume"],
  [4, "SD printing byte 500/9313"],
], [{ kind: "started", file: "A.GCO" }]);

situation("a short print that ends between two questions is told whole", [
  ...boot,
  [2, "File opened: A.GCO Size: 9313", "File selected", "//action:resume"],
  [4, "Done printing file"],
], [{ kind: "started", file: "A.GCO" }, { kind: "finished", file: "A.GCO" }]);

situation("the last moves of a file are no cancel", [
  ...boot,
  ...positions(10, 40),
  [41, "Not SD printing"],
  [42, "Not SD printing", "echo:busy: processing"],
  [43, "Not SD printing"],
  [44, "Not SD printing", "echo:busy: processing"],
  [45, "Not SD printing"],
  [45.5, "Done printing file"],
  [46, "Not SD printing"],
], [{ kind: "started" }, { kind: "finished" }]);

situation(
  "a cancel that was announced is one as soon as the job is gone",
  [
    ...boot,
    ...positions(10, 20),
    [21, "//action:cancel"],
    [22, "Not SD printing"],
  ],
  [{ kind: "started" }, { kind: "cancelled" }],
  { tailSeconds: 0.1 },
);

situation("a print of a host, by the marks in its G-code (1.10)", [
  ...boot,
  [2, "ok T:20.0 /0.0 B:20.0 /0.0", "Not SD printing"],
  [10, "//action:notification job benchy.gcode"],
  [11, "// action:print_start"],
  [20, "ok T:60.0 /210.0 B:40.0 /60.0"],
  [60, "Not SD printing"],
  [70, "Not SD printing"],
  [80, "Not SD printing"],
  [90, "//action:paused"],
  [95, "echo:busy: paused for user"],
  [120, "//action:resumed"],
  [600, "// action:print_end"],
], [
  { kind: "started", file: "benchy.gcode" },
  { kind: "paused", reason: "waiting_for_user", file: "benchy.gcode" },
  { kind: "resumed", file: "benchy.gcode" },
  { kind: "finished", file: "benchy.gcode" },
]);

situation("several marks of one start, before and after the heating, are one print", [
  ...boot,
  [2, "ok T:20.0 /0.0 B:20.0 /0.0", "Not SD printing"],
  [10, "//action:notification job benchy.gcode"],
  [20, "ok T:60.0 /0.0 B:40.0 /60.0"],
  [200, "ok T:60.0 /210.0 B:60.0 /60.0"],
  [300, "// action:print_start", "echo: M73 Progress: 0%; Time left: 60m;"],
  [400, "echo: M73 Progress: 3%; Time left: 58m;"],
  [4000, "// action:print_end"],
], [{ kind: "started", file: "benchy.gcode" }, { kind: "finished", file: "benchy.gcode" }]);

situation("the same marks in a print from the card do not count twice", [
  ...boot,
  [5, "Not SD printing"],
  [10, "File opened: A.GCO Size: 100000", "//action:resume"],
  [11, "SD printing byte 100/100000"],
  [12, "//action:notification job benchy", "// action:print_start"],
  ...positions(15, 40),
  [41, "// action:print_end"],
  [42, "SD printing byte 99990/100000"],
  [45, "Done printing file"],
], [{ kind: "started", file: "A.GCO" }, { kind: "finished", file: "A.GCO" }]);

situation("a start that the printer only asks for is believed when it warms up", [
  ...boot,
  [2, "ok T:20.0 /0.0 B:20.0 /0.0"],
  [10, "//action:start"],
  [12, "ok T:20.0 /0.0 B:20.0 /0.0"],
  [20, "ok T:20.0 /0.0 B:20.0 /60.0"],
  [100, "//action:cancel"],
], [{ kind: "started" }, { kind: "cancelled" }]);

situation("a start that nothing follows is none", [
  ...boot,
  [2, "ok T:20.0 /0.0 B:20.0 /0.0"],
  [10, "//action:start"],
  [300, "ok T:20.0 /0.0 B:20.0 /60.0"],
], []);

// -- pauses ----------------------------------------------------------------------------------------------------------

situation("museum: 10 parking for a frame is no pause", [
  ...boot,
  ...positions(10, 60, { every: 1 }),
  ...[20, 30, 40].flatMap((second): Script => [
    [second + 0.1, "//action:pause"],
    [second + 1.2, "//action:resume"],
  ]),
  [50.1, "//action:pause"], // an echo of M118: the print just goes on
], [{ kind: "started" }]);

const keepAlives = (from: number, to: number): Script =>
  Array.from(
    { length: Math.floor((to - from) / 2) + 1 },
    (_, index) => [from + 2 * index, "echo:busy: paused for user"],
  );

situation("museum: 11 keep-alives for ten minutes are one message", [
  ...boot,
  ...positions(10, 30),
  [32, "//action:paused"],
  [33, "echo:Insert filament and press button"],
  ...positions(35, 600, { step: 0, start: 5000 }),
  ...keepAlives(34, 600),
  [601, "//action:resumed"],
  ...positions(605, 620, { start: 6000 }),
], [
  { kind: "started" },
  { kind: "paused", reason: "waiting_for_user", text: "Insert filament" },
  { kind: "resumed" },
]);

situation(
  "museum: 34 told once per pause, in every print",
  [
    ...boot,
    ...[0, 1000].flatMap((begin): Script => [
      [begin + 5, "File opened: A.GCO Size: 100000", "//action:resume"],
      ...positions(begin + 10, begin + 30),
      ...keepAlives(begin + 32, begin + 60),
      ...positions(begin + 65, begin + 90, { start: 6000 }),
      ...keepAlives(begin + 92, begin + 110),
      ...positions(begin + 115, begin + 140, { start: 20000 }),
      [begin + 150, "Done printing file"],
    ]),
  ],
  Array.from({ length: 2 }, (): ToldEvent[] => [
    { kind: "started", file: "A.GCO" },
    { kind: "paused", reason: "waiting_for_user", file: "A.GCO" },
    { kind: "resumed", file: "A.GCO" },
    { kind: "paused", reason: "waiting_for_user", file: "A.GCO" },
    { kind: "resumed", file: "A.GCO" },
    { kind: "finished", file: "A.GCO" },
  ]).flat(),
);

situation("the text of M0 on a board without a display", [
  ...boot,
  [5, "Not SD printing", "ok"],
  [10, "echo:Change the plate"],
  ...keepAlives(12, 30),
  [31, "ok"],
  [60, "echo:Again"],
  ...keepAlives(62, 70),
], [
  { kind: "needs_you", reason: "waiting_for_user", text: "Change the plate" },
  { kind: "needs_you", reason: "waiting_for_user", text: "Again" },
]);

situation("the nozzle grows cold while it waits: still one wait", [
  ...boot,
  [2, "Not SD printing"],
  [10, "//action:paused", "echo:Insert filament and send M108"],
  [10, "//action:prompt_end", "//action:prompt_begin Nozzle Parked", "//action:prompt_show"],
  ...keepAlives(12, 54),
  [55, "echo:Send M108 to heat nozzle", "//action:prompt_begin Heater Timeout", "//action:prompt_button Reheat"],
  ...keepAlives(56, 80),
  ...Array.from({ length: 45 }, (_, index): [number, string] => [82 + 2 * index, "echo:busy: processing"]),
  [172, "//action:prompt_begin Reheat Done"],
  ...keepAlives(174, 180),
  [182, "//action:resumed", "ok"],
], [{ kind: "needs_you", reason: "waiting_for_user", text: "Insert filament" }]);

situation("a kill in the moment of a pause is one failure", [
  ...boot,
  ...positions(10, 30),
  [31, "//action:paused"],
  [31.5, "echo:busy: paused for user"],
  [32, "Error:Heating failed, system stopped! Heater_ID: bed", "Error:Printer halted. kill() called!"],
], [{ kind: "started" }, { kind: "failed", text: "Heating failed, system stopped! Heater_ID: bed" }]);

// -- faults and restarts ---------------------------------------------------------------------------------------------

situation("museum: 25 a firmware that stops while idle is told", [
  ...boot,
  [2, "ok T:20.0 /0.0 B:20.0 /0.0", "Not SD printing", "ok"],
  [60, "Error:MAXTEMP triggered, system stopped! Heater_ID: E0", "Error:Printer halted. kill() called!"],
], [{ kind: "error", text: "MAXTEMP triggered, system stopped! Heater_ID: E0" }]);

situation("old Marlin splits its words over two lines", [
  ...boot,
  ...positions(10, 30),
  [31, "Error:0", ": Extruder switched off. MAXTEMP triggered !", "Error:Printer stopped due to errors."],
], [{ kind: "started" }, { kind: "failed", text: "0: Extruder switched off. MAXTEMP triggered !" }]);

situation("a restart in mid-print is a failure, with its cause", [
  ...boot,
  ...positions(10, 30),
  [31, "start", " Brown out Reset", "Marlin 2.1.2"],
], [{ kind: "started" }, { kind: "failed", text: "the printer restarted (Brown out Reset)" }]);

situation("a kill, then silence, then the reset: one failure", [
  ...boot,
  ...positions(10, 30),
  [31, "echo:M112 Shutdown", "Error:Printer halted. kill() called!", "//action:poweroff"],
  [60, "start", "External Reset"],
], [{ kind: "started" }, { kind: "failed", text: "M112 Shutdown" }]);

situation("a card that is pulled out in mid-print", [
  ...boot,
  ...positions(10, 30),
  [31, "echo:SD card released"],
  [35, "Not SD printing"],
], [{ kind: "started" }, { kind: "failed", text: "SD card released" }]);

situation("an error that does not stop the print is an error", [
  ...boot,
  ...positions(10, 60),
  [31, "Error:SD read error"],
], [{ kind: "started" }, { kind: "error", text: "SD read error" }]);

situation("an error that pauses the print is the reason of the pause", [
  ...boot,
  ...positions(10, 30),
  [31, "Error:Filament sensor jam"],
  [32, "//action:paused"],
  ...positions(33, 60, { start: 5000, step: 0 }),
], [{ kind: "started" }, { kind: "paused", reason: "error", text: "Filament sensor jam" }]);

situation("a fan that fails (Prusa)", [
  ...boot,
  [5, "Not SD printing"],
  [10, "Err:PRINT FAN ERROR"],
], [{ kind: "error", text: "PRINT FAN ERROR" }]);

// -- other firmwares -------------------------------------------------------------------------------------------------

situation("Prusa: M27 in three lines, a pause, its end", [
  [0, "start", " External Reset"],
  [3, "FIRMWARE_NAME:Prusa-Firmware 3.14.1+8237 based on Marlin FIRMWARE_URL:https://x PROTOCOL_VERSION:1.0", "ok"],
  [4, "Not SD printing", "ok"],
  [10, "echo:Now fresh file: /FOLDER/CUBE~1.GCO", "File opened: /FOLDER/CUBE~1.GCO Size: 1000", "File selected"],
  [15, "cube with a long name.gcode", "SD printing byte 100/1000", "0:00", "ok"],
  [60, "cube with a long name.gcode", "SD printing byte 400/1000", "0:01", "ok"],
  [65, "SD print paused", "ok"],
  [70, "SD print paused", "ok"],
  [80, "cube with a long name.gcode", "SD printing byte 410/1000", "0:01", "ok"],
  [200, "Done printing file"],
], [
  { kind: "started", file: "/FOLDER/CUBE~1.GCO" },
  { kind: "paused", reason: "unknown", file: "cube with a long name.gcode" },
  { kind: "resumed", file: "cube with a long name.gcode" },
  { kind: "finished", file: "cube with a long name.gcode" },
]);

situation("Prusa: a print of a host that was paused at the printer", [
  [1, normal(0, 65)],
  [600, normal(20, 50)],
  [610, "//action:pause"],
  [612, "Print saved", "ok"],
  [617, "Print saved", "ok"],
  [700, "//action:resume"],
  [760, normal(21, 49)],
], [{ kind: "started" }, { kind: "paused", reason: "unknown" }, { kind: "resumed" }]);

Deno.test("Prusa: the stopwatch of M27 counts hours and minutes", async () => {
  const { state } = await replay(
    marlin,
    said([0, "start"], [5, "a.gcode", "SD printing byte 10/1000", "1:05", "ok"]),
    { tailSeconds: 1 },
  );
  ok(state.job?.kind === "printing");
  equal(state.job.elapsedSeconds, 3900);
});

situation("Buddy: M73 beside the position, percent by the slicer", [
  [0, "FIRMWARE_NAME:Prusa-Firmware-Buddy 6.1.3 SOURCE_CODE_URL:x", "Cap:AUTOREPORT_SD_STATUS:1", "ok"],
  [1, "Not SD printing"],
  [10, "File opened: BENCHY~1.BGC Size: 5000", "File selected"],
  [12, "SD printing byte 50/5000", " M73 Progress: 0%; Time left: 43m; Change: 12m;"],
  [60, "SD printing byte 2500/5000", " M73 Progress: 25%; Time left: 33m;"],
  [90, "Done printing file"],
], [{ kind: "started", file: "BENCHY~1.BGC" }, { kind: "finished", file: "BENCHY~1.BGC" }]);

situation("Smoothieware: suspended, resumed, halted", [
  [0, "FIRMWARE_NAME:Smoothieware, FIRMWARE_URL:http%3A//smoothieware.org, FIRMWARE_VERSION:edge", "ok"],
  [1, "Not currently playing", "ok"],
  [10, "File opened:a.gcode Size:10000", "File selected"],
  [12, "SD printing byte 100/10000", "ok"],
  [15, "file: /sd/a.gcode, 12 % complete, elapsed time: 00:01:02, est time: 00:07:30"],
  [20, "// Suspending print, waiting for queue to empty...", "// action:pause"],
  [22, "// Print Suspended, enter resume to continue printing", "SD print is paused at 1000/10000", "ok"],
  [40, "// resuming print...", "// action:resume"],
  [45, "SD printing byte 1100/10000", "ok"],
  [60, "ERROR: Temperature runaway on T (delta temp 20), HALT asserted, TURN POWER OFF IMMEDIATELY - reset or M999"],
  [62, "!!"],
  [64, "!!"],
  [66, "HALTED, M999 or $X to exit HALT state"],
], [
  { kind: "started", file: "a.gcode" },
  { kind: "paused", reason: "unknown", file: "a.gcode" },
  { kind: "resumed", file: "a.gcode" },
  {
    kind: "failed",
    text: "Temperature runaway on T (delta temp 20), HALT asserted, TURN POWER OFF IMMEDIATELY - reset or M999",
    file: "a.gcode",
  },
]);

situation("Smoothieware aborted", [
  [1, "Not currently playing", "ok"],
  ...positions(10, 30),
  [31, "Aborted playing or paused file. Please turn any heaters off manually"],
], [{ kind: "started" }, { kind: "cancelled" }]);

situation(
  "Smoothieware met in a halt is no news",
  [[1, "!!"], [3, "!!"], [5, "HALTED, M999 or $X to exit HALT state"]],
  [],
);

situation("Repetier: stopped by its user, and a defect sensor", [
  [0, "start", "Info:PowerUp"],
  [1, "wait"],
  [2, "ok 1", "T:20.00 /0 B:20.00 /0 B@:0 @:0", "Not SD printing"],
  [10, "File opened:a.gcode Size:100000", "File selected"],
  ...positions(12, 30),
  [31, "// action:pause"],
  ...positions(32, 60, { start: 5000, step: 0 }),
  [61, "// action:resume"],
  ...positions(65, 70, { start: 6000 }),
  [80, "SD print stopped by user."],
  [
    100,
    "fatal:Heater/sensor error - Printer stopped and heaters disabled due to this error. Fix error and restart with M999.",
  ],
  [101, "wait"],
], [
  { kind: "started", file: "a.gcode" },
  { kind: "paused", reason: "unknown", file: "a.gcode" },
  { kind: "resumed", file: "a.gcode" },
  { kind: "cancelled", file: "a.gcode" },
  {
    kind: "error",
    text:
      "Heater/sensor error - Printer stopped and heaters disabled due to this error. Fix error and restart with M999.",
  },
]);

situation("Repetier: out of filament", [
  [0, "start"],
  [2, "Not SD printing"],
  ...positions(12, 30),
  [31, "// action:out_of_filament T0"],
  ...positions(32, 60, { start: 5000, step: 0 }),
], [{ kind: "started" }, { kind: "paused", reason: "filament_runout" }]);

situation("RepRapFirmware: model, runout, end", [
  [0, "FIRMWARE_NAME: RepRapFirmware for Duet 3 MB6HC FIRMWARE_VERSION: 3.5.3 ELECTRONICS: Duet 3 MB6HC v1.01", "ok"],
  [1, '{"key":"state.status","flags":"v","result":"idle"}', "ok"],
  [10, '{"key":"state.status","flags":"v","result":"processing"}', "ok"],
  [
    11,
    '{"key":"job","flags":"d5v","result":{"duration":10,"file":{"fileName":"0:/gcodes/a.gcode","size":1000,' +
    '"numLayers":10,"printTime":600,"filament":[1200.5]},"filePosition":100,"layer":1,"timesLeft":{"slicer":590}}}',
    "ok",
  ],
  [20, "Error: Filament error on extruder 0: no filament"],
  [21, "Printing paused at X10.0 Y10.0 Z1.0"],
  [22, '{"key":"state.status","flags":"v","result":"paused"}', "ok"],
  [60, "Printing resumed", '{"key":"state.status","flags":"v","result":"processing"}', "ok"],
  [600, "Finished printing file 0:/gcodes/a.gcode, print time was 0h 10m"],
  [601, '{"key":"state.status","flags":"v","result":"idle"}', "ok"],
], [
  { kind: "started" },
  { kind: "paused", reason: "filament_runout", file: "a.gcode" },
  { kind: "resumed", file: "a.gcode" },
  { kind: "finished", file: "a.gcode" },
]);

situation("RepRapFirmware: a heater fault pauses the print and can be mended", [
  [1, "Not SD printing.", "ok"],
  ...positions(10, 30),
  [31, "Heater 1 fault: temperature excursion exceeded 15.0C"],
  [32, "Printing paused at X10.0 Y10.0 Z1.0"],
], [
  { kind: "started" },
  { kind: "paused", reason: "error", text: "Heater 1 fault: temperature excursion exceeded 15.0C" },
]);

situation("RepRapFirmware: a heater fault after which nothing comes is a failure", [
  [1, "Not SD printing.", "ok"],
  ...positions(10, 30),
  [31, "Heater 1 fault: temperature excursion exceeded 15.0C"],
], [{ kind: "started" }, { kind: "failed", text: "Heater 1 fault: temperature excursion exceeded 15.0C" }]);

situation("Klipper: an error in the file ends the print with its words", [
  [0, "ok FIRMWARE_NAME:Klipper FIRMWARE_VERSION:v0.13.0"],
  [1, "Not SD printing.", "ok"],
  [2, "File opened:box.gcode Size:100000", "File selected"],
  ...positions(10, 30),
  [31, "!! Move out of range: 0.000 300.000 0.400 [0.000]"],
  [32, "Not SD printing.", "ok"],
], [
  { kind: "started", file: "box.gcode" },
  { kind: "failed", text: "Move out of range: 0.000 300.000 0.400 [0.000]", file: "box.gcode" },
]);

situation("Klipper: a shutdown whose reason nobody asks for", [
  [0, "ok FIRMWARE_NAME:Klipper FIRMWARE_VERSION:v0.13.0"],
  [1, "Not SD printing.", "ok"],
  ...positions(10, 30),
  [31, "// Klipper state: Shutdown"],
], [{ kind: "started" }, { kind: "failed", text: "Klipper state: Shutdown" }]);

situation("Klipper: met in a shutdown, and a restart in mid-print", [
  [0, "ok FIRMWARE_NAME:Klipper FIRMWARE_VERSION:v0.13.0"],
  [1, "// Shutdown due to webhooks request", "!! Shutdown due to webhooks request", "ok"],
  [6, "!! Shutdown due to webhooks request", "ok"],
  [10, "// Klipper state: Disconnect"],
  [12, "// Klipper state: Ready"],
  [13, "Not SD printing.", "ok"],
  ...positions(20, 40),
  [41, "// Klipper state: Disconnect"],
], [{ kind: "started" }, { kind: "failed", text: "the printer restarted (Klipper state: Disconnect)" }]);

// -- texts and sight -------------------------------------------------------------------------------------------------

situation("messages in the marked dialects, whatever carries them", [
  ...boot,
  [10, "echo:UserNotif Change the nozzle now"],
  [20, "//action:notification $MR$:Title|body"],
  [30, "MR_NOTIFY:hello", "//action:notification Printing..."],
  [40, "// [ESP600]last layer", "echo:UserNotif"],
], [
  { kind: "message", text: "Change the nozzle now" },
  { kind: "message", text: "Title: body" },
  { kind: "message", text: "hello" },
  { kind: "message", text: "last layer" },
]);

Deno.test("display texts are reported as what they are", async () => {
  const { events } = await replay(
    marlin,
    said(...boot, [5, "//action:notification Layer 3/10"], [6, "//action:notification"]),
  );
  deepEqual(events.map((event) => event.kind === "message" && [event.text, event.marked]), [["Layer 3/10", false]]);
});

Deno.test("a silent printer is lost after 30 s and two questions without an answer", async () => {
  const { reports, written } = await replay(marlin, said([1, "ok T:20 /0 B:20 /0"]), { tailSeconds: 200 });
  const lost = reports.filter(({ link }) => link?.kind === "lost");
  equal(lost.length, 1);
  ok(written.length >= 3);
});

situation("a printer that falls silent in mid-print is offline, and back", [
  ...boot,
  ...positions(10, 30),
  [400, "SD printing byte 90000/100000"],
], [
  { kind: "started" },
  { kind: "offline", text: "the printer has not answered for 43 s" },
  { kind: "online" },
], { settings: { passive: false } });

Deno.test("a busy printer is not lost, and is left alone", async () => {
  const busy = Array.from({ length: 300 }, (_, index): [number, string] => [5 + 2 * index, "echo:busy: processing"]);
  const { reports, written } = await replay(marlin, said([1, "ok T:20 /0"], ...busy), { tailSeconds: 5 });
  deepEqual(reports.filter(({ link }) => link?.kind === "lost"), []);
  ok(written.length <= 1, written.join());
});

Deno.test("noise at a wrong speed proves nobody", async () => {
  const noise = Array.from({ length: 50 }, (_, index): [number, string] => [index, "x~}{|zxw}~"]);
  const { reports } = await replay(marlin, said(...noise));
  deepEqual(reports, []);
});

Deno.test("museum: 08 a print that ended while nobody listened is told as what is known", async () => {
  const first = await replay(marlin, said(...boot, ...positions(10, 30)), { tailSeconds: 1 });
  const second = await replay(marlin, said([2, "Not SD printing", "ok"]), { stored: first.state, tailSeconds: 60 });
  deepEqual(second.told, [{ kind: "ended" }]);
});

Deno.test("museum: 07 a print that goes on while the agent restarts is not told again", async () => {
  const first = await replay(marlin, said(...boot, ...positions(10, 30)), { tailSeconds: 1 });
  const second = await replay(marlin, said(...positions(2, 30, { start: 10_000 })), { stored: first.state });
  deepEqual(second.told, []);
  const streamed = await replay(marlin, said([1, "T:210 /210 B:60 /60"], [2, "echo: M73 Progress: 0%;"]), {
    tailSeconds: 1,
  });
  equal(streamed.state.job?.kind, "printing");
  const again = await replay(
    marlin,
    said([1, "T:210 /210 B:60 /60"], [2, "Not SD printing", "ok"], [30, "echo: M73 Progress: 20%;"]),
    { stored: streamed.state },
  );
  deepEqual(again.told, []);
});

Deno.test("nothing is known of a printer that was never heard", async () => {
  const { state } = await replay(marlin, []);
  deepEqual(state, emptyState);
});
