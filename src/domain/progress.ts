/**
 * When a rule wants to hear of a print's progress, and what of it was told already.
 */
import { hasPassed, type Moment, secondsBetween } from "./moment.ts";
import {
  type ActiveJob,
  activeJob,
  type EndedJob,
  nearlyDonePercent,
  type PrinterState,
  type ToldProgress,
} from "./printer_state.ts";

export type ProgressStep =
  | { readonly kind: "percent"; readonly percent: number }
  | { readonly kind: "time"; readonly seconds: number }
  /** A share of the estimated time. */
  | { readonly kind: "timeShare"; readonly percent: number }
  | { readonly kind: "layers"; readonly layers: number }
  /** Once, so long before the end. */
  | { readonly kind: "beforeEnd"; readonly seconds: number };

export interface ProgressPolicy {
  /** The id of its rule; what was told is remembered under it, per job. */
  readonly rule: string;
  readonly every: ProgressStep;
  /** Never more often than this, nor earlier than this after the start. */
  readonly gapSeconds: number;
  /** Only for prints estimated longer than this. */
  readonly longerThanSeconds: number;
}

export interface DueProgress {
  /** With what is told now remembered. The same object when nothing changed. */
  readonly state: PrinterState;
  /** The rules to tell, by id. */
  readonly rules: readonly string[];
}

/** A job first seen so soon after its start, and so recently, is watched from its beginning. */
const beginningSeconds = 60;

/**
 * Which policies are due: each tells the newest milestone passed since the last one told, never an old one, never
 * 100 %. Where a job is met in its middle, what is found there is the baseline and not told.
 */
export function dueProgress(state: PrinterState, policies: readonly ProgressPolicy[], now: Moment): DueProgress {
  const job = activeJob(state);
  if (job?.kind !== "printing" || !job.isWatched || state.announcedPause || state.fault?.stage === "settling") {
    return { state, rules: [] };
  }
  const told = { ...job.told };
  const rules: string[] = [];
  for (const policy of policies) {
    const milestone = newestMilestone(job, policy.every, now);
    const last = told[policy.rule] ?? baseline(job, milestone, now);
    if (last === undefined) continue;
    told[policy.rule] = last;
    if (milestone === undefined || milestone <= last.milestone || !isWanted(job, policy, now)) continue;
    if (!hasPassed(policy.gapSeconds, last.at, now)) continue;
    told[policy.rule] = { milestone, at: now };
    rules.push(policy.rule);
  }
  const hasChanged = Object.entries(told).some(([rule, one]) => job.told[rule] !== one);
  return { state: hasChanged ? { ...state, job: { ...job, told } } : state, rules };
}

/** What counts as told at the first look. */
function baseline(job: ActiveJob, milestone: number | undefined, now: Moment): ToldProgress | undefined {
  const known = isWatchedFromStart(job, now) ? 0 : milestone;
  return known === undefined ? undefined : { milestone: known, at: job.startedAt ?? now };
}

function isWatchedFromStart({ startedAt, firstSeenAt }: ActiveJob, now: Moment): boolean {
  return startedAt !== undefined && !hasPassed(beginningSeconds, startedAt, firstSeenAt) &&
    !hasPassed(beginningSeconds, firstSeenAt, now);
}

function isWanted(job: ActiveJob, policy: ProgressPolicy, now: Moment): boolean {
  if ((job.percent ?? 0) >= nearlyDonePercent) return false; // the end will say it
  if (policy.longerThanSeconds <= 0) return true;
  const longest = Math.max(totalSeconds(job, now) ?? 0, elapsedSeconds(job, now) ?? 0);
  return longest > policy.longerThanSeconds;
}

/** The newest milestone reached, in the step's own unit; undefined while the measure is unknown. */
function newestMilestone(job: ActiveJob, every: ProgressStep, now: Moment): number | undefined {
  switch (every.kind) {
    case "percent":
      return lastMultiple(job.percent, every.percent);
    case "time":
      return lastMultiple(secondsBetween(job.startedAt ?? job.firstSeenAt, now), every.seconds);
    case "timeShare": {
      const [elapsed, total] = [elapsedSeconds(job, now), totalSeconds(job, now)];
      return elapsed === undefined || !total
        ? undefined
        : lastMultiple(Math.min(99.9, elapsed / total * 100), every.percent);
    }
    case "layers":
      return lastMultiple(job.layer, every.layers);
    case "beforeEnd": {
      const [remaining, total] = [remainingSeconds(job, now), totalSeconds(job, now)];
      if (remaining === undefined || total === undefined) return undefined;
      return remaining <= every.seconds && total > every.seconds ? 1 : 0;
    }
  }
}

function lastMultiple(value: number | undefined, step: number): number | undefined {
  return value === undefined || !(step > 0) ? undefined : Math.floor(value / step + 1e-9) * step;
}

/** Measured seconds since the start; the printer's own stopwatch where the start or the end was not seen. */
export function elapsedSeconds(job: ActiveJob | EndedJob, now: Moment): number | undefined {
  if (job.kind === "ended" && !job.isWatched) return job.elapsedSeconds;
  const until = job.kind === "ended" ? job.endedAt : now;
  const measured = job.startedAt && secondsBetween(job.startedAt, until);
  return measured !== undefined && measured >= 0 ? measured : job.elapsedSeconds;
}

/** The slicer's total, else what has passed and what is left; undefined while nobody knows. */
export function totalSeconds(job: ActiveJob, now: Moment): number | undefined {
  if (job.estimatedSeconds !== undefined) return job.estimatedSeconds;
  const [elapsed, remaining] = [elapsedSeconds(job, now), remainingSeconds(job, now)];
  return elapsed === undefined || remaining === undefined ? undefined : elapsed + remaining;
}

/** Below these a straight line through the past says nothing about the future. */
const linear = { leastPercent: 2, leastSeconds: 60 };

/** What the printer says, else the slicer's total less the time printed, else a straight line. */
export function remainingSeconds(job: ActiveJob, now: Moment): number | undefined {
  if (job.remainingSeconds !== undefined) return job.remainingSeconds;
  const elapsed = elapsedSeconds(job, now);
  if (elapsed === undefined) return undefined;
  const stood = job.pausedSeconds + (job.kind === "paused" ? secondsBetween(job.since, now) ?? 0 : 0);
  const printed = Math.max(0, elapsed - stood);
  if (job.estimatedSeconds !== undefined && job.estimatedSeconds > printed) return job.estimatedSeconds - printed;
  if (job.percent === undefined || job.percent < linear.leastPercent || printed < linear.leastSeconds) return undefined;
  return printed * (100 - job.percent) / job.percent;
}
