/**
 * Faults: the printer's first words are the reason, its repeats in other words belong to it, and a fatal one ends the job.
 */
import { stopByFault } from "./job_end.ts";
import { hasPassed, type Moment } from "./moment.ts";
import { known, without } from "./optional.ts";
import { withReason } from "./pause.ts";
import { activeJob, graceSeconds, type PrinterState, type Report } from "./printer_state.ts";

/** The printer restarted: whatever it did is over, and an earlier fault with it. */
export function applyRestart(
  before: PrinterState,
  restarted: NonNullable<Report["restarted"]>,
  now: Moment,
): PrinterState {
  const { fault } = before;
  const state = without(
    before,
    "attention",
    "announcedStart",
    "announcedPause",
    "announcedResume",
    "announcedCancel",
    "selectedFile",
    "fault",
  );
  if (fault?.stage === "settling") {
    const cause = { ...restarted, ...fault.restarted };
    return { ...state, fault: { ...fault, fatal: true, lastAt: now, restarted: cause } };
  }
  if (activeJob(state)) {
    return { ...state, fault: { since: now, lastAt: now, fatal: true, stage: "settling", restarted } };
  }
  return state.job === undefined ? { ...state, job: { kind: "none" } } : state;
}

/** A fault in the printer's words, or a job that has failed and whose reason may arrive one line later. */
export function applyFault(
  state: PrinterState,
  { text, fatal }: { text?: string; fatal: boolean },
  now: Moment,
): PrinterState {
  const before = state.fault;
  if (before?.stage === "settling") {
    const words = known({ text: before.text ?? text });
    return { ...state, fault: { ...before, ...words, fatal: before.fatal || fatal, lastAt: now } };
  }
  const endsJob = fatal && activeJob(state) !== undefined;
  const isRepeat = before && !endsJob && (before.fatal || before.text === text) &&
    !hasPassed(graceSeconds.repeat, before.lastAt, now);
  if (isRepeat) return { ...state, fault: { ...before, ...known({ text: before.text ?? text }), lastAt: now } };
  return { ...state, fault: { since: now, lastAt: now, ...known({ text }), fatal, stage: "settling" } };
}

/** After the grace a fault is a failed job, the reason of a pause, or an error of its own. */
export function settleFault(state: PrinterState, now: Moment): PrinterState {
  const { fault, announcedPause } = state;
  if (fault?.stage !== "settling" || !hasPassed(graceSeconds.fault, fault.since, now)) return state;
  const job = activeJob(state);
  if (job && fault.fatal) return stopByFault(state, fault, { job, now });
  if (job && announcedPause?.confirmedAt) {
    const because = withReason(announcedPause, { reason: "error", ...known({ text: fault.text }) });
    return { ...state, fault: { ...fault, stage: "pausedJob" }, announcedPause: because };
  }
  return { ...state, fault: { ...fault, stage: "error" } };
}
