/** Situations that no recording has, in OctoPrint's own words, through the driver and the domain. */
import assert from "node:assert/strict";
import { parseTerminalLine } from "../../src/drivers/octoprint/terminal.ts";
import { RecordedOctoPrint } from "../support/octoprint_replay.ts";
import type { RecordedMessage } from "../support/octoprint_replay.ts";
import { octoprintRow } from "./conformance/octoprint.ts";
import { type Printer, type Stretch, type Transcript, watchPlan } from "./conformance/world.ts";

const login: RecordedMessage = { t: 0, dir: "rx", path: "POST /api/login", text: '{"name":"me","session":"s"}' };

/** What is pushed at which second. */
type Script = readonly (readonly [seconds: number, ...messages: Record<string, unknown>[]])[];

interface State {
  readonly flag?: "printing" | "paused" | "operational" | "closedOrError" | "pausing" | "cancelling";
  readonly bytes?: number;
  readonly percent?: number;
  readonly file?: string | null;
  /** `null`: without the permission to watch the terminal. */
  readonly logs?: readonly string[] | null;
  readonly error?: string;
}

const sizeBytes = 10_000;

function state(
  { flag = "printing", bytes = 0, percent = bytes / 100, file = "a.gcode", logs = [], error = "" }: State,
) {
  const isThere = flag !== "closedOrError";
  return {
    state: { text: "any words", error, flags: { operational: isThere, [flag]: true } },
    job: { file: { path: file, name: file, display: file, origin: "local", size: sizeBytes } },
    progress: { completion: percent, filepos: bytes, printTime: 10, printTimeLeft: 100 },
    serverTime: 1_795_000_000,
    temps: [{ time: 1_794_999_000, tool0: { actual: 200.5, target: 210 }, bed: { actual: 60, target: 60 } }],
    logs,
  };
}

const history = (one: State) => ({ history: state(one) });
const current = (one: State) => ({ current: state(one) });
const event = (type: string, payload: Record<string, unknown> | null = {}) => ({ event: { type, payload } });
const started = event("PrintStarted", { name: "a.gcode", path: "a.gcode", origin: "local", size: sizeBytes });
const stopped = { name: "a.gcode", path: "a.gcode", origin: "local", size: sizeBytes };
const phase = (state_id: string) => event("PrinterStateChanged", { state_id });
const idle = { flag: "operational", file: null, percent: 0 } as const;

function transcriptOf(
  script: Script,
  { version = "1.11.8", ends = "stays" }: { version?: string; ends?: "stays" | "is silent" } = {},
): Transcript {
  const messages: RecordedMessage[] = [
    login,
    { t: 0, dir: "rx", text: JSON.stringify({ connected: { version } }) },
    ...script.flatMap(([seconds, ...all]) =>
      all.map((one): RecordedMessage => ({ t: seconds * 1000, dir: "rx", text: JSON.stringify(one) }))
    ),
  ];
  return {
    name: "constructed",
    lengthMilliseconds: messages.at(-1)?.t ?? 0,
    expected: [],
    printer: ({ now, hear }: Stretch): Printer => {
      const there = new RecordedOctoPrint(messages, { now, hear, isDeaf: ends === "is silent" });
      return {
        moments: there.moments,
        speak: (milliseconds) => there.speak(milliseconds),
        openLink: () => Promise.reject(new Error("no link here")),
        openMessages: () => there.open(),
        fetch: (input, init) => there.fetch(input, init),
        vanish: () => there.vanish(),
      };
    },
  };
}

async function toldOf(script: Script): Promise<string[]> {
  const { told } = await watchPlan(octoprintRow, [{ transcript: transcriptOf(script) }]);
  return told.map(({ kind, reason, text }) => [kind, reason, text].filter((part) => part !== undefined).join(": "));
}

/** Second by second, moving on or not. */
function run(from: number, until: number, one: (second: number) => State): Script {
  return Array.from({ length: until - from }, (_, index) => [from + index, current(one(from + index))] as const);
}

