import assert from "node:assert/strict";
import { timeToLiveSeconds } from "../../src/domain/delivery.ts";
import { eventKinds } from "../../src/domain/printer_event.ts";
import { Outbox } from "../../src/outbox/outbox.ts";
import { Store } from "../../src/store/store.ts";
import { Fixture } from "./samples.ts";

const hour = 3_600_000;

Deno.test("Outbox.take() marks what it gives as sending, durably, and gives it once", () => {
  using fixture = new Fixture();
  fixture.enqueue("finished");
  assert.equal(fixture.take().state, "sending");
  assert.equal(fixture.outbox.take("mail"), undefined);
  using reader = Store.open(fixture.folder.path);
  assert.equal(new Outbox(reader, { clock: fixture.clock }).get(1)?.state, "sending");
});

Deno.test("Outbox.take() keeps channels apart: a dead one holds up no other", () => {
  using fixture = new Fixture();
  fixture.enqueue("finished", { channel: "dead" });
  fixture.enqueue("finished", { channel: "mail" });
  fixture.take("dead");
  assert.deepEqual(fixture.drain("mail"), ["finished 2"]);
});

Deno.test("due first goes first, then the order of events", async () => {
  using fixture = new Fixture();
  fixture.enqueue("failed", { job: "a" });
  fixture.outbox.settle(fixture.take(), { kind: "retry", reason: "busy", afterSeconds: 60 });
  await fixture.clock.advance(10_000);
  fixture.enqueue("failed", { job: "b" });
  fixture.enqueue("failed", { job: "c" });
  assert.equal(fixture.outbox.nextDueAt("mail")?.epochMilliseconds, fixture.clock.now().wall.epochMilliseconds);
  await fixture.clock.advance(60_000);
  assert.deepEqual(fixture.drain(), ["failed 2", "failed 3", "failed 1"]);
});

Deno.test("messages of one job to one recipient keep the order of events, as far as they are due", async () => {
  using fixture = new Fixture();
  fixture.enqueue("started");
  fixture.outbox.settle(fixture.take(), { kind: "retry", reason: "busy", afterSeconds: 60 });
  fixture.enqueue("paused");
  await fixture.clock.advance(59_000);
  assert.equal(fixture.take().kind, "paused"); // the start is not due: nobody waits for it
  fixture.outbox.settle(fixture.fresh(2), { kind: "retry", reason: "busy", afterSeconds: 0 });
  await fixture.clock.advance(10_000);
  assert.deepEqual(fixture.drain(), ["started 1", "paused 2"]);
});

Deno.test("museum: 31 progress that waited for the network is folded into the newest, ends are kept", async () => {
  using fixture = new Fixture();
  fixture.enqueue("started");
  fixture.outbox.settle(fixture.take(), { kind: "retry", reason: "no route", isOffline: true });
  for (let step = 0; step < 3; step++) fixture.enqueue("progress");
  await fixture.clock.advance(60_000);
  fixture.enqueue("progress", { recipient: "you@example.org" });
  fixture.enqueue("progress", { job: "2-b" });
  assert.deepEqual(fixture.drain(), ["started 1", "progress 4", "progress 5", "progress 6"]);
  const folded = fixture.outbox.list({ states: ["expired"], limit: 10 });
  assert.deepEqual(folded.map(({ event, reason }) => [event, reason]), [
    [2, "folded into a newer one"],
    [3, "folded into a newer one"],
  ]);
});

for (const end of ["finished", "failed", "cancelled", "ended"] as const) {
  Deno.test(`museum: 31 no "25 %" arrives after "${end}"`, () => {
    using fixture = new Fixture();
    fixture.enqueue("progress");
    fixture.enqueue("progress", { job: "other" });
    fixture.enqueue("progress", { isTest: true });
    fixture.enqueue(end);
    assert.deepEqual(fixture.drain(), ["progress 2", "progress 3", `${end} 4`]);
    assert.equal(fixture.fresh(1).reason, "folded into a newer one");
  });
}

Deno.test("museum: 31 progress whose end was sent meanwhile is not sent again; one whose end was refused is", async () => {
  using fixture = new Fixture();
  fixture.enqueue("progress");
  const progress = fixture.take();
  fixture.enqueue("finished");
  fixture.outbox.settle(progress, { kind: "uncertain", reason: "the connection broke" });
  fixture.outbox.settle(fixture.take(), { kind: "sent" });
  await fixture.clock.advance(60_000);
  assert.equal(fixture.outbox.take("mail"), undefined);
  assert.equal(fixture.fresh(progress.id).state, "expired");

  fixture.enqueue("progress", { job: "2-b" });
  const second = fixture.take();
  fixture.enqueue("finished", { job: "2-b" });
  fixture.outbox.settle(fixture.take(), { kind: "rejected", reason: "550" });
  fixture.outbox.settle(second, { kind: "retry", reason: "busy" });
  await fixture.clock.advance(60_000);
  assert.deepEqual(fixture.drain(), ["progress 3"]);
});

