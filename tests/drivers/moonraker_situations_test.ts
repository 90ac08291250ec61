/**
 * What the recordings of a real Moonraker taught (`facts/moonraker-lab.md`, ten lessons), each by name; situations that none of
 * them holds, said as Klipper would say them; and what the owner of many printers expects of a long run.
 */
import { deepEqual, equal, ok } from "node:assert/strict";
import type { PrinterEvent } from "../../src/domain/printer_event.ts";
import type { Report } from "../../src/domain/printer_state.ts";
import { printerOf } from "./conformance/moonraker.ts";
import { moonrakerRow } from "./conformance/moonraker.ts";
import { type Plan, toldAt, type Transcript, type Watched, watchPlan } from "./conformance/world.ts";
import type { RecordedMessage } from "../support/moonraker_replay.ts";

const named = (name: string): Transcript => {
  const found = moonrakerRow.transcripts.find((transcript) => transcript.name === `moonraker/${name}`);
  if (!found) throw new Error(`No transcript ${name}`);
  return found;
};
const play = (...plan: Plan[]): Promise<Watched> => watchPlan(moonrakerRow, plan);
const kinds = ({ told }: Watched) =>
  told.map((event) => [event.kind, event.reason ?? event.text].filter((word) => word !== undefined).join(": "));
const percents = ({ reports }: Watched) => reports.flatMap(({ progress }) => progress?.percent ?? []);

// -- said by hand -----------------------------------------------------------------------------------------------------

type Status = Record<string, Record<string, unknown>>;
type Said = Status | string | { readonly method: string; readonly params?: readonly unknown[] };

const standby = {
  webhooks: { state: "ready", state_message: "Printer is ready" },
  print_stats: { state: "standby", filename: "", total_duration: 0, print_duration: 0, filament_used: 0, message: "" },
  virtual_sdcard: { progress: 0, file_position: 0, file_size: 0 },
  display_status: { message: null },
  extruder: { temperature: 200, target: 205 },
};
const running = (seconds: number, changes: Record<string, unknown> = {}): Status => ({
  print_stats: { state: "printing", filename: "a.gcode", total_duration: seconds, print_duration: seconds, ...changes },
  virtual_sdcard: { progress: seconds / 1000, file_position: seconds * 100, file_size: 100_000 },
});
const state = (word: string, changes: Record<string, unknown> = {}): Status => ({
  print_stats: { state: word, ...changes },
});
const history = (action: string, job: Record<string, unknown>) => ({
  method: "notify_history_changed",
  params: [{ action, job: { job_id: "A1", filename: "a.gcode", status: "in_progress", total_duration: 0, ...job } }],
});

/** A conversation: the snapshot, then what is said at which second. A string is a line of the console. */
function conversation(
  first: Status,
  ...said: readonly (readonly [seconds: number, ...words: Said[]])[]
): Transcript {
  const question = (t: number, id: number, method: string) => ({ t, dir: "out", msg: { id, method } }) as const;
  const answer = (t: number, id: number, result: unknown) => ({ t, dir: "in", msg: { id, result } }) as const;
  const recording: RecordedMessage[] = [
    question(0, 1, "server.connection.identify"),
    answer(0, 1, {}),
    question(0, 2, "server.info"),
    answer(0, 2, { klippy_state: "ready" }),
    question(0, 3, "printer.objects.list"),
    answer(0, 3, { objects: [...Object.keys(standby), ...Object.keys(first)] }),
    question(0, 4, "printer.objects.subscribe"),
    answer(0, 4, { status: { ...standby, ...first } }),
    ...said.flatMap(([seconds, ...words]) =>
      words.map((word): RecordedMessage => ({ t: seconds * 1000, dir: "in", msg: messageOf(word) }))
    ),
  ];
  return {
    name: "said by hand",
    lengthMilliseconds: recording.at(-1)?.t ?? 0,
    expected: [],
    printer: (stretch) => printerOf(recording, stretch),
  };
}

function messageOf(said: Said): unknown {
  if (typeof said === "string") return { method: "notify_gcode_response", params: [said] };
  return typeof said["method"] === "string" ? said : { method: "notify_status_update", params: [said, 0] };
}

// -- the ten lessons --------------------------------------------------------------------------------------------------