const moving = (second: number): State => ({ bytes: 100 * second });
const begin: Script = [[0, history(idle)], [1, phase("STARTING"), started], ...run(3, 8, moving)];

const beginUnheard: Script = [
  [0, history({ ...idle, logs: null })],
  [1, phase("STARTING"), started],
  ...run(3, 8, (second) => ({ ...moving(second), logs: null })),
];

const rows: readonly [what: string, script: Script, told: readonly string[]][] = [
  ["museum: 11, 34 `busy: paused for user` every 2 s is one wait, in every pause", [
    ...begin,
    ...run(8, 20, () => ({ bytes: 800, logs: ["Recv: echo:busy: paused for user"] })),
    ...run(20, 40, (second) => ({ bytes: 100 * second })),
    ...run(40, 50, () => ({ bytes: 4000, logs: ["Recv: echo:busy: paused for user"] })),
    ...run(50, 70, (second) => ({ bytes: 100 * second })),
  ], ["started", "paused: waiting_for_user", "resumed", "paused: waiting_for_user", "resumed"]],
  ["a filament that runs out, where the firmware itself waits", [
    ...begin,
    ...run(8, 9, () => ({ bytes: 800, logs: ["Recv: echo:Filament runout detected"] })),
    ...run(9, 30, () => ({ bytes: 800, logs: ["Recv: echo:busy: paused for user"] })),
  ], ["started", "paused: filament_runout"]],
  ["M600 where the terminal may not be watched: the print stands still", [
    ...beginUnheard,
    [8, event("FilamentChange", null)],
    ...run(8, 30, () => ({ bytes: 800, logs: null })),
    ...run(30, 40, (second) => ({ ...moving(second), logs: null })),
  ], ["started", "paused: waiting_for_user", "resumed"]],
  ["M600 there, over before anybody could come", [
    ...beginUnheard,
    [8, event("FilamentChange", null)],
    ...run(8, 30, (second) => ({ ...moving(second), logs: null })),
  ], ["started"]],
  ["filament loaded in mid-print, which waits for nobody", [
    ...begin,
    [8, event("FilamentChange", null)],
    ...run(8, 40, () => ({ bytes: 800 })),
    ...run(40, 45, moving),
  ], ["started"]],
  ["a pause by its owner, right after filament was loaded", [
    ...begin,
    [8, event("FilamentChange", null)],
    [9, event("PrintPaused", { ...stopped, user: "me" })],
    ...run(11, 16, () => ({ bytes: 800, flag: "paused" })),
  ], ["started", "paused: user"]],
  ["museum: 01 a cancel that says failed, too, and in any order", [
    ...begin,
    [8, event("PrintCancelling", stopped)],
    [8.1, event("PrintFailed", { ...stopped, reason: "cancelled" }), event("PrintCancelled", stopped)],
    ...run(9, 20, () => ({ bytes: 800, flag: "cancelling" })),
    ...run(20, 25, () => ({ ...idle, file: "a.gcode" })),
  ], ["started", "cancelled"]],
  ["a cancel that the firmware wanted is a failure, in its words", [
    ...begin,
    [8, event("PrintCancelling", { ...stopped, firmwareError: "MINTEMP triggered" })],
    [8.1, event("PrintCancelled", stopped), event("PrintFailed", { ...stopped, reason: "cancelled" })],
    ...run(9, 15, () => idle),
  ], ["started", "failed: MINTEMP triggered"]],
  ["museum: 37 a fatal error is one failure, with its reason, also before 1.8", [
    ...begin,
    [8, event("Error", { error: "MAXTEMP triggered" }), phase("ERROR")],
    [8.2, event("PrintFailed", { ...stopped, reason: "error" }), phase("OFFLINE")],
    [12, current({ flag: "closedOrError", file: null })],
    [40, phase("OFFLINE")],
  ], ["started", "failed: MAXTEMP triggered", "offline: OctoPrint is not connected to the printer"]],
  ["museum: 36 the progress of a failure may be a fraction: it is not read", [
    ...begin,
    [8, event("PrintFailed", { ...stopped, reason: "error", progress: 0.076, error: "Timeout" })],
  ], ["started", "failed: Timeout"]],
  ["an error without a print", [[0, history(idle)], [
    5,
    event("Error", { error: "Heater decoupled", consequence: "disconnect" }),
  ]], [
    "error: Heater decoupled",
  ]],
  ["a printer that is not switched on is no error", [
    [0, history({ flag: "closedOrError", file: null })],
    ...[10, 60, 120].map((second) =>
      [second, event("Error", { error: "Failed to autodetect serial port", reason: "autodetect" })] as const
    ),
  ], []],
  ["museum: 06 OctoPrint keeps showing an old end", [
    [0, history({ flag: "operational", bytes: sizeBytes })],
    ...run(1, 30, () => ({ flag: "operational", bytes: sizeBytes })),
  ], []],
  ["museum: 02 events without a payload", [
    ...begin,
    [8, event("PrintPaused", null)],
    ...run(10, 14, () => ({ bytes: 800, flag: "paused" })),
    [14, event("PrintResumed", null)],
    ...run(16, 20, moving),
    [20, event("PrintDone", null)],
  ], ["started", "paused: unknown", "resumed", "finished"]],
  ["several uploads at once, each said twice", [
    [0, history(idle)],
    [
      2,
      ...["a", "b", "c"].map((name) =>
        event("FileAdded", {
          path: `${name}.gcode`,
          storage: "local",
          type: ["machinecode", "gcode"],
          operation: "add",
        })
      ),
    ],
    [3, ...["a", "b", "c"].map((name) => event("Upload", { path: `${name}.gcode`, target: "local" }))],
    [
      4,
      event("Upload", { path: "model.stl", target: "local" }),
      event("FileAdded", { path: "folder", storage: "local", type: ["folder"] }),
    ],
    [30, event("Upload", { path: "a.gcode", target: "local" })],
  ], ["uploaded", "uploaded", "uploaded", "uploaded"]],
  ["the same file again", [
    ...begin,
    [8, event("PrintDone", stopped)],
    ...run(10, 12, () => ({ flag: "operational", bytes: sizeBytes })),
    [20, phase("STARTING"), started],
    ...run(22, 25, (second) => ({ bytes: (second - 20) * 100 })),
    [25, event("PrintDone", stopped)],
  ], ["started", "finished", "started", "finished"]],
  ["messages from G-code in the dialects that are meant for people", [
    [0, history(idle)],
    [
      2,
      current({
        ...idle,
        logs: ["Send: N7 M117 $MR$:Done|Come and look*55", "Recv: echo:UserNotif Layer 3", "Send: M117 Heating"],
      }),
    ],
  ], ["message: Done: Come and look", "message: Layer 3"]],
];

