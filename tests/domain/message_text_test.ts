import assert from "node:assert/strict";
import {
  composeMessage,
  durationText,
  lateLine,
  type Lateness,
  type MessageContext,
  percentText,
} from "../../src/domain/message_text.ts";
import type { Moment } from "../../src/domain/moment.ts";
import type { PrinterEvent } from "../../src/domain/printer_event.ts";

const at = moment("2026-11-23T17:20:00Z", 1000);

function moment(wall: string, monotonicSeconds: number, bootId = "boot"): Moment {
  return { wall: Temporal.Instant.from(wall), bootId, monotonicMilliseconds: monotonicSeconds * 1000 };
}

const context: MessageContext = { printer: "MK4", agent: { name: "workshop" }, timezone: "Europe/Berlin", now: at };
const job = { id: "1", file: { path: "boats/benchy.gcode" } };
const half = { percent: 50.4, remainingSeconds: 34 * 60, layer: 62, layers: 125, elapsedSeconds: 2040 };

const lines: readonly (readonly [PrinterEvent, string])[] = [
  [{ at, facts: {}, kind: "uploaded", file: { path: "boats/benchy.gcode" } }, "MK4: benchy was uploaded"],
  [{ at, job, facts: { estimatedSeconds: 4320 }, kind: "started" }, "MK4: benchy started, about 1 h 12 min"],
  [{ at, job, facts: {}, kind: "started" }, "MK4: benchy started"],
  [{ at, facts: {}, job: { id: "1" }, kind: "started" }, "MK4: the print started"],
  [{ at, job, facts: half, kind: "progress", rules: ["r"] }, "MK4: benchy 50 %, 34 min left"],
  [{ at, job, facts: half, kind: "paused", reason: "user" }, "MK4: benchy paused at 50 %"],
  [{ at, job, facts: half, kind: "paused", reason: "unknown" }, "MK4: benchy paused at 50 %"],
  [
    { at, job, facts: half, kind: "paused", reason: "filament_runout" },
    "MK4 needs you: filament ran out (benchy, 50 %)",
  ],
  [
    { at, job, facts: half, kind: "paused", reason: "waiting_for_user", text: "Insert green filament" },
    'MK4 needs you: "Insert green filament" (benchy, 50 %)',
  ],
  [{ at, facts: {}, kind: "needs_you", reason: "waiting_for_user" }, "MK4 needs you: it waits for you"],
  [{ at, job, facts: half, kind: "resumed", pausedSeconds: 720 }, "MK4: benchy resumed after 12 min"],
  [{ at, job, facts: { percent: 100, elapsedSeconds: 4320 }, kind: "finished" }, "MK4: benchy finished in 1 h 12 min"],
  [{ at, job, facts: half, kind: "cancelled" }, "MK4: benchy cancelled at 50 %"],
  [
    { at, job, facts: half, kind: "failed", text: "Thermal Runaway, system stopped! Heater_ID: E0" },
    "MK4: benchy failed at 50 %: Thermal Runaway, system stopped! Heater_ID: E0",
  ],
  [{ at, job, facts: half, kind: "ended", lastSeenAt: at }, "MK4: benchy ended while I could not see it"],
  [
    { at, facts: {}, kind: "error", text: "Lost communication with MCU 'mcu'" },
    "MK4: error: Lost communication with MCU 'mcu'",
  ],
  [{ at, job, facts: half, kind: "offline", since: at }, "MK4: lost sight of it while printing benchy (50 %)"],
  [{ at, facts: {}, kind: "offline", since: at }, "MK4 is offline"],
  [{ at, job, facts: { percent: 63 }, kind: "online", awaySeconds: 720 }, "MK4 is back, benchy at 63 %"],
  [{ at, facts: {}, kind: "message", text: "Change the nozzle now", marked: true }, "MK4: Change the nozzle now"],
  [{ at, facts: {}, kind: "test" }, "Test from Filagram: this is how messages of MK4 reach you"],
];

for (const [event, line] of lines) {
  Deno.test(`composeMessage() says of ${event.kind}: ${line}`, () => {
    assert.equal(composeMessage(event, context).firstLine, line);
  });
}

Deno.test("museum: 02 what is unknown is left out, and the message goes out", () => {
  const bare: PrinterEvent = { at, job: { id: "1" }, facts: {}, kind: "finished" };
  const message = composeMessage(bare, context);
  assert.equal(message.firstLine, "MK4: the print finished");
  assert.deepEqual(message.facts, []);
});

Deno.test("composeMessage() keeps the subject of a job constant, so that its mails thread", () => {
  const subjects = lines.filter(([event]) => event.job?.file).map(([event]) => composeMessage(event, context).subject);
  assert.deepEqual([...new Set(subjects)], ["[MK4] benchy"]);
});

