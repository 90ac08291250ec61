/**
 * Moonraker's list of past prints: which entry is the print that runs, and how the others ended.
 * https://moonraker.readthedocs.io/en/latest/external_api/history/
 */
import type { Outcome, PastJob, Report } from "../../domain/printer_state.ts";
import { known } from "../../domain/optional.ts";
import type { HistoryJob } from "./shapes.ts";
import type { Run } from "./run.ts";
import type { Status } from "./status.ts";

/** How a print is over, by its status; absent for one that runs. */
const outcomes: Readonly<Record<string, { readonly outcome: Outcome; readonly text?: string }>> = {
  completed: { outcome: "finished" },
  cancelled: { outcome: "cancelled" },
  error: { outcome: "failed", text: "Klipper reported an error" },
  klippy_shutdown: { outcome: "failed", text: "Klipper shut down" },
  klippy_disconnect: { outcome: "failed", text: "Klipper was restarted or killed" },
  interrupted: { outcome: "failed", text: "the print was interrupted" },
  // Moonraker was stopped: the print went on, and nobody saw its end.
  server_exit: { outcome: "ended" },
};

/** Moonraker lost sight of these; the print itself may go on. */
const unsure = ["in_progress", "server_exit", "klippy_disconnect", "interrupted"];
const mayGoOn = ({ status }: HistoryJob) => unsure.includes(status);

/** Two stopwatches of one print, one read a moment before the other. */
const maxStopwatchSeconds = 2;

const maxRememberedJobs = 10;

/** The newest entries. */
export class JobHistory {
  /** The newest first. */
  #jobs: readonly HistoryJob[] = [];
  /** The id of the print of which `print_stats` speaks, or spoke last. */
  #namedId: string | undefined;
  /** Added since the last beginning. */
  #addedId: string | undefined;

  learn(jobs: readonly HistoryJob[]): void {
    this.#jobs = jobs.slice(0, maxRememberedJobs);
  }

  change(action: string, job: HistoryJob): void {
    this.learn([job, ...this.#jobs.filter(({ job_id }) => job_id !== job.job_id)]);
    this.#addedId = action === "added" && job.job_id !== this.#namedId ? job.job_id : undefined;
  }

  /** Whether it knew of a print that begins before Klipper said so. */
  hasAnnounced(): boolean {
    return this.#addedId !== undefined;
  }

  /** Its newest entry gives a print its id and its metadata, if it is of this one. */
  name(run: Run, status: Status): void {
    const [newest] = this.#jobs;
    if (!newest || !isThisPrint(newest, status.print_stats)) return;
    this.#addedId = undefined;
    run.nativeId = this.#namedId = newest.job_id;
    if (newest.metadata) run.learn(newest.metadata);
  }

  /** How a print ended, where it knows for sure. */
  sureEndOf({ nativeId }: Run): PastJob | undefined {
    const job = this.#jobs.find(({ job_id }) => job_id === nativeId);
    return job && !mayGoOn(job) ? endOf(job) : undefined;
  }

  /** How the prints before this one ended, for one whose end was not seen. `reason`: see {@link endOf}. */
  past(reason: string | undefined): Pick<Report, "pastJobs"> {
    const jobs = this.#jobs.filter(({ job_id }) => job_id !== this.#namedId);
    const pastJobs = jobs.flatMap((job) => endOf(job, reason) ?? []);
    return pastJobs.length > 0 ? { pastJobs } : {};
  }
}

/** Whether the entry is the print that `print_stats` speaks of. A file may have been printed often. */
function isThisPrint(job: HistoryJob, stats: Status["print_stats"]): boolean {
  if (job.filename !== stats?.filename) return false;
  const laterSeconds = (stats.total_duration ?? 0) - (job.total_duration ?? 0);
  if (mayGoOn(job)) return laterSeconds >= -maxStopwatchSeconds;
  return !["printing", "paused"].includes(stats.state ?? "") && Math.abs(laterSeconds) <= maxStopwatchSeconds;
}

/** How it ended; undefined while it runs, as far as Moonraker knows. `reason`: why Klipper shut down, if it still says so. */
export function endOf(job: HistoryJob, reason?: string): PastJob | undefined {
  const end = outcomes[job.status];
  const text = job.status === "klippy_shutdown" ? reason ?? end?.text : end?.text;
  return end && { nativeId: job.job_id, outcome: end.outcome, ...known({ text }) };
}
