/** Times that survive a wrong clock. */
import assert from "node:assert/strict";
import {
  addSeconds,
  corrected,
  hasPassed,
  type Moment,
  secondsBetween,
  withCorrectedMoments,
} from "../../src/domain/moment.ts";

function moment(wall: string, bootId: string, seconds: number): Moment {
  return { wall: Temporal.Instant.from(wall), bootId, monotonicMilliseconds: seconds * 1000 };
}

const unset = moment("1970-01-01T00:00:20Z", "a", 20);
const set = moment("2026-11-23T20:00:00Z", "a", 80);
const nextBoot = moment("2026-11-23T20:10:00Z", "b", 15);

Deno.test("secondsBetween() counts by the time since boot where both share one", () => {
  assert.equal(secondsBetween(unset, set), 60);
});

Deno.test("secondsBetween() counts by the wall between two boots, if both were set", () => {
  assert.equal(secondsBetween(set, nextBoot), 600);
  assert.equal(secondsBetween(unset, nextBoot), undefined);
});

Deno.test("secondsBetween() knows that time does not run backwards", () => {
  assert.equal(secondsBetween(nextBoot, set), undefined);
});

Deno.test("hasPassed() says yes where nobody can know", () => {
  assert.equal(hasPassed(3600, unset, nextBoot), true);
  assert.equal(hasPassed(61, unset, set), false);
  assert.equal(hasPassed(60, unset, set), true);
});

Deno.test("corrected() gives a moment before the clock was set its right time, within one boot", () => {
  assert.equal(corrected(unset, set).wall.toString(), "2026-11-23T19:59:00Z");
  assert.equal(corrected(unset, nextBoot), unset);
});

Deno.test("addSeconds() moves both clocks", () => {
  const moved = addSeconds(set, -1.5);
  assert.equal(moved.wall.toString(), "2026-11-23T19:59:58.5Z");
  assert.equal(moved.monotonicMilliseconds, 78_500);
});

Deno.test("withCorrectedMoments() corrects every moment in a state, however deep, and nothing else", () => {
  const state = { since: unset, job: { told: { r: { milestone: 3, at: unset } }, text: "x" }, list: [nextBoot] };
  const right = corrected(unset, set);
  assert.deepEqual(withCorrectedMoments(state, set), {
    since: right,
    job: { told: { r: { milestone: 3, at: right } }, text: "x" },
    list: [nextBoot],
  });
});