Deno.test("museum: 31 a test of the road folds no real message", () => {
  using fixture = new Fixture();
  fixture.enqueue("progress");
  fixture.enqueue("finished", { isTest: true });
  assert.deepEqual(fixture.drain(), ["progress 1", "finished 2"]);
});

Deno.test("each kind expires when its time to live is over, not before", async () => {
  for (const kind of eventKinds) {
    using fixture = new Fixture();
    const { id } = fixture.enqueue(kind);
    await fixture.clock.advance(timeToLiveSeconds(kind) * 1000 - 1);
    assert.equal(fixture.outbox.take("phone"), undefined);
    assert.equal(fixture.fresh(id).state, "queued", kind);
    await fixture.clock.advance(1);
    assert.equal(fixture.outbox.take("mail"), undefined, kind);
    assert.equal(fixture.fresh(id).state, "expired", kind);
    assert.equal(fixture.fresh(id).reason, "older than its time to live");
  }
});

Deno.test("a test of the road expires like a test, whatever it stands for: late it would be taken for real", async () => {
  using fixture = new Fixture();
  fixture.enqueue("failed", { isTest: true });
  await fixture.clock.advance(timeToLiveSeconds("test") * 1000);
  assert.equal(fixture.outbox.take("mail"), undefined);
  assert.equal(fixture.fresh(1).state, "expired");
});

Deno.test("what waits for another try expires too", async () => {
  using fixture = new Fixture();
  fixture.enqueue("progress");
  fixture.outbox.settle(fixture.take(), { kind: "retry", reason: "busy", afterSeconds: 7200 });
  await fixture.clock.advance(hour / 4);
  assert.equal(fixture.outbox.take("mail"), undefined);
  assert.equal(fixture.fresh(1).state, "expired");
  assert.equal(fixture.outbox.nextDueAt("mail"), undefined);
});

Deno.test("what waits for a channel that left the settings expires too", async () => {
  using fixture = new Fixture();
  const { id } = fixture.enqueue("finished", { channel: "gone" });
  await fixture.clock.advance((timeToLiveSeconds("finished") - 1) * 1000);
  fixture.outbox.expireUntaken();
  assert.equal(fixture.fresh(id).state, "queued");
  await fixture.clock.advance(1000);
  fixture.outbox.expireUntaken();
  assert.equal(fixture.fresh(id).state, "expired");
});

Deno.test("nothing expires while the clock is not set; afterwards the true age counts", async () => {
  using fixture = new Fixture({ wall: "1970-01-01T00:00:05Z", isSet: false });
  fixture.enqueue("finished", { job: "a" });
  fixture.outbox.settle(fixture.take(), { kind: "retry", reason: "429", afterSeconds: 3 * 3600 });
  fixture.enqueue("progress", { job: "b" });
  await fixture.clock.advance(2 * hour);
  fixture.enqueue("progress", { job: "c" });
  assert.equal(fixture.take().event, 2); // two hours old, for all we know
  fixture.outbox.settle(fixture.fresh(2), { kind: "retry", reason: "busy" });

  fixture.clock.setWall("2026-11-23T12:00:00Z");
  fixture.store.correctTimes(fixture.clock.now());
  assert.deepEqual(fixture.drain(), ["progress 3"]);
  assert.equal(fixture.fresh(2).reason, "older than its time to live");
  assert.equal(fixture.outbox.nextDueAt("mail")?.toString(), "2026-11-23T13:00:00Z"); // it kept its wait
});

Deno.test("the true age counts even before anybody has corrected the stored times", async () => {
  using fixture = new Fixture({ wall: "1970-01-01T00:00:05Z", isSet: false });
  fixture.enqueue("progress");
  await fixture.clock.advance(60_000);
  fixture.clock.setWall("2026-11-23T12:00:00Z");
  assert.deepEqual(fixture.drain(), ["progress 1"]);
});

Deno.test("what a boot without a clock saw is as old as the present boot, at least", async () => {
  using fixture = new Fixture({ wall: "1970-01-01T00:00:05Z", isSet: false });
  fixture.enqueue("progress", { job: "a" });
  fixture.enqueue("finished", { job: "b" });
  fixture.clock.reboot({ bootId: "boot-2", wall: "2026-11-23T12:00:00Z", isSet: true });
  fixture.outbox.recover();
  await fixture.clock.advance(hour / 4 - 1000);
  assert.equal(fixture.take().kind, "progress");
  fixture.outbox.settle(fixture.fresh(1), { kind: "retry", reason: "busy", afterSeconds: 0 });
  await fixture.clock.advance(1000);
  assert.deepEqual(fixture.drain(), ["finished 2"]);
  assert.equal(fixture.fresh(1).state, "expired");
});
