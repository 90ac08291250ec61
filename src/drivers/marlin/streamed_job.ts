/**
 * Prints that a host sends line by line: seen only by the marks in their G-code and by what they make warm.
 */
import type { FileRef } from "../../domain/print_file.ts";
import type { MarlinLine } from "./marlin_line.ts";
import { isRecent, printingCelsius, type Reports, seconds, type Session } from "./session_state.ts";
import { isCold, nozzleTargetCelsius } from "./temperatures.ts";

/** `M73`: refines a print that is known. Alone it is an echo of a command, and a print only where something is hot. */
export function applyProgress(session: Session, line: MarlinLine & { kind: "progress" }, now: number): Reports {
  if (line.dialect === "normal") session.hasNormalMode = true;
  if (line.dialect === "silent" && session.hasNormalMode) return [];
  const { progress } = line;
  if (Object.keys(progress).length === 0) return [];
  if (line.dialect === "smoothie") {
    session.job = { kind: "stored" };
    if (line.path) session.file ??= { path: line.path, storage: "sd" };
    return [{ job: { kind: "active", ...(session.file ? { file: session.file } : {}) }, progress }];
  }
  if (session.job.kind === "stored") return [{ progress }];
  if (session.job.kind === "streamed") return continueStreamed(session, progress, now);
  const { percent } = progress;
  if (percent === undefined || percent >= 100 || !isBelievable(session, line.dialect)) return [];
  const begins = percent === 0 || session.startSaid !== undefined;
  const reports = beginStreamed(session, { begins, file: session.startSaid?.file }, now);
  return [...reports, ...continueStreamed(session, progress, now)];
}

function isBelievable(session: Session, dialect: string): boolean {
  const target = nozzleTargetCelsius(session.temperatures);
  if (target === undefined) return dialect === "normal" || session.startSaid !== undefined;
  return target >= printingCelsius;
}

function continueStreamed(
  session: Session,
  progress: (MarlinLine & { kind: "progress" })["progress"],
  now: number,
): Reports {
  const known = session.streamed;
  const percent = progress.percent ?? known.percent;
  const isNew = percent !== undefined && percent < 1 && (known.percent ?? 0) >= 1;
  const hasMoved = percent !== known.percent && session.pauseSaidAt !== undefined &&
    !isRecent(session.pauseSaidAt, now, seconds.afterPause);
  if (hasMoved) session.pauseSaidAt = undefined;
  session.streamed = {
    ...known,
    ...(percent === undefined ? {} : { percent }),
    saidAt: now,
  };
  if (isNew) delete session.streamed.hundredAt;
  if (percent !== undefined && percent >= 100) session.streamed.hundredAt ??= now;
  const kind = isNew || hasMoved ? "printing" : "active";
  return [{ job: { kind, ...(isNew ? { begins: true } : {}) }, progress }];
}

/** A print that a host sends has begun, or is met in its middle. Several marks of one start are one. */
export function beginStreamed(
  session: Session,
  { begins, file }: { begins: boolean; file?: FileRef | undefined },
  now: number,
): Reports {
  const { job, streamed } = session;
  if (job.kind === "stored") return [];
  session.startSaid = undefined;
  session.heldNoneSince = undefined;
  session.halted = undefined;
  const isOtherFile = file !== undefined && streamed.path !== undefined && streamed.path !== file.path;
  if (job.kind === "streamed" && (streamed.percent ?? 0) < 1 && now - job.since < seconds.start && !isOtherFile) {
    if (!file) return [];
    session.streamed = { ...streamed, path: file.path };
    return [{ job: { kind: "active", file } }];
  }
  session.job = { kind: "streamed", since: now };
  session.streamed = { saidAt: now, wasWarm: isWarm(session), ...(file ? { path: file.path } : {}) };
  return [{ job: { kind: "printing", ...(begins ? { begins } : {}), ...(file ? { file } : {}) } }];
}

export function endStreamed(session: Session, outcome: "finished" | "ended"): Reports {
  if (session.job.kind === "stored" || session.job.kind === "none") return [];
  session.job = { kind: "none" };
  session.pauseSaidAt = undefined;
  return [{ job: { kind: "ended", outcome } }];
}

/** `action:start`, or a bare name before anything is warm: believed as soon as something warms up. */
export function sayStart(session: Session, file: FileRef | undefined, now: number): Reports {
  if (session.job.kind === "stored") return [];
  if (isWarm(session) || isCold(session.temperatures) === undefined) {
    return beginStreamed(session, { begins: true, file }, now);
  }
  session.startSaid = { at: now, ...(file ? { file } : {}) };
  return [{ announced: { kind: "start", ...(file ? { file } : {}) } }];
}

function isWarm(session: Session): boolean {
  return isCold(session.temperatures) === false;
}

/** `notification job NAME` in start G-code. A display text may begin with the same word. */
export function nameOfJob(words: string): string | undefined {
  const name = /^job:?\s+(.+)$/.exec(words)?.[1]?.trim();
  return name &&
      !/^(?:done|finished|completed?|ended|abort|cancel|paus|resum|start|fail|is |has |\d+ ?(?:of|\/))/i.test(name)
    ? name
    : undefined;
}

/** New temperatures: a start that was announced comes true, a print that is over grows cold. */
export function noticeWarmth(session: Session, now: number): Reports {
  const cold = isCold(session.temperatures);
  if (cold === undefined) return [];
  const { coldSince: _, ...streamed } = session.streamed;
  session.streamed = cold
    ? { ...session.streamed, coldSince: session.streamed.coldSince ?? now }
    : { ...streamed, wasWarm: true };
  const start = session.startSaid;
  if (cold || !start) return [];
  if (!isRecent(start.at, now, seconds.announcedStart)) {
    session.startSaid = undefined;
    return [];
  }
  return beginStreamed(session, { begins: true, file: start.file }, now);
}

/** Whether a print sent by a host is over: nobody says so. */
export function settleStreamed(session: Session, now: number): Reports {
  const job = session.job;
  if (job.kind !== "streamed") return [];
  const { percent, hundredAt, saidAt, coldSince, wasWarm } = session.streamed;
  if (hundredAt !== undefined && coldSince === undefined) {
    const hasTemperatures = isCold(session.temperatures) !== undefined;
    return !hasTemperatures && now - hundredAt >= seconds.afterHundred ? endStreamed(session, "finished") : [];
  }
  if (coldSince === undefined) return [];
  const neededSeconds = wasWarm || (percent ?? 0) > 1 ? seconds.cold : seconds.neverWarm;
  if (now - Math.max(coldSince, job.since) < neededSeconds || now - saidAt < seconds.cold) return [];
  return endStreamed(session, hundredAt === undefined ? "ended" : "finished");
}
