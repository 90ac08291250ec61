import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import { type Command, commands, CommandWriter, wakeUp } from "../../src/drivers/marlin/commands.ts";
import { marlin } from "../../src/drivers/marlin/marlin.ts";
import { type RecordedLine, replay, type ReplayOptions, said } from "../support/replay.ts";

/** A board that answers: what it says to each command before its `ok`. */
function board(answers: Partial<Record<string, readonly string[]>>): NonNullable<ReplayOptions["answer"]> {
  return (command) => {
    const lines = answers[command];
    if (!lines) return [`echo:Unknown command: "${command}"`, "ok"];
    return lines.at(-1)?.startsWith("ok") ? lines : [...lines, "ok"];
  };
}

const cold = ["ok T:20.0 /0.0 B:20.0 /0.0"];

async function written(
  answers: Partial<Record<string, readonly string[]>>,
  { lines = [], seconds = 60 }: { lines?: RecordedLine[]; seconds?: number } = {},
): Promise<readonly string[]> {
  return (await replay(marlin, lines, { answer: board(answers), tailSeconds: seconds })).written;
}

Deno.test("the list of commands asks, and does nothing", () => {
  deepEqual(commands, [
    "M115",
    "M105",
    "M27",
    "M27 C",
    "M155 S5",
    "M27 S5",
    'M409 K"state.status" F"v"',
    'M409 K"job" F"d5v"',
    "M408 S2",
    "progress",
  ]);
  equal(wakeUp, "\nM115\n");
});

Deno.test("nothing that is not on the list can be written", async () => {
  const bytes: Uint8Array[] = [];
  await using writer = new CommandWriter({
    writable: new WritableStream({ write: (chunk: Uint8Array) => void bytes.push(chunk) }),
  });
  for (const evil of ["M104 S200", "M105\nM112", "M27 S0", ""]) {
    await rejects(writer.send(evil as Command), /not on the list/);
  }
  deepEqual(bytes, []);
  await writer.send("M105");
  equal(new TextDecoder().decode(bytes[0]), "M105\n");
});

