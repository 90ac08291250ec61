/**
 * All facts known of a printer. Drivers state facts as a {@link Report}; this folder alone decides what they mean.
 */
import type { FileRef } from "./print_file.ts";
import type { Moment } from "./moment.ts";

/** Why a print stands still. */
export type PauseReason = "user" | "filament_runout" | "waiting_for_user" | "gcode" | "error" | "unknown";
/** How a print is over; `ended` = over, nobody knows how. */
export type Outcome = "finished" | "cancelled" | "failed" | "ended";

export interface Temperature {
  readonly celsius: number;
  readonly targetCelsius?: number;
}
/** Keys are `nozzle`, `nozzle1` …, `bed`, `chamber`. */
export type Temperatures = Readonly<Record<string, Temperature>>;

/** What one printer says about its job in one report. */
export type JobReport =
  /** It has no job. How an earlier one ended is not known from this. */
  | { readonly kind: "none" }
  /** It has a job; whether it moves or stands still shows in its position. */
  | JobNames & { readonly kind: "active" }
  | JobNames & { readonly kind: "printing" }
  | JobNames & { readonly kind: "paused"; readonly reason?: PauseReason; readonly text?: string }
  | JobNames & { readonly kind: "ended"; readonly outcome: Outcome; readonly text?: string };

export interface JobNames {
  /** The printer's own id of this print, if it has one. */
  readonly nativeId?: string;
  readonly file?: FileRef;
  /** True when this report is itself the start (percent 0 of a print just begun), not a print met in its middle. */
  readonly begins?: boolean;
}

export interface PastJob {
  readonly nativeId: string;
  readonly outcome: Outcome;
  readonly text?: string;
}

/** Measures of the present job; what is unknown stays absent. */
export interface JobProgress {
  /** 0 to 100 as the printer or its slicer says. */
  readonly percent?: number;
  /** Where the printer reads in its file; used for the percentage until the printer states one itself. */
  readonly position?: { readonly bytes: number; readonly totalBytes: number };
  readonly layer?: number;
  readonly layers?: number;
  /** The printer's own stopwatch. */
  readonly elapsedSeconds?: number;
  readonly remainingSeconds?: number;
  /** The slicer's estimate for the whole print. */
  readonly estimatedSeconds?: number;
  /** Filament used, or to be used. */
  readonly filamentMillimetres?: number;
  readonly filamentGrams?: number;
}

/**
 * Facts a driver states now: any of them, all true at the same moment. Absent means nothing new. What is found on
 * connecting (a snapshot) belongs into the first report as a whole: the first of a new printer raises no alarm.
 */
export interface Report {
  /** `online`: it answers. `lost`: the link broke or it stopped answering; becomes offline after a grace. */
  readonly link?: { readonly kind: "online" } | { readonly kind: "lost"; readonly reason?: string };
  readonly job?: JobReport;
  readonly progress?: JobProgress;
  /** How earlier jobs ended, as the printer's host remembers. Only one that was still taken for running ends so. */
  readonly pastJobs?: readonly PastJob[];
  /** A file was opened for printing; no print yet. */
  readonly selectedFile?: FileRef;
  /** Said, not yet done: believed only together with a fact. */
  readonly announced?: Announcement;
  /** The printer waits for a human, now; `over` when it stopped waiting. */
  readonly attention?:
    | { readonly kind: "waiting"; readonly reason: PauseReason; readonly text?: string }
    | { readonly kind: "over" };
  /** The printer's own words about a fault. Fatal: its job cannot go on. */
  readonly fault?: { readonly text: string; readonly fatal: boolean };
  /** The printer itself restarted: whatever it did is over. */
  readonly restarted?: { readonly cause?: string };
  readonly uploaded?: FileRef;
  /** A text for the owner. `marked`: meant as a message by who wrote it; otherwise a display text. */
  readonly message?: { readonly text: string; readonly marked: boolean };
  readonly temperatures?: Temperatures;
}

export type Announcement =
  | { readonly kind: "start"; readonly file?: FileRef }
  | { readonly kind: "pause"; readonly reason?: PauseReason; readonly text?: string }
  | { readonly kind: "resume" }
  | { readonly kind: "cancel" };

export type Link =
  | {
    readonly kind: "online";
    readonly since: Moment;
    readonly lost?: { readonly at: Moment; readonly reason?: string };
  }
  /** `backAt`: it answers again, and the first word about its job is awaited, so that "back" can say where the job is. */
  | { readonly kind: "offline"; readonly since: Moment; readonly reason?: string; readonly backAt?: Moment };

/** What was told of a job's progress to one rule. */
export interface ToldProgress {
  readonly milestone: number;
  readonly at: Moment;
}

/** All that is known of one print. */
export interface JobFacts extends JobProgress {
  /** Stable over restarts of agent and link; unique per printer. */
  readonly id: string;
  readonly nativeId?: string;
  readonly file?: FileRef;
  /** Absent when the print was already running at the first look. */
  readonly startedAt?: Moment;
  readonly firstSeenAt: Moment;
  /** When the printer last said anything about this job. */
  readonly seenAt: Moment;
  /** When its position or percentage last grew. */
  readonly movedAt: Moment;
  /** False from the moment it could not be seen (link lost, agent down) until it is seen again. */
  readonly isWatched: boolean;
  /** The one source of `percent` in this job. */
  readonly percentSource?: "printer" | "position";
  /** Seconds it stood still, up to the last resume. */
  readonly pausedSeconds: number;
  /** Positions seen since the pause: whether one was the same as the one before it. */
  readonly stoodStill: boolean;
  /** Positions in a row that grew. */
  readonly grown: number;
  /** By rule id. */
  readonly told: Readonly<Record<string, ToldProgress>>;
}

