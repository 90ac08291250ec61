/**
 * What PrusaLink says, poll by poll, as reports. It forgets a job the moment it ends, so the last words about it are
 * kept here. Measured in tests/transcripts/prusalink (PrusaLink 0.8.1 on a Pi).
 */
import { known } from "../../domain/optional.ts";
import type { FileRef } from "../../domain/print_file.ts";
import type { JobNames, JobProgress, Outcome, Report, Temperatures } from "../../domain/printer_state.ts";
import { factsOf, fileRef } from "./files.ts";
import type { JobDetails, Status } from "./shapes.ts";

/** A firmware that was killed and restarts at once looks cancelled first; its ERROR follows (kill_restart). */
const stoppedHoldSeconds = 6;
/** Without a job and busy: a print may have ended, and how is said next. */
const busyHoldSeconds = 15;
/** Asked so often for a job's name, as answers get lost; from the second time on the job is told without one. */
const maxNameQuestions = 3;
/** From here on a job that is gone without a word has finished. */
const nearlyDonePercent = 99;
/** Where a printer on Buddy firmware says ERROR and nothing more. */
const wordlessError = "The printer reports an error and does not say which";

interface KnownJob {
  readonly id: string;
  names: JobNames;
  figures: JobProgress;
  percent: number;
  /** How often its name was asked for. */
  questions: number;
  /** Temperatures came with it; a printer that restarts has none at first. */
  hadTemperatures: boolean;
  hasRestarted: boolean;
  /** STOPPED was seen, whatever follows. */
  wasStopped: boolean;
}

export class Session {
  #job: KnownJob | undefined;
  /** What was said of the last end; repeated while the printer shows it. */
  #ended: JobNames = {};
  #state = "";
  #stateSince = 0;
  /** What PrusaLink has to complain of while the printer works nevertheless: an old firmware, no serial number. */
  #usualTrouble: string | undefined;

  /** Whether the job's name is still to be asked for. */
  wantsDetails({ job }: Status): boolean {
    if (job?.id === undefined) return false;
    return job.id !== this.#job?.id || !this.#job.names.file && this.#job.questions < maxNameQuestions;
  }

  /** Whether the next answer matters soon. */
  get isBusy(): boolean {
    return this.#job !== undefined || ["PRINTING", "PAUSED", "ATTENTION", "BUSY", "STOPPED"].includes(this.#state);
  }

