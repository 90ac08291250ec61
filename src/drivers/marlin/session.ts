/**
 * Lines to facts. Nothing here reads a clock, waits or writes: lines and times in, reports out.
 */
import type { PauseReason, Report } from "../../domain/printer_state.ts";
import type { MarlinLine } from "./marlin_line.ts";
import { parseLine } from "./parse_line.ts";
import { isWithoutMedia, noticeAnswer, noticeCapability, noticeIdentity, noticeUnknownCommand } from "./polling.ts";
import { isRecent, type Reports, seconds, type Session } from "./session_state.ts";
import {
  bootCause,
  fault,
  halt,
  heaterFault,
  joinSplitFault,
  klipperFault,
  klipperState,
  mediaLost,
  restart,
  settleHeldFault,
  settleShutdown,
} from "./stops.ts";
import {
  applyModel,
  endJob,
  moveTo,
  nameFile,
  noJob,
  openFile,
  sayNone,
  settleHeldNone,
  settleNotPrinting,
  standStill,
} from "./stored_job.ts";
import {
  applyProgress,
  beginStreamed,
  endStreamed,
  nameOfJob,
  noticeWarmth,
  sayStart,
  settleStreamed,
} from "./streamed_job.ts";
import { isCold } from "./temperatures.ts";
import { beginPrompt, endWait, endWaitByAnswer, expireWait, keepWaiting, rememberEcho } from "./waits.ts";

/** The facts in one line. */
export function interpret(session: Session, text: string, now: number): Report[] {
  const joined = joinSplitFault(session, text, now);
  const line = joined ? undefined : parseLine(text);
  const reports = joined ?? (line ? factsOf(session, line, now) : interpretUnmarked(session, text));
  session.lineBefore = text;
  const isAlive = joined !== undefined || line !== undefined || session.lineAt !== undefined;
  if (!isAlive) return []; // noise at a wrong speed proves nobody
  session.lineAt = now;
  session.sending.unanswered = 0;
  const wasLost = session.isLost;
  session.isLost = false;
  if (reports.length === 0 && (wasLost || !isRecent(session.reportedAt, now, seconds.betweenSignsOfLife))) {
    reports.push({ link: { kind: "online" } });
  }
  if (reports.length > 0) session.reportedAt = now;
  return reports;
}

/** What time alone tells. */
export function passSessionTime(session: Session, now: number): Report[] {
  const reports = [
    ...expireWait(session, now),
    ...settleShutdown(session, { now }),
    ...settleHeldFault(session, now),
    ...settleNotPrinting(session, now),
    ...settleHeldNone(session, now),
    ...settleStreamed(session, now),
  ];
  if (reports.length > 0) session.reportedAt = now;
  return reports;
}

function factsOf(session: Session, line: MarlinLine, now: number): Report[] {
  if (session.isInList) { // names of files, which may look like anything
    if (line.kind !== "listEnds" && line.kind !== "ok" && line.kind !== "booted") return [];
    session.isInList = false;
  }
  switch (line.kind) {
    case "ok":
      return answered(session, line.rest, now);
    case "busy":
      session.busyAt = now;
      return line.isWaiting ? keepWaiting(session, now) : [];
    case "temperatures":
      session.temperatures = { ...session.temperatures, ...line.temperatures };
      return [{ temperatures: line.temperatures }, ...noticeWarmth(session, now), ...noticeCold(session, now)];
    case "position":
      return withNameLine(session, moveTo(session, line.position, now));
    case "notPrinting":
      return noJob(session, now);
    case "paused":
      return standStill(session, line, now);
    case "pausing":
      return sayPause(session, now);
    case "resuming":
      return sayResume(session, now);
    case "ended":
      return endJob(session, line);
    case "progress":
      return applyProgress(session, line, now);
    case "model":
      return applyModel(session, line.model, now);
    case "action":
      return act(session, line, now);
    case "message":
      return [{ message: { text: line.text, marked: true } }];
    case "runout":
      return sayRunout(session, now);
    case "booted":
      return restart(session, {}, now);
    case "bootCause":
      return bootCause(session, line, now);
    case "fault":
      return session.family === "klipper" ? klipperFault(session, line, now) : fault(session, line, now);
    case "heaterFault":
      return heaterFault(session, line.text, now);
    case "mediaLost":
      return mediaLost(session, line.text, now);
    case "halted":
      return halt(session, line.text, now);
    case "klipperState":
      session.family ??= "klipper";
      return klipperState(session, line.state, now);
    case "printTime":
      return session.job.kind === "none" ? [] : [{ progress: { elapsedSeconds: line.seconds } }];
    case "echo":
      rememberEcho(session, line.text, now);
      return [];
    case "identity":
      noticeIdentity(session, line);
      return [];
    case "capability":
      noticeCapability(session, line);
      return [];
    case "unknownCommand":
      return noticeUnknownCommand(session, line.command) ? noJob(session, now) : [];
    case "listBegins":
      session.isInList = true;
      return [];
    case "freshFile":
    case "fileOpened":
    case "currentFile":
    case "openFailed":
    case "writing":
    case "saved":
      return fileFacts(session, line, now);
    case "listEnds":
    case "comment":
    case "chatter":
      return [];
  }
}

