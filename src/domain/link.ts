/**
 * Whether the printer can be seen. A short loss is none; what was said but not yet done is forgotten with any.
 */
import { hasPassed, type Moment } from "./moment.ts";
import { known, without } from "./optional.ts";
import { activeJob, graceSeconds, type PrinterState, type Report } from "./printer_state.ts";

/** The link after a report: whatever a printer says, it is there, unless the link is what was lost. */
export function applyLink(state: PrinterState, report: Report, now: Moment): PrinterState {
  const { link } = state;
  if (report.link?.kind === "lost") {
    const lost = { at: now, ...known({ reason: report.link.reason }) };
    return link
      ? loseSight(state, lost)
      : { ...state, link: { kind: "offline", since: now, ...known({ reason: report.link.reason }) } };
  }
  if (link === undefined) return { ...state, link: { kind: "online", since: now } };
  if (link.kind === "online") {
    return link.lost ? comeBack({ ...state, link: { kind: "online", since: link.since } }, now) : state;
  }
  return link.backAt ? state : comeBack({ ...state, link: { ...link, backAt: now } }, now);
}

/** From now on nothing is seen of the printer; the job is left as it was. A lost board is no pause. */
export function loseSight(state: PrinterState, lost: { at: Moment; reason?: string }): PrinterState {
  const job = activeJob(state);
  const blind: PrinterState = {
    ...without(state, "announcedStart", "announcedPause", "announcedResume"),
    ...(job ? { job: { ...job, isWatched: false } } : {}),
  };
  const { link } = blind;
  if (link?.kind === "online") {
    return { ...blind, link: { ...link, lost: link.lost ? { ...lost, ...link.lost } : lost } };
  }
  return link ? { ...blind, link: without(link, "backAt") } : blind;
}

/** A printer that is back may repeat what it shows: the same words right after are no news. */
function comeBack(state: PrinterState, now: Moment): PrinterState {
  const { fault, recentMessages: recent } = state;
  return {
    ...state,
    ...(fault && fault.stage !== "settling" ? { fault: { ...fault, fatal: false, lastAt: now } } : {}),
    ...(recent ? { recentMessages: recent.map((one) => one.marked ? one : { ...one, at: now }) } : {}),
  };
}

/** A loss that lasts is "offline"; a printer that is back is "online" once it has said a word about its job. */
export function settleLink(state: PrinterState, now: Moment): PrinterState {
  const { link } = state;
  if (link?.kind === "online" && link.lost && hasPassed(graceSeconds.offline, link.lost.at, now)) {
    return { ...state, link: { kind: "offline", since: link.lost.at, ...known({ reason: link.lost.reason }) } };
  }
  if (link?.kind === "offline" && link.backAt) {
    const isJobSeen = activeJob(state)?.isWatched ?? true;
    if (isJobSeen || hasPassed(graceSeconds.back, link.backAt, now)) {
      return { ...state, link: { kind: "online", since: link.backAt } };
    }
  }
  return state;
}
