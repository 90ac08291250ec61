/**
 * Stories: what a printer reports when, and what its owner is told of it. The steps are those of the agent's watch loop.
 */
import { applyReport, passTime, restoreState } from "../../src/domain/apply_report.ts";
import type { Moment } from "../../src/domain/moment.ts";
import { shownFileName } from "../../src/domain/print_file.ts";
import { deriveEvents, type PrinterEvent, progressEvent } from "../../src/domain/printer_event.ts";
import { emptyState, type PrinterState, type Report } from "../../src/domain/printer_state.ts";
import { dueProgress, type ProgressPolicy } from "../../src/domain/progress.ts";

/** The instant at which stories begin, unless they say otherwise. */
export const storyBegins = Temporal.Instant.from("2026-11-23T20:00:00Z");

export interface Clock {
  /** Wall time at second 0. */
  readonly wall: Temporal.Instant;
  readonly bootId: string;
}

export type Step =
  | { readonly kind: "report"; readonly seconds: number; readonly report: Report }
  /** The agent dies and a new one reads what was stored. */
  | { readonly kind: "restart"; readonly seconds: number; readonly clock?: Clock }
  /** Somebody sets the clock. */
  | { readonly kind: "setClock"; readonly seconds: number; readonly wall: Temporal.Instant };

export function at(seconds: number, report: Report): Step {
  return { kind: "report", seconds, report };
}

export function restart(seconds: number, clock?: Clock): Step {
  return { kind: "restart", seconds, ...(clock ? { clock } : {}) };
}

export function setClock(seconds: number, wall: Temporal.Instant): Step {
  return { kind: "setClock", seconds, wall };
}

export interface StoryOptions {
  readonly policies?: readonly ProgressPolicy[];
  readonly clock?: Clock;
  /** The loop looks at the clock so often. */
  readonly tickSeconds?: number;
  /** It goes on so long after the last step. */
  readonly tailSeconds?: number;
}

export interface Told {
  readonly seconds: number;
  readonly event: PrinterEvent;
}

export interface Story {
  readonly told: readonly Told[];
  readonly state: PrinterState;
  /** Every state on the way, with the moment it was reached. */
  readonly states: readonly { readonly state: PrinterState; readonly now: Moment }[];
}

/** Plays the steps, with ticks between them. */
export function play(steps: readonly Step[], options: StoryOptions = {}): Story {
  const { policies = [], tickSeconds = 0.5, tailSeconds = 90 } = options;
  let clock = options.clock ?? { wall: storyBegins, bootId: "boot-1" };
  let state: PrinterState = emptyState;
  const told: Told[] = [];
  const states: { state: PrinterState; now: Moment }[] = [];
  const take = (seconds: number, change: (before: PrinterState, now: Moment) => PrinterState) => {
    const now = momentAt(seconds, clock);
    const before = state;
    const due = dueProgress(change(before, now), policies, now);
    const progress = due.rules.length ? progressEvent(due.state, due.rules, now) : undefined;
    state = due.state;
    states.push({ state, now });
    const events = [...deriveEvents(before, state, now), ...(progress ? [progress] : [])];
    told.push(...events.map((event) => ({ seconds, event })));
  };
  const tickUntil = (from: number, until: number) => {
    // Graces are short: long waits are looked at closely in the beginning only.
    for (let t = from + tickSeconds; t < until; t += t - from < 120 ? tickSeconds : 30) take(t, passTime);
  };
  let last = steps[0]?.seconds ?? 0;
  for (const step of steps) {
    tickUntil(last, step.seconds);
    last = step.seconds;
    if (step.kind === "report") {
      take(step.seconds, passTime);
      take(step.seconds, (before, now) => applyReport(before, step.report, now));
    } else if (step.kind === "setClock") {
      clock = { ...clock, wall: step.wall.subtract({ milliseconds: Math.round(step.seconds * 1000) }) };
    } else {
      clock = step.clock ?? clock;
      state = restoreState(storedAndRead(state), momentAt(step.seconds, clock));
    }
  }
  tickUntil(last, last + tailSeconds);
  return { told, state, states };
}

/** What is told, one line each: `paused filament_runout`, `failed: Thermal Runaway`, `progress 50 %`. */
export function story(steps: readonly Step[], options: StoryOptions = {}): string[] {
  return play(steps, options).told.map(({ event }) => eventLine(event));
}

/** The same with names of prints and seconds: `65 started cube`. */
export function timedStory(steps: readonly Step[], options: StoryOptions = {}): string[] {
  return play(steps, options).told.map(({ seconds, event }) => {
    const file = event.kind === "uploaded" ? event.file : event.job?.file;
    return `${seconds} ${eventLine(event)}${file ? ` ${shownFileName(file)}` : ""}`;
  });
}

export function eventLine(event: PrinterEvent): string {
  const words = "text" in event && event.text !== undefined ? `: ${event.text}` : "";
  switch (event.kind) {
    case "paused":
    case "needs_you":
      return `${event.kind} ${event.reason}${words}`;
    case "progress":
      return `progress ${Math.floor(event.facts.percent ?? NaN)} %`;
    case "online":
    case "offline":
      return `${event.kind}${event.job ? " in print" : ""}${words}`;
    default:
      return `${event.kind}${words}`;
  }
}

export function momentAt(seconds: number, clock: Clock = { wall: storyBegins, bootId: "boot-1" }): Moment {
  const milliseconds = Math.round(seconds * 1000);
  return { wall: clock.wall.add({ milliseconds }), bootId: clock.bootId, monotonicMilliseconds: milliseconds };
}

/** What a database makes of a state: text, read again. */
export function storedAndRead(state: PrinterState): PrinterState {
  return JSON.parse(
    JSON.stringify(state),
    (name, value) => name === "wall" && typeof value === "string" ? Temporal.Instant.from(value) : value,
  );
}
