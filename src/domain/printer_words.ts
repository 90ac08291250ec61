/**
 * What a printer does now, in the words of the page and of `check`.
 */
import { needText, percentText } from "./message_text.ts";
import type { Moment } from "./moment.ts";
import { shownJob } from "./printer_event.ts";
import {
  activeJob,
  type EndedJob,
  type Outcome,
  type PausedJob,
  type PauseReason,
  type PrinterState,
} from "./printer_state.ts";

/** How much of the owner's attention it deserves; said in the sentence too, never by colour alone. */
export type Tone = "busy" | "calm" | "needsYou" | "fault" | "away";

export interface PrinterWords {
  readonly tone: Tone;
  readonly sentence: string;
  /** Since when it is so: `since 17:20`, `started 17:20`, `at 17:20`. */
  readonly since?: { readonly word: "since" | "started" | "at"; readonly moment: Moment };
  /** What else is to be said, one sentence each. */
  readonly notes: readonly string[];
}

/** `address` says where it was looked for, while nothing came from it. */
export function printerWords(state: PrinterState | undefined, address: string): PrinterWords {
  if (!state?.link) {
    return { tone: "away", sentence: `Never heard of it yet: nothing has come from ${address}`, notes: [] };
  }
  if (state.link.kind === "offline") return offlineWords(state, state.link, address);
  const words = onlineWords(state);
  const { lost } = state.link;
  if (!lost) return words;
  const note = `Just lost sight of it${lost.reason ? `: ${lost.reason}` : ""}. Trying again.`;
  return { ...words, notes: [...words.notes, note] };
}

function offlineWords(
  state: PrinterState,
  link: { readonly since: Moment; readonly reason?: string; readonly backAt?: Moment },
  address: string,
): PrinterWords {
  const since = { word: "since", moment: link.since } as const;
  const why = link.reason ? `: ${link.reason}` : "";
  if (link.backAt) return { tone: "away", sentence: "Back again, asked what it does", since, notes: [] };
  if (state.job === undefined) {
    return { tone: "away", sentence: `Never heard of it yet${why || `: nothing has come from ${address}`}`, notes: [] };
  }
  const job = activeJob(state);
  if (!job) return { tone: "away", sentence: `Offline${why}`, since, notes: [] };
  const at = job.percent === undefined ? "" : ` (${percentText(job.percent)})`;
  return {
    tone: "fault",
    sentence: `Offline, lost while printing ${shownJob(job) ?? "something"}${at}${why}`,
    since,
    notes: ["The print may go on; you are told when it is seen again."],
  };
}

function onlineWords(state: PrinterState): PrinterWords {
  const { fault } = state;
  const words = jobWords(state);
  if (!fault || fault.stage === "failedJob" || fault.stage === "pausedJob") return words; // the job says it
  const text = fault.text ?? "the printer does not say which";
  if (!fault.fatal) return { ...words, notes: [...words.notes, `It reported an error: ${text}`] };
  return { tone: "fault", sentence: `Error: ${text}`, since: { word: "since", moment: fault.since }, notes: [] };
}

function jobWords(state: PrinterState): PrinterWords {
  const { attention, job } = state;
  const during = job && job.kind !== "none" && job.kind !== "ended" ? ` (${shownJob(job) ?? "a print"})` : "";
  if (attention && !attention.isCovered) {
    const need = needWords(attention.reason, attention.text);
    return {
      tone: "needsYou",
      sentence: `Needs you: ${need}${during}`,
      since: { word: "since", moment: attention.since },
      notes: [],
    };
  }
  switch (job?.kind) {
    case undefined:
    case "none":
      return {
        tone: "calm",
        sentence: "Idle",
        ...(state.link ? { since: { word: "since", moment: state.link.since } as const } : {}),
        notes: [],
      };
    case "printing": {
      const since = job.startedAt
        ? { word: "started", moment: job.startedAt } as const
        : { word: "since", moment: job.firstSeenAt } as const;
      return { tone: "busy", sentence: `Printing ${shownJob(job) ?? "something"}`, since, notes: [] };
    }
    case "paused":
      return pausedWords(job);
    case "ended":
      return endedWords(job);
  }
}

function pausedWords(job: PausedJob): PrinterWords {
  const name = shownJob(job) ?? "the print";
  const since = { word: "since", moment: job.since } as const;
  if (job.reason === "user" || job.reason === "gcode" || job.reason === "unknown") {
    const why = job.reason === "user" ? " by somebody" : job.reason === "gcode" ? " by its own file" : "";
    return { tone: "needsYou", sentence: `Paused${why}: ${name}`, since, notes: job.text ? [job.text] : [] };
  }
  return { tone: "needsYou", sentence: `Needs you: ${needWords(job.reason, job.text)} (${name})`, since, notes: [] };
}

function needWords(reason: PauseReason, text: string | undefined): string {
  return needText(reason, text) ?? text ?? "it waits for you";
}

const endWords: Record<Outcome, string> = {
  finished: "finished",
  cancelled: "was cancelled",
  failed: "failed",
  ended: "ended, nobody saw how",
};

function endedWords(job: EndedJob): PrinterWords {
  const name = shownJob(job) ?? "the last print";
  const why = job.text ? `: ${job.text}` : "";
  const isBad = job.outcome === "failed";
  return {
    tone: isBad ? "fault" : "calm",
    sentence: `${isBad ? "" : "Idle, "}${name} ${endWords[job.outcome]}${why}`,
    since: { word: "at", moment: job.endedAt },
    notes: [],
  };
}
