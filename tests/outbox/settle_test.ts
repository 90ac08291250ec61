import assert from "node:assert/strict";
import fc from "fast-check";
import { backoffSeconds } from "../../src/domain/delivery.ts";
import { Outbox } from "../../src/outbox/outbox.ts";
import { Store } from "../../src/store/store.ts";
import { Fixture, samplePicture } from "./samples.ts";

Deno.test("sent is final, and remembers when and what the server said", async () => {
  using fixture = new Fixture();
  fixture.enqueue();
  fixture.outbox.settle(fixture.take(), { kind: "retry", reason: "busy" });
  await fixture.clock.advance(5000);
  const settled = fixture.outbox.settle(fixture.take(), { kind: "sent", receipt: "250 queued as 4F2" });
  assert.equal(settled.state, "sent");
  assert.equal(settled.sentAt?.toString(), "2026-11-23T12:00:05Z");
  assert.equal(settled.receipt, "250 queued as 4F2");
  assert.equal(settled.reason, undefined);
  assert.equal(settled.dueAt, undefined);
  assert.equal(fixture.outbox.nextDueAt("mail"), undefined);
});

Deno.test("retry waits 5 s, then twice as long each time, at most 15 min", async () => {
  using fixture = new Fixture();
  fixture.enqueue();
  const waits: number[] = [];
  for (let attempt = 1; attempt <= 10; attempt++) {
    const settled = fixture.outbox.settle(fixture.take(), { kind: "retry", reason: "421 try later" });
    assert.equal(settled.state, "queued");
    assert.equal(settled.attempts, attempt);
    assert.equal(settled.reason, "421 try later");
    const wait = (settled.dueAt?.epochMilliseconds ?? 0) - fixture.clock.now().wall.epochMilliseconds;
    waits.push(wait / 1000);
    await fixture.clock.advance(wait - 1);
    assert.equal(fixture.outbox.take("mail"), undefined);
    await fixture.clock.advance(1);
  }
  assert.deepEqual(waits, [5, 10, 20, 40, 80, 160, 320, 640, 900, 900]);
});

Deno.test("the jitter of a wait stays within a fifth", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 30 }), fc.double({ min: 0, max: 1, noNaN: true }), (attempts, random) => {
      const middle = backoffSeconds(attempts, 0.5);
      const seconds = backoffSeconds(attempts, random);
      assert.ok(seconds >= middle * 0.8 - 1e-9 && seconds <= middle * 1.2 + 1e-9);
    }),
  );
  for (const [random, seconds] of [[0, 4], [1, 6]] as const) {
    using fixture = new Fixture({ random: () => random });
    fixture.enqueue();
    const settled = fixture.outbox.settle(fixture.take(), { kind: "retry", reason: "busy" });
    const now = fixture.clock.now().wall;
    assert.equal(settled.dueAt?.since(now).total("seconds"), seconds);
  }
});

Deno.test("museum: 20 a wait that the server asks for is kept exactly, up to a day", () => {
  using fixture = new Fixture({ random: () => 0 });
  fixture.enqueue("finished", { job: "a" });
  fixture.enqueue("finished", { job: "b" });
  const first = fixture.outbox.settle(fixture.take(), { kind: "retry", reason: "429", afterSeconds: 37 });
  assert.equal(first.dueAt?.toString(), "2026-11-23T12:00:37Z");
  const second = fixture.outbox.settle(fixture.take(), { kind: "retry", reason: "429", afterSeconds: 1e9 });
  assert.equal(second.dueAt?.toString(), "2026-11-24T12:00:00Z");
});

Deno.test("museum: 21 no attempt is counted while there is no route at all", async () => {
  using fixture = new Fixture();
  fixture.enqueue("finished");
  for (let hour = 0; hour < 3; hour++) {
    const settled = fixture.outbox.settle(fixture.take(), { kind: "retry", reason: "no route", isOffline: true });
    assert.equal(settled.attempts, 0);
    assert.equal(settled.dueAt?.since(fixture.clock.now().wall).total("seconds"), 20);
    await fixture.clock.advance(3_600_000);
  }
  assert.deepEqual(fixture.drain(), ["finished 1"]);
});

Deno.test("uncertain is tried again with the same Message-ID", async () => {
  using fixture = new Fixture();
  const { messageId } = fixture.enqueue();
  const settled = fixture.outbox.settle(fixture.take(), {
    kind: "uncertain",
    reason: "the connection broke after DATA",
  });
  assert.equal(settled.state, "uncertain");
  assert.equal(settled.attempts, 1);
  assert.equal(settled.dueAt?.toString(), "2026-11-23T12:00:05Z");
  await fixture.clock.advance(5000);
  const again = fixture.take();
  assert.equal(again.state, "sending");
  assert.equal(again.messageId, messageId);
});

