/**
 * What Klipper's objects, Moonraker's history and the console say, merged and turned into reports. Klipper says 4 times
 * a second what changed; a report follows at once where it matters, else every few seconds.
 */
import { known } from "../../domain/optional.ts";
import type { JobReport, Outcome, Report } from "../../domain/printer_state.ts";
import { markedText } from "../../protocols/marked_text.ts";
import { FilamentWatch } from "./filament.ts";
import { endOf, JobHistory } from "./history.ts";
import { Run } from "./run.ts";
import type { HistoryJob, Metadata } from "./shapes.ts";
import { isParked, merge, parseStatus, type Status, temperaturesOf } from "./status.ts";
import { faultText, parseConsoleLine, Prompt } from "./words.ts";

/** Temperatures, stopwatches and bytes are told this often. */
const reportSeconds = 5;
/** The first look waits so long for the history, which says which print it is. */
const firstLookSeconds = 5;
/** Klipper says "error" only after the macros of `on_error_gcode`: until then a `!!` line may be why a print fails. */
const errorHoldSeconds = 10;
/** A print that is gone without a word: Moonraker's history says how it ended a moment later. */
const endHoldSeconds = 2;
/** A stopwatch that falls by more than this belongs to another print. */
const stopwatchWobbleSeconds = 2;
const maxQueuedReports = 100;

const ends: Readonly<Record<string, Outcome>> = { complete: "finished", cancelled: "cancelled", error: "failed" };
const isActive = (state: string | undefined) => state === "printing" || state === "paused";
const isDown = (state: string | undefined) => state === "shutdown" || state === "error";

interface Ending {
  readonly outcome: Outcome;
  readonly text?: string | undefined;
  /** With its last measures. */
  readonly status: Status;
}

export class Facts {
  #status = parseStatus({});
  #run: Run | undefined;
  readonly #filament = new FilamentWatch();
  readonly #prompt = new Prompt();
  /** What happened and is not yet told. */
  #news: Report[] = [];
  /** Until when the first word waits for the history. */
  #heldUntil: number | undefined;
  #hasReported = false;
  /** When the last report went out, and what it said. */
  #toldAt = -Infinity;
  #told = "";
  /** Klipper was away since the last snapshot. */
  #wasLost = false;
  /** Why Klipper is down. */
  #downWords: string | undefined;
  /** A `!!` line in a print. */
  #error: { readonly text: string; readonly until: number } | undefined;
  /** A print that is over, nobody knows yet how. */
  #gone: { readonly run: Run; readonly status: Status; readonly until: number } | undefined;
  /** The print that was over at the first look: told when the history has named it. */
  #found: (Ending & { readonly run: Run }) | undefined;
  readonly #history = new JobHistory();

  /** The file whose metadata is wanted. */
  get filename(): string | undefined {
    return this.#run?.filename || undefined;
  }

