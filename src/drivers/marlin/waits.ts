/**
 * Waits for a human: `busy: paused for user`, every 2 s, with prompts and echoes around it. One wait is one fact,
 * until something shows that it is over.
 */
import type { PauseReason, Report } from "../../domain/printer_state.ts";
import { isRecent, type Reports, seconds, type Session } from "./session_state.ts";
import { couldBeWaitText, waitText } from "./texts.ts";

/** A keep-alive of a command that waits for a human. */
export function keepWaiting(session: Session, now: number): Reports {
  const reason: PauseReason = isRecent(session.runoutAt, now, seconds.runout) ? "filament_runout" : "waiting_for_user";
  const text = wordsOfWait(session, now);
  const known = session.waiting;
  if (known) {
    known.at = now;
    if (known.reason === reason) return [];
  }
  session.waiting = { since: known?.since ?? now, at: now, reason, ...(text ? { text } : {}) };
  return [{ attention: { kind: "waiting", reason, ...(text ? { text } : {}) } }];
}

/** What the printer said it waits for; never the firmware's own terms. */
function wordsOfWait(session: Session, now: number): string | undefined {
  const prompt = session.promptText === undefined ? undefined : waitText(session.promptText);
  if (prompt !== undefined) return prompt;
  const echo = session.echoText;
  return echo && isRecent(echo.at, now, seconds.waitWords) ? waitText(echo.text) : undefined;
}

export function rememberEcho(session: Session, text: string, now: number): void {
  if (couldBeWaitText(text)) session.echoText = { text, at: now };
}

/** A dialog of the firmware. A prompt alone is no wait; beside a pause it gives the reason. */
export function beginPrompt(session: Session, text: string): Reports {
  session.promptText = text;
  const isAsking = /parked|load|insert|change/i.test(text);
  if (!isAsking || session.pauseSaidAt === undefined) return [];
  const words = waitText(text);
  return [{ announced: { kind: "pause", reason: "waiting_for_user", ...(words ? { text: words } : {}) } }];
}

/** Something shows that the printer goes on. */
export function endWait(session: Session): Reports {
  if (!session.waiting) return [];
  session.waiting = undefined;
  session.promptText = undefined;
  session.echoText = undefined;
  session.runoutAt = undefined;
  return [{ attention: { kind: "over" } }];
}

/** A command is done, so nothing waits any more. */
export function endWaitByAnswer(session: Session): Reports {
  const isOnlyWaiting = session.waiting !== undefined && session.pauseSaidAt === undefined;
  const reports: Report[] = endWait(session);
  session.promptText = undefined;
  session.echoText = undefined;
  // A print sent by a host has no position that would show that it moves again.
  if (isOnlyWaiting && session.job.kind === "streamed") reports.push({ job: { kind: "printing" } });
  return reports;
}

/** A wait ends by silence, unless its command still runs: purging and heating take a while, then it asks again. */
export function expireWait(session: Session, now: number): Reports {
  const waiting = session.waiting;
  if (!waiting || now - waiting.at <= seconds.wait) return [];
  const isStillBusy = isRecent(session.busyAt, now, seconds.wait);
  return isStillBusy && now - waiting.at <= seconds.waitWhileBusy ? [] : endWait(session);
}
