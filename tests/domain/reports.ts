/**
 * Reports as drivers state them, for tests: one word each.
 */
import type { JobNames, JobProgress, Outcome, PauseReason, Report } from "../../src/domain/printer_state.ts";

export const benchy = { path: "benchy.gcode" };
export const cube = { path: "cube.gcode" };

export const online: Report = { link: { kind: "online" } };
export const idle: Report = { link: { kind: "online" }, job: { kind: "none" } };
export const lost: Report = { link: { kind: "lost", reason: "unplugged" } };

export function printing(percent?: number, names: JobNames = { file: benchy }): Report {
  return { job: { kind: "printing", ...names }, ...(percent === undefined ? {} : { progress: { percent } }) };
}

export function begins(names: JobNames = { file: benchy }): Report {
  return { job: { kind: "printing", begins: true, ...names } };
}

export function paused(reason?: PauseReason, names: JobNames = { file: benchy }): Report {
  return { job: { kind: "paused", ...names, ...(reason ? { reason } : {}) } };
}

export function ended(outcome: Outcome, text?: string, names: JobNames = { file: benchy }): Report {
  return { job: { kind: "ended", outcome, ...names, ...(text ? { text } : {}) } };
}

/** As Marlin says it: `SD printing byte 400/1000`. */
export function position(bytes: number, totalBytes = 1_000_000, progress: JobProgress = {}): Report {
  return { job: { kind: "active" }, progress: { ...progress, position: { bytes, totalBytes } } };
}

export function waiting(reason: PauseReason, text?: string): Report {
  return { attention: { kind: "waiting", reason, ...(text ? { text } : {}) } };
}
export const waitIsOver: Report = { attention: { kind: "over" } };

export function fatal(text: string): Report {
  return { fault: { text, fatal: true } };
}
export function fault(text: string): Report {
  return { fault: { text, fatal: false } };
}