Deno.test("lesson 1, museum: 38 a shutdown in the update that says paused, or soon after: failed with Klipper's words, no pause", async () => {
  for (const name of ["emergency_stop", "m112_in_file"]) {
    const { told } = await play({ transcript: named(name) });
    deepEqual(told.map(({ kind }) => kind), ["uploaded", "started", "failed"]);
  }
  const down = { webhooks: { state: "shutdown", state_message: "Lost communication with MCU 'mcu'\nOnce the…" } };
  const later = conversation({}, [1, running(0.1)], [9, running(8)], [10, state("paused")], [10.25, down]);
  deepEqual(kinds(await play({ transcript: later })), ["started", "failed: Lost communication with MCU 'mcu'"]);
});

Deno.test("lesson 2, museum: 40 Klipper restarted or killed in mid-print: failed, once it is seen again", async () => {
  for (const name of ["klippy_killed", "restart_while_printing"]) {
    const watched = await play({ transcript: named(name) });
    const failed = watched.events.find(({ kind }) => kind === "failed") as PrinterEvent;
    ok(toldAt(failed) >= 19_000, `${name}: not before Klipper is back`);
  }
});

Deno.test("lesson 2, museum: 40 the same, where only its return is announced; where only Moonraker had lost it, the print goes on", async () => {
  const ready = { method: "notify_klippy_ready" };
  const restarted = conversation({}, [1, running(0.1)], [9, running(8)], [20, standby, ready]);
  deepEqual(kinds(await play({ transcript: restarted })), ["started", "failed: the printer restarted"]);
  const away = { method: "notify_klippy_disconnected" };
  const goesOn = conversation({}, [1, running(0.1)], [9, running(8)], [20, away], [25, ready, running(24)], [
    60,
    state("complete"),
  ]);
  deepEqual(kinds(await play({ transcript: goesOn })), ["started", "finished"]);
});

Deno.test("lesson 2, museum: 08 the history says how a print ended that nobody saw end", async () => {
  const ends = { completed: "finished", cancelled: "cancelled", klippy_shutdown: "failed: Klipper shut down" };
  for (const [status, expected] of Object.entries(ends)) {
    const before = conversation({}, [1, running(0.1)], [1.02, history("added", {})], [9, running(8)]);
    const after = conversation({}, [0, history("finished", { status, total_duration: 70 })], [1, {}]);
    const watched = await play({ transcript: before }, { transcript: after, silentMilliseconds: 120_000 });
    deepEqual(kinds(watched).filter((word) => !/^o(n|ff)line/.test(word)), ["started", expected]);
  }
});

Deno.test("lesson 2, museum: 08 the same, where the next print runs already", async () => {
  const before = conversation({}, [1, running(0.1)], [1.02, history("added", {})], [9, running(8)]);
  const next = { job_id: "A2", filename: "b.gcode" };
  const after = conversation(
    running(50, { filename: "b.gcode" }),
    [0, history("finished", { status: "completed", total_duration: 70 }), history("added", next)],
    [1, running(51, { filename: "b.gcode" })],
  );
  const { told } = await play({ transcript: before }, { transcript: after, silentMilliseconds: 120_000 });
  const ofPrints = told.filter(({ kind }) => !/line$/.test(kind)).map(({ kind, file }) => `${kind} ${file}`);
  deepEqual(ofPrints, ["started a.gcode", "finished a.gcode", "started b.gcode"]);
});

Deno.test("lesson 2, museum: 08 Moonraker was killed in mid-print, and Klipper says how the print ended", async () => {
  const before = conversation({}, [1, running(0.1)], [1.02, history("added", {})], [9, running(8)]);
  const interrupted = history("finished", { status: "interrupted", total_duration: 9 });
  const ends = { complete: "finished", cancelled: "cancelled", error: "failed: Move out of range" };
  for (const [word, expected] of Object.entries(ends)) {
    const first = {
      ...running(70, { state: word, message: "Move out of range" }),
      display_status: { message: "Done" },
    };
    const after = conversation(first, [0, interrupted], [1, {}]);
    const watched = await play({ transcript: before }, { transcript: after, silentMilliseconds: 10_000 });
    deepEqual(kinds(watched), ["started", expected]);
  }
});

Deno.test("lesson 3, museum: 39 Moonraker restarted in mid-print: the print goes on under its name, and its true end is told", async () => {
  const { told, reports } = await play({ transcript: named("moonraker_restart") });
  deepEqual(told.map(({ kind }) => kind), ["uploaded", "started", "finished"]);
  const ids = reports.flatMap(({ job }) => job && "nativeId" in job && job.nativeId ? [job.nativeId] : []);
  equal(new Set(ids).size, 1);
});