for (const [what, script, told] of rows) {
  Deno.test(`OctoPrint: ${what}`, async () => {
    assert.deepEqual(await toldOf(script), told);
  });
}

Deno.test("OctoPrint: museum: 08 a print that ends while the link is down is told late, as finished", async () => {
  const before = transcriptOf([...begin, ...run(8, 12, moving)]);
  const after = transcriptOf([[0, history({ flag: "operational", bytes: sizeBytes })], [
    5,
    current({ flag: "operational", bytes: sizeBytes }),
  ]]);
  const { told } = await watchPlan(octoprintRow, [{ transcript: before }, {
    transcript: after,
    silentMilliseconds: 10_000,
  }]);
  assert.deepEqual(told.map(({ kind }) => kind), ["started", "finished"]);
});

Deno.test("OctoPrint: silence is asked about over the same connection, and ends it when it goes on", async () => {
  const quiet = transcriptOf([[0, history({ flag: "closedOrError", file: null })], [200, event("Disconnected")]]);
  const asked = await watchPlan(octoprintRow, [{ transcript: quiet }]);
  const subscriptions = asked.said.filter((word) => word === "push subscribe").length;
  assert.ok(subscriptions >= 8 && subscriptions <= 14, `asked ${subscriptions} times in 230 s`);
  assert.deepEqual(asked.logged, []);

  const deaf = transcriptOf([[0, history(idle)], [200, event("Disconnected")]], { ends: "is silent" });
  const lost = await watchPlan(octoprintRow, [{ transcript: deaf }]);
  assert.match(lost.logged[0] ?? "", /says nothing any more/);
});

