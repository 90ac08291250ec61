import assert from "node:assert/strict";
import fc from "fast-check";
import type { Moment } from "../../src/domain/moment.ts";
import type { ActiveJob, PrinterState } from "../../src/domain/printer_state.ts";
import { emptyState } from "../../src/domain/printer_state.ts";
import { eventKinds } from "../../src/domain/printer_event.ts";
import { decodeEvent, decodeState, encode } from "../../src/store/event_rows.ts";
import { Store } from "../../src/store/store.ts";
import { Fixture, sampleEvent, sampleMessage, temporaryFolder } from "../outbox/samples.ts";
import { FakeClock } from "../support/fake_clock.ts";

Deno.test("Store.commit() writes state and events together and gives the events their ids", () => {
  using fixture = new Fixture();
  const { store, clock } = fixture;
  const state: PrinterState = { jobNumber: 3, link: { kind: "online", since: clock.now() } };
  const stored = store.commit("MK4", state, [fixture.event("started"), fixture.event("progress")]);
  assert.deepEqual(stored.map(({ id, printer, event }) => [id, printer, event.kind]), [
    [1, "MK4", "started"],
    [2, "MK4", "progress"],
  ]);
  assert.deepEqual(store.loadState("MK4"), state);
  assert.deepEqual(store.events({ limit: 10 }), stored);
  assert.deepEqual(store.event(2), stored[1]);
  assert.equal(store.event(3), undefined);
});

Deno.test("Store.commit() writes nothing at all when one part cannot be written", () => {
  using fixture = new Fixture();
  const { store } = fixture;
  store.commit("MK4", { jobNumber: 1 }, []);
  const broken = { ...fixture.event("started"), at: { ...fixture.clock.now(), bootId: null as unknown as string } };
  assert.throws(() => store.commit("MK4", { jobNumber: 2 }, [fixture.event("started"), broken]));
  assert.equal(store.loadState("MK4")?.jobNumber, 1);
  assert.deepEqual(store.events({ limit: 10 }), []);
  assert.equal(store.commit("MK4", { jobNumber: 2 }, [fixture.event("started")]).length, 1);
});

Deno.test("Store.loadState() is undefined for a printer never heard of", () => {
  using fixture = new Fixture();
  assert.equal(fixture.store.loadState("nobody"), undefined);
});

Deno.test("Store.events() filters by printer, goes on after an id, and turns round", () => {
  using fixture = new Fixture();
  fixture.commit("started", { printer: "A" });
  fixture.commit("started", { printer: "B" });
  fixture.commit("finished", { printer: "A" });
  fixture.commit("failed", { printer: "B" });
  const ids = (query: Parameters<Store["events"]>[0]) => fixture.store.events(query).map(({ id }) => id);
  assert.deepEqual(ids({ limit: 2 }), [1, 2]);
  assert.deepEqual(ids({ limit: 2, newestFirst: true }), [4, 3]);
  assert.deepEqual(ids({ limit: 9, printer: "A" }), [1, 3]);
  assert.deepEqual(ids({ limit: 9, after: 2 }), [3, 4]);
  assert.deepEqual(ids({ limit: 9, after: 1, printer: "B", newestFirst: true }), [4, 2]);
});

Deno.test("Store.uncomposed() gives events oldest first until something was enqueued or decided", () => {
  using fixture = new Fixture();
  const [first, second] = [fixture.commit("started"), fixture.commit("finished")];
  assert.deepEqual(fixture.store.uncomposed(1), [first]);
  fixture.outbox.enqueue(first, []); // no rule wants it: decided
  assert.deepEqual(fixture.store.uncomposed(10), [second]);
});

Deno.test("Store keeps everything over a restart, its agent id too", () => {
  using folder = temporaryFolder();
  const clock = new FakeClock();
  const event = sampleEvent("failed", { clock, job: "1-a" });
  let agentId: string;
  {
    using store = Store.open(folder.path);
    store.commit("MK4", { jobNumber: 7 }, [event]);
    agentId = store.agentId;
  }
  using store = Store.open(folder.path);
  assert.equal(store.agentId, agentId);
  assert.match(agentId, /^[0-9a-f]{16}$/);
  assert.equal(store.loadState("MK4")?.jobNumber, 7);
  assert.deepEqual(store.uncomposed(10), [{ id: 1, printer: "MK4", event }]);
});

Deno.test("an event of every kind comes back as it was", () => {
  using fixture = new Fixture();
  for (const kind of eventKinds) {
    const stored = fixture.commit(kind);
    assert.deepEqual(fixture.store.event(stored.id), stored);
  }
});

