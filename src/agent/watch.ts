/**
 * The first loop: reads one printer's reports, keeps its state, stores its events.
 */
import type { Clock, Wake } from "../clock.ts";
import type { PrinterSettings } from "../config/settings.ts";
import { applyReport, passTime, restoreState } from "../domain/apply_report.ts";
import { withFileFacts } from "../domain/file_facts.ts";
import { deriveEvents, type PrinterEvent, progressEvent } from "../domain/printer_event.ts";
import { activeJob, emptyState, type PrinterState, type Report } from "../domain/printer_state.ts";
import { dueProgress, type ProgressPolicy } from "../domain/progress.ts";
import type { Rule } from "../domain/rule.ts";
import { type Moment, secondsBetween, withCorrectedMoments } from "../domain/moment.ts";
import type { DriverIo } from "../drivers/driver.ts";
import { errorText, type Log } from "../log.ts";
import type { Store } from "../store/store.ts";
import type { PrintFiles } from "./print_files.ts";
import type { Troubles } from "./troubles.ts";

/** Between events the state is written at most this often: SD cards wear out. */
const saveEverySeconds = 30;
/** Events that a full disk keeps out of the store wait here, the newest of them. */
const maxUnsavedEvents = 1000;
/** Waits between two tries to reach a printer: doubling, and short while a print goes on unseen. */
const reconnect = { leastSeconds: 1, mostSeconds: 60, mostSecondsInPrint: 5 };

export interface WatchDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly store: Store;
  /** Rung after events were stored. */
  readonly stored: Wake;
  /** Called after every change of a state. */
  changed(): void;
  rules(): readonly Rule[];
  readonly troubles: Troubles;
  readonly random: () => number;
}

/** One printer: its state in memory, a step ahead of the stored one by no more than {@link saveEverySeconds}. */
export class WatchedPrinter {
  #state: PrinterState;
  #savedState: PrinterState;
  #savedAt: Moment;
  #unsaved: PrinterEvent[] = [];

  constructor(readonly settings: PrinterSettings, private readonly deps: WatchDeps) {
    const now = deps.clock.now();
    this.#savedState = deps.store.loadState(settings.name) ?? emptyState;
    this.#state = restoreState(this.#savedState, now);
    this.#savedAt = now;
  }

  get state(): PrinterState {
    return this.#state;
  }

  /** Watches until the signal aborts; reconnects with backoff. */
  async run(io: Omit<DriverIo, "signal">, signal: AbortSignal): Promise<void> {
    for (let failures = 0; !signal.aborted; failures++) {
      const link = new AbortController();
      let reason = "the connection ended";
      try {
        for await (
          const report of this.settings.driver.watch({ ...io, signal: AbortSignal.any([signal, link.signal]) })
        ) {
          if (signal.aborted) break;
          failures = 0;
          this.step(report);
        }
      } catch (error) {
        reason = errorText(error);
      } finally {
        link.abort();
      }
      if (signal.aborted) break;
      if (failures === 0 || reason !== this.#lastReason) this.deps.log.warning(reason, { printer: this.settings.name });
      this.#lastReason = reason;
      this.step({ link: { kind: "lost", reason } });
      const mostSeconds = activeJob(this.#state) ? reconnect.mostSecondsInPrint : reconnect.mostSeconds;
      const seconds = Math.min(mostSeconds, reconnect.leastSeconds * 2 ** Math.min(failures, 10));
      await this.deps.clock.sleep(seconds * 1000 * (0.8 + 0.4 * this.deps.random()), signal);
    }
    this.save(this.deps.clock.now());
  }
  #lastReason = "";

  /** Applies a report, or only the time that has passed, and stores what follows from it. */
  step(report?: Report): void {
    const now = this.deps.clock.now();
    // What time has decided by now happened before what is reported now.
    if (report && passTime(this.#state, now) !== this.#state) this.step();
    const before = this.#state;
    const applied = report ? applyReport(before, report, now) : passTime(before, now);
    const due = dueProgress(applied, this.#policies(), now);
    const progress = due.rules.length ? progressEvent(due.state, due.rules, now) : undefined;
    this.#state = due.state;
    const happened = deriveEvents(before, due.state, now).filter((event) => this.#isNews(event));
    this.#unsaved.push(...happened, ...(progress ? [progress] : []));
    if (this.#unsaved.length > 0) this.save(now);
    else if (this.#isWorthSaving() && (secondsBetween(this.#savedAt, now) ?? Infinity) >= saveEverySeconds) {
      this.save(now);
    }
    if (due.state !== before) this.deps.changed();
  }

  /** Asks the file of a new job, once, what the printer does not say. */
  completeJob(files: Pick<PrintFiles, "of">, signal: AbortSignal): void {
    const job = activeJob(this.#state);
    if (!job?.file || !job.isWatched || this.#completedJob === job.id) return;
    this.#completedJob = job.id;
    const { id, file } = job;
    void files.of({ printer: this.settings, file, job: id, signal }).then(({ facts }) => {
      const completed = withFileFacts(this.#state, id, facts);
      if (completed === this.#state) return;
      this.#state = completed;
      this.deps.changed();
    });
  }
  #completedJob: string | undefined;

  /** The wall clock was set: the times of this boot become what they were. */
  clockWasSet(now: Moment): void {
    this.#state = withCorrectedMoments(this.#state, now);
    this.#unsaved = withCorrectedMoments(this.#unsaved, now);
    this.save(now);
  }

  /** Stores the state with what happened, in one transaction; what cannot be stored now is tried again at the next step. */
  save(now: Moment): void {
    if (this.#unsaved.length === 0 && this.#state === this.#savedState) return;
    const { store, stored, troubles } = this.deps;
    const { name } = this.settings;
    if (!troubles.tryTo(`store what "${name}" does`, () => store.commit(name, this.#state, this.#unsaved))) {
      this.#unsaved.splice(0, this.#unsaved.length - maxUnsavedEvents);
      return;
    }
    if (this.#unsaved.length > 0) stored.wake();
    this.#unsaved = [];
    this.#savedState = this.#state;
    this.#savedAt = now;
  }

  /** What merely stands on the display is state; it is told only where the owner asks for it. */
  #isNews(event: PrinterEvent): boolean {
    return event.kind !== "message" || event.marked || this.settings.tellsDisplayText;
  }

  /** Temperatures wobble and text scrolls: alone they are not worth a write. */
  #isWorthSaving(): boolean {
    const [old, present] = [this.#savedState, this.#state];
    return old.job !== present.job && activeJob(present) !== undefined || old.link !== present.link ||
      old.attention !== present.attention || old.fault !== present.fault;
  }

  #policies(): ProgressPolicy[] {
    return this.deps.rules().flatMap(({ id, when, printers, every, gapSeconds, longerThanSeconds }) => {
      const isMeant = every && when.includes("progress") && (printers?.includes(this.settings.name) ?? true);
      return isMeant ? [{ rule: id, every, gapSeconds, longerThanSeconds }] : [];
    });
  }
}
