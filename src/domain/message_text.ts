/**
 * The words of a message: the printer, the file, what happened, why, in that order, in one line; then a few facts.
 */
import { corrected, hasBelievableTime, type Moment, secondsBetween } from "./moment.ts";
import type { Message, MessageFact } from "./message.ts";
import { type PrinterEvent, shownJob } from "./printer_event.ts";
import { shownFileName } from "./print_file.ts";
import type { PauseReason, Temperatures } from "./printer_state.ts";
import { isUrgent } from "./rule.ts";

export interface MessageContext {
  readonly printer: string;
  /** The agent's name and page, for the footer. */
  readonly agent: { readonly name: string; readonly url?: string };
  /** IANA name; times of day are shown in it. */
  readonly timezone: string;
  readonly now: Moment;
  /** For tests: the rule and the channel it took. */
  readonly road?: { readonly rule: string; readonly channel: string };
  readonly notes?: readonly string[];
}

/** The message of an event. */
export function composeMessage(event: PrinterEvent, context: MessageContext): Message {
  const { printer } = context;
  const job = event.kind === "uploaded" ? shownFileName(event.file) : shownJob(event.job);
  const { line, startsWithPrinter } = sentence(event, printer, job);
  const firstLine = startsWithPrinter ? line : `${printer}: ${line}`;
  const subjectOf = job ?? subjectWord(event);
  return {
    printer,
    ...(job ? { job } : {}),
    subject: oneLine(`[${printer}] ${subjectOf}`),
    firstLine: oneLine(firstLine),
    body: oneLine(capital(line.startsWith(`${printer} `) ? line.slice(printer.length + 1) : line)),
    notes: [...(event.isTest ? ["This is a test: nothing of it happened."] : []), ...(context.notes ?? [])],
    facts: eventFacts(event, context),
    isUrgent: isUrgent(event),
    footer: { agent: context.agent.name, ...(context.agent.url ? { url: context.agent.url } : {}) },
    language: "en",
  };
}

function subjectWord(event: PrinterEvent): string {
  switch (event.kind) {
    case "needs_you":
      return "needs you";
    case "message":
    case "error":
    case "offline":
    case "online":
    case "test":
      return event.kind;
    default:
      return "print";
  }
}

// -- the first line --------------------------------------------------------------------------------------------------

interface Sentence {
  readonly line: string;
  readonly startsWithPrinter?: boolean;
}

function sentence(event: PrinterEvent, printer: string, name: string | undefined): Sentence {
  const job = name ?? "the print";
  const { percent, remainingSeconds, elapsedSeconds } = event.facts;
  const at = percent === undefined ? "" : ` at ${percentText(percent)}`;
  switch (event.kind) {
    case "uploaded":
      return { line: `${job} was uploaded` };
    case "started": {
      const total = event.facts.estimatedSeconds ?? remainingSeconds;
      return { line: `${job} started${total === undefined ? "" : `, about ${durationText(total)}`}` };
    }
    case "progress": {
      const left = remainingSeconds === undefined ? "" : `, ${durationText(remainingSeconds)} left`;
      return { line: `${job} ${percent === undefined ? "is printing" : percentText(percent)}${left}` };
    }
    case "paused": {
      const need = needText(event.reason, event.text);
      return need === undefined
        ? { line: `${job} paused${at}` }
        : { line: `${printer} needs you: ${need}${inBrackets(name, percent)}`, startsWithPrinter: true };
    }
    case "needs_you": {
      const need = needText(event.reason, event.text) ?? "it waits for you";
      return { line: `${printer} needs you: ${need}${inBrackets(name, percent)}`, startsWithPrinter: true };
    }
    case "resumed":
      return {
        line: `${job} resumed${event.pausedSeconds === undefined ? "" : ` after ${durationText(event.pausedSeconds)}`}`,
      };
    case "finished":
      return { line: `${job} finished${elapsedSeconds === undefined ? "" : ` in ${durationText(elapsedSeconds)}`}` };
    case "cancelled":
      return { line: `${job} cancelled${at}` };
    case "failed":
      return { line: `${job} failed${at}${event.text ? `: ${event.text}` : ""}` };
    case "ended":
      return { line: `${job} ended while I could not see it` };
    case "error":
      return { line: `error: ${event.text}` };
    case "offline":
      return event.job
        ? {
          line: `lost sight of it while printing${name ? ` ${name}` : ""}${
            percent === undefined ? "" : ` (${percentText(percent)})`
          }`,
        }
        : { line: `${printer} is offline`, startsWithPrinter: true };
    case "online": {
      const where = event.job ? `, ${job}${at || " goes on"}` : "";
      return { line: `${printer} is back${where}`, startsWithPrinter: true };
    }
    case "message":
      return { line: event.text };
    case "test":
      return { line: `Test from Filagram: this is how messages of ${printer} reach you`, startsWithPrinter: true };
  }
}