/** Plain objects, as the domain makes them. */
const record = <T, K extends keyof T = keyof T>(
  parts: { [P in keyof T]: fc.Arbitrary<T[P]> },
  { requiredKeys }: { requiredKeys?: K[] } = {},
) => fc.record<T, K>(parts, { noNullPrototype: true, ...(requiredKeys ? { requiredKeys } : {}) } as never);
const moments: fc.Arbitrary<Moment> = record({
  wall: fc.integer({ min: 0, max: 4e12 }).map((milliseconds) => Temporal.Instant.fromEpochMilliseconds(milliseconds)),
  bootId: fc.string(),
  monotonicMilliseconds: fc.nat(),
});
const files = record({ path: fc.string(), displayName: fc.string(), sizeBytes: fc.nat() }, {
  requiredKeys: ["path"],
});
const numbers = fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0 === 0 ? 0 : value);
const facts = {
  id: fc.string(),
  firstSeenAt: moments,
  seenAt: moments,
  movedAt: moments,
  isWatched: fc.boolean(),
  pausedSeconds: numbers,
  stoodStill: fc.boolean(),
  grown: fc.nat(),
  told: fc.dictionary(fc.string().filter((key) => key !== "__proto__"), record({ milestone: numbers, at: moments }), {
    noNullPrototype: true,
  }),
};
const jobs: fc.Arbitrary<ActiveJob> = fc.oneof(
  record({ ...facts, kind: fc.constant("printing" as const) }),
  record({
    ...facts,
    kind: fc.constant("paused" as const),
    since: moments,
    reason: fc.constantFrom("user" as const, "filament_runout" as const),
    file: files,
    percent: numbers,
    text: fc.string(),
  }),
);
const states: fc.Arbitrary<PrinterState> = record({
  jobNumber: fc.nat(),
  job: jobs,
  link: fc.oneof(
    record({ kind: fc.constant("online" as const), since: moments }),
    record({ kind: fc.constant("offline" as const), since: moments, reason: fc.string(), backAt: moments }),
  ),
  selectedFile: record({ file: files, at: moments }),
  announcedCancel: moments,
  displayText: fc.string(),
  temperatures: fc.dictionary(
    fc.constantFrom("nozzle", "nozzle1", "bed", "chamber"),
    record({ celsius: numbers, targetCelsius: numbers }, { requiredKeys: ["celsius"] }),
    { noNullPrototype: true },
  ),
}, { requiredKeys: ["jobNumber"] });

Deno.test("state → row → state is identity", () => {
  fc.assert(fc.property(states, (state) => assert.deepEqual(decodeState(encode(state)), { value: state })));
});

Deno.test("a number that is none is left out, so that unknown stays absent", () => {
  const clock = new FakeClock();
  const event = {
    ...sampleEvent("finished", { clock, job: "1-a" }),
    facts: { percent: NaN, remainingSeconds: Infinity },
  };
  const decoded = decodeEvent(encode(event));
  assert.ok("value" in decoded);
  assert.deepEqual(decoded.value.facts, {});
});

Deno.test("decodeState() and decodeEvent() are total: whatever the row holds, they say, they never throw", () => {
  const rows = fc.oneof(
    fc.string(),
    fc.json(),
    fc.jsonValue().map((value) => JSON.stringify({ jobNumber: value, job: value })),
  );
  fc.assert(fc.property(rows, (text) => {
    for (const decoded of [decodeState(text), decodeEvent(text)]) {
      assert.ok("value" in decoded || decoded.problem !== "");
    }
  }));
  const bad = JSON.stringify({
    jobNumber: 1,
    link: { kind: "online", since: { wall: "soon", bootId: "b", monotonicMilliseconds: 1 } },
  });
  assert.ok("problem" in decodeState(bad));
});

Deno.test("a stored state that cannot be read is dropped with a warning, the printer starts anew", () => {
  using fixture = new Fixture();
  const { store } = fixture;
  store.commit("MK4", { jobNumber: 1 }, []);
  store.sql.run('UPDATE printer SET state = \'{"job":{"kind":"printing"}}\'');
  assert.equal(store.loadState("MK4"), undefined);
  assert.equal(store.warnings.length, 1);
  assert.match(store.warnings[0] ?? "", /last state of "MK4" could not be read/);
  store.commit("MK4", emptyState, []);
  assert.deepEqual(store.loadState("MK4"), emptyState);
});

