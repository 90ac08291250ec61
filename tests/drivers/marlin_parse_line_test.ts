import { deepEqual, equal, ok } from "node:assert/strict";
import fc from "fast-check";
import type { MarlinLine } from "../../src/drivers/marlin/marlin_line.ts";
import { parseLine } from "../../src/drivers/marlin/parse_line.ts";
import { markedText } from "../../src/protocols/marked_text.ts";
import { waitText } from "../../src/drivers/marlin/texts.ts";
import { readRecording } from "../support/replay.ts";

const nozzleAndBed = {
  kind: "temperatures",
  temperatures: { nozzle: { celsius: 200.5, targetCelsius: 200 }, bed: { celsius: 60, targetCelsius: 60 } },
} as const;

const table: Record<string, MarlinLine | undefined> = {
  "ok": { kind: "ok" },
  "ok P15 B3": { kind: "ok" },
  "ok N123 P15 B3": { kind: "ok" },
  "ok 12": { kind: "ok" },
  "ok T:200.50 /200.00 B:60.00 /60.00 @:64 B@:32": { kind: "ok", rest: nozzleAndBed },
  " T:200.50 /200.00 B:60.00 /60.00 @:64 B@:32 W:?": nozzleAndBed,
  "T:200.5 /200 B:60 /60 B@:30 @:127": nozzleAndBed,
  "T: 200.5 / 200 B: 60 / 60": nozzleAndBed,
  "T:200.5/200.0 B:60.0/60.0 X:40.00/36.00 A:45.1/0 @:0": {
    kind: "temperatures",
    temperatures: { ...nozzleAndBed.temperatures, ambient: { celsius: 45.1, targetCelsius: 0 } },
  },
  "T:25.1 /0.0 B:25.0 /0.0 T0:25.1 /0.0 @:0 B@:0 P:0.0 A:30.1": {
    kind: "temperatures",
    temperatures: {
      nozzle: { celsius: 25.1, targetCelsius: 0 },
      bed: { celsius: 25, targetCelsius: 0 },
      probe: { celsius: 0 },
      ambient: { celsius: 30.1 },
    },
  },
  "ok B:22.0 /0.0 T0:22.0 /0.0 T1:-15.00 /0.00": {
    kind: "ok",
    rest: {
      kind: "temperatures",
      temperatures: {
        bed: { celsius: 22, targetCelsius: 0 },
        nozzle: { celsius: 22, targetCelsius: 0 },
        nozzle1: { celsius: -15, targetCelsius: 0 },
      },
    },
  },
  "T:inf": undefined,
  "wait": { kind: "chatter" },
  "start": { kind: "booted" },
  "start now": undefined,
  " External Reset": { kind: "bootCause", cause: "External Reset" },
  "echo:busy: processing": { kind: "busy", isWaiting: false },
  "busy: paused for input": { kind: "busy", isWaiting: true },
  "SD printing byte 1234/56789": { kind: "position", position: { bytes: 1234, totalBytes: 56789 } },
  "SD printing byte x/y": undefined,
  "Not SD printing.": { kind: "notPrinting" },
  "SD print is paused at 12/34": { kind: "paused" },
  "Print saved": { kind: "paused", isStreamed: true },
  "File opened:box_ok.gcode Size:12060": { kind: "fileOpened", path: "box_ok.gcode", sizeBytes: 12060 },
  "File opened: /FOLDER/A B.GCO Size: 9": { kind: "fileOpened", path: "/FOLDER/A B.GCO", sizeBytes: 9 },
  "Current file: CUBE~1.GCO Cube big.gcode": {
    kind: "currentFile",
    path: "CUBE~1.GCO",
    displayName: "Cube big.gcode",
  },
  "Current file: (no file)": { kind: "chatter" },
  "Done printing file": { kind: "ended", outcome: "finished" },
  "Finished printing file 0:/gcodes/a.gcode, print time was 1h 2m": {
    kind: "ended",
    outcome: "finished",
    path: "0:/gcodes/a.gcode",
    elapsedSeconds: 3720,
  },
  "SD print stopped by user.": { kind: "ended", outcome: "cancelled" },
  "echo:Print time: 1h 2m 3s": { kind: "printTime", seconds: 3723 },
  "echo: M73 Progress: 50%; Time left: 10m;": {
    kind: "progress",
    dialect: "m73",
    progress: { percent: 50, remainingSeconds: 600 },
  },
  " M73 Progress: 25%; Time left: 43m; Change: 12m;": {
    kind: "progress",
    dialect: "m73",
    progress: { percent: 25, remainingSeconds: 2580 },
  },
  "NORMAL MODE: Percent done: 10; print time remaining in mins: -1; Change in mins: -1": {
    kind: "progress",
    dialect: "normal",
    progress: { percent: 10 },
  },
  "file: /sd/a.gcode, 12 % complete, elapsed time: 00:01:02, est time: 00:07:30": {
    kind: "progress",
    dialect: "smoothie",
    path: "/sd/a.gcode",
    progress: { percent: 12, elapsedSeconds: 62, remainingSeconds: 450 },
  },
  "//action:paused filament_runout 0": { kind: "action", verb: "paused", words: "filament_runout 0" },
  "// action:Pause": { kind: "action", verb: "pause", words: "" },
  "echo://both": { kind: "echo", text: "//both" },
  "echo://action:pause": { kind: "echo", text: "//action:pause" },
  "//actionenotification x": { kind: "comment", text: "actionenotification x" },
  "Error:Thermal Runaway, system stopped! Heater_ID: E0": {
    kind: "fault",
    text: "Thermal Runaway, system stopped! Heater_ID: E0",
    fatal: true,
  },
  "Error:!! KILL caused by KILL button/pin": {
    kind: "fault",
    text: "KILL caused by KILL button/pin",
    fatal: true,
  },
  "!! MCU 'mcu' shutdown: Timer too close": {
    kind: "fault",
    text: "MCU 'mcu' shutdown: Timer too close",
    fatal: true,
  },
  "!! Must home axis first": { kind: "fault", text: "Must home axis first", fatal: false },
  "!!": { kind: "halted" },
  "fatal:Heater/sensor error - Printer stopped": {
    kind: "fault",
    text: "Heater/sensor error - Printer stopped",
    fatal: true,
  },
  "echo:M112 Shutdown": { kind: "fault", text: "M112 Shutdown", fatal: true },
  "Error:checksum mismatch, Last Line: 2": { kind: "chatter" },
  "Error:No Checksum with line number, Last Line: 0": { kind: "chatter" },
  "Error:Homing Failed": { kind: "fault", text: "Homing Failed", fatal: false },
  "Resend: 3": { kind: "chatter" },
  'echo:Unknown command: "M27"': { kind: "unknownCommand", command: "M27" },
  '// Unknown command:"M155"': { kind: "unknownCommand", command: "M155" },
  "// Klipper state: Shutdown": { kind: "klipperState", state: "Shutdown" },
  "Cap:AUTOREPORT_TEMP:1": { kind: "capability", name: "AUTOREPORT_TEMP", isOn: true },
  "FIRMWARE_NAME: RepRapFirmware for Duet 3 MB6HC FIRMWARE_VERSION: 3.5.3 ELECTRONICS: Duet 3": {
    kind: "identity",
    firmware: "RepRapFirmware for Duet 3 MB6HC",
    version: "3.5.3",
  },
  "ok FIRMWARE_NAME:Klipper FIRMWARE_VERSION:v0.13.0-730": {
    kind: "ok",
    rest: { kind: "identity", firmware: "Klipper", version: "v0.13.0-730" },
  },
  "echo:UserNotif Change the nozzle now": { kind: "message", text: "Change the nozzle now" },
  "//action:notification $MR$:Hello|the body": { kind: "message", text: "Hello: the body" },
  "MR_NOTIFY:only a title": { kind: "message", text: "only a title" },
  "// [ESP600]text": { kind: "message", text: "text" },
  '{"key":"state.status","flags":"v","result":"processing"}': {
    kind: "model",
    model: { status: "processing", progress: {} },
  },
  "{broken": undefined,
  "": undefined,
  "   ": undefined,
  "\u0001\u0002garbage": undefined,
};