Deno.test("lesson 4 the subscription dies with Klipper and is made anew; what is refused meanwhile is asked again", async () => {
  for (const name of ["restart_idle", "connect_while_klippy_down", "config_error", "klippy_killed"]) {
    const { said, reports } = await play({ transcript: named(name) });
    ok(
      said.filter((word) => word === "printer.objects.subscribe").length >= (name.startsWith("connect") ? 1 : 2),
      name,
    );
    equal(reports.at(-1)?.link?.kind, "online", name);
  }
});

Deno.test("lesson 5, museum: 41 a sensor that is empty in a first snapshot raises no alarm, nor explains a later pause", async () => {
  const empty = { "filament_switch_sensor runout": { filament_detected: false, enabled: true } };
  const full = { "filament_switch_sensor runout": { filament_detected: true } };
  const transcript = conversation(empty, [0.5, full], [1, running(0.1)], [9, running(8)], [10, state("paused")]);
  deepEqual(kinds(await play({ transcript })), ["started", "paused: unknown"]);
  const always = conversation(empty, [1, running(0.1)], [10, state("paused")]);
  deepEqual(kinds(await play({ transcript: always })), ["started", "paused: unknown"]);
});

Deno.test("lesson 6 progress is counted between the first and the last command, from 0, and never falls", async () => {
  for (const name of ["upload_print_complete", "pause_resume", "cancel"]) {
    const seen = percents(await play({ transcript: named(name) }));
    ok((seen[0] ?? 100) < 2, `${name} begins at ${seen[0]}`);
    deepEqual(seen, seen.toSorted((a, b) => a - b), name);
  }
  const whole = percents(await play({ transcript: named("upload_print_complete") }));
  ok((whole.at(-1) ?? 0) > 95);
});

Deno.test("lesson 6 a print without metadata is counted from where it was seen to begin", async () => {
  const at = (file_position: number) => ({ virtual_sdcard: { file_position, file_size: 100_000 } });
  const transcript = conversation(
    {},
    [1, { ...running(0.1), ...at(40_000) }],
    [10, { ...running(9), ...at(40_000) }],
    [20, { ...running(19), ...at(70_000) }],
    [30, running(29), at(100_000)],
  );
  const seen = percents(await play({ transcript }));
  deepEqual([...new Set(seen)], [0, 50, 100]);
});

Deno.test("lesson 7, museum: 09 the same file again is a new print, though no update repeats its name", async () => {
  const transcript = conversation(
    { ...state("complete", { filename: "a.gcode", total_duration: 900 }) },
    [2, "File opened:a.gcode Size:100000", "File selected"],
    [2.2, {
      print_stats: { state: "printing", total_duration: 0.1 },
      virtual_sdcard: { file_position: 10, file_size: 100_000 },
    }],
    [2.22, history("added", { job_id: "A7" })],
    [60, { print_stats: { state: "complete" } }],
    [61, { print_stats: { state: "printing", total_duration: 0.1 }, virtual_sdcard: { file_position: 10 } }],
    [61.1, history("added", { job_id: "A8" })],
    [90, { print_stats: { state: "complete" } }],
  );
  const { told } = await play({ transcript });
  deepEqual(told.map(({ kind, file }) => `${kind} ${file}`), [
    "started a.gcode",
    "finished a.gcode",
    "started a.gcode",
    "finished a.gcode",
  ]);
});

Deno.test("lesson 8, museum: 01 a cancel is told when it is done, once, and is no failure", async () => {
  for (const name of ["cancel", "pause_cancel", "idle_timeout_while_paused", "upload_while_printing"]) {
    equal(
      (await play({ transcript: named(name) })).told.filter(({ kind }) => /cancel|fail/.test(kind)).length,
      1,
      name,
    );
  }
});

Deno.test("lesson 8 a cancel whose macro clears the print at once is told by the history's word", async () => {
  const cleared = state("standby", { filename: "", total_duration: 0 });
  const ends = { cancelled: "cancelled", completed: "finished", error: "failed: Klipper reported an error" };
  for (const [status, expected] of Object.entries(ends)) {
    const transcript = conversation(
      {},
      [1, running(0.1)],
      [1.02, history("added", {})],
      [30, running(29)],
      [31, cleared],
      [31.02, history("finished", { status, total_duration: 30 })],
    );
    deepEqual(kinds(await play({ transcript })), ["started", expected]);
  }
  const silent = conversation({}, [1, running(0.1)], [30, running(29)], [31, cleared]); // a host without a history
  deepEqual(kinds(await play({ transcript: silent })), ["started", "cancelled"]);
});

