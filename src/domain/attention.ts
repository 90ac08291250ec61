/**
 * Waits for a human: one, however often the printer repeats it, told by the pause that goes with it or by itself.
 */
import { hasPassed, type Moment } from "./moment.ts";
import { without } from "./optional.ts";
import { announcePause, withReason } from "./pause.ts";
import { activeJob, graceSeconds, isNeed, type PrinterState, type Report } from "./printer_state.ts";

export function applyAttention(
  state: PrinterState,
  { attention: said, job: saidJob, restarted }: Report,
  { isFirstLook, now }: { isFirstLook: boolean; now: Moment },
): PrinterState {
  if (!said) return state;
  if (said.kind === "over") return without(state, "attention");
  const { kind: _, ...why } = said;
  const job = activeJob(state);
  const waiting = without(state, "announcedResume");
  const known = state.attention;
  if (known) {
    const isAlone = !isCoveredBy(state) && !state.announcedPause;
    const paused = isAlone ? waiting : announcePause(waiting, { ...why, isFact: true }, now);
    return { ...paused, attention: withReason(known, why) };
  }
  if (isFirstLook) return { ...state, attention: { ...why, since: now, isCovered: true } };
  const isCovered = isCoveredBy(state);
  const speaksOfMotion = saidJob?.kind === "printing"; // it waits and says that it prints: no pause
  const isPause = job?.kind === "paused" ? isCovered : !speaksOfMotion;
  const paused = isPause ? announcePause(waiting, { ...why, isFact: true }, now) : waiting;
  const mayBePause = job !== undefined || state.announcedStart !== undefined || restarted !== undefined;
  return {
    ...paused,
    attention: { ...why, since: now, isCovered, ...(mayBePause && !isCovered ? { isSettling: true } : {}) },
  };
}

/** After the grace a wait that no pause speaks of is told by itself. */
export function settleAttention(state: PrinterState, now: Moment): PrinterState {
  const { attention } = state;
  if (!attention?.isSettling) return state;
  const isLost = state.link?.kind !== "online" || state.link.lost !== undefined;
  const isCovered = isCoveredBy(state);
  if (!isCovered) {
    if (isLost || state.announcedPause?.confirmedAt || state.fault?.stage === "settling") return state;
    if (!hasPassed(graceSeconds.pause, attention.since, now)) return state;
  }
  return { ...state, attention: { ...without(attention, "isSettling"), isCovered } };
}

/** Whether the pause has called for somebody already. */
function isCoveredBy({ job }: PrinterState): boolean {
  return job?.kind === "paused" && isNeed(job.reason);
}
