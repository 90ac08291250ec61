/**
 * Moonraker's list of past prints: which entry is the print that runs, and how the others ended.
 * https://moonraker.readthedocs.io/en/latest/external_api/history/
 */
import type { Outcome, PastJob } from "../../domain/printer_state.ts";
import { known } from "../../domain/optional.ts";
import type { HistoryJob } from "./shapes.ts";
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
export const mayGoOn = ({ status }: HistoryJob) => unsure.includes(status);

/** Two stopwatches of one print, one read a moment before the other. */
const maxStopwatchSeconds = 2;

/** Whether the entry is the print that `print_stats` speaks of. A file may have been printed often. */
export function isThisPrint(job: HistoryJob, stats: Status["print_stats"]): boolean {
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