Deno.test("OctoPrint: before 1.8, which knows no subscriptions, it is asked for its version instead", async () => {
  const old = transcriptOf([[0, history(idle)], [100, event("Disconnected")]], { version: "1.7.3" });
  const { said } = await watchPlan(octoprintRow, [{ transcript: old }], { tailMilliseconds: 0 });
  assert.equal(
    said.filter((word) => word === "push subscribe").length,
    said.filter((word) => word === "push throttle").length,
  );
  assert.ok(said.includes("GET /api/version"));
});

Deno.test("OctoPrint: a session that has died is opened anew, on the same connection", async () => {
  const script: Script = [...begin, [8, { reauthRequired: { reason: "stale" } }], ...run(9, 12, moving), [
    12,
    event("PrintDone", stopped),
  ]];
  const { told, said } = await watchPlan(octoprintRow, [{ transcript: transcriptOf(script) }], { tailMilliseconds: 0 });
  assert.deepEqual(told.map(({ kind }) => kind), ["started", "finished"]);
  assert.equal(said.filter((word) => word === "push auth").length, 2);
  assert.equal(said.filter((word) => word === "push subscribe").length, 1);
});

Deno.test("OctoPrint: temperatures, progress and figures are reported in the domain's terms", async () => {
  const { reports } = await watchPlan(octoprintRow, [{ transcript: transcriptOf(begin) }]);
  const report = reports.find(({ progress }) => progress?.position?.bytes === 500);
  assert.deepEqual(report?.progress, {
    percent: 5,
    position: { bytes: 500, totalBytes: sizeBytes },
    elapsedSeconds: 10,
    remainingSeconds: 100,
  });
  assert.deepEqual(report?.temperatures, {
    nozzle: { celsius: 200.5, targetCelsius: 210 },
    bed: { celsius: 60, targetCelsius: 60 },
  });
  assert.deepEqual(report?.job, { kind: "printing", file: { path: "a.gcode", storage: "local", sizeBytes } });
});

const lines: readonly [line: string, expected: string | undefined][] = [
  ["Recv: echo:busy: paused for user", "waiting"],
  ["Recv: echo:busy: paused for input", "waiting"],
  ["Recv: echo:busy: processing", undefined],
  ["Recv: //action:out_of_filament T0", "runout"],
  ["Recv: //action:paused filament_runout 0", "runout"],
  ["Recv: // Filament Runout Detected!", "runout"],
  ["Recv: echo:Filament runout ON", undefined],
  ["Recv: echo:  M412 S1 ; Filament runout sensor", undefined],
  ["Recv: echo:Filament settings: Disabled", undefined],
  ["Send: M701 ; filament", undefined],
  ["Recv: //action:prompt_begin Insert filament", "prompt"],
  ["Send: N3 M117 Layer 3*7", "message"],
  ["Send: M117", undefined],
  ["filament", undefined],
  ["", undefined],
];
for (const [line, expected] of lines) {
  Deno.test(`parseTerminalLine() takes ${JSON.stringify(line)} for ${expected ?? "nothing"}`, () => {
    assert.equal(parseTerminalLine(line)?.kind, expected);
  });
}
