/** Who wants which events. */
import assert from "node:assert/strict";
import type { EventKind, PrinterEvent } from "../../src/domain/printer_event.ts";
import { type PauseReason } from "../../src/domain/printer_state.ts";
import { defaultRule, isUrgent, matchingRules, type Rule } from "../../src/domain/rule.ts";
import { momentAt } from "./story.ts";

const happened = { at: momentAt(0), facts: {} };
const inPrint = { ...happened, job: { id: "1-a" } };

function rule(when: readonly EventKind[], more: Partial<Rule> = {}): Rule {
  return { id: "r", when, picture: "auto", gapSeconds: 0, longerThanSeconds: 0, ...more };
}
const paused = (reason: PauseReason): PrinterEvent => ({ ...inPrint, kind: "paused", reason });
const message = (marked: boolean): PrinterEvent => ({ ...happened, kind: "message", text: "x", marked });

const rows: readonly { name: string; event: PrinterEvent; rule: Rule; isWanted: boolean; tellsDisplayText?: true }[] = [
  { name: "its kind", event: { ...inPrint, kind: "started" }, rule: rule(["started"]), isWanted: true },
  { name: "another kind", event: { ...inPrint, kind: "started" }, rule: rule(["finished"]), isWanted: false },
  { name: "its printer", event: paused("user"), rule: rule(["paused"], { printers: ["MK4"] }), isWanted: true },
  { name: "another printer", event: paused("user"), rule: rule(["paused"], { printers: ["MINI"] }), isWanted: false },
  ...(["filament_runout", "waiting_for_user", "error", "unknown"] as const).map((reason) => ({
    name: `needs_you selects a pause by ${reason}`,
    event: paused(reason),
    rule: rule(["needs_you"]),
    isWanted: true,
  })),
  ...(["user", "gcode"] as const).map((reason) => ({
    name: `needs_you does not select a pause by ${reason}`,
    event: paused(reason),
    rule: rule(["needs_you"]),
    isWanted: false,
  })),
  {
    name: "a wait is no pause",
    event: { ...inPrint, kind: "needs_you", reason: "error" },
    rule: rule(["paused"]),
    isWanted: false,
  },
  {
    name: "progress of this rule",
    event: { ...inPrint, kind: "progress", rules: ["r"] },
    rule: rule(["progress"]),
    isWanted: true,
  },
  {
    name: "progress of another rule",
    event: { ...inPrint, kind: "progress", rules: ["q"] },
    rule: rule(["progress"]),
    isWanted: false,
  },
  {
    name: "a test of progress",
    event: { ...inPrint, kind: "progress", rules: [], isTest: true },
    rule: rule(["progress"]),
    isWanted: true,
  },
  { name: "a plain test", event: { ...happened, kind: "test" }, rule: rule([]), isWanted: true },
  { name: "a marked message", event: message(true), rule: rule(["message"]), isWanted: true },
  { name: "a display text", event: message(false), rule: rule(["message"]), isWanted: false },
  {
    name: "a display text, asked for",
    event: message(false),
    rule: rule(["message"]),
    isWanted: true,
    tellsDisplayText: true,
  },
  {
    name: "offline in a print, by default",
    event: { ...inPrint, kind: "offline", since: momentAt(0) },
    rule: defaultRule,
    isWanted: true,
  },
  {
    name: "offline without a print, by default",
    event: { ...happened, kind: "offline", since: momentAt(0) },
    rule: defaultRule,
    isWanted: false,
  },
  { name: "online in a print, by default", event: { ...inPrint, kind: "online" }, rule: defaultRule, isWanted: true },
  {
    name: "online without a print, by default",
    event: { ...happened, kind: "online" },
    rule: defaultRule,
    isWanted: false,
  },
  { name: "online, asked for", event: { ...happened, kind: "online" }, rule: rule(["online"]), isWanted: true },
  { name: "resumed, by default", event: { ...inPrint, kind: "resumed" }, rule: defaultRule, isWanted: false },
  {
    name: "progress, by default",
    event: { ...inPrint, kind: "progress", rules: [] },
    rule: defaultRule,
    isWanted: false,
  },
];
for (const { name, event, rule, isWanted, tellsDisplayText } of rows) {
  Deno.test(`matchingRules(): ${name}: ${isWanted ? "yes" : "no"}`, () => {
    const found = matchingRules(event, "MK4", { rules: [rule], tellsDisplayText: tellsDisplayText ?? false });
    assert.deepEqual(found, isWanted ? [rule] : []);
  });
}

Deno.test("matchingRules() keeps the order of the settings and matches an event of two words once per rule", () => {
  const [a, b, c] = [
    rule(["paused", "needs_you"], { id: "a" }),
    rule(["failed"], { id: "b" }),
    rule(["needs_you"], { id: "c" }),
  ];
  assert.deepEqual(matchingRules(paused("error"), "MK4", { rules: [c, b, a], tellsDisplayText: false }), [c, a]);
});

Deno.test("isUrgent() is for what is worth waking somebody for", () => {
  const kinds: readonly PrinterEvent[] = [
    { ...inPrint, kind: "failed" },
    { ...inPrint, kind: "error", text: "x" },
    { ...inPrint, kind: "needs_you", reason: "waiting_for_user" },
    { ...inPrint, kind: "offline", since: momentAt(0) },
    paused("filament_runout"),
  ];
  assert.ok(kinds.every(isUrgent));
  assert.ok(
    ![
      paused("user"),
      { ...inPrint, kind: "finished" } as const,
      { ...inPrint, kind: "ended", lastSeenAt: momentAt(0) } as const,
    ].some(isUrgent),
  );
});