  /** The facts of one poll. `details`: of the job in it, if they were asked for. */
  report(status: Status, details: JobDetails | undefined, seconds: number): Report {
    const { state } = status.printer;
    const isSecondLook = state === this.#state;
    const wasWaiting = this.#state === "ATTENTION";
    if (!isSecondLook) [this.#state, this.#stateSince] = [state, seconds];
    const stopped = this.#job;
    this.#keep(status, details);
    const isReplaced = stopped?.wasStopped === true && !stopped.hasRestarted && this.#job !== stopped;
    if (state !== "ERROR" && state !== "ATTENTION") this.#usualTrouble = troubleOf(status);
    return {
      link: { kind: "online" },
      ...known({ temperatures: temperaturesOf(status.printer) }),
      ...(wasWaiting && !isSecondLook && !this.#job ? { attention: { kind: "over" } } : {}),
      ...(isReplaced ? { pastJobs: [{ nativeId: stopped.id, outcome: "cancelled" }] } : {}),
      ...this.#facts(status, { isSecondLook, sinceSeconds: seconds - this.#stateSince }),
    };
  }

  #facts(status: Status, { isSecondLook, sinceSeconds }: { isSecondLook: boolean; sinceSeconds: number }): Report {
    const { printer, job } = status;
    const names = this.#job?.names ?? {};
    if (job && names.file === undefined && this.#job?.questions === 1) return {};
    switch (printer.state) {
      case "PRINTING":
        return job ? { job: { kind: "printing", ...names }, ...this.#progress(status) } : {};
      case "PAUSED":
        return job ? { job: { kind: "paused", ...names }, ...this.#progress(status) } : {};
      case "ATTENTION":
        if (this.#isNewTrouble(status)) return this.#fault(status);
        if (job) return { job: { kind: "paused", ...names, reason: "waiting_for_user" } }; // its progress reads 0 meanwhile
        return isSecondLook ? { attention: { kind: "waiting", reason: "waiting_for_user" } } : {};
      case "ERROR":
        return { ...this.#fault(status), ...(job ? {} : { job: { kind: "none" } }) };
      case "FINISHED":
        return this.#end("finished");
      case "STOPPED":
        return this.#stopped(printer, sinceSeconds);
      case "BUSY":
        if (job) return { job: { kind: "active", ...names }, ...this.#progress(status) };
        return this.#job && sinceSeconds < busyHoldSeconds ? {} : this.#noJob();
      case "IDLE":
      case "READY":
        return this.#noJob();
      default:
        return {};
    }
  }

  /** Remembers what is said of the job while it is there. */
  #keep({ job, printer, storage }: Status, details: JobDetails | undefined): void {
    if (job?.id === undefined) return;
    if (job.id !== this.#job?.id) {
      const names = { nativeId: job.id };
      const unseen = { percent: 0, questions: 0, hadTemperatures: false, hasRestarted: false, wasStopped: false };
      this.#job = { id: job.id, names, figures: {}, ...unseen };
    }
    if (printer.state !== "ATTENTION") this.#job.percent = job.progress ?? this.#job.percent;
    this.#job.hadTemperatures ||= printer.temp_nozzle !== undefined;
    if (this.#job.names.file === undefined) this.#job.questions++;
    if (!details?.file || (details.id ?? job.id) !== job.id) return;
    const file: FileRef = fileRef(details.file, storage);
    this.#job.names = { nativeId: job.id, file };
    this.#job.figures = figuresOf(details.file.meta ?? {});
  }

  #progress({ job }: Status): { progress: JobProgress } {
    const { progress, time_printing, time_remaining } = job ?? {};
    return {
      progress: {
        ...this.#job?.figures,
        ...known({
          percent: progress,
          elapsedSeconds: time_printing,
          // 0 throughout a print from the SD card
          remainingSeconds: time_remaining !== undefined && time_remaining > 0 ? time_remaining : undefined,
        }),
      },
    };
  }

  #fault(status: Status): Report {
    return { fault: { text: troubleOf(status) ?? wordlessError, fatal: true } };
  }

  /** A thermal runaway also reads ATTENTION, with the job still there; nothing goes on without a reset. */
  #isNewTrouble(status: Status): boolean {
    const trouble = troubleOf(status);
    return trouble !== undefined && trouble !== this.#usualTrouble;
  }

  /** Stopped by somebody, or by a restart of the printer, which has forgotten its temperatures. */
  #stopped(printer: Status["printer"], sinceSeconds: number): Report {
    const job = this.#job;
    if (job) {
      job.wasStopped = true;
      job.hasRestarted ||= job.hadTemperatures && printer.temp_nozzle === undefined;
    }
    return job && sinceSeconds < stoppedHoldSeconds ? {} : this.#end("cancelled");
  }

  #end(outcome: Outcome): Report {
    const { names, hasRestarted } = this.#job ?? { names: this.#ended, hasRestarted: false };
    [this.#ended, this.#job] = [names, undefined];
    return { ...(hasRestarted ? { restarted: {} } : {}), job: { kind: "ended", outcome, ...names } };
  }

  /** A job that was there and is gone, without a look at its end. */
  #noJob(): Report {
    const gone = this.#job;
    if (gone?.wasStopped) return this.#end("cancelled");
    if (gone) return this.#end(gone.percent >= nearlyDonePercent ? "finished" : "ended");
    this.#ended = {};
    return { job: { kind: "none" } };
  }
}

/** The worst that PrusaLink on a Pi knows of the printer, in its words. */
function troubleOf({ printer: { status_printer } }: Status): string | undefined {
  return status_printer?.ok === false ? status_printer.message : undefined;
}

/** What the slicer promised; filament of all tools together. */
function figuresOf(meta: Record<string, unknown>): JobProgress {
  const { estimatedSeconds, filamentMillimetres, filamentGrams } = factsOf(meta);
  const sum = (parts: readonly number[] | undefined) => parts?.reduce((total, part) => total + part, 0);
  return known({
    estimatedSeconds,
    filamentMillimetres: sum(filamentMillimetres),
    filamentGrams: sum(filamentGrams),
  });
}

function temperaturesOf(printer: Status["printer"]): Temperatures | undefined {
  const { temp_nozzle, target_nozzle, temp_bed, target_bed } = printer;
  const heater = (celsius: number | undefined, targetCelsius: number | undefined) =>
    celsius === undefined ? undefined : { celsius, ...known({ targetCelsius }) };
  const temperatures = known({ nozzle: heater(temp_nozzle, target_nozzle), bed: heater(temp_bed, target_bed) });
  return Object.keys(temperatures).length > 0 ? temperatures as Temperatures : undefined;
}