  /** Everything, on connecting or after a restart of Klipper. */
  snapshot(status: Status, seconds: number): void {
    this.#filament.forget();
    const before = this.#status;
    this.#status = status;
    if (!this.#hasReported) this.#heldUntil ??= seconds + firstLookSeconds;
    if (this.#wasLost && status.webhooks?.state === "ready") this.#noticeRestart();
    this.#follow(before, { seconds, isSnapshot: true });
    if (!this.#hasReported) this.#news = [Object.assign({}, ...this.#news)]; // one first look: it raises no alarm
  }

  update(changes: Status, seconds: number): void {
    const before = this.#status;
    this.#filament.look(before, changes, seconds);
    this.#status = merge(before, changes);
    this.#follow(before, { seconds, isSnapshot: false });
  }

  /** Klipper is away; Moonraker is not. */
  lostKlipper(): void {
    this.#wasLost = this.#hasReported;
    this.#error = undefined;
  }

  /** The newest entries, the newest first; none where Moonraker keeps no history. */
  learnHistory(jobs: readonly HistoryJob[]): void {
    this.#history.learn(jobs);
    this.#heldUntil = undefined;
    const run = this.#run ?? this.#found?.run;
    if (run && run.nativeId === undefined) this.#history.name(run, this.#status);
  }

  historyChanged(action: string, job: HistoryJob): void {
    this.#history.change(action, job);
    if (action === "added" && this.#run && this.#run.nativeId === undefined) {
      this.#history.name(this.#run, this.#status);
    }
    const [end, gone] = [endOf(job), this.#gone];
    if (action === "finished" && end && gone?.run.nativeId === job.job_id) this.#end(gone.run, { ...gone, ...end });
  }

  learnMetadata(metadata: Metadata | undefined): void {
    this.#run?.learn(metadata);
  }

  uploaded(path: string): void {
    this.#tell({ uploaded: { path } });
  }

  console(text: string, seconds: number): void {
    const marked = markedText(text.replace(/^(\/\/|echo:)\s*/, ""));
    const line = marked === undefined ? parseConsoleLine(text) : { kind: "message" as const, text: marked };
    switch (line?.kind) {
      case undefined:
        return;
      case "message":
        return this.#tell({ message: { text: line.text, marked: true } });
      case "notification":
        return this.#tell({ message: { text: line.text, marked: false } });
      case "runout":
        return this.#filament.heardOfRunout(seconds);
      case "prompt": {
        const attention = this.#prompt.hear(line, this.#run !== undefined);
        return attention && this.#tell({ ...known({ job: this.#job() }), attention });
      }
      case "error":
        if (this.#downWords !== undefined || this.#wasLost || !this.#hasReported) return; // said for each command again
        if (this.#run) this.#error ??= { text: line.text, until: seconds + errorHoldSeconds };
        else this.#tell({ fault: { text: line.text, fatal: false } });
    }
  }

  /** What is to be told now. */
  reports(seconds: number): Report[] {
    if (this.#error && seconds >= this.#error.until) this.#tellError();
    if (this.#gone && seconds >= this.#gone.until) this.#gone = undefined;
    if (this.#heldUntil !== undefined && seconds < this.#heldUntil || this.#run?.isBeginning(seconds)) return [];
    this.#heldUntil = undefined;
    if (this.#found) this.#tellFound(this.#found);
    const told = this.#gist(seconds);
    if (this.#news.length === 0 && told === this.#told && seconds - this.#toldAt < reportSeconds) return [];
    const news = this.#news.splice(0);
    const { job, progress, ...around } = {
      ...this.#present(seconds),
      ...(this.#hasReported ? {} : this.#history.past(this.#downWords)),
    };
    this.#hasReported = true;
    [this.#toldAt, this.#told] = [seconds, told];
    const now = known({ job, progress });
    const last = news.findLastIndex((one) => one.job !== undefined);
    const said = news[last]?.job;
    if (last < 0) news[0] = { ...now, ...news[0] };
    else if (said?.kind !== job?.kind) news.push(now); // an end: what is true after it follows
    else news[last] = { ...news[last], ...now, ...known({ job: { ...job, ...said } as JobReport }) };
    return news.map((one, index) => index === 0 ? { ...around, ...one } : one);
  }

  /** With all else of the first look: together they raise no alarm. */
  #tellFound({ run, ...ending }: Ending & { readonly run: Run }): void {
    this.#found = undefined;
    const [first, ...others] = this.#news;
    this.#news = first?.job
      ? [endOfRun(run, ending), first, ...others]
      : [{ ...first, ...endOfRun(run, ending) }, ...others];
  }

  #tell(news: Report): void {
    if (this.#news.length < maxQueuedReports) this.#news.push(news);
  }

  #tellError(): void {
    if (this.#error) this.#tell({ fault: { text: this.#error.text, fatal: false } });
    this.#error = undefined;
  }

  // -- the print -----------------------------------------------------------------------------------------------------

  #follow(before: Status, { seconds, isSnapshot }: { seconds: number; isSnapshot: boolean }): void {
    this.#followDisplay(before);
    const { webhooks, print_stats: stats } = this.#status;
    if (isDown(webhooks?.state)) return this.#goDown(webhooks?.state_message ?? "");
    this.#downWords = undefined;
    const run = this.#run;
    const outcome = ends[stats?.state ?? ""];
    if (isActive(stats?.state)) return this.#followActive(before, { seconds, isSnapshot });
    if (run && outcome) this.#end(run, { outcome, text: stats?.message, status: this.#status });
    else if (run) this.#lose(run, { status: before, until: seconds + endHoldSeconds });
    else if (outcome && isSnapshot && !this.#hasReported) {
      const found = new Run(this.#status, { seconds, begins: false });
      this.#found = { run: found, outcome, text: stats?.message, status: this.#status };
    }
  }

  #followActive(before: Status, { seconds, isSnapshot }: { seconds: number; isSnapshot: boolean }): void {
    const { print_stats: stats } = this.#status;
    const stopwatchSeconds = stats?.total_duration ?? this.#run?.stopwatchSeconds ?? 0;
    const isOther = this.#run !== undefined && (this.#run.filename !== (stats?.filename ?? "") ||
      stopwatchSeconds < this.#run.stopwatchSeconds - stopwatchWobbleSeconds);
    this.#gone = undefined;
    if (!this.#run || isOther) this.#begin({ seconds, begins: isOther || !isSnapshot });
    const run = this.#run;
    if (!run) return;
    run.stopwatchSeconds = stopwatchSeconds;
    const isPaused = stats?.state === "paused";
    if (isPaused && before.print_stats?.state === "printing") this.#tellError(); // what was said is why it pauses
    run.pausedAtSeconds = isPaused ? run.pausedAtSeconds ?? seconds : undefined;
  }

  #begin({ seconds, begins }: { seconds: number; begins: boolean }): void {
    const run = new Run(this.#status, { seconds, begins });
    this.#run = run;
    if (!begins || this.#history.hasAnnounced()) this.#history.name(run, this.#status);
    if (!begins) return;
    this.#heldUntil = undefined;
    this.#tell({ job: { kind: "printing", ...run.names, begins } });
  }

  /** It is over without a word; the history may have said how already. */
  #lose(run: Run, { status, until }: { status: Status; until: number }): void {
    const end = this.#history.sureEndOf(run);
    if (end) return this.#end(run, { ...end, status });
    [this.#run, this.#gone] = [undefined, { run, status, until }];
  }

  #end(run: Run, ending: Ending, more: Report = {}): void {
    this.#run = undefined;
    this.#gone = undefined;
    this.#error = undefined;
    this.#prompt.forget();
    this.#tell({ ...more, ...endOfRun(run, ending) });
  }

  /** Klipper has halted: whatever ran has failed, even where `print_stats` says "paused". */
  #goDown(message: string): void {
    const text = faultText(message) ?? "Klipper has shut down";
    if (text === this.#downWords) return;
    this.#downWords = text;
    const run = this.#run ?? this.#gone?.run;
    const fault: Report = { fault: { text, fatal: true } };
    if (run) this.#end(run, { outcome: "failed", text, status: this.#status }, fault);
    else this.#tell({ ...fault, job: { kind: "none" } });
  }

  /** Klipper is back. It knows nothing of a print that ran, unless only Moonraker had lost it. */
  #noticeRestart(): void {
    this.#wasLost = false;
    const run = this.#run ?? this.#gone?.run;
    const { state, filename } = this.#status.print_stats ?? {};
    if (run && filename === run.filename && (isActive(state) || ends[state ?? ""])) return;
    this.#run = undefined;
    this.#gone = undefined;
    this.#prompt.forget();
    this.#tell({ restarted: {}, job: { kind: "none" } });
  }

  // -- the rest ------------------------------------------------------------------------------------------------------

  #followDisplay(before: Status): void {
    const text = this.#status.display_status?.message?.trim();
    if (!text || text === before.display_status?.message?.trim()) return;
    const marked = markedText(text);
    this.#tell({ message: { text: marked ?? text, marked: marked !== undefined } });
  }

  /** What of the present is worth a report at once. Asked for each update: it makes little garbage. */
  #gist(seconds: number): string {
    const run = this.#run;
    if (!run) return this.#gone ? "gone" : "none";
    const percent = Math.floor(run.percent(this.#status, seconds) ?? -1);
    const { current_layer } = this.#status.print_stats?.info ?? {};
    return `${run.nativeId} ${this.#pauseOf(run)} ${percent} ${current_layer}`;
  }

  #present(seconds: number): Report {
    const progress = this.#run?.progress(this.#status, seconds);
    const temperatures = temperaturesOf(this.#status);
    return { link: { kind: "online" }, ...known({ job: this.#job(), progress, temperatures }) };
  }

  #job(): JobReport | undefined {
    const run = this.#run;
    if (!run) return this.#gone ? undefined : { kind: "none" };
    const reason = this.#pauseOf(run);
    if (reason === undefined) return { kind: "printing", ...run.names };
    return { kind: "paused", ...run.names, ...(reason === "unknown" ? {} : { reason }) };
  }

  /** Why it stands still; undefined where it does not, also while the head is parked for a frame. */
  #pauseOf({ pausedAtSeconds, sinceSeconds }: Run): "filament_runout" | "unknown" | undefined {
    if (pausedAtSeconds === undefined || isParked(this.#status)) return undefined;
    return this.#filament.isRunout(this.#status, { pausedAtSeconds, sinceSeconds }) ? "filament_runout" : "unknown";
  }
}

function endOfRun(run: Run, { outcome, text, status }: Ending): Report {
  const words = outcome === "failed" ? known({ text: faultText(text ?? "") }) : {};
  return { job: { kind: "ended", outcome, ...run.names, ...words }, progress: run.lastProgress(status) };
}
