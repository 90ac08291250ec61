/**
 * Times as the page shows them: in the agent's time zone, with the day where it is another one.
 */
import { corrected, hasBelievableTime, type Moment } from "../../src/domain/moment.ts";

export interface TimesContext {
  readonly now: Moment;
  /** IANA name. */
  readonly timezone: string;
}

/** `17:20`, `Sun 22 Nov, 17:20`; undefined while nobody knows. */
export function timeText(moment: Moment, { now, timezone }: TimesContext): string | undefined {
  const right = corrected(moment, now);
  if (!hasBelievableTime(right)) return undefined;
  return instantText(right.wall, { now, timezone });
}

export function instantText(instant: Temporal.Instant, { now, timezone }: TimesContext): string {
  const zoned = instant.toZonedDateTimeISO(timezone);
  const time = `${String(zoned.hour).padStart(2, "0")}:${String(zoned.minute).padStart(2, "0")}`;
  const today = now.wall.toZonedDateTimeISO(timezone).toPlainDate();
  const day = zoned.toPlainDate();
  if (day.equals(today)) return time;
  const date = day.toLocaleString("en-GB", {
    weekday: "short",
    day: "numeric",
    month: "short",
    ...(day.year === today.year ? {} : { year: "numeric" }),
  });
  return `${date}, ${time}`;
}

/** The time of a moment, readable by people and machines. */
export function At({ moment, context }: { readonly moment: Moment; readonly context: TimesContext }) {
  const text = timeText(moment, context);
  if (text === undefined) return <span class="time">time unknown</span>;
  return <time datetime={corrected(moment, context.now).wall.toString()}>{text}</time>;
}
