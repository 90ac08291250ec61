/**
 * The one place where facts become state. Everything here is pure: state in, state out, time handed in.
 */
import { applyAttention, settleAttention } from "./attention.ts";
import { applyFault, applyRestart, settleFault } from "./fault.ts";
import { applyJob, applyPastJobs } from "./job.ts";
import { endByFact } from "./job_end.ts";
import { applyLink, loseSight, settleLink } from "./link.ts";
import { hasPassed, type Moment } from "./moment.ts";
import { without } from "./optional.ts";
import { announcePause, announceResume, settlePause, settleResume } from "./pause.ts";
import { isSameFile } from "./print_file.ts";
import {
  activeJob,
  type Announcement,
  graceSeconds,
  maxRecentMessages,
  type PrinterState,
  type Report,
  type SaidMessage,
} from "./printer_state.ts";

/** The state after the report: what is stated is true, what is announced waits for its fact. */
export function applyReport(before: PrinterState, report: Report, now: Moment): PrinterState {
  const isFirstReport = before.link === undefined;
  let state = applyLink(passTime(before, now), report, now);
  if (report.restarted) state = applyRestart(state, report.restarted, now);
  if (report.selectedFile) state = { ...state, selectedFile: { file: report.selectedFile, at: now } };
  if (report.announced) state = applyAnnouncement(state, report.announced, now);
  if (report.fault) {
    state = isFirstReport
      ? { ...state, fault: { ...report.fault, since: now, lastAt: now, stage: "error" } }
      : applyFault(state, report.fault, now);
  }
  if (report.pastJobs) state = applyPastJobs(state, report.pastJobs, now);
  state = applyJob(state, report, now);
  state = applyAttention(state, report, { isFirstLook: before.job === undefined, now });
  if (report.uploaded) state = applyUpload(state, report.uploaded, now);
  if (report.message) state = applyMessage(state, report.message, { isFirstReport, now });
  if (report.temperatures) state = { ...state, temperatures: { ...state.temperatures, ...report.temperatures } };
  return passTime(state, now);
}

/** What time alone decides: the graces of {@link graceSeconds}. A stop goes before a pause, a pause before a wait. */
export function passTime(before: PrinterState, now: Moment): PrinterState {
  let state = forgetAnnouncements(before, now);
  state = settleFault(state, now);
  state = settleLink(state, now);
  state = settlePause(state, now);
  state = settleResume(state, now);
  return settleAttention(state, now);
}

/** The stored state as a new process finds it: nothing was watched meanwhile, and a live printer answers first. */
export function restoreState(stored: PrinterState, now: Moment): PrinterState {
  const state = loseSight(stored, { at: now });
  if (state.link?.kind !== "online" || !state.link.lost) return state;
  // The grace counts from now: nobody has looked yet.
  return { ...state, link: { ...state.link, lost: { ...state.link.lost, at: now } } };
}

function applyAnnouncement(state: PrinterState, said: Announcement, now: Moment): PrinterState {
  switch (said.kind) {
    case "start": {
      const selected = said.file ? { selectedFile: { file: said.file, at: now } } : {};
      return { ...state, ...selected, announcedStart: now };
    }
    case "pause":
      return announcePause(state, said, now);
    case "resume":
      return announceResume(state, now);
    case "cancel": {
      const job = activeJob(state);
      if (!job) return state;
      if (job.position) return { ...state, announcedCancel: now };
      return endByFact(state, { job, outcome: "cancelled", now }); // streamed by a host: the line is all there will be
    }
  }
}

/** What was announced and not done is forgotten. */
function forgetAnnouncements(before: PrinterState, now: Moment): PrinterState {
  let state = before;
  if (state.announcedCancel && hasPassed(graceSeconds.cancel, state.announcedCancel, now)) {
    state = without(state, "announcedCancel");
  }
  if (state.announcedStart && hasPassed(graceSeconds.start, state.announcedStart, now)) {
    state = without(state, "announcedStart");
  }
  if (state.announcedPause && !activeJob(state) && hasPassed(graceSeconds.start, state.announcedPause.since, now)) {
    state = without(state, "announcedPause");
  }
  return state;
}

function applyUpload(state: PrinterState, file: NonNullable<Report["uploaded"]>, now: Moment): PrinterState {
  const before = state.upload;
  if (before && isSameFile(before.file, file) && !hasPassed(graceSeconds.upload, before.at, now)) return state;
  return { ...state, upload: { number: (before?.number ?? 0) + 1, file, at: now } };
}

function applyMessage(
  state: PrinterState,
  said: NonNullable<Report["message"]>,
  { isFirstReport, now }: { isFirstReport: boolean; now: Moment },
): PrinterState {
  const isThis = (one: SaidMessage) => one.text === said.text && one.marked === said.marked;
  const recent = (state.recentMessages ?? []).filter(({ at }) => !hasPassed(graceSeconds.repeat, at, now));
  const isRepeat = recent.some((one) => isThis(one) || (one.text === said.text && one.marked));
  const mayBeOld = isFirstReport && !said.marked; // it may have stood on the display for days
  return {
    ...state,
    ...(said.marked ? {} : { displayText: said.text }),
    ...(isRepeat || mayBeOld ? {} : { message: { ...said, number: (state.message?.number ?? 0) + 1, at: now } }),
    recentMessages: [{ ...said, at: now }, ...recent.filter((one) => !isThis(one))].slice(0, maxRecentMessages),
  };
}
