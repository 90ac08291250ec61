/**
 * What to ask next, and when: one question at a time, none while the printer is busy, none that it does not know.
 */
import type { Command } from "./commands.ts";
import type { MarlinLine } from "./marlin_line.ts";
import { type Family, isRecent, seconds, type Session } from "./session_state.ts";

/** How often and how long, in seconds. */
const pace = {
  /** Opening the port may have reset the board: wait for its `start`. */
  start: 3,
  /** Quiet after the last line before the first word. */
  quiet: 1,
  /** Boards that never fall silent are spoken to after this. */
  patience: 6,
  poll: 5,
  /** A board that is busy says so every 2 s; after this it is free. */
  busy: 4.5,
  pollInPrint: 2,
  /** Without an answer and without a sign of life: ask again. */
  answer: 30,
  /** Between two tries to learn who this is. */
  identify: 60,
  /** Automatic reports have stopped: ask. */
  reports: 12,
} as const;

/** So many unanswered questions in a row: nobody is there. */
const mostUnanswered = 2;

/** The command to send now, if any. It is counted as sent. */
export function nextCommand(session: Session, now: number): Command | undefined {
  const { sending } = session;
  if (session.isPassive || !isQuiet(session, now)) return undefined;
  if (sending.outstanding) {
    const { at } = sending.outstanding;
    const isTalking = isRecent(session.lineAt, now, pace.reports); // it lives, and may only be slow
    if (now - Math.max(at, session.busyAt ?? 0) < (isTalking ? 2 : 1) * pace.answer) return undefined;
    sending.unanswered++;
    sending.outstanding = undefined;
  }
  const command = choose(session, now);
  if (!command) return undefined;
  sending.outstanding = { command, at: now, replies: 0 };
  sending.sentAt.set(command, now);
  if (command.startsWith("M27") || command.startsWith("M40")) sending.positionDueAt = undefined;
  if (command === "M27 C") sending.nameIsDue = false;
  return command;
}

function isQuiet(session: Session, now: number): boolean {
  if (isRecent(session.busyAt, now, pace.busy)) return false;
  const isOpening = !session.sending.sentAt.size;
  if (!isOpening) return true;
  const hasBooted = session.bootedAt !== undefined;
  if (!hasBooted && now - session.openedAt < pace.start) return false;
  if (now - session.sending.openAt >= pace.patience) return true;
  return now - Math.max(session.lineAt ?? 0, session.sending.openAt) >= pace.quiet;
}

function choose(session: Session, now: number): Command | undefined {
  const { sending } = session;
  const can = (command: Command) => !sending.unsupported.has(command);
  const isDue = (command: Command, every: number) =>
    can(command) && now - (sending.sentAt.get(command) ?? -1e9) >= every;
  if (!sending.isIdentified && isDue("M115", pace.identify)) return "M115";
  // The name before the position: the position starts the print, and its message should know the file.
  const hasFile = session.job.kind === "stored" || session.file !== undefined;
  if (sending.nameIsDue && hasFile && hasNameQuestion(session.family) && can("M27 C")) return "M27 C";
  if (sending.positionDueAt !== undefined && now >= sending.positionDueAt) {
    const question = jobQuestion(session);
    if (question) return question;
    sending.positionDueAt = undefined;
  }
  const isNew = (command: Command) => can(command) && !sending.sentAt.has(command);
  if (session.capabilities.get("AUTOREPORT_TEMP") && isNew("M155 S5")) return "M155 S5";
  if (session.capabilities.get("AUTOREPORT_SD_STATUS") && isNew("M27 S5")) return "M27 S5";
  const question = jobQuestion(session);
  if (question && isDue(question, jobPace(session))) return question;
  const more = furtherQuestion(session);
  if (more && isDue(more, jobPace(session))) return more;
  return isDue("M105", temperaturePace(session, now)) ? "M105" : undefined;
}

/** How this printer is asked for its job. */
function jobQuestion(session: Session): Command | undefined {
  const can = (command: Command) => !session.sending.unsupported.has(command);
  if (session.family === "reprapfirmware") {
    if (isVersionTwo(session)) return can("M408 S2") ? "M408 S2" : undefined;
    if (can('M409 K"state.status" F"v"')) return 'M409 K"state.status" F"v"';
  }
  return isWithoutMedia(session) ? undefined : "M27";
}

/** Whether this printer has no card or stick to print from. */
export function isWithoutMedia(session: Session): boolean {
  return session.sending.unsupported.has("M27") || session.capabilities.get("SDCARD") === false;
}

/** What some firmwares tell beyond that, while they print. */
function furtherQuestion(session: Session): Command | undefined {
  if (session.job.kind !== "stored") return undefined;
  if (session.family === "smoothieware") return "progress";
  return session.family === "reprapfirmware" && !isVersionTwo(session) ? 'M409 K"job" F"d5v"' : undefined;
}

function isVersionTwo(session: Session): boolean {
  return /^[12]\./.test(session.version ?? "");
}

function jobPace(session: Session): number {
  if (session.capabilities.get("AUTOREPORT_SD_STATUS") && session.sending.sentAt.has("M27 S5")) return 60;
  return session.job.kind === "stored" ? pace.pollInPrint : pace.poll;
}

function temperaturePace(session: Session, now: number): number {
  const isReporting = session.sending.sentAt.has("M155 S5") && isRecent(session.lineAt, now, pace.reports);
  return isReporting ? 60 : pace.poll;
}

/** Firmwares that give the long name only when asked for it. */
function hasNameQuestion(family: Family | undefined): boolean {
  return family === "marlin" || family === undefined;
}

/** An `ok`: the question is answered. */
export function noticeAnswer(session: Session, rest: MarlinLine | undefined): void {
  const { sending } = session;
  if (sending.outstanding?.command === "M115" && (session.family !== undefined || rest?.kind === "identity")) {
    sending.isIdentified = true;
  }
  sending.outstanding = undefined;
}

const families: readonly [RegExp, Family][] = [
  [/klipper/i, "klipper"],
  [/smoothie/i, "smoothieware"],
  [/repetier/i, "repetier"],
  [/reprapfirmware|^rrf/i, "reprapfirmware"],
  [/prusa-firmware-buddy/i, "marlin"],
  [/prusa-firmware/i, "prusa"],
];

export function noticeIdentity(session: Session, said: { firmware: string; version?: string }): void {
  session.family = families.find(([pattern]) => pattern.test(said.firmware))?.[1] ?? "marlin";
  session.version = said.version;
  session.sending.isIdentified = true;
}

export function noticeCapability(session: Session, { name, isOn }: { name: string; isOn: boolean }): void {
  session.capabilities.set(name, isOn);
}

/** A command of ours is not known here; true if that means that there can be no print of its own. */
export function noticeUnknownCommand(session: Session, said: string): boolean {
  const { outstanding, unsupported } = session.sending;
  const word = said.split(" ")[0] ?? "";
  const command = outstanding?.command;
  if (command !== undefined && command.split(" ")[0] === word) unsupported.add(command);
  if (word !== "M27") return false;
  unsupported.add("M27").add("M27 C").add("M27 S5");
  return true;
}

/** Whether the printer has fallen silent for good; said once. Nobody who does not ask can know. */
export function noticeSilence(session: Session, now: number): string | undefined {
  if (session.isLost || session.lineAt === undefined || session.sending.unanswered < mostUnanswered) return undefined;
  const silentSeconds = now - session.lineAt;
  if (silentSeconds < seconds.wait) return undefined;
  session.isLost = true;
  return `the printer has not answered for ${Math.round(silentSeconds)} s`;
}
