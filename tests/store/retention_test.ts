import assert from "node:assert/strict";
import { Fixture, samplePicture } from "../outbox/samples.ts";

const day = 24 * 3_600_000;
const roomy = { keepDays: 90, maxBytes: 1e9 };

/** Calls retain() until it is done; returns how many calls that took. */
function retainAll(fixture: Fixture, options: { keepDays: number; maxBytes: number }): number {
  for (let calls = 1; calls < 1000; calls++) {
    if (fixture.store.retain({ now: fixture.clock.now(), ...options }).isDone) return calls;
  }
  throw new Error("retain() is never done");
}

Deno.test("retain() forgets settled deliveries and composed events after keepDays, and nothing that waits", async () => {
  using fixture = new Fixture();
  fixture.enqueue("finished", { job: "sent" });
  fixture.outbox.settle(fixture.take(), { kind: "sent" });
  fixture.outbox.enqueue(fixture.commit("resumed"), []); // no rule wanted it
  fixture.enqueue("failed", { job: "waits" });
  fixture.commit("started", { job: "uncomposed" });
  await fixture.clock.advance(90 * day);
  retainAll(fixture, roomy);
  assert.equal(fixture.store.events({ limit: 10 }).length, 4); // to the day
  await fixture.clock.advance(1);
  retainAll(fixture, roomy);
  assert.deepEqual(fixture.store.events({ limit: 10 }).map(({ event }) => event.kind), ["failed", "started"]);
  assert.deepEqual(fixture.outbox.list({ limit: 10 }).map(({ state }) => state), ["queued"]);
});

Deno.test("retain() works in small steps", async () => {
  using fixture = new Fixture();
  for (let event = 0; event < 450; event++) fixture.outbox.enqueue(fixture.commit("resumed"), []);
  await fixture.clock.advance(91 * day);
  const now = fixture.clock.now();
  assert.deepEqual(fixture.store.retain({ now, ...roomy }), { isDone: false });
  assert.equal(fixture.store.events({ limit: 1000 }).length, 250);
  assert.equal(retainAll(fixture, roomy), 3);
  assert.equal(fixture.store.events({ limit: 1000 }).length, 0);
  assert.equal(fixture.commit("started").id, 451); // an id is never used twice
});

Deno.test("retain() keeps a picture until all its deliveries are settled, then deletes it", () => {
  using fixture = new Fixture();
  const pictures = [samplePicture(1)];
  const first = fixture.enqueue("finished", { job: "a", pictures });
  const second = fixture.enqueue("finished", { job: "b", pictures });
  fixture.outbox.settle(fixture.take(), { kind: "sent" });
  retainAll(fixture, roomy);
  assert.deepEqual(fixture.pictureFiles(), [first.pictures[0]?.hash]);
  fixture.outbox.settle(fixture.take(), { kind: "retry", reason: "busy" });
  retainAll(fixture, roomy);
  assert.equal(fixture.pictureFiles().length, 1);
  fixture.outbox.drop(second.id);
  retainAll(fixture, roomy);
  assert.deepEqual(fixture.pictureFiles(), []);
});

Deno.test("retain() sweeps what a power cut left in the picture folder", () => {
  using fixture = new Fixture();
  const kept = fixture.enqueue("finished", { pictures: [samplePicture(1)] });
  fixture.store.pictures.put(samplePicture(2).bytes); // the row was never written
  Deno.writeFileSync(`${fixture.folder.path}/pictures/${"a".repeat(64)}.tmp`, new Uint8Array(5));
  assert.equal(fixture.pictureFiles().length, 3);
  retainAll(fixture, roomy);
  assert.deepEqual(fixture.pictureFiles(), [kept.pictures[0]?.hash]);
});

Deno.test("beyond maxBytes the oldest settled go first, then pictures of what waits; a text that waits never", () => {
  using fixture = new Fixture();
  for (let event = 0; event < 300; event++) fixture.enqueue("finished", { job: `sent-${event}` });
  fixture.drain();
  const pictures = [samplePicture(1, 300_000)];
  fixture.enqueue("finished", { job: "waits-1", pictures });
  fixture.enqueue("finished", { job: "waits-2", pictures: [samplePicture(2, 300_000)] });

  retainAll(fixture, { keepDays: 90, maxBytes: 900_000 });
  const kept = fixture.store.events({ limit: 1000 });
  assert.ok(kept.length > 2 && kept.length < 302);
  assert.equal(kept.at(-1)?.id, 302);
  assert.equal(kept[0]?.id, 303 - kept.length); // the newest are kept
  assert.equal(fixture.pictureFiles().length, 2);

  retainAll(fixture, { keepDays: 90, maxBytes: 550_000 });
  assert.deepEqual(fixture.store.events({ limit: 1000 }).map(({ id }) => id), [301, 302]);
  assert.deepEqual(fixture.pictureFiles(), [fixture.fresh(302).pictures[0]?.hash]); // the older picture went
  retainAll(fixture, { keepDays: 90, maxBytes: 1 });
  assert.deepEqual(fixture.pictureFiles(), []);
  assert.deepEqual(fixture.drain(), ["finished 301", "finished 302"]);
});

Deno.test("retain() gives the room back to the file system", async () => {
  using fixture = new Fixture();
  for (let event = 0; event < 1000; event++) fixture.outbox.enqueue(fixture.commit("resumed"), []);
  const bytes = () => {
    fixture.store.sql.get("PRAGMA wal_checkpoint(TRUNCATE)");
    return Deno.statSync(`${fixture.folder.path}/filagram.db`).size;
  };
  const before = bytes();
  await fixture.clock.advance(91 * day);
  retainAll(fixture, roomy);
  assert.ok(bytes() < before / 2, `${bytes()} of ${before} bytes`);
});

Deno.test("nothing is old while the clock is not set, nor merely because the clock was not set then", async () => {
  using fixture = new Fixture({ wall: "1970-01-01T00:00:10Z", isSet: false });
  fixture.enqueue("finished", { job: "told in 1970" });
  fixture.drain();
  retainAll(fixture, roomy);
  assert.equal(fixture.store.events({ limit: 10 }).length, 1);
  fixture.clock.reboot({ bootId: "boot-2", wall: "2026-11-23T12:00:00Z", isSet: true });
  retainAll(fixture, roomy);
  assert.equal(fixture.store.events({ limit: 10 }).length, 1); // nobody knows how old it is
  fixture.outbox.enqueue(fixture.commit("started"), []);
  await fixture.clock.advance(91 * day);
  retainAll(fixture, roomy);
  assert.equal(fixture.store.events({ limit: 10 }).length, 0); // older than one of which it is known
});

Deno.test("correctTimes() corrects when a message was sent, so that it is not forgotten at once", async () => {
  using fixture = new Fixture({ wall: "1970-01-01T00:00:10Z", isSet: false });
  const { id } = fixture.enqueue("finished");
  fixture.drain();
  await fixture.clock.advance(60_000);
  fixture.clock.setWall("2026-11-23T12:01:00Z");
  fixture.store.correctTimes(fixture.clock.now());
  retainAll(fixture, roomy);
  assert.equal(fixture.fresh(id).sentAt?.toString(), "2026-11-23T12:00:00Z");
});