/** What it needs, in words; undefined where nobody is needed. */
export function needText(reason: PauseReason, text: string | undefined): string | undefined {
  switch (reason) {
    case "filament_runout":
      return "filament ran out";
    case "waiting_for_user":
      return text ? `"${text}"` : "it waits for you";
    case "error":
      return text ?? "an error paused it";
    case "user":
    case "gcode":
    case "unknown":
      return undefined;
  }
}

function inBrackets(name: string | undefined, percent: number | undefined): string {
  const parts = [name, percent === undefined ? undefined : percentText(percent)].filter((part) => part !== undefined);
  return parts.length ? ` (${parts.join(", ")})` : "";
}

// -- the facts under it ----------------------------------------------------------------------------------------------

function eventFacts(event: PrinterEvent, context: MessageContext): MessageFact[] {
  const { facts } = event;
  const rows: (MessageFact | undefined)[] = [];
  const add = (label: string, value: string | undefined) =>
    rows.push(value === undefined ? undefined : { label, value });
  const layer = facts.layer === undefined ? undefined : `${facts.layer}${facts.layers ? ` of ${facts.layers}` : ""}`;
  const readyAt = facts.remainingSeconds === undefined
    ? undefined
    : timeOfDay(event.at, context, facts.remainingSeconds);
  const filament = filamentText(facts.filamentMillimetres, facts.filamentGrams);
  switch (event.kind) {
    case "uploaded":
    case "started":
      add("slicer", event.kind === "uploaded" ? facts.slicer : undefined);
      add("ready at about", event.kind === "started" ? readyAt : undefined);
      add(
        "estimated",
        event.kind === "uploaded" && facts.estimatedSeconds ? durationText(facts.estimatedSeconds) : undefined,
      );
      add("filament", filament);
      add("layers", facts.layers?.toString());
      break;
    case "progress":
      add("layer", layer);
      add("elapsed", ifKnown(facts.elapsedSeconds, durationText));
      add("ready at about", readyAt);
      add("temperatures", temperatureText(facts.temperatures));
      break;
    case "paused":
    case "needs_you":
      // The first line of a need has said why.
      if (needText(event.reason, event.text) === undefined) add("why", whyText(event.reason, event.text));
      else if (event.reason === "filament_runout") add("the printer says", event.text);
      add("what to do", toDo(event.reason));
      add("layer", layer);
      add("temperatures", temperatureText(facts.temperatures));
      break;
    case "resumed":
      add("percent", ifKnown(facts.percent, percentText));
      add("left", ifKnown(facts.remainingSeconds, durationText));
      break;
    case "finished":
      add("filament used", filament);
      add("estimated was", ifKnown(facts.estimatedSeconds, durationText));
      break;
    case "cancelled":
      add("after", ifKnown(facts.elapsedSeconds, durationText));
      break;
    case "failed":
      add("the printer said", event.text);
      add("last progress", ifKnown(facts.stillSince, (moment) => timeOfDay(moment, context)));
      add("after", ifKnown(facts.elapsedSeconds, durationText));
      add("temperatures then", temperatureText(facts.temperatures));
      break;
    case "ended":
      add(
        "last seen",
        [ifKnown(facts.percent, (percent) => `at ${percentText(percent)}`), timeOfDay(event.lastSeenAt, context)]
          .filter((part) => part !== undefined).join(", ") || undefined,
      );
      break;
    case "error":
      add("temperatures then", temperatureText(facts.temperatures));
      break;
    case "offline":
      add("since", timeOfDay(event.since, context));
      add("why", event.text);
      add("what it means", event.job ? "the print may go on; I tell you when I see it again" : undefined);
      break;
    case "online":
      add("away for", ifKnown(event.awaySeconds, durationText));
      break;
    case "message":
      break;
    case "test":
      add("rule", context.road?.rule);
      add("channel", context.road?.channel);
      add("sent at", timeOfDay(event.at, context));
      break;
  }
  return rows.filter((row) => row !== undefined);
}

/** Of a pause that needs nobody. */
function whyText(reason: PauseReason, text: string | undefined): string | undefined {
  const who = reason === "user" ? "somebody paused it" : reason === "gcode" ? "the print file asked for it" : undefined;
  return [who, text].filter((part) => part !== undefined).join(": ") || undefined;
}

function toDo(reason: PauseReason): string | undefined {
  if (reason === "filament_runout") return "put in new filament, then resume";
  return reason === "waiting_for_user" ? "do what its display asks, then confirm there" : undefined;
}