Deno.test("lesson 9 an upload is told once, thumbnails and hidden files never", async () => {
  const change = (action: string, path: string, root = "gcodes") => ({
    method: "notify_filelist_changed",
    params: [{ action, item: { root, path, size: 1, modified: 1 } }],
  });
  const transcript = conversation(
    {},
    [1, change("create_file", "sub/a b.gcode"), change("create_file", "sub/.thumbs/a b-32x32.png")],
    [2, change("modify_file", "sub/a b.gcode"), change("create_file", ".trash/old.gcode")],
    [
      3,
      change("create_file", "printer.cfg", "config"),
      change("create_file", "notes.txt"),
      change("delete_file", "b.gcode"),
    ],
  );
  deepEqual((await play({ transcript })).told, [{ kind: "uploaded", file: "sub/a b.gcode" }]);
});

Deno.test("lesson 10 action lines without a print are no events, nor are those of a print that goes on", async () => {
  deepEqual(kinds(await play({ transcript: named("print_missing_file") })), ["error: Unable to open file"]);
  const lines = ["// action:paused", "// action:cancel", "// action:resumed", "// action:pause"];
  const transcript = conversation({}, [1, running(0.1)], [5, ...lines], [20, running(19)], [30, state("complete")]);
  deepEqual(kinds(await play({ transcript })), ["started", "finished"]);
});

// -- other situations -------------------------------------------------------------------------------------------------

Deno.test("museum: 10 moonraker-timelapse parks for a frame, however long it takes: no pause", async () => {
  const parked = (is_paused: boolean) => ({ "gcode_macro TIMELAPSE_TAKE_FRAME": { is_paused } });
  const transcript = conversation(
    parked(false),
    [1, running(0.1)],
    [10, { ...state("paused"), ...parked(true) }],
    [15, { ...state("printing"), ...parked(false) }],
    [20, { ...state("paused"), ...parked(true) }],
    [21, { ...state("printing"), ...parked(false) }],
    [30, state("paused")],
    [40, state("printing")],
    [50, state("complete")],
  );
  deepEqual(kinds(await play({ transcript })), ["started", "paused: unknown", "resumed", "finished"]);
});

Deno.test("museum: 25 Klipper shuts down while idle: told, in the first line of its words; then once more after a restart", async () => {
  const down = (text: string) => ({ webhooks: { state: "shutdown", state_message: `${text}\nOnce the underlying…` } });
  const transcript = conversation(
    {},
    [5, "// Klipper state: Shutdown", down("MCU 'mcu' shutdown: Timer too close"), {
      method: "notify_klippy_shutdown",
    }],
    [6, "!! MCU 'mcu' shutdown: Timer too close", "!! Printer is shutdown"],
    [90, "!! MCU 'mcu' shutdown: Timer too close"],
    [100, { method: "notify_klippy_disconnected" }],
    [103, { method: "notify_klippy_ready" }, standby],
    [110, down("Heater extruder not heating at expected rate")],
  );
  deepEqual(kinds(await play({ transcript })), [
    "error: MCU 'mcu' shutdown: Timer too close",
    "error: Heater extruder not heating at expected rate",
  ]);
});

Deno.test("a runout is named by its sensor, also when Klipper pauses long after it; filament taken out in a pause is none", async () => {
  const sensor = (filament_detected: boolean, enabled = true) => ({
    "filament_motion_sensor spool": { filament_detected, enabled },
  });
  const rows = [
    { said: [[10, sensor(false)], [200, state("paused")]], told: "paused: filament_runout" },
    { said: [[200, state("paused")], [201, sensor(false)]], told: "paused: filament_runout" },
    { said: [[200, state("paused")], [230, sensor(false)]], told: "paused: unknown" },
    { said: [[10, sensor(false)], [20, sensor(true)], [200, state("paused")]], told: "paused: unknown" },
    { said: [[10, sensor(false, false)], [200, state("paused")]], told: "paused: unknown" },
    { said: [[198, "// Filament runout detected"], [200, state("paused")]], told: "paused: filament_runout" },
  ] as const;
  for (const { said, told } of rows) {
    const transcript = conversation(sensor(true), [1, running(0.1)], ...said as unknown as [number, Said][]);
    deepEqual(kinds(await play({ transcript })), ["started", told]);
  }
});

