/**
 * Faults, halts and restarts, in the printer's own words.
 */
import type { Report } from "../../domain/printer_state.ts";
import type { MarlinLine } from "./marlin_line.ts";
import { isRecent, type Reports, seconds, type Session } from "./session_state.ts";

export function fault(session: Session, { text, fatal }: { text: string; fatal: boolean }, now: number): Reports {
  if (/^\d*:?$/.test(text)) { // old Marlin: `Error:0`, and the words in the next line
    session.splitFault = text;
    return [];
  }
  if (session.shutdownAt !== undefined) return stop(session, { text, now });
  if (fatal) return isRepeat(session, now) ? [] : stop(session, { text: session.heldFault?.text ?? text, now });
  if (session.job.kind !== "stored") return [{ fault: { text, fatal: false } }];
  session.heldFault ??= { text, at: now, isThermal: false, growths: 0 };
  return [];
}

/** The second half of `Error:0` + `: Extruder switched off. MAXTEMP triggered !`. */
export function joinSplitFault(session: Session, line: string, now: number): Reports | undefined {
  const first = session.splitFault;
  if (first === undefined) return undefined;
  session.splitFault = undefined;
  if (!/^\s*:/.test(line)) return undefined;
  return stop(session, { text: `${first}${line.trimStart()}`.replace(/^:\s*/, ""), now });
}

/** A halted printer repeats itself in many words. */
function isRepeat(session: Session, now: number): boolean {
  if (!session.halted || !isRecent(session.halted.at, now, seconds.repeatOfHalt)) return false;
  session.halted.at = now;
  return true;
}

/** The printer stands, and its job is over. Met so at the first look, it is old news to everybody without a job. */
function stop(session: Session, { text, now, isOldNews }: { text: string; now: number; isOldNews?: boolean }): Reports {
  session.shutdownAt = undefined;
  session.heldFault = undefined;
  session.halted = { at: now };
  session.job = { kind: "none" };
  session.positionBytes = undefined;
  if (isOldNews) return [{ job: { kind: "ended", outcome: "failed", text } }];
  return [{ fault: { text, fatal: true } }];
}

/** Klipper's `!! …`: while its job was never heard of, it is the answer of a printer that stopped before we came. */
export function klipperFault(session: Session, said: { text: string; fatal: boolean }, now: number): Reports {
  const isOldNews = said.fatal && session.job.kind === "unknown" && session.shutdownAt === undefined;
  return isOldNews ? stop(session, { text: said.text, now, isOldNews }) : fault(session, said, now);
}

/** Smoothieware in a halt answers nothing but this. */
export function halt(session: Session, text: string | undefined, now: number): Reports {
  if (isRepeat(session, now)) return [];
  if (session.job.kind === "unknown") return text === undefined ? [] : stop(session, { text, now, isOldNews: true });
  if (text === undefined && session.job.kind === "none") return [];
  return stop(session, { text: text ?? "the printer is halted", now });
}

/** RepRapFirmware pauses a print for it; without a print, its heater is off. */
export function heaterFault(session: Session, text: string, now: number): Reports {
  if (session.job.kind === "none" || session.job.kind === "unknown") return fault(session, { text, fatal: true }, now);
  session.heldFault ??= { text, at: now, isThermal: true, growths: 0 };
  return [];
}

/** The card is gone: news only while it is printed from. */
export function mediaLost(session: Session, text: string, now: number): Reports {
  if (session.job.kind === "stored") session.heldFault ??= { text, at: now, isThermal: false, growths: 0 };
  return [];
}

/** An error that did not stop the print after all, or a thermal one after which nothing was heard. */
export function settleHeldFault(session: Session, now: number): Reports {
  const held = session.heldFault;
  if (!held || (isRecent(held.at, now, seconds.errorInPrint) && held.growths < 3)) return [];
  session.heldFault = undefined;
  if (held.isThermal && held.growths === 0) return stop(session, { text: held.text, now });
  return [{ fault: { text: held.text, fatal: false } }];
}

export function klipperState(session: Session, state: string, now: number): Reports {
  switch (state.toLowerCase()) {
    case "shutdown":
      if (!isRepeat(session, now)) session.shutdownAt ??= now;
      session.sending.positionDueAt = now; // its answer has the reason
      return [];
    case "disconnect":
      return [
        ...settleShutdown(session, { now, isOver: true }),
        ...restart(session, { cause: `Klipper state: ${state}` }, now),
      ];
    case "ready":
      session.halted = undefined;
      return settleShutdown(session, { now, isOver: true });
    default:
      return [];
  }
}

/** A shutdown whose reason did not come in time. */
export function settleShutdown(session: Session, { now, isOver }: { now: number; isOver?: boolean }): Reports {
  const since = session.shutdownAt;
  if (since === undefined || (!isOver && isRecent(since, now, seconds.shutdownReason))) return [];
  return stop(session, { text: "Klipper state: Shutdown", now });
}

/** The board began anew: all that was known of its doings is over. */
export function restart(session: Session, { cause }: { cause?: string }, now: number): Reports {
  session.bootedAt = now;
  session.job = { kind: "none" };
  session.file = undefined;
  session.freshPath = undefined;
  session.writingPath = undefined;
  session.positionBytes = undefined;
  session.waiting = undefined;
  session.promptText = undefined;
  session.runoutAt = undefined;
  session.heldFault = undefined;
  session.heldNoneSince = undefined;
  session.halted = undefined;
  session.pauseSaidAt = undefined;
  session.cancelSaidAt = undefined;
  session.startSaid = undefined;
  session.tellsPause = false;
  session.isInList = false;
  session.busyAt = undefined;
  session.sending = {
    ...session.sending,
    openAt: now,
    outstanding: undefined,
    sentAt: new Map(),
    isIdentified: false,
    positionDueAt: undefined,
    nameIsDue: false,
  };
  const restarted: Report = { restarted: cause === undefined ? {} : { cause } };
  return [restarted];
}

/** The cause in the line after `start`. */
export function bootCause(session: Session, line: MarlinLine & { kind: "bootCause" }, now: number): Reports {
  return isRecent(session.bootedAt, now, 5) ? [{ restarted: { cause: line.cause } }] : [];
}
