/**
 * Prints from the printer's own card, stick or memory: selected, moving, standing, over.
 */
import type { FileRef } from "../../domain/print_file.ts";
import type { Outcome, PauseReason, Report } from "../../domain/printer_state.ts";
import type { FilePosition, ModelFacts } from "./marlin_line.ts";
import { withoutVolume } from "./parse_model.ts";
import { isRecent, printingCelsius, type Reports, seconds, type Session } from "./session_state.ts";
import { nozzleTargetCelsius } from "./temperatures.ts";
import { halt } from "./stops.ts";
import { endWait } from "./waits.ts";

/** A position is a print, unless it is the beginning of a file that was only selected. */
export function moveTo(session: Session, position: FilePosition, now: number): Reports {
  if (position.bytes <= 0 || position.totalBytes <= 0) return session.job.kind === "unknown" ? noJob(session, now) : [];
  const reports: Report[] = session.heldNoneSince === undefined ? [] : sayNone(session);
  const before = session.positionBytes;
  const hasGrown = before !== undefined && position.bytes > before && session.job.kind === "stored";
  session.positionBytes = position.bytes;
  session.notPrinting = { count: 0, since: now };
  session.halted = undefined;
  if (session.job.kind !== "stored" && session.file?.displayName === undefined) session.sending.nameIsDue = true;
  session.job = { kind: "stored" };
  session.startSaid = undefined;
  if (hasGrown) {
    reports.push(...endWait(session));
    if (session.heldFault) session.heldFault.growths++;
  }
  const file = fileOfSize(session, position.totalBytes);
  reports.push({
    job: { kind: session.tellsPause ? "printing" : "active", ...(file ? { file } : {}) },
    progress: { position },
  });
  return reports;
}

/** The selected file, unless the size says that another one is printed. */
function fileOfSize(session: Session, totalBytes: number): FileRef | undefined {
  const file = session.file;
  return file?.sizeBytes === undefined || file.sizeBytes === totalBytes ? file : undefined;
}

/** "Not printing": of a print that was seen here, only when it was said often enough. */
export function noJob(session: Session, now: number): Reports {
  session.halted = undefined;
  switch (session.job.kind) {
    case "none":
    case "streamed":
      return [];
    case "unknown": {
      if (!isHot(session)) return sayNone(session);
      session.heldNoneSince ??= now;
      return [];
    }
    case "stored": {
      const { count, since } = session.notPrinting;
      session.notPrinting = { count: count + 1, since: count === 0 ? now : since };
      return settleNotPrinting(session, now);
    }
  }
}

/** Whether "not printing" is certain by now: the last moves of a file are still made after it was read to its end. */
export function settleNotPrinting(session: Session, now: number): Reports {
  const { count, since } = session.notPrinting;
  if (session.job.kind !== "stored" || count === 0) return [];
  if (session.heldFault) return endByHeldFault(session, session.heldFault.text);
  if (isRecent(session.cancelSaidAt, now, seconds.cancel)) return sayNone(session);
  const isCertain = count >= 3 || count >= 2 && now - since >= seconds.betweenNotPrinting;
  return isCertain && !isRecent(session.busyAt, now, seconds.keepAlive) ? sayNone(session) : [];
}

function endByHeldFault(session: Session, text: string): Reports {
  forgetJob(session);
  return [{ job: { kind: "ended", outcome: "failed", text } }];
}

function isHot(session: Session): boolean {
  return (nozzleTargetCelsius(session.temperatures) ?? 0) >= printingCelsius;
}

/** A hot printer may be printing what a host sends; that doubt does not last. */
export function settleHeldNone(session: Session, now: number): Reports {
  if (session.heldNoneSince === undefined) return [];
  const isDoubtful = isHot(session) && now - session.heldNoneSince < seconds.doubtAboutJob;
  return isDoubtful ? [] : sayNone(session);
}

export function sayNone(session: Session): Reports {
  forgetJob(session);
  return [{ job: { kind: "none" } }];
}

function forgetJob(session: Session): void {
  session.job = { kind: "none" };
  session.heldNoneSince = undefined;
  session.heldFault = undefined;
  session.positionBytes = undefined;
  session.cancelSaidAt = undefined;
  session.pauseSaidAt = undefined;
  session.tellsPause = false;
  session.file = undefined;
  session.sending.nameIsDue = false;
}

