import assert from "node:assert/strict";
import fc from "fast-check";
import { messageIdOf } from "../../src/outbox/message_id.ts";
import { Outbox } from "../../src/outbox/outbox.ts";
import { Store } from "../../src/store/store.ts";
import { Fixture, sampleMessage, samplePicture } from "./samples.ts";

const message = sampleMessage("MK4: benchy finished in 1 h 12 min");
const plain = { repeat: 0, message, pictures: [] };

Deno.test("Outbox.enqueue() makes one delivery per recipient, and marks the event as composed", () => {
  using fixture = new Fixture();
  const event = fixture.commit("finished");
  const deliveries = fixture.outbox.enqueue(event, [
    { ...plain, channel: "mail", recipient: "me@example.org" },
    { ...plain, channel: "mail", recipient: "you@example.org" },
    { ...plain, channel: "phone", recipient: "5551234567" },
  ]);
  assert.deepEqual(
    deliveries.map(({ channel, recipient, state, attempts }) => ({ channel, recipient, state, attempts })),
    [
      { channel: "mail", recipient: "me@example.org", state: "queued", attempts: 0 },
      { channel: "mail", recipient: "you@example.org", state: "queued", attempts: 0 },
      { channel: "phone", recipient: "5551234567", state: "queued", attempts: 0 },
    ],
  );
  assert.deepEqual(deliveries[0]?.message, message);
  assert.deepEqual(deliveries[0]?.at, event.event.at);
  assert.equal(deliveries[0]?.dueAt, undefined); // it waits for nothing
  assert.deepEqual(fixture.store.uncomposed(10), []);
});

Deno.test("Outbox.enqueue() enqueues the same key once, however often it is asked, over restarts too", () => {
  using fixture = new Fixture();
  const event = fixture.commit("finished");
  const wanted = { ...plain, channel: "mail", recipient: "me@example.org" };
  assert.equal(fixture.outbox.enqueue(event, [wanted, wanted]).length, 1);
  assert.deepEqual(fixture.outbox.enqueue(event, [wanted]), []);
  assert.deepEqual(fixture.drain(), ["finished 1"]);
  using store = Store.open(fixture.folder.path);
  const again = new Outbox(store, { clock: fixture.clock });
  assert.deepEqual(again.enqueue(event, [wanted]), []);
  assert.equal(again.take("mail"), undefined);
  assert.equal(again.enqueue(event, [{ ...wanted, repeat: 1 }]).length, 1);
});

Deno.test("all recipients of one event on one channel share a Message-ID; channels and repeats do not", () => {
  using fixture = new Fixture();
  const agent = fixture.store.agentId;
  const ids = fixture.outbox.enqueue(fixture.commit(), [
    { ...plain, channel: "mail", recipient: "me@example.org" },
    { ...plain, channel: "mail", recipient: "you@example.org" },
    { ...plain, channel: "mail", recipient: "me@example.org", repeat: 1 },
    { ...plain, channel: "Büro 2", recipient: "me@example.org" },
  ]).map(({ messageId }) => messageId);
  assert.deepEqual(ids, [
    `<e1.mail.0@${agent}.filagram.invalid>`,
    `<e1.mail.0@${agent}.filagram.invalid>`,
    `<e1.mail.1@${agent}.filagram.invalid>`,
    `<e1.B_c3bcro_202.0@${agent}.filagram.invalid>`,
  ]);
});

Deno.test("Message-IDs are safe and short whatever a channel is called, and unlike for unlike channels", () => {
  const id = (channel: string) => messageIdOf({ event: 123456, channel, repeat: 0, agentId: "0123456789abcdef" });
  const names = fc.string({ unit: "grapheme", maxLength: 200 });
  fc.assert(fc.property(names, names, (a, b) => {
    assert.match(id(a), /^<e\d+\.[A-Za-z0-9_-]*\.\d+@[0-9a-f]{16}\.filagram\.invalid>$/);
    assert.ok(id(a).length < 100);
    assert.equal(id(a) === id(b), a.toWellFormed() === b.toWellFormed());
  }));
  assert.notEqual(id("a".repeat(40) + "b"), id("a".repeat(40) + "c"));
});

Deno.test("museum: 32 the mails of one job form one thread, per channel and recipient, stable over retries", () => {
  using fixture = new Fixture();
  const started = fixture.enqueue("started");
  const progress = fixture.enqueue("progress");
  assert.equal(started.threadRootId, undefined);
  assert.equal(progress.threadRootId, started.messageId);
  assert.equal(fixture.enqueue("finished", { recipient: "you@example.org" }).threadRootId, undefined);
  assert.equal(fixture.enqueue("finished", { channel: "phone" }).threadRootId, undefined);
  assert.equal(fixture.enqueue("started", { job: "2-b" }).threadRootId, undefined);
  assert.equal(fixture.enqueue("started", { printer: "MK3S" }).threadRootId, undefined); // its own job 1-a
  assert.equal(fixture.enqueue("uploaded").threadRootId, undefined);
  assert.equal(fixture.enqueue("finished", { isTest: true }).threadRootId, undefined);
  const first = fixture.take();
  fixture.outbox.settle(first, { kind: "retry", reason: "greylisted" });
  const again = fixture.fresh(first.id);
  assert.equal(again.messageId, first.messageId);
  assert.equal(fixture.enqueue("finished").threadRootId, started.messageId);
});

