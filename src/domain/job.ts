/**
 * What a printer says of its job: the same one, another one, none; and how far it is.
 */
import { endByFact, endJob, endReplacedJob, endVanishedJob } from "./job_end.ts";
import { addSeconds, hasPassed, type Moment } from "./moment.ts";
import { known, without } from "./optional.ts";
import { announcePause, applyMovement, pausedJob, resume } from "./pause.ts";
import { isSameFile } from "./print_file.ts";
import {
  type ActiveJob,
  activeJob,
  type EndedJob,
  graceSeconds,
  type JobNames,
  type JobProgress,
  type JobReport,
  type PastJob,
  type PrinterState,
  type PrintingJob,
  type Report,
  wobble,
} from "./printer_state.ts";

/** A job that was taken for running is over since a while, and its printer remembers how. */
export function applyPastJobs(state: PrinterState, past: readonly PastJob[], now: Moment): PrinterState {
  const job = activeJob(state);
  const end = past.find(({ nativeId }) => nativeId === job?.nativeId);
  return job && end ? endByFact(state, { job, outcome: end.outcome, now, ...known({ text: end.text }) }) : state;
}

interface Measured {
  readonly progress?: JobProgress;
  readonly now: Moment;
}

/** The job and its measures after a report. */
export function applyJob(state: PrinterState, { job: said, progress: unchecked }: Report, now: Moment): PrinterState {
  const progress = unchecked && withinBounds(unchecked);
  const measured = { now, ...known({ progress }) };
  if (said === undefined) { // a position alone may betray another job
    return progress && activeJob(state) ? applyActive(state, { kind: "active" }, measured) : state;
  }
  switch (said.kind) {
    case "none": {
      const job = activeJob(state);
      return clear(job ? endVanishedJob(state, { job, now }) : state);
    }
    case "ended":
      return applyEnd(state, said, measured);
    case "active":
    case "printing":
    case "paused":
      return isPastJob(state, said, progress) ? state : applyActive(state, said, measured);
  }
}

function applyActive(
  state: PrinterState,
  said: Exclude<JobReport, { kind: "none" | "ended" }>,
  { progress, now }: Measured,
): PrinterState {
  const job = activeJob(state);
  const next: PrinterState = job && isSameJob(job, said, { now, ...known({ progress }) })
    ? { ...state, job: { ...withNames(job, said), isWatched: true, seenAt: now } }
    : startJob(job ? endReplacedJob(state, { job, now }) : state, said, { now, ...known({ progress }) });
  const isAdopted = state.job === undefined && activeJob(next)?.startedAt === undefined;
  const phased = isAdopted ? adoptPhase(next, said, now) : applyPhase(next, said, now);
  return progress ? applyProgress(phased, progress, now) : phased;
}

/** Does it move or stand? */
function applyPhase(state: PrinterState, said: JobReport, now: Moment): PrinterState {
  const job = activeJob(state);
  if (said.kind === "paused") return announcePause(state, { ...said, isFact: true }, now);
  if (said.kind !== "printing") return state;
  return job?.kind === "paused" ? resume(state, job, now) : without(state, "announcedPause");
}

/** A pause met at the first look is no news. */
function adoptPhase(state: PrinterState, said: JobReport, now: Moment): PrinterState {
  const { job } = state;
  if (job?.kind !== "printing" || said.kind !== "paused") return state;
  const why = { since: now, reason: said.reason ?? "unknown", ...known({ text: said.text }) };
  return { ...state, job: pausedJob(job, { ...why, stoodStill: false }) };
}

/** The printer has no job: whatever it says of one from now on is another one. */
function clear(state: PrinterState): PrinterState {
  if (state.job === undefined) return { ...state, job: { kind: "none" } };
  if (state.job.kind !== "ended" || state.job.isCleared) return state;
  return { ...state, job: { ...state.job, isCleared: true } };
}

// -- the same or another ---------------------------------------------------------------------------------------------