/** A file was opened. Before anything was heard of a job, this also says that there is none. */
export function openFile(session: Session, opened: { path: string; sizeBytes: number }, now: number): Reports {
  if (session.writingPath !== undefined) return [];
  const isOver = session.job.kind === "stored" && session.notPrinting.count > 0;
  const reports = isOver || session.job.kind === "unknown" ? sayNone(session) : [];
  const fresh = session.freshPath;
  const path = fresh?.toLowerCase().endsWith(`/${opened.path.toLowerCase()}`) ? fresh : opened.path;
  session.freshPath = undefined;
  session.file = { path, sizeBytes: opened.sizeBytes, storage: "sd" };
  session.sending.positionDueAt = now + 1;
  session.sending.nameIsDue = true;
  return [...reports, { selectedFile: session.file }];
}

/** The long name of what is selected or printed. */
export function nameFile(session: Session, name: { path: string; displayName?: string }): Reports {
  session.sending.nameIsDue = false;
  const known = session.file;
  const isKnown = known !== undefined && lastPart(known.path) === lastPart(name.path);
  const path = isKnown && known.path.length > name.path.length ? known.path : name.path;
  session.file = { ...(isKnown ? known : { storage: "sd" }), ...name, path };
  if (session.job.kind === "stored") return [{ job: { kind: "active", file: session.file } }];
  return session.job.kind === "none" && isKnown ? [{ selectedFile: session.file }] : [];
}

function lastPart(path: string): string {
  return path.toLowerCase().split("/").findLast((part) => part !== "") ?? "";
}

/** The printer says that its print stands still. */
export function standStill(
  session: Session,
  said: { reason?: PauseReason; isStreamed?: true },
  now: number,
): Reports {
  const held = session.heldFault;
  session.heldFault = undefined;
  session.tellsPause = true;
  if (!said.isStreamed) session.job = { kind: "stored" };
  else if (session.job.kind !== "streamed") session.job = { kind: "streamed", since: now };
  const reason = isRecent(session.runoutAt, now, seconds.runout) ? "filament_runout" : held ? "error" : said.reason;
  return [{
    job: {
      kind: "paused",
      ...(session.file ? { file: session.file } : {}),
      ...(reason ? { reason } : {}),
      ...(held ? { text: held.text } : {}),
    },
  }];
}

/** The printer says how its print ended. */
export function endJob(
  session: Session,
  said: { outcome: Outcome; path?: string; elapsedSeconds?: number },
): Reports {
  const file = said.path === undefined ? session.file : { path: withoutVolume(said.path) };
  const reports: Report[] = said.elapsedSeconds === undefined || session.job.kind === "none"
    ? []
    : [{ progress: { elapsedSeconds: said.elapsedSeconds } }];
  const held = session.heldFault;
  const isFailed = held !== undefined && said.outcome !== "finished";
  forgetJob(session);
  reports.push({
    job: {
      kind: "ended",
      outcome: isFailed ? "failed" : said.outcome,
      ...(file ? { file } : {}),
      ...(isFailed ? { text: held.text } : {}),
    },
  });
  return reports;
}

/** RepRapFirmware's object model. */
export function applyModel(session: Session, { status, path, sizeBytes, progress }: ModelFacts, now: number): Reports {
  if (path !== undefined) session.file = { path, ...(sizeBytes === undefined ? {} : { sizeBytes }) };
  const file = session.file ? { file: session.file } : {};
  switch (status) {
    case undefined:
      if (session.job.kind !== "stored") return [];
      return [{ job: { kind: "active", ...file }, progress }];
    case "processing":
      session.job = { kind: "stored" };
      session.tellsPause = true;
      session.notPrinting = { count: 0, since: now };
      return [...endWait(session), { job: { kind: "printing", ...file }, progress }];
    case "paused":
      return standStill(session, {}, now);
    case "pausing":
      return [{ announced: { kind: "pause" } }];
    case "cancelling":
      session.cancelSaidAt = now;
      return [{ announced: { kind: "cancel" } }];
    case "idle":
    case "off":
      return noJob(session, now);
    case "halted":
      return halt(session, undefined, now);
    default:
      return [];
  }
}