Deno.test("composeMessage() puts the push body without the printer's name", () => {
  const body = (event: PrinterEvent) => composeMessage(event, context).body;
  assert.equal(body({ at, job, facts: {}, kind: "finished" }), "Benchy finished");
  assert.equal(body({ at, facts: {}, kind: "online" }), "Is back");
});

Deno.test("composeMessage() shows arrival in the owner's time zone, with the day where it is another", () => {
  const ready = (remainingSeconds: number) =>
    composeMessage({ at, job, facts: { remainingSeconds }, kind: "started" }, context).facts[0]?.value;
  assert.equal(ready(3600), "19:20");
  assert.equal(ready(8 * 3600), "02:20, Tuesday 24 November");
});

interface LateRow {
  readonly what: string;
  readonly at: Moment;
  readonly now: Moment;
  readonly keptBy?: Lateness["keptBy"];
  readonly line: string | undefined;
}

const threeHoursLater = moment("2026-11-23T20:20:00Z", 1000 + 3 * 3600);
const beforeTheClock = moment("1970-01-01T00:05:00Z", 300);
const tomorrow = moment("2026-11-24T06:00:00Z", 60, "next boot");

const lateRows: readonly LateRow[] = [
  { what: "nothing in time", at, now: moment("2026-11-23T17:21:59Z", 1119), line: undefined },
  {
    what: "nothing in time, however often it was tried",
    at,
    now: moment("2026-11-23T17:21:00Z", 1060),
    keptBy: { kind: "channel", tries: 4 },
    line: undefined,
  },
  { what: "when it happened", at, now: threeHoursLater, line: "Happened at 18:20, told late." },
  {
    what: "how long the network was away",
    at,
    now: threeHoursLater,
    keptBy: { kind: "network" },
    line: "Happened at 18:20, told late: no network for 3 h.",
  },
  {
    what: "how often it was tried",
    at,
    now: threeHoursLater,
    keptBy: { kind: "channel", tries: 17 },
    line: "Happened at 18:20, told late: 17 tries before this failed.",
  },
  {
    what: "on which day, and that the board restarted",
    at,
    now: tomorrow,
    keptBy: { kind: "network" },
    line: "Happened at 18:20, Monday 23 November, told late: no network, and a restart in between.",
  },
  {
    what: "the true time of a boot whose clock was set later",
    at: beforeTheClock,
    now: moment("2026-11-23T20:20:00Z", 300 + 3600),
    line: "Happened at 20:20, told late.",
  },
  {
    what: "how long ago while the clock is not set",
    at: beforeTheClock,
    now: moment("1970-01-01T01:05:00Z", 3900),
    line: "Happened 1 h ago, told late.",
  },
  {
    what: "that the time is unknown when a boot never had a clock",
    at: beforeTheClock,
    now: tomorrow,
    keptBy: { kind: "network" },
    line: "Told late: no network, and a restart in between; when it happened is not known: the clock was not set then.",
  },
];

for (const { what, line, at, now, keptBy } of lateRows) {
  Deno.test(`lateLine() says ${what}`, () => {
    assert.equal(lateLine({ at, now, timezone: "Europe/Berlin", ...(keptBy ? { keptBy } : {}) }), line);
  });
}

Deno.test("museum: 18 a file name cannot break the line", () => {
  const event: PrinterEvent = {
    at,
    job: { id: "1", file: { path: "a\r\nBcc: x@y\u2028z.gcode" } },
    facts: {},
    kind: "finished",
  };
  const { firstLine, subject } = composeMessage(event, context);
  assert.equal(firstLine, "MK4: a Bcc: x@y z finished");
  assert.doesNotMatch(subject, /[\r\n\u2028]/);
});

Deno.test("durationText() says times as people do", () => {
  const told = [0, 40, 59.6, 90, 3599, 3600, 3900, 4320, 172_800, 183_600].map(durationText);
  assert.deepEqual(told, ["0 s", "40 s", "1 min", "2 min", "1 h", "1 h", "1 h 05 min", "1 h 12 min", "2 d", "2 d 3 h"]);
});

Deno.test("percentText() never rounds up to an end that has not come", () => {
  assert.deepEqual([0, 25, 99.99, 100, 140, -3].map(percentText), ["0 %", "25 %", "99 %", "100 %", "100 %", "0 %"]);
});

Deno.test("composeMessage() says of a failure when the last progress was, if it had stood still", () => {
  const stillSince = moment("2026-11-23T17:18:00Z", 880);
  const failed = { at, job, facts: { ...half, stillSince }, kind: "failed", text: "gone" } satisfies PrinterEvent;
  const rows = composeMessage(failed, context).facts;
  assert.deepEqual(rows.find(({ label }) => label === "last progress"), { label: "last progress", value: "18:18" });
  const { facts } = composeMessage({ ...failed, facts: half }, context);
  assert.equal(facts.find(({ label }) => label === "last progress"), undefined);
});