for (const [line, expected] of Object.entries(table)) {
  Deno.test(`parseLine(${JSON.stringify(line)})`, () => deepEqual(parseLine(line), expected));
}

Deno.test("parseLine() is total on anything", () => {
  fc.assert(fc.property(fc.string({ unit: "binary" }), (line) => {
    parseLine(line);
  }));
  const begins = Object.keys(table);
  fc.assert(fc.property(fc.constantFrom(...begins), fc.string(), fc.nat(40), (begin, rest, cut) => {
    parseLine(begin.slice(0, cut) + rest);
  }));
});

Deno.test("parseLine() reads 500,000 lines in a second, printing and heating", () => {
  const lines = readRecording("tests/transcripts/marlin/sd_list_and_print.jsonl").filter(({ dir }) => dir === "rx")
    .map(({ text }) => text);
  const rounds = Math.ceil(200_000 / lines.length);
  for (const line of lines) parseLine(line); // once, to warm up
  let best = Infinity;
  for (let attempt = 0; attempt < 5; attempt++) {
    const began = performance.now();
    for (let round = 0; round < rounds; round++) for (const line of lines) parseLine(line);
    best = Math.min(best, performance.now() - began);
  }
  const perSecond = rounds * lines.length / best * 1000;
  ok(perSecond > 250_000, `${Math.round(perSecond)} lines in a second`); // half of the aim: tests share their machine
});

Deno.test("waitText() gives what helps and leaves out the firmware's own terms", () => {
  equal(waitText("Insert filament and send M108"), "Insert filament");
  equal(waitText("Insert filament and press button"), "Insert filament");
  equal(waitText("Load Filament T0"), "Load Filament");
  equal(waitText("Change the plate"), "Change the plate");
  equal(waitText("Insert green filament"), "Insert green filament");
  equal(waitText("Heater Timeout"), "The nozzle has cooled down, heat it again");
  for (
    const text of [
      "Nozzle Parked",
      "Pause",
      "Paused",
      "Resuming",
      "Resuming SD",
      "M0 Stop",
      "Reheating…",
      "Reheat Done",
      "Print Paused",
      "Send M108 to resume",
      "Press button to resume",
      "FilamentRunout T0",
      "",
    ]
  ) equal(waitText(text), undefined, text);
});

Deno.test("markedText() knows the marked dialects, and no others", () => {
  equal(markedText("UserNotif: text"), "text");
  equal(markedText("UserNotifications are off"), undefined);
  equal(markedText("M117 $MR$:a|b|c"), "a: b|c");
  equal(markedText("MR_NOTIFY:"), undefined);
  equal(markedText("Printing..."), undefined);
});