Deno.test("rejected is final, its reason is kept, bounded", () => {
  using fixture = new Fixture();
  fixture.enqueue();
  const settled = fixture.outbox.settle(fixture.take(), { kind: "rejected", reason: "550 ".repeat(1000) });
  assert.equal(settled.state, "rejected");
  assert.equal(settled.reason?.length, 500);
  assert.equal(fixture.outbox.nextDueAt("mail"), undefined);
});

Deno.test("museum: 20 what is too large goes again at once with smaller pictures, then with none, then is rejected", async () => {
  using fixture = new Fixture();
  fixture.enqueue("finished", { pictures: [samplePicture(1, 5000)] });
  const tooLarge = { kind: "tooLarge", reason: "552 too large", maxBytes: 1000 } as const;
  const first = fixture.outbox.settle(fixture.take(), tooLarge);
  assert.equal(first.state, "queued");
  assert.equal(first.attempts, 0);
  const smaller = fixture.outbox.replacePictures(first, [samplePicture(2, 500)]);
  assert.equal(smaller.pictures.length, 1);
  const second = fixture.take();
  const ref = second.pictures[0];
  assert.equal(ref && (await fixture.outbox.loadPicture(ref))?.bytes.length, 500);
  assert.equal(fixture.outbox.settle(second, tooLarge).pictures.length, 1);
  // whoever replaces nothing sends without
  assert.deepEqual(fixture.outbox.settle(fixture.take(), tooLarge).pictures, []);
  assert.equal(fixture.outbox.settle(fixture.take(), tooLarge).state, "rejected");
});

Deno.test("museum: 21 power cut: what was being sent is uncertain and due at once", async () => {
  using fixture = new Fixture();
  const { messageId } = fixture.enqueue();
  fixture.take();
  fixture.clock.reboot({ bootId: "boot-2", wall: "2026-11-23T12:05:00Z" });
  using store = Store.open(fixture.folder.path);
  const outbox = new Outbox(store, { clock: fixture.clock });
  assert.equal(outbox.take("mail"), undefined); // not before somebody has said that nobody else sends it
  outbox.recover();
  assert.equal(outbox.get(1)?.state, "uncertain");
  assert.equal(outbox.get(1)?.attempts, 1);
  assert.equal(outbox.take("mail")?.messageId, messageId);
  await fixture.clock.advance(0);
});

Deno.test("a restart ends waits, but for those that a server asked for in this boot", () => {
  using fixture = new Fixture();
  for (const job of ["a", "b"]) fixture.enqueue("finished", { job });
  fixture.outbox.settle(fixture.take(), { kind: "retry", reason: "busy" });
  fixture.outbox.settle(fixture.take(), { kind: "retry", reason: "429", afterSeconds: 3600 });
  fixture.outbox.recover();
  assert.deepEqual(fixture.drain(), ["finished 1"]);
  fixture.clock.reboot({ bootId: "boot-2", wall: "2020-01-01T00:00:00Z", isSet: false });
  fixture.outbox.recover();
  assert.deepEqual(fixture.drain(), ["finished 2"]);
});

Deno.test("waits made under a clock in the future end with the next boot", () => {
  using fixture = new Fixture({ wall: "2093-01-01T00:00:00Z" });
  fixture.enqueue("finished");
  fixture.outbox.settle(fixture.take(), { kind: "retry", reason: "busy", afterSeconds: 60 });
  fixture.clock.reboot({ bootId: "boot-2", wall: "2026-11-23T12:00:00Z" });
  fixture.outbox.recover();
  assert.deepEqual(fixture.drain(), ["finished 1"]);
});

Deno.test("every wait keeps its length when the clock is set", async () => {
  using fixture = new Fixture({ wall: "2026-11-23T00:00:00Z" });
  fixture.enqueue("finished");
  fixture.outbox.settle(fixture.take(), { kind: "retry", reason: "429", afterSeconds: 60 });
  fixture.clock.setWall("2026-11-23T12:00:00Z");
  assert.equal(fixture.outbox.take("mail"), undefined);
  assert.equal(fixture.outbox.nextDueAt("mail")?.toString(), "2026-11-23T12:01:00Z");
  await fixture.clock.advance(60_000);
  assert.deepEqual(fixture.drain(), ["finished 1"]);
});

Deno.test("museum: 21 while there is no way out, one message tries for all of its channel", async () => {
  using fixture = new Fixture();
  for (const job of ["a", "b", "c"]) fixture.enqueue("finished", { job });
  fixture.enqueue("finished", { channel: "other", job: "d" });
  for (let round = 0; round < 3; round++) {
    const tried = fixture.take();
    assert.equal(tried.event, 1);
    fixture.outbox.settle(tried, { kind: "retry", reason: "no network", isOffline: true });
    assert.equal(fixture.outbox.take("mail"), undefined);
    await fixture.clock.advance(20_000);
  }
  assert.deepEqual([1, 2, 3, 4].map((id) => fixture.fresh(id).reason), [...Array(3).fill("no network"), undefined]);
  assert.deepEqual(fixture.drain(), ["finished 1", "finished 2", "finished 3"]);
  assert.deepEqual(fixture.drain("other"), ["finished 4"]);
});