Deno.test("no other file of the driver touches the way to the printer", () => {
  const folder = "src/drivers/marlin";
  const touching = [...Deno.readDirSync(folder)].map(({ name }) => name)
    .filter((name) => /\bwritable\b|getWriter|\.write\(/.test(Deno.readTextFileSync(`${folder}/${name}`)));
  deepEqual(touching, ["commands.ts"]);
});

Deno.test("a board with automatic reports is asked for them once, and then left alone", async () => {
  const sent = await written({
    "M115": ["FIRMWARE_NAME:Marlin 2.1.2 X", "Cap:AUTOREPORT_TEMP:1", "Cap:AUTOREPORT_SD_STATUS:1", "Cap:SDCARD:1"],
    "M105": cold,
    "M27": ["Not SD printing"],
    "M155 S5": [],
    "M27 S5": [],
  }, {
    lines: said(...Array.from({ length: 10 }, (_, n) => [10 + 5 * n, " T:20 /0 B:20 /0", "Not SD printing"] as const)),
    seconds: 1,
  });
  deepEqual(sent.slice(0, 5), ["M115", "M155 S5", "M27 S5", "M27", "M105"]);
  ok(sent.length <= 8, sent.join());
});

Deno.test("a board without them is asked every 5 s", async () => {
  const sent = await written({ "M115": ["FIRMWARE_NAME:Marlin 1.1.9"], "M105": cold, "M27": ["Not SD printing"] });
  const count = (command: string) => sent.filter((line) => line === command).length;
  ok(count("M105") >= 9 && count("M105") <= 12, sent.join());
  ok(count("M27") >= 9 && count("M27") <= 12, sent.join());
});

Deno.test("nothing is said in the first 3 s, or until a restarted board is quiet", async () => {
  const options = { answer: board({}), tailSeconds: 0.4 };
  deepEqual((await replay(marlin, said([2.5, " T:20 /0"]), options)).written, []);
  deepEqual((await replay(marlin, said([0.5, "start"], [1, "echo:SD card ok"]), options)).written, []);
  equal(
    (await replay(marlin, said([0.5, "start"], [1, "echo:SD card ok"]), { ...options, tailSeconds: 2 })).written[0],
    "M115",
  );
});

Deno.test("a command that is unknown there is not sent again", async () => {
  const sent = await written({ "M115": ["FIRMWARE_NAME:Marlin 2.1.2"], "M105": cold }); // no card reader: no M27
  equal(sent.filter((line) => line.startsWith("M27")).length, 1);
});

Deno.test("a board without a card reader is known to have no job: a wait there is told", async () => {
  const { told } = await replay(marlin, said([30, "echo:busy: paused for user"], [32, "echo:busy: paused for user"]), {
    answer: board({ "M115": ["FIRMWARE_NAME:Marlin 2.1.2", "Cap:SDCARD:0"], "M105": cold }),
  });
  deepEqual(told, [{ kind: "needs_you", reason: "waiting_for_user" }]);
});

Deno.test("Klipper is asked neither for automatic reports nor for long names", async () => {
  const sent = await written({
    "M115": ["ok FIRMWARE_NAME:Klipper FIRMWARE_VERSION:v0.13.0"],
    "M105": ["ok B:20 /0 T0:20 /0"],
    "M27": ["SD printing byte 100/1000"],
  });
  deepEqual([...new Set(sent)].sort(), ["M105", "M115", "M27"]);
});

Deno.test("Marlin is asked for the long name of its print, once", async () => {
  let bytes = 100;
  const { told, written: sent } = await replay(
    marlin,
    said([20, "File opened: CUBE~1.GCO Size: 1000", "File selected"]),
    {
      answer: (command) =>
        command === "M115"
          ? ["FIRMWARE_NAME:Marlin 2.1.2", "Cap:SDCARD:1", "ok"]
          : command === "M27"
          ? [sent0() ? `SD printing byte ${++bytes}/1000` : "Not SD printing", "ok"]
          : command === "M27 C"
          ? ["Current file: CUBE~1.GCO cube big.gcode", "ok"]
          : cold,
    },
  );
  deepEqual(told, [{ kind: "started", file: "cube big.gcode" }]);
  equal(sent.filter((line) => line === "M27 C").length, 1);
});

let asked = 0;
/** True from the fifth question on. */
function sent0(): boolean {
  return ++asked > 4;
}

Deno.test("RepRapFirmware is asked for its object model", async () => {
  const sent = await written({
    "M115": ["FIRMWARE_NAME: RepRapFirmware for Duet 3 FIRMWARE_VERSION: 3.5.3 ELECTRONICS: Duet 3"],
    "M105": cold,
    'M409 K"state.status" F"v"': ['{"key":"state.status","flags":"v","result":"processing"}'],
    'M409 K"job" F"d5v"': [
      '{"key":"job","flags":"d5v","result":{"file":{"fileName":"0:/gcodes/a.gcode","size":1000}}}',
    ],
  });
  ok(sent.includes('M409 K"job" F"d5v"'));
  ok(!sent.includes("M27"));
});

Deno.test("Smoothieware is asked for the name and times of its print", async () => {
  const sent = await written({
    "M115": ["FIRMWARE_NAME:Smoothieware, FIRMWARE_URL:x"],
    "M105": cold,
    "M27": ["SD printing byte 100/1000"],
    "progress": ["file: /sd/a.gcode, 12 % complete, elapsed time: 00:01:02, est time: 00:07:30"],
  });
  ok(sent.includes("progress"));
});

Deno.test("one question at a time: the next one waits for the answer", async () => {
  const { written: sent } = await replay(marlin, [], { tailSeconds: 25 }); // nobody answers
  deepEqual(sent, ["M115"]);
});

Deno.test("a board is asked again soon after its last keep-alive, and not before", async () => {
  const answers = { "M115": ["FIRMWARE_NAME:Marlin 2.1.2", "Cap:SDCARD:1"], "M105": cold, "M27": ["Not SD printing"] };
  const lines = said([30, "echo:busy: paused for user"], [32, "echo:busy: paused for user"]);
  const asked = async (seconds: number) => (await written(answers, { lines, seconds })).length;
  equal(await asked(4), await asked(1), "a board that is busy is left alone");
  ok(await asked(8) > await asked(4), "a free one is not");
});