Deno.test("an event that cannot be read does not stand in the way of the next ones", () => {
  using fixture = new Fixture();
  const { store } = fixture;
  fixture.commit("started");
  const readable = fixture.commit("finished");
  store.sql.run("UPDATE event SET body = 'x' WHERE id = 1");
  assert.deepEqual(store.uncomposed(1), []);
  assert.deepEqual(store.uncomposed(1), [readable]);
  assert.match(store.warnings[0] ?? "", /Event 1 of "MK4" could not be read/);
});

Deno.test("correctTimes() gives the events of a boot that began in 1970 their right time, and no other", () => {
  using fixture = new Fixture({ wall: "2026-11-23T08:00:00Z", bootId: "boot-0" });
  const { store, clock } = fixture;
  const earlier = fixture.commit("started");
  clock.reboot({ bootId: "boot-1", wall: "1970-01-01T00:00:10Z", isSet: false });
  const since = clock.now();
  const [stored] = store.commit("MK4", { jobNumber: 1, link: { kind: "offline", since } }, [
    { at: since, facts: {}, kind: "offline", since },
  ]);
  assert.ok(stored);
  const delivery = fixture.outbox.enqueue(stored, [{
    channel: "mail",
    recipient: "me@example.org",
    repeat: 0,
    message: sampleMessage("MK4: lost sight of it"),
    pictures: [],
  }])[0];
  clock.setWall("2026-11-23T12:00:00Z");
  store.correctTimes(clock.now());

  const corrected = store.event(stored.id)?.event;
  assert.equal(corrected?.at.wall.toString(), "2026-11-23T12:00:00Z");
  assert.equal(corrected?.kind === "offline" && corrected.since.wall.toString(), "2026-11-23T12:00:00Z");
  assert.equal(fixture.fresh(delivery?.id ?? 0).at.wall.toString(), "2026-11-23T12:00:00Z");
  const link = store.loadState("MK4")?.link;
  assert.equal(link?.since.wall.toString(), "2026-11-23T12:00:00Z");
  assert.deepEqual(store.event(earlier.id), earlier);
});

Deno.test("correctTimes() believes the new time over a plausible wrong one, but not over a small adjustment", async () => {
  using fixture = new Fixture({ wall: "2026-11-20T00:00:00Z" }); // the time at which the Pi was switched off
  const event = fixture.commit("started");
  await fixture.clock.advance(60_000);
  fixture.clock.setWall("2026-11-20T00:01:01Z");
  fixture.store.correctTimes(fixture.clock.now());
  assert.deepEqual(fixture.store.event(event.id), event);
  fixture.clock.setWall("2026-11-23T12:01:00Z");
  fixture.store.correctTimes(fixture.clock.now());
  assert.equal(fixture.store.event(event.id)?.event.at.wall.toString(), "2026-11-23T12:00:00Z");
});

Deno.test("two Stores on one folder see each other's rows, the reader while the writer writes", () => {
  using folder = temporaryFolder();
  const clock = new FakeClock();
  using writer = Store.open(folder.path);
  using reader = Store.open(folder.path);
  assert.equal(reader.agentId, writer.agentId);
  writer.commit("MK4", { jobNumber: 1 }, [sampleEvent("started", { clock, job: "1-a" })]);
  assert.equal(reader.events({ limit: 10 }).length, 1);
  writer.sql.transaction("hold the writer's lock", () => {
    writer.sql.run("DELETE FROM event");
    assert.equal(reader.events({ limit: 10 }).length, 1); // as it was before the transaction
    assert.equal(reader.loadState("MK4")?.jobNumber, 1);
  });
  assert.equal(reader.events({ limit: 10 }).length, 0);
  reader.commit("MK3S", { jobNumber: 2 }, []);
  assert.equal(writer.loadState("MK3S")?.jobNumber, 2);
});

Deno.test("what lies in the state folder is for its owner alone: folder 0700, files 0600", () => {
  using folder = temporaryFolder();
  const path = `${folder.path}/deep/state`;
  using store = Store.open(path);
  store.commit("MK4", emptyState, []);
  store.pictures.put(new Uint8Array(10));
  const mode = (name: string) => (Deno.statSync(`${path}${name}`).mode ?? 0) & 0o777;
  assert.equal(mode(""), 0o700);
  assert.equal(mode("/pictures"), 0o700);
  const names = [...Deno.readDirSync(path)].filter(({ isFile }) => isFile).map(({ name }) => name).sort();
  assert.deepEqual(names, ["filagram.db", "filagram.db-shm", "filagram.db-wal"]);
  for (const name of names) assert.equal(mode(`/${name}`), 0o600, name);
  for (const { name } of store.pictures.files()) assert.equal(mode(`/pictures/${name}`), 0o600);
});