Deno.test("museum: 21 once a message got through, the others follow at once and in order, but for waits that a server asked for", async () => {
  using fixture = new Fixture();
  for (const job of ["a", "b", "c", "d"]) fixture.enqueue("finished", { job });
  for (let id = 1; id <= 3; id++) {
    fixture.outbox.settle(fixture.take(), { kind: "retry", reason: "connection refused" });
  }
  fixture.outbox.settle(fixture.take(), { kind: "retry", reason: "greylisted", afterSeconds: 300 });
  await fixture.clock.advance(4000);
  fixture.enqueue("finished", { job: "e" });
  assert.equal(fixture.take().id, 5);
  fixture.outbox.settle(fixture.fresh(5), { kind: "sent" });
  assert.deepEqual(fixture.drain(), ["finished 1", "finished 2", "finished 3"]);
  await fixture.clock.advance(300_000);
  assert.deepEqual(fixture.drain(), ["finished 4"]);
});

Deno.test("what is settled right after the clock was set waits no longer than it should", async () => {
  using fixture = new Fixture({ wall: "1970-01-01T00:00:05Z", isSet: false });
  fixture.enqueue("finished");
  const taken = fixture.take();
  fixture.clock.setWall("2026-11-23T12:00:00Z"); // the network is back: time and mail come at once
  fixture.outbox.settle(taken, { kind: "retry", reason: "greylisted", afterSeconds: 60 });
  assert.equal(fixture.outbox.nextDueAt("mail")?.toString(), "2026-11-23T12:01:00Z");
  await fixture.clock.advance(60_000);
  assert.deepEqual(fixture.drain(), ["finished 1"]);
});

Deno.test("hurry() ends the waits of a channel and leaves old and overtaken messages what they are", () => {
  using fixture = new Fixture();
  const progress = fixture.enqueue("progress");
  fixture.outbox.settle(fixture.take(), { kind: "retry", reason: "wrong password", afterSeconds: 3600 });
  fixture.enqueue("finished");
  fixture.outbox.settle(fixture.take(), { kind: "retry", reason: "wrong password", afterSeconds: 3600 });
  fixture.enqueue("finished", { channel: "other", job: "2-b" });
  fixture.outbox.settle(fixture.take("other"), { kind: "retry", reason: "busy", afterSeconds: 3600 });
  fixture.outbox.hurry(["mail"]);
  assert.deepEqual(fixture.drain(), ["finished 2"]);
  assert.equal(fixture.fresh(progress.id).reason, "folded into a newer one");
  assert.deepEqual(fixture.drain("other"), []);
});

Deno.test("drop() gives a delivery up, retry() takes it up again, however old or overtaken it is", async () => {
  using fixture = new Fixture();
  const { outbox } = fixture;
  const progress = fixture.enqueue("progress");
  const finished = fixture.enqueue("finished");
  assert.equal(outbox.drop(finished.id), true);
  assert.equal(fixture.fresh(finished.id).state, "expired");
  assert.equal(fixture.fresh(finished.id).reason, "dropped by the owner");
  assert.equal(outbox.drop(finished.id), false);
  await fixture.clock.advance(3_600_000);
  assert.equal(outbox.take("mail"), undefined);
  assert.equal(outbox.retry(finished.id), true);
  assert.equal(outbox.retry(progress.id), true);
  assert.deepEqual(fixture.drain(), ["progress 1", "finished 2"]);
  assert.equal(outbox.retry(progress.id), false); // sent
  assert.equal(outbox.retry(99), false);
  assert.equal(outbox.drop(99), false);
});

Deno.test("what the owner dropped while it was being sent stays dropped, unless it was sent", () => {
  using fixture = new Fixture();
  fixture.enqueue("finished", { job: "a" });
  fixture.enqueue("finished", { job: "b" });
  const [first, second] = [fixture.take(), fixture.take()];
  for (const { id } of [first, second]) assert.equal(fixture.outbox.drop(id), true);
  assert.equal(fixture.outbox.settle(first, { kind: "retry", reason: "busy" }).state, "expired");
  assert.equal(fixture.outbox.settle(second, { kind: "sent" }).state, "sent");
});

Deno.test("a sender that never says what became of a delivery does not keep it for ever", async () => {
  using fixture = new Fixture();
  fixture.enqueue();
  fixture.take();
  await fixture.clock.advance(599_000);
  assert.equal(fixture.outbox.take("mail"), undefined);
  await fixture.clock.advance(1000);
  assert.equal(fixture.outbox.take("mail"), undefined);
  assert.equal(fixture.fresh(1).state, "uncertain");
  await fixture.clock.advance(5000);
  assert.deepEqual(fixture.drain(), ["finished 1"]);
});

Deno.test("a message sent at the first try took one attempt", () => {
  using fixture = new Fixture();
  fixture.enqueue();
  const sent = fixture.outbox.settle(fixture.take(), { kind: "sent" });
  assert.deepEqual([sent.state, sent.attempts], ["sent", 1]);
});
