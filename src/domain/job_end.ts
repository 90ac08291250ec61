/**
 * How a job ends: once, as exactly one outcome. A stop by a fault dominates, a cancel is no failure.
 */
import { hasPassed, type Moment } from "./moment.ts";
import { known, without } from "./optional.ts";
import { movingAgain } from "./pause.ts";
import {
  type ActiveJob,
  type EndedJob,
  type Fault,
  graceSeconds,
  nearlyDonePercent,
  type Outcome,
  type PrinterState,
} from "./printer_state.ts";

export interface Ending {
  readonly job: ActiveJob;
  readonly outcome: Outcome;
  readonly text?: string;
  readonly now: Moment;
}

/** The printer says how its job ended; what came before may know better. */
export function endByFact(state: PrinterState, ending: Ending): PrinterState {
  const { outcome, text, job, now } = ending;
  const { fault } = state;
  const settling = fault?.stage === "settling" ? fault : undefined;
  if (settling && hasCause(settling) && outcome !== "finished" && (settling.fatal || outcome === "failed")) {
    return stopByFault(state, settling, { job, now });
  }
  if (outcome !== "failed") return endJob(state, ending);
  if (state.announcedCancel) return endJob(state, { job, now, outcome: "cancelled" });
  const recent = fault && !hasPassed(graceSeconds.repeat, fault.lastAt, now) ? fault.text : undefined;
  const since = settling?.since ?? now;
  const failure: Fault = { since, lastAt: now, fatal: true, stage: "settling", ...known({ text: text ?? recent }) };
  return failure.text === undefined ? { ...state, fault: failure } : stopByFault(state, failure, { job, now });
}

/** The printer has no job any more and does not say why. */
export function endVanishedJob(state: PrinterState, { job, now }: { job: ActiveJob; now: Moment }): PrinterState {
  const { fault } = state;
  if (state.announcedCancel) return endByFact(state, { job, now, outcome: "cancelled" });
  if (fault?.stage === "settling") return stopByFault(state, fault, { job, now });
  const silent = job.isWatched ? "cancelled" : "ended";
  return endJob(state, { job, now, outcome: isNearlyDone(job) ? "finished" : silent });
}

/** Another job has taken its place. */
export function endReplacedJob(state: PrinterState, { job, now }: { job: ActiveJob; now: Moment }): PrinterState {
  const { fault } = state;
  if (fault?.stage === "settling" && fault.fatal) return stopByFault(state, fault, { job, now });
  const unknown = state.announcedCancel ? "cancelled" : "ended";
  return endJob(state, { job, now, outcome: isNearlyDone(job) ? "finished" : unknown });
}

/** The job failed, with the fault's words as its reason. */
export function stopByFault(
  state: PrinterState,
  fault: Fault,
  { job, now }: { job: ActiveJob; now: Moment },
): PrinterState {
  if (state.announcedCancel && !hasCause(fault)) return endJob(state, { job, now, outcome: "cancelled" });
  const failed: PrinterState = { ...state, fault: { ...fault, fatal: true, stage: "failedJob" } };
  return endJob(failed, { job, now, outcome: "failed", ...known({ text: fault.text ?? restartText(fault) }) });
}

/** Whether more is known than that the job has failed. */
function hasCause(fault: Fault): boolean {
  return fault.text !== undefined || fault.restarted !== undefined;
}

function restartText({ restarted }: Fault): string | undefined {
  return restarted && `the printer restarted${restarted.cause ? ` (${restarted.cause})` : ""}`;
}

/** Where the printer reads in its file says it best; a slicer's percentage may lag behind. */
function isNearlyDone({ position, percent }: ActiveJob): boolean {
  const read = position && position.totalBytes > 0 ? position.bytes / position.totalBytes * 100 : percent;
  return (read ?? 0) >= nearlyDonePercent;
}

/** The end itself; what was announced is over with it. */
export function endJob(before: PrinterState, { job, outcome, text, now }: Ending): PrinterState {
  const isWordless = before.fault?.stage === "settling" && before.fault.text === undefined;
  const state = without(
    isWordless ? without(before, "fault") : before,
    "announcedPause",
    "announcedResume",
    "announcedCancel",
    "announcedStart",
    "selectedFile",
    "attention",
  );
  const ended: EndedJob = {
    ...(job.kind === "paused" ? movingAgain(job, now) : job),
    kind: "ended",
    outcome,
    endedAt: now,
    isWatched: job.isWatched || !hasPassed(graceSeconds.endSeen, job.seenAt, now),
    ...(outcome === "finished" ? { percent: 100 } : {}),
    ...known({ text }),
  };
  return { ...state, job: ended };
}