Deno.test("the subject of a job stays what its first mail said, also when the long name of the file comes later", () => {
  using fixture = new Fixture();
  const first = fixture.enqueue("started").message.subject;
  assert.equal(fixture.enqueue("finished", { subject: "[MK4] cube big" }).message.subject, first);
  assert.equal(
    fixture.enqueue("finished", { job: "2-b", subject: "[MK4] cube big" }).message.subject,
    "[MK4] cube big",
  );
});

Deno.test("a picture is kept as a file by its hash, once for all deliveries, and comes back", async () => {
  using fixture = new Fixture();
  const picture = samplePicture(1);
  const deliveries = fixture.outbox.enqueue(fixture.commit(), [
    { ...plain, channel: "mail", recipient: "me@example.org", pictures: [picture] },
    { ...plain, channel: "mail", recipient: "you@example.org", pictures: [picture] },
  ]);
  assert.equal(fixture.pictureFiles().length, 1);
  const ref = deliveries[1]?.pictures[0];
  assert.ok(ref);
  assert.deepEqual(await fixture.outbox.loadPicture(ref), { ...picture, hash: ref.hash });
});

Deno.test("a picture file that is missing or damaged never stops the message", async () => {
  using fixture = new Fixture();
  const [damaged, missing] = [samplePicture(1), samplePicture(2)];
  const delivery = fixture.enqueue("finished", { pictures: [damaged, missing] });
  const path = (index: number) => `${fixture.folder.path}/pictures/${delivery.pictures[index]?.hash}`;
  Deno.writeFileSync(path(0), new Uint8Array(damaged.bytes.length));
  Deno.removeSync(path(1));
  const taken = fixture.take();
  assert.deepEqual(await Promise.all(taken.pictures.map((ref) => fixture.outbox.loadPicture(ref))), [
    undefined,
    undefined,
  ]);
  const foreign = { hash: "../filagram.db", mediaType: "image/jpeg", alt: "" } as const;
  assert.equal(await fixture.outbox.loadPicture(foreign), undefined);
});

Deno.test("a picture that is too large to keep is left out, and the message says so", () => {
  using fixture = new Fixture();
  const delivery = fixture.enqueue("finished", {
    pictures: [samplePicture(1), samplePicture(2, 20 * 1024 * 1024 + 1)],
  });
  assert.equal(delivery.pictures.length, 1);
  assert.deepEqual(delivery.message.notes, ["The picture was left out: it could not be stored."]);
});

Deno.test("beyond maxQueuedDeliveries the oldest progress expires first, then the oldest that is not urgent", () => {
  using fixture = new Fixture({ maxQueuedDeliveries: 3 });
  fixture.enqueue("started", { job: "a" });
  fixture.enqueue("progress", { job: "b" });
  fixture.enqueue("failed", { job: "c", isUrgent: true });
  fixture.enqueue("progress", { job: "d" });
  const expired = () => fixture.outbox.list({ states: ["expired"], limit: 10 });
  assert.deepEqual(expired().map(({ kind, event }) => `${kind} ${event}`), ["progress 2"]);
  assert.equal(expired()[0]?.reason, "too many messages wait on this channel");
  fixture.enqueue("finished", { job: "e" });
  fixture.enqueue("finished", { job: "f" });
  assert.deepEqual(expired().map(({ kind, event }) => `${kind} ${event}`), ["started 1", "progress 2", "progress 4"]);
  fixture.enqueue("finished", { channel: "phone" }); // another channel has its own room
  assert.deepEqual(fixture.drain(), ["failed 3", "finished 5", "finished 6"]);
});

Deno.test("Outbox.list() filters by state and event, goes on after an id, and turns round", () => {
  using fixture = new Fixture();
  for (const job of ["a", "b", "c"]) fixture.enqueue("finished", { job });
  fixture.outbox.settle(fixture.take(), { kind: "sent" });
  const ids = (query: Parameters<Outbox["list"]>[0]) => fixture.outbox.list(query).map(({ id }) => id);
  assert.deepEqual(ids({ limit: 2 }), [1, 2]);
  assert.deepEqual(ids({ limit: 2, newestFirst: true }), [3, 2]);
  assert.deepEqual(ids({ limit: 9, states: ["queued"] }), [2, 3]);
  assert.deepEqual(ids({ limit: 9, states: ["sent", "uncertain"] }), [1]);
  assert.deepEqual(ids({ limit: 9, states: [] }), []);
  assert.deepEqual(ids({ limit: 9, event: 2 }), [2]);
  assert.deepEqual(ids({ limit: 9, after: 2 }), [3]);
});