export type ActiveJob = PrintingJob | PausedJob;
export interface PrintingJob extends JobFacts {
  readonly kind: "printing";
}
export interface PausedJob extends JobFacts {
  readonly kind: "paused";
  readonly since: Moment;
  readonly reason: PauseReason;
  readonly text?: string;
}
export interface EndedJob extends JobFacts {
  readonly kind: "ended";
  readonly outcome: Outcome;
  readonly endedAt: Moment;
  /** Why it failed. */
  readonly text?: string;
  /** The printer has said since that it has no job: whatever comes now is another one. */
  readonly isCleared?: true;
}
export type Job = { readonly kind: "none" } | ActiveJob | EndedJob;

/** A wait for a human; one, however often the printer repeats it. */
export interface Attention {
  readonly since: Moment;
  readonly reason: PauseReason;
  readonly text?: string;
  /** True when a pause already speaks of it, or when it was so at the first look: it is told by nothing else. */
  readonly isCovered: boolean;
  /** Until the grace is over, in which a pause or a stop may still speak of it. */
  readonly isSettling?: true;
}

/** The present fault; its repeats in other words belong to it. */
export interface Fault {
  readonly since: Moment;
  /** When it was last repeated. */
  readonly lastAt: Moment;
  /** The printer's own first words. */
  readonly text?: string;
  /** The printer restarted in mid-print: the reason where it has no words. */
  readonly restarted?: { readonly cause?: string };
  readonly fatal: boolean;
  /** `settling` until the grace is over; then it has become a failed job, the reason of a pause, or an error of its own. */
  readonly stage: "settling" | "failedJob" | "pausedJob" | "error";
}

export interface PrinterState {
  /** Absent: never heard of. */
  readonly link?: Link;
  /** Absent: never heard of. */
  readonly job?: Job;
  /** The job before the present one, which ended it by taking its place. */
  readonly previousJob?: EndedJob;
  readonly attention?: Attention;
  readonly fault?: Fault;
  readonly temperatures?: Temperatures;
  readonly selectedFile?: { readonly file: FileRef; readonly at: Moment };
  /** What was said and waits for its fact. */
  readonly announcedStart?: Moment;
  readonly announcedPause?: AnnouncedPause;
  readonly announcedResume?: Moment;
  readonly announcedCancel?: Moment;
  /** The newest of its kind; `number` counts them. */
  readonly upload?: { readonly number: number; readonly file: FileRef; readonly at: Moment };
  readonly message?: SaidMessage & { readonly number: number };
  /** The last ones said, the newest first: the same words again within the grace are no news. */
  readonly recentMessages?: readonly SaidMessage[];
  readonly displayText?: string;
  /** Counts the jobs seen, for their ids. */
  readonly jobNumber: number;
}

export interface SaidMessage {
  readonly text: string;
  readonly marked: boolean;
  /** When it was last said. */
  readonly at: Moment;
}

export interface AnnouncedPause {
  readonly since: Moment;
  readonly reason?: PauseReason;
  readonly text?: string;
  /** A fact stands beside it: it becomes a pause when the grace is over. */
  readonly confirmedAt?: Moment;
  /** Positions seen since that grew. */
  readonly grown: number;
  /** The first or newest position seen since; the same again confirms. */
  readonly positionBytes?: number;
  /** The same position was seen twice: from here on growth is a resume. */
  readonly hasStood?: true;
}

/** How long a fact may take to follow, in seconds. Named here, in one place. */
export const graceSeconds = {
  /** A lost link is a lost printer after this; reconnect first. */
  offline: 30,
  /** The reason of a failure often arrives one line later. */
  fault: 1.5,
  /** A stop in the same moment dominates a pause. */
  pause: 2,
  /** An announced pause that no fact confirms or contradicts. */
  unconfirmedPause: 15,
  /** An announced resume that no new wait contradicts. */
  resume: 2,
  /** An announced cancel whose job runs on is forgotten. */
  cancel: 60,
  /** A start announced this long before the first fact is the start. */
  start: 60,
  /** A printer that is back waits this long for a word about its job. */
  back: 10,
  /** The same error or message text again within this is the same. */
  repeat: 60,
  /** The same file uploaded again within this is the same upload, said twice. */
  upload: 5,
  /** A start said again within this is the same start. */
  begins: 10,
  /** An end this long after the last look at its job was as good as seen. */
  endSeen: 60,
} as const;

/** So many growing positions in a row contradict a pause. */
export const growthsAgainstPause = 3;

/** A stopwatch or a percentage that falls by more than this belongs to another job. */
export const wobble = { seconds: 5, percent: 5 } as const;

/** So many texts are compared with a new one. */
export const maxRecentMessages = 8;

/** From here on a job that vanishes without a word has finished. */
export const nearlyDonePercent = 99.5;

export const emptyState: PrinterState = { jobNumber: 0 };

/** The job, if it runs or stands still. */
export function activeJob(state: PrinterState): ActiveJob | undefined {
  return state.job?.kind === "printing" || state.job?.kind === "paused" ? state.job : undefined;
}

/** Whether a pause needs somebody; one that somebody wanted does not. */
export function isNeed(reason: PauseReason): boolean {
  return reason !== "user" && reason !== "gcode";
}