type FileLine = MarlinLine & { kind: "freshFile" | "fileOpened" | "currentFile" | "openFailed" | "writing" | "saved" };

function fileFacts(session: Session, line: FileLine, now: number): Report[] {
  switch (line.kind) {
    case "freshFile":
      session.freshPath = line.path;
      return [];
    case "fileOpened":
      return openFile(session, line, now);
    case "currentFile":
      return nameFile(session, { path: line.path, ...(line.displayName ? { displayName: line.displayName } : {}) });
    case "openFailed":
      session.freshPath = undefined;
      return session.job.kind === "stored" ? fault(session, { text: line.text, fatal: false }, now) : [];
    case "writing":
      session.writingPath = line.path;
      session.freshPath = undefined;
      return [];
    case "saved": {
      const path = session.writingPath;
      session.writingPath = undefined;
      return path === undefined ? [] : [{ uploaded: { path, storage: "sd" } }];
    }
  }
}

/** An `ok`: a command is done, and with it whatever it waited for. */
function answered(session: Session, rest: MarlinLine | undefined, now: number): Report[] {
  noticeAnswer(session, rest);
  session.busyAt = undefined;
  const reports = endWaitByAnswer(session);
  return rest ? [...reports, ...factsOf(session, rest, now)] : reports;
}

/** Host actions announce: what follows from them is for the domain to decide. */
function act(session: Session, { verb, words }: { verb: string; words: string }, now: number): Report[] {
  switch (verb) {
    case "pause":
    case "paused":
      if (/runout|out_of_filament/i.test(words)) session.runoutAt = now;
      return sayPause(session, now);
    case "resume":
    case "resumed":
      return sayResume(session, now);
    case "cancel":
    case "cancelled":
      session.cancelSaidAt = now;
      session.pauseSaidAt = undefined;
      session.sending.positionDueAt = now + 1;
      if (session.job.kind === "streamed") session.job = { kind: "none" };
      return [...endWait(session), { announced: { kind: "cancel" } }];
    case "start":
      return sayStart(session, undefined, now);
    case "print_start":
      return beginStreamed(session, { begins: true }, now);
    case "print_end":
      return endStreamed(session, "finished");
    case "filament_runout":
    case "out_of_filament":
      return sayRunout(session, now);
    case "notification":
      return notified(session, words, now);
    case "prompt_begin":
      if (/filament ?runout/i.test(words)) session.runoutAt = now;
      return beginPrompt(session, words);
    case "prompt_end":
      session.promptText = undefined;
      return [];
    default:
      return [];
  }
}

function notified(session: Session, words: string, now: number): Report[] {
  const name = nameOfJob(words);
  if (name === undefined) return words === "" ? [] : [{ message: { text: words, marked: false } }];
  const file = { path: name };
  return /\.g(?:code|co)?$/i.test(name) && session.job.kind !== "stored"
    ? beginStreamed(session, { begins: true, file }, now)
    : sayStart(session, file, now);
}

function sayPause(session: Session, now: number): Reports {
  if (session.shutdownAt !== undefined) return []; // a stop dominates
  session.pauseSaidAt = now;
  session.sending.positionDueAt = now + 1;
  const held = session.heldFault; // the error was the reason
  session.heldFault = undefined;
  const isRunout = isRecent(session.runoutAt, now, seconds.waitWords);
  const reason: PauseReason | undefined = isRunout ? "filament_runout" : held ? "error" : undefined;
  return [{ announced: { kind: "pause", ...(reason ? { reason } : {}), ...(held ? { text: held.text } : {}) } }];
}

function sayRunout(session: Session, now: number): Reports {
  session.runoutAt = now;
  return sayPause(session, now);
}

function sayResume(session: Session, now: number): Reports {
  session.pauseSaidAt = undefined;
  session.runoutAt = undefined;
  session.sending.positionDueAt = now + 1;
  return [...endWait(session), { announced: { kind: "resume" } }];
}

/** Where nobody asks or answers `M27`, a cold printer has no job. */
function noticeCold(session: Session, now: number): Reports {
  if (session.job.kind !== "unknown") return [];
  if (isWithoutMedia(session)) return noJob(session, now);
  const { coldSince } = session.streamed;
  const isColdForLong = coldSince !== undefined && now - coldSince >= seconds.coldAtFirst;
  return session.isPassive && isCold(session.temperatures) && isColdForLong ? sayNone(session) : [];
}

/** Prusa's `M27` has the long name in the line before the position. */
function withNameLine(session: Session, reports: Reports): Reports {
  const name = session.lineBefore.trim();
  if (session.job.kind !== "stored" || session.file?.displayName === name) return reports;
  if (!/\.(?:g|gco|gcode|bgcode|bgc)$/i.test(name) || parseLine(name)) return reports;
  return [...reports, ...nameFile(session, { path: session.file?.path ?? name, displayName: name })];
}

/** Lines that mean something only where they stand. */
function interpretUnmarked(session: Session, text: string): Report[] {
  if (!session.lineBefore.startsWith("SD printing byte")) return [];
  const time = /^(\d+):(\d\d)$/.exec(text.trim()); // Prusa's `M27`: hours and minutes
  if (!time || session.job.kind !== "stored") return [];
  return [{ progress: { elapsedSeconds: Number(time[1]) * 3600 + Number(time[2]) * 60 } }];
}