function filamentText(millimetres: number | undefined, grams: number | undefined): string | undefined {
  const parts = [
    ifKnown(grams, (value) => `${value < 10 ? value.toFixed(1) : Math.round(value)} g`),
    ifKnown(millimetres, (value) => `${(value / 1000).toFixed(value < 10_000 ? 2 : 1)} m`),
  ].filter((part) => part !== undefined);
  return parts.length ? parts.join(", ") : undefined;
}

function temperatureText(temperatures: Temperatures | undefined): string | undefined {
  const parts = Object.entries(temperatures ?? {}).map(([name, { celsius, targetCelsius }]) =>
    `${name} ${Math.round(celsius)}${targetCelsius ? ` of ${Math.round(targetCelsius)}` : ""} °C`
  );
  return parts.length ? parts.join(", ") : undefined;
}

// -- times -----------------------------------------------------------------------------------------------------------

/** A message is late when it is told so long after what it tells. */
export const lateAfterSeconds = 120;

export interface Lateness {
  /** When it happened. */
  readonly at: Moment;
  /** When it is sent. */
  readonly now: Moment;
  readonly timezone: string;
  /** What kept it, as its tries say; absent: it is sent at the first. */
  readonly keptBy?: { readonly kind: "network" } | { readonly kind: "channel"; readonly tries: number };
}

/**
 * The second line of a late message: `Happened at 02:14, told late: no network for 3 h.`; undefined in time. Where
 * nobody knew the time when it happened, it says so.
 */
export function lateLine(late: Lateness): string | undefined {
  const behind = secondsBetween(late.at, late.now);
  const reasons = lateReasons(late, behind);
  const because = reasons.length ? `: ${reasons.join(", and ")}` : "";
  if (behind === undefined) return `Told late${because}; when it happened is not known: the clock was not set then.`;
  if (behind < lateAfterSeconds) return undefined;
  const at = timeOfDay(late.at, late);
  return `Happened ${at === undefined ? `${durationText(behind)} ago` : `at ${at}`}, told late${because}.`;
}

function lateReasons({ at, now, keptBy }: Lateness, behind: number | undefined): string[] {
  const isSameBoot = at.bootId === now.bootId;
  return [
    // Across a restart nobody knows which part of the time the network was away.
    keptBy?.kind === "network" &&
    `no network${isSameBoot && behind !== undefined ? ` for ${durationText(behind)}` : ""}`,
    keptBy?.kind === "channel" && `${keptBy.tries === 1 ? "a try" : `${keptBy.tries} tries`} before this failed`,
    !isSameBoot && "a restart in between",
  ].filter((reason) => reason !== false);
}

/** `18:40`, with the day where it is another one; undefined while nobody knows what time it is. */
function timeOfDay(
  moment: Moment,
  { now, timezone }: Pick<MessageContext, "now" | "timezone">,
  plusSeconds = 0,
): string | undefined {
  const right = corrected(moment, now);
  if (!hasBelievableTime(right)) return undefined;
  const zoned = right.wall.add({ milliseconds: Math.round(plusSeconds * 1000) }).toZonedDateTimeISO(timezone);
  const time = `${String(zoned.hour).padStart(2, "0")}:${String(zoned.minute).padStart(2, "0")}`;
  const days = now.wall.toZonedDateTimeISO(timezone).toPlainDate().until(zoned.toPlainDate()).days;
  return days === 0
    ? time
    : `${time}, ${zoned.toPlainDate().toLocaleString("en-GB", { weekday: "long", day: "numeric", month: "long" })}`;
}

/** As people say it: `40 s`, `12 min`, `1 h 12 min`, `2 d 3 h`. */
export function durationText(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  const minutes = Math.round(whole / 60);
  if (minutes < 60) return `${minutes} min`;
  const [hours, rest] = [Math.floor(minutes / 60), minutes % 60];
  if (hours < 48) return rest ? `${hours} h ${String(rest).padStart(2, "0")} min` : `${hours} h`;
  const days = Math.floor(hours / 24);
  return hours % 24 ? `${days} d ${hours % 24} h` : `${days} d`;
}

/** Without decimals, never rounded up to an end that has not come. */
export function percentText(percent: number): string {
  return `${Math.floor(Math.min(100, Math.max(0, percent)) + 1e-9)} %`;
}

function ifKnown<T>(value: T | undefined, text: (value: T) => string | undefined): string | undefined {
  return value === undefined ? undefined : text(value);
}

function oneLine(text: string): string {
  // deno-lint-ignore no-control-regex -- file names and printers' words may hold anything
  return text.replace(/[\u0000-\u001f\u007f\u2028\u2029]+/g, " ").trim();
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