function isSameJob(job: ActiveJob, said: JobNames, { progress, now }: Measured): boolean {
  if (job.nativeId !== undefined && said.nativeId !== undefined) {
    return job.nativeId === said.nativeId && !reusesId(job, said, progress);
  }
  const { position, elapsedSeconds, percent } = progress ?? {};
  const hasBegun = Math.max(job.percent ?? 100, percent ?? 0) >= 1;
  if (said.begins && hasBegun && hasPassed(graceSeconds.begins, job.firstSeenAt, now)) return false;
  if (job.file && said.file && !isSameFile(job.file, said.file)) return false;
  if (job.position) {
    return !position || job.position.totalBytes === position.totalBytes && position.bytes >= job.position.bytes;
  }
  if (job.elapsedSeconds !== undefined && elapsedSeconds !== undefined) {
    return elapsedSeconds >= job.elapsedSeconds - wobble.seconds;
  }
  return job.isWatched || job.percent === undefined || percent === undefined || percent >= job.percent - wobble.percent;
}

/**
 * Late words about the job that has just ended, until the printer says that it has none: its id does not come back
 * (but {@link reusesId}), and a new print begins neither standing still nor where the old one ended.
 */
function isPastJob(state: PrinterState, said: JobReport & JobNames, progress: JobProgress | undefined): boolean {
  const past = state.job;
  if (past?.kind !== "ended" || said.begins) return false;
  if (past.nativeId !== undefined && said.nativeId !== undefined) {
    return past.nativeId === said.nativeId && !reusesId(past, said, progress);
  }
  if (past.isCleared || state.announcedStart || state.selectedFile) return false;
  if (past.file && said.file && !isSameFile(past.file, said.file)) return false;
  if (said.kind === "paused") return true;
  const [ended, present] = [past.position, progress?.position];
  if (!ended || !present) return false;
  return present.totalBytes === ended.totalBytes && present.bytes >= ended.bytes;
}

/** Some printers count their prints anew after a power cut: another file from its beginning, or a cleared one's again. */
function reusesId(job: ActiveJob | EndedJob, said: JobNames, progress: JobProgress | undefined): boolean {
  const isOtherFile = job.file !== undefined && said.file !== undefined && !isSameFile(job.file, said.file);
  const isCleared = job.kind === "ended" && job.isCleared === true;
  if (!isOtherFile && !isCleared) return false;
  const hasFallen = (before: number | undefined, now: number | undefined, wobble: number) =>
    before !== undefined && now !== undefined && now < before - wobble;
  return hasFallen(job.percent, progress?.percent, wobble.percent) ||
    hasFallen(job.elapsedSeconds, progress?.elapsedSeconds, wobble.seconds);
}

function startJob(before: PrinterState, said: JobNames, { progress, now }: Measured): PrinterState {
  const { announcedStart, job: past, selectedFile } = before;
  const state = without(before, "announcedStart", "announcedResume", "announcedCancel", "attention");
  const isFirstLook = past === undefined && !said.begins && !announcedStart;
  const startedAt = announcedStart ?? addSeconds(now, -(progress?.elapsedSeconds ?? 0));
  const number = state.jobNumber + 1;
  const job: PrintingJob = {
    kind: "printing",
    id: `${number}-${now.wall.epochMilliseconds.toString(36)}`,
    ...known({ nativeId: said.nativeId, file: said.file ?? selectedFile?.file }),
    ...(isFirstLook ? {} : { startedAt }),
    firstSeenAt: now,
    seenAt: now,
    movedAt: now,
    isWatched: true,
    pausedSeconds: 0,
    stoodStill: false,
    grown: 0,
    told: {},
  };
  // A fault that has been told belongs to the past; one that settles may well end this job.
  const present = state.fault?.stage === "settling" ? state : without(state, "fault");
  return { ...present, job, jobNumber: number, ...(past?.kind === "ended" ? { previousJob: past } : {}) };
}

function withNames(job: ActiveJob, said: JobNames): ActiveJob {
  const file = said.file ? { ...job.file, ...said.file } : job.file;
  return { ...job, ...known({ file, nativeId: said.nativeId }) };
}

// -- ends ------------------------------------------------------------------------------------------------------------