Deno.test("a dialog of the front end in a print waits for somebody, once; one without a print does not", async () => {
  const dialog = [
    "// action:prompt_begin Change filament",
    "// action:prompt_text Load the blue one",
    "// action:prompt_button Done|RESUME",
    "// action:prompt_show",
  ];
  const paused = conversation(
    {},
    [1, ...dialog],
    [5, "// action:prompt_end"],
    [10, running(0.1)],
    [20, state("paused"), ...dialog],
    [60, "// action:prompt_end", state("printing")],
    [80, state("complete")],
  );
  deepEqual(kinds(await play({ transcript: paused })), ["started", "paused: waiting_for_user", "resumed", "finished"]);
  const moving = conversation({}, [10, running(0.1)], [20, ...dialog], [60, "// action:prompt_end"], [
    80,
    state("complete"),
  ]);
  deepEqual(kinds(await play({ transcript: moving })), ["started", "needs_you: waiting_for_user", "finished"]);
});

Deno.test("an error line whose print fails seconds later is its reason; one after which it goes on is an error; one that pauses, why", async () => {
  const failed = conversation({}, [1, running(0.1)], [20, "!! Move out of range"], [
    26,
    state("error", { message: "Move out of range" }),
  ]);
  deepEqual(kinds(await play({ transcript: failed })), ["started", "failed: Move out of range"]);
  const goesOn = conversation({}, [1, running(0.1)], [20, "!! Must home axis first"], [60, state("complete")]);
  deepEqual(kinds(await play({ transcript: goesOn })), ["started", "error: Must home axis first", "finished"]);
  const pauses = conversation({}, [1, running(0.1)], [20, "!! Nozzle is clogged"], [21, state("paused")]);
  deepEqual(kinds(await play({ transcript: pauses })), ["started", "paused: error"]);
});

Deno.test("messages of the G-code reach the owner in every way Klipper passes them on", async () => {
  const transcript = conversation(
    {},
    [1, { display_status: { message: "UserNotif Change the nozzle" } }],
    [2, "echo: MR_NOTIFY:Layer|Insert the magnets"],
    [3, "// UserNotif: Look at me"],
    [4, { display_status: { message: "Layer 2/10" } }, "echo: just an echo"],
  );
  const watched = await play({ transcript });
  deepEqual(kinds(watched), [
    "message: Change the nozzle",
    "message: Layer: Insert the magnets",
    "message: Look at me",
  ]);
  const shown = watched.events.filter((event) => event.kind === "message" && !event.marked);
  deepEqual(shown.map((event) => event.kind === "message" && event.text), ["Layer 2/10"]);
});

Deno.test("the measures of a print: layers, stopwatch, what is left by the slicer's estimate, filament used at its end", async () => {
  const { reports, events } = await play({ transcript: named("upload_print_complete") });
  const late = reports.findLast(({ progress }) => progress?.layer !== undefined)?.progress;
  deepEqual([late?.layer, late?.layers, late?.estimatedSeconds, late?.filamentMillimetres], [10, 10, 30, 19.8]);
  const started = events.find(({ kind }) => kind === "started");
  equal(started?.facts.estimatedSeconds, 30);
  const finished = events.find(({ kind }) => kind === "finished");
  ok(Math.abs((finished?.facts.filamentMillimetres ?? 0) - 19.8) < 0.01);
  ok(Math.abs((finished?.facts.filamentGrams ?? 0) - 0.08) < 0.001);
});

Deno.test("a silent Moonraker is asked whether it is there, and given up when it does not answer", async () => {
  const transcript = conversation({}, [1, running(0.1)]);
  const mute: Transcript = {
    ...transcript,
    printer(stretch) {
      const real = transcript.printer(stretch);
      return {
        ...real,
        async openMessages(address, signal) {
          const link = await real.openMessages(address, signal);
          return { ...link, send: (message) => stretch.now() > 5000 ? Promise.resolve() : link.send(message) };
        },
      };
    },
  };
  const { logged, told } = await watchPlan(moonrakerRow, [{ transcript: mute }], { tailMilliseconds: 90_000 });
  ok(logged.includes('Moonraker at "http://voron.test:7125" has stopped answering'), logged.join("\n"));
  deepEqual(told.map(({ kind }) => kind), ["started", "offline"]);
});

Deno.test("a printer at rest is reported every few seconds, a print's whole percents at once", async () => {
  const { reports } = await play({ transcript: named("idle") });
  const seconds = (named("idle").lengthMilliseconds + 30_000) / 1000;
  ok(reports.length >= seconds / 7 && reports.length <= seconds / 4, `${reports.length} reports in ${seconds} s`);
  const isOnline = ({ link }: Report) => link?.kind === "online";
  ok(reports.every(isOnline));
});
