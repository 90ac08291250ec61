import assert from "node:assert/strict";
import { Fixture, samplePicture } from "../outbox/samples.ts";

const of = { printer: "MK4", job: "1-a" };

function add(fixture: Fixture, number: number, { job = of.job, printer = of.printer } = {}): void {
  const { bytes } = samplePicture(number);
  fixture.store.frames.add({ printer, job }, { bytes, number, percent: number * 2.5, at: fixture.clock.now() });
}

function retainAll(fixture: Fixture): void {
  while (!fixture.store.retain({ now: fixture.clock.now(), keepDays: 90, maxBytes: 1e9 }).isDone);
}

Deno.test("frames come back in the order of the print, one of each number, with their bytes and times", async () => {
  using fixture = new Fixture();
  const { frames } = fixture.store;
  for (const number of [3, 0, 7, 3]) add(fixture, number);
  const listed = frames.list(of);
  assert.deepEqual(listed.map(({ number, percent }) => [number, percent]), [[0, 0], [3, 7.5], [7, 17.5]]);
  assert.deepEqual(listed[0]?.at, fixture.clock.now());
  const bytes = await Promise.all(listed.map((frame) => frames.read(frame)));
  assert.deepEqual(bytes, [0, 3, 7].map((number) => samplePicture(number).bytes));
  assert.deepEqual(frames.list({ ...of, job: "2-b" }), []);
});

Deno.test("frames outlive retention and restarts until they are dropped, then their files go", () => {
  using fixture = new Fixture();
  for (const number of [0, 1, 2]) add(fixture, number);
  retainAll(fixture);
  assert.equal(fixture.pictureFiles().length, 3);
  fixture.store.frames.drop(of);
  retainAll(fixture);
  assert.deepEqual([fixture.store.frames.list(of), fixture.pictureFiles()], [[], []]);
});

Deno.test("a new print drops the frames of the last one, but not while its end is still to be told", () => {
  using fixture = new Fixture();
  add(fixture, 0);
  add(fixture, 0, { printer: "another" });
  const end = fixture.commit("finished");
  add(fixture, 0, { job: "2-b" });
  assert.equal(fixture.store.frames.list(of).length, 1);
  fixture.outbox.enqueue(end, []);
  add(fixture, 1, { job: "2-b" });
  assert.equal(fixture.store.frames.list(of).length, 0);
  assert.equal(fixture.store.frames.list({ ...of, job: "2-b" }).length, 2);
  assert.equal(fixture.store.frames.list({ ...of, printer: "another" }).length, 1);
});

Deno.test("frames of a print whose end nobody ever saw go with all that is old", async () => {
  using fixture = new Fixture();
  add(fixture, 0);
  await fixture.clock.advance(90 * 24 * 3_600_000 + 1);
  retainAll(fixture);
  assert.deepEqual([fixture.store.frames.list(of), fixture.pictureFiles()], [[], []]);
});