function applyEnd(state: PrinterState, said: JobReport & { kind: "ended" }, { progress, now }: Measured): PrinterState {
  const job = activeJob(state);
  const { previousJob } = state;
  const isLate = previousJob?.nativeId !== undefined && previousJob.nativeId === said.nativeId;
  if (job && isLate && job.nativeId !== said.nativeId) return state;
  const ending = { outcome: said.outcome, now, ...known({ text: said.text }) };
  if (job && isOtherJob(job, said)) {
    return applyEnd(endReplacedJob(state, { job, now }), said, { now, ...known({ progress }) });
  }
  if (job) return endByFact(state, { ...ending, job: withLastMeasures(withNames(job, said), progress, now) });
  const isFirstLook = state.job === undefined && !state.announcedStart;
  if (!isFirstLook && !isMissedJob(state, said)) return state;
  const started = startJob(state, said, { now, ...known({ progress }) });
  const missed = activeJob(started);
  if (!missed) return started;
  const end = isFirstLook ? endJob : endByFact; // a printer that sits in its last end is no news
  return end({ ...started, ...known({ fault: state.fault }) }, {
    ...ending,
    job: withLastMeasures(missed, progress, now),
  });
}

function isOtherJob(job: ActiveJob, said: JobNames): boolean {
  if (job.nativeId !== undefined && said.nativeId !== undefined) return job.nativeId !== said.nativeId;
  return job.file !== undefined && said.file !== undefined && !isSameFile(job.file, said.file);
}

/** Whether an end is news of a job that was never seen running, and not the printer sitting in an old end. */
function isMissedJob({ job, announcedStart, selectedFile }: PrinterState, said: JobNames): boolean {
  if (announcedStart) return true;
  if (job?.kind !== "ended") return Boolean(selectedFile ?? said.file ?? said.nativeId);
  if (said.nativeId !== undefined && job.nativeId !== undefined) return said.nativeId !== job.nativeId;
  return said.file !== undefined && job.file !== undefined && !isSameFile(said.file, job.file);
}

/** With what the printer says at the end; a stopwatch last seen long before it says nothing of the whole. */
function withLastMeasures(job: ActiveJob, progress: JobProgress | undefined, now: Moment): ActiveJob {
  const isFresh = job.isWatched || !hasPassed(graceSeconds.endSeen, job.seenAt, now);
  const fresh = isFresh ? job : forgetStopwatch(job);
  return progress ? withMeasures(fresh, progress) : fresh;
}

function forgetStopwatch({ elapsedSeconds: _, ...job }: ActiveJob): ActiveJob {
  return job;
}

// -- progress --------------------------------------------------------------------------------------------------------

function applyProgress(state: PrinterState, said: JobProgress, now: Moment): PrinterState {
  const job = activeJob(state);
  if (!job) return state;
  const measured = withMeasures(job, said);
  const hasGrown = (said.position?.bytes ?? -1) > (job.position?.bytes ?? Infinity);
  const stands = said.position !== undefined && said.position.bytes === job.position?.bytes;
  const hasMoved = hasGrown || (measured.percent ?? 0) > (job.percent ?? Infinity);
  const moved: ActiveJob = {
    ...measured,
    ...(hasMoved ? { movedAt: now } : {}),
    grown: hasGrown ? job.grown + 1 : stands ? 0 : job.grown,
    stoodStill: job.stoodStill || (job.kind === "paused" && stands),
    isWatched: true,
    seenAt: now,
  };
  return applyMovement({ ...state, job: moved }, said, { hasGrown, now });
}

/** The percentage has one source: the position, until the printer states one itself. */
function withMeasures(job: ActiveJob, said: JobProgress): ActiveJob {
  const source = said.percent !== undefined ? "printer" : job.percentSource ?? (said.position ? "position" : undefined);
  const read = source === "position" && said.position ? shareOf(said.position) : undefined;
  return { ...job, ...said, ...known({ percentSource: source, percent: said.percent ?? read }) };
}

function withinBounds(said: JobProgress): JobProgress {
  const { percent, ...measures } = known(said);
  return percent === undefined ? measures : { ...measures, percent: Math.min(100, Math.max(0, percent)) };
}

function shareOf({ bytes, totalBytes }: NonNullable<JobProgress["position"]>): number | undefined {
  return totalBytes > 0 ? Math.min(100, bytes / totalBytes * 100) : undefined;
}
