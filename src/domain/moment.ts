/**
 * A point in time that survives a wrong clock: wall time for people, time since boot for durations.
 */
export interface Moment {
  readonly wall: Temporal.Instant;
  /** Names the boot that `monotonicMilliseconds` counts from. */
  readonly bootId: string;
  /** Milliseconds since that boot; never jumps. */
  readonly monotonicMilliseconds: number;
}

/** Wall time before this instant means: nobody has set this board's clock yet (a Pi without RTC starts in 1970). */
export const earliestBelievableTime: Temporal.Instant = Temporal.Instant.from("2026-01-01T00:00:00Z");

export function hasBelievableTime(moment: Moment): boolean {
  return Temporal.Instant.compare(moment.wall, earliestBelievableTime) >= 0;
}

/**
 * Seconds from one moment to the other: by the time since boot where both share a boot, else by the wall;
 * undefined where neither can be believed.
 */
export function secondsBetween(from: Moment, to: Moment): number | undefined {
  if (from.bootId === to.bootId) return (to.monotonicMilliseconds - from.monotonicMilliseconds) / 1000;
  if (!hasBelievableTime(from) || !hasBelievableTime(to)) return undefined;
  const seconds = (to.wall.epochMilliseconds - from.wall.epochMilliseconds) / 1000;
  return seconds < 0 ? undefined : seconds; // one of the two clocks was wrong
}

/** Whether at least so many seconds lie between; where nobody can know, they do. */
export function hasPassed(seconds: number, from: Moment, to: Moment): boolean {
  return (secondsBetween(from, to) ?? Infinity) >= seconds;
}

/** The moment with its wall time as `now` knows it: right even if the clock was set in between, within one boot. */
export function corrected(moment: Moment, now: Moment): Moment {
  if (moment.bootId !== now.bootId) return moment;
  const agoMilliseconds = now.monotonicMilliseconds - moment.monotonicMilliseconds;
  return { ...moment, wall: now.wall.subtract({ milliseconds: agoMilliseconds }) };
}

export function addSeconds(moment: Moment, seconds: number): Moment {
  const milliseconds = Math.round(seconds * 1000);
  return {
    wall: moment.wall.add({ milliseconds }),
    bootId: moment.bootId,
    monotonicMilliseconds: moment.monotonicMilliseconds + milliseconds,
  };
}

/** The same value with the wall times of all moments in it as `now` knows them, see {@link corrected}. */
export function withCorrectedMoments<T>(value: T, now: Moment): T {
  if (typeof value !== "object" || value === null || value instanceof Temporal.Instant) return value;
  if (isMoment(value)) return corrected(value, now) as T;
  if (Array.isArray(value)) return value.map((item) => withCorrectedMoments(item, now)) as T;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, withCorrectedMoments(item, now)])) as T;
}

function isMoment(value: object): value is Moment & object {
  return "wall" in value && value.wall instanceof Temporal.Instant && "bootId" in value &&
    "monotonicMilliseconds" in value;
}
