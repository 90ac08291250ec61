/**
 * Pauses: said, confirmed by a fact, over. A stop in the same moment dominates; parking for a frame is none.
 */
import { hasPassed, type Moment, secondsBetween } from "./moment.ts";
import { known, without } from "./optional.ts";
import {
  activeJob,
  type AnnouncedPause,
  graceSeconds,
  growthsAgainstPause,
  type JobProgress,
  type PausedJob,
  type PauseReason,
  type PrinterState,
  type PrintingJob,
} from "./printer_state.ts";

interface Why {
  readonly reason?: PauseReason;
  readonly text?: string;
}

/** A pause is said. `isFact`: it is one, by what the printer states; else it waits for a fact. */
export function announcePause(state: PrinterState, said: Why & { isFact?: boolean }, now: Moment): PrinterState {
  const job = activeJob(state);
  if (job?.kind === "paused") {
    const still = said.isFact ? without(state, "announcedResume") : state;
    return { ...still, job: { ...withReason(job, said), reason: betterReason(job.reason, said.reason) ?? job.reason } };
  }
  if (!job && !state.announcedStart) return state;
  const before: AnnouncedPause = state.announcedPause ?? { since: now, grown: 0 };
  const pause = withReason(before, said);
  // A runout is named by the printer's own sensor: with a job beside it, it needs no second witness.
  const isConfirmed = said.isFact || pause.reason === "filament_runout";
  return { ...state, announcedPause: isConfirmed ? { ...pause, confirmedAt: before.confirmedAt ?? now } : pause };
}

export function announceResume(before: PrinterState, now: Moment): PrinterState {
  const state = without(before, "announcedPause");
  const job = activeJob(state);
  if (job?.kind === "paused") return { ...state, announcedResume: state.announcedResume ?? now };
  return !job && state.selectedFile ? { ...state, announcedStart: now } : state;
}

/** After the grace a confirmed pause is one, and later also one that nothing has contradicted. */
export function settlePause(state: PrinterState, now: Moment): PrinterState {
  const job = activeJob(state);
  const said = state.announcedPause;
  if (job?.kind !== "printing" || !said || state.fault?.stage === "settling") return state;
  const isUncontradicted = said.grown === 0 && hasPassed(graceSeconds.unconfirmedPause, said.since, now);
  const isDue = said.confirmedAt ? hasPassed(graceSeconds.pause, said.since, now) : isUncontradicted;
  if (!isDue) return state;
  const { reason, text } = state.attention ? withReason(said, state.attention) : said;
  const stoodStill = said.hasStood === true && said.grown === 0;
  const why = { since: said.since, reason: reason ?? "unknown", ...known({ text }) };
  return { ...without(state, "announcedPause"), job: pausedJob(job, { ...why, stoodStill }) };
}

export function pausedJob(
  job: PrintingJob,
  { since, reason, text, stoodStill }: { since: Moment; reason: PauseReason; text?: string; stoodStill: boolean },
): PausedJob {
  return { ...job, kind: "paused", since, reason, ...known({ text }), stoodStill, grown: 0 };
}

export function settleResume(state: PrinterState, now: Moment): PrinterState {
  const job = activeJob(state);
  if (job?.kind !== "paused" || !state.announcedResume) return state;
  return hasPassed(graceSeconds.resume, state.announcedResume, now) ? resume(state, job, now) : state;
}

export function resume(state: PrinterState, job: PausedJob, now: Moment): PrinterState {
  const moving = { ...movingAgain(job, now), movedAt: now };
  return { ...without(state, "announcedResume", "attention", "announcedPause"), job: moving };
}

/** The job without its pause, the time it stood still counted. */
export function movingAgain({ since, reason: _1, text: _2, ...job }: PausedJob, now: Moment): PrintingJob {
  const pausedSeconds = job.pausedSeconds + (secondsBetween(since, now) ?? 0);
  return { ...job, kind: "printing", pausedSeconds, stoodStill: false, grown: 0 };
}

/** Positions are the facts beside what was announced: the same again confirms a pause, growth contradicts it. */
export function applyMovement(
  state: PrinterState,
  { position }: JobProgress,
  { hasGrown, now }: { hasGrown: boolean; now: Moment },
): PrinterState {
  const job = activeJob(state);
  if (job?.kind === "paused") {
    const isBelieved = job.stoodStill || state.announcedResume !== undefined || job.grown >= growthsAgainstPause;
    return hasGrown && isBelieved ? resume(state, job, now) : state;
  }
  const said = state.announcedPause;
  if (!said || !position) return state;
  if (said.positionBytes === position.bytes) {
    return { ...state, announcedPause: { ...said, confirmedAt: said.confirmedAt ?? now, hasStood: true } };
  }
  const grown = said.grown + (hasGrown ? 1 : 0);
  if (grown >= growthsAgainstPause) return without(state, "announcedPause");
  return { ...state, announcedPause: { ...said, positionBytes: position.bytes, grown } };
}

const reasonRank: Record<PauseReason, number> = {
  unknown: 0,
  user: 1,
  gcode: 1,
  waiting_for_user: 2,
  error: 3,
  filament_runout: 4,
};

export function betterReason(before: PauseReason | undefined, said: PauseReason | undefined): PauseReason | undefined {
  if (before === undefined || said === undefined) return before ?? said;
  return reasonRank[said] > reasonRank[before] ? said : before;
}

/** With the better of two reasons and the first words. */
export function withReason<T extends Why>(before: T, said: Why): T {
  return { ...before, ...known({ reason: betterReason(before.reason, said.reason), text: before.text ?? said.text }) };
}
