/**
 * A disk that is really full: a small tmpfs. Mounting needs root; without it the tests are reported as ignored.
 */
import assert from "node:assert/strict";
import { Outbox } from "../../src/outbox/outbox.ts";
import { Store, StoreError } from "../../src/store/store.ts";
import { sampleEvent, sampleMessage, samplePicture, temporaryFolder } from "../outbox/samples.ts";
import { FakeClock } from "../support/fake_clock.ts";

/** A folder on a file system of its own, which {@link SmallDisk.fill} fills to the last byte. */
class SmallDisk implements Disposable {
  readonly #folder = temporaryFolder();
  readonly path = this.#folder.path;

  constructor({ megabytes = 1 } = {}) {
    run("mount", ["-t", "tmpfs", "-o", `size=${megabytes}m`, "tmpfs", this.path]);
  }

  fill(): void {
    using file = Deno.openSync(`${this.path}/ballast`, { create: true, append: true });
    for (let bytes = 65536; bytes >= 1;) {
      try {
        file.writeSync(new Uint8Array(bytes));
      } catch {
        bytes = Math.floor(bytes / 2);
      }
    }
  }

  free(): void {
    Deno.removeSync(`${this.path}/ballast`);
  }

  [Symbol.dispose](): void {
    run("umount", [this.path]);
    this.#folder[Symbol.dispose]();
  }
}

function run(command: string, args: string[]): void {
  const { success, stderr } = new Deno.Command(command, { args }).outputSync();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
}

function canMount(): boolean {
  try {
    new SmallDisk()[Symbol.dispose]();
    return true;
  } catch {
    return false;
  }
}

const ignore = !canMount();
const clock = new FakeClock();
const event = sampleEvent("finished", { clock, job: "1-a" });
const isDiskFull = { name: "StoreError", kind: "disk full", message: /the disk is full/ };

/** The write-ahead log has room in its last block; so many small writes use it up. */
const fewWrites = 200;

/** Calls until the disk is full; returns how many calls went well. */
function untilFull(write: () => void): number {
  for (let written = 0; written < fewWrites; written++) {
    try {
      write();
    } catch (error) {
      assert.ok(error instanceof StoreError && error.kind === "disk full", String(error));
      return written;
    }
  }
  throw new Error("The disk was not full");
}

Deno.test({
  name: "museum: 21 disk full: commit() says so, writes nothing by halves, and works again once there is room",
  ignore,
  fn() {
    using disk = new SmallDisk();
    using store = Store.open(disk.path);
    store.commit("MK4", { jobNumber: 0 }, [event]);
    disk.fill();
    let jobNumber = 0;
    const written = untilFull(() => {
      store.commit("MK4", { jobNumber: jobNumber + 1 }, [event, event]);
      jobNumber++;
    });
    for (let again = 0; again < 3; again++) {
      assert.throws(() => store.commit("MK4", { jobNumber: 99 }, Array(50).fill(event)), isDiskFull);
    }
    assert.equal(store.loadState("MK4")?.jobNumber, written);
    assert.equal(store.events({ limit: 1000 }).length, 1 + 2 * written);
    disk.free();
    store.commit("MK4", { jobNumber: 100 }, Array(10).fill(event));
    assert.equal(store.loadState("MK4")?.jobNumber, 100);
    assert.equal(store.events({ limit: 1000 }).length, 11 + 2 * written);
    assert.deepEqual(Object.values(store.sql.get<object>("PRAGMA integrity_check") ?? {}), ["ok"]);
  },
});

Deno.test({
  name: "museum: 21 disk full: the message goes out without its picture, and says why",
  ignore,
  async fn() {
    using disk = new SmallDisk();
    using store = Store.open(disk.path);
    const outbox = new Outbox(store, { clock });
    const [first, second] = store.commit("MK4", { jobNumber: 1 }, [event, event]);
    assert.ok(first && second);
    const [small, large] = [samplePicture(1, 1000), samplePicture(2, 900_000)];
    const delivery = {
      channel: "mail",
      recipient: "me@example.org",
      repeat: 0,
      message: sampleMessage("MK4: benchy finished"),
      pictures: [small, large],
    };
    outbox.enqueue(first, [delivery]);
    const taken = outbox.take("mail");
    assert.ok(taken);
    assert.equal(taken.pictures.length, 1);
    assert.ok(taken.pictures[0] && await outbox.loadPicture(taken.pictures[0]));
    assert.deepEqual(taken.message.notes, ["The picture was left out: the disk of the agent is full."]);
    assert.equal([...store.pictures.files()].length, 1); // no half-written file is left
    assert.equal(outbox.settle(taken, { kind: "sent" }).state, "sent");
  },
});

Deno.test({
  name: "museum: 21 disk full: what was sent but could not be noted is not sent twice",
  ignore,
  fn() {
    using disk = new SmallDisk({ megabytes: 8 });
    using store = Store.open(disk.path);
    const outbox = new Outbox(store, { clock });
    for (let number = 0; number < 10; number++) {
      const [stored] = store.commit("MK4", { jobNumber: number }, [{ ...event, job: { id: `${number}-a` } }]);
      assert.ok(stored);
      const message = sampleMessage("MK4: benchy finished");
      outbox.enqueue(stored, [{ channel: "mail", recipient: "me@example.org", repeat: 0, message, pictures: [] }]);
    }
    disk.fill();
    const sent: number[] = [];
    const send = () => {
      const delivery = outbox.take("mail");
      if (!delivery) return;
      sent.push(delivery.event);
      outbox.settle(delivery, { kind: "sent" });
    };
    untilFull(send);
    for (let again = 0; again < 3; again++) assert.throws(send, isDiskFull);
    disk.free();
    while (sent.length < 10) send();
    assert.equal(new Set(sent).size, 10);
    assert.equal(outbox.take("mail"), undefined);
    assert.equal(outbox.list({ states: ["sent"], limit: 100 }).length, 10);
  },
});

Deno.test({
  name: "museum: 21 disk full: a settle that fails is made up for by the next take",
  ignore,
  fn() {
    using disk = new SmallDisk();
    using store = Store.open(disk.path);
    const outbox = new Outbox(store, { clock });
    const [stored] = store.commit("MK4", { jobNumber: 1 }, [event]);
    assert.ok(stored);
    const message = sampleMessage("MK4: benchy finished");
    outbox.enqueue(stored, [{ channel: "mail", recipient: "me@example.org", repeat: 0, message, pictures: [] }]);
    const taken = outbox.take("mail");
    assert.ok(taken);
    disk.fill();
    let jobNumber = 1;
    untilFull(() => void store.commit("MK4", { jobNumber: ++jobNumber }, [])); // no block is left
    assert.throws(() => outbox.settle(taken, { kind: "sent" }), isDiskFull);
    assert.equal(outbox.get(taken.id)?.state, "sending");
    assert.throws(() => outbox.take("mail"), isDiskFull);
    disk.free();
    assert.equal(outbox.take("mail"), undefined);
    assert.equal(outbox.get(taken.id)?.state, "sent");
  },
});

Deno.test({
  name: "museum: 21 disk full: a store that cannot be made is refused with a sentence",
  ignore,
  fn() {
    using disk = new SmallDisk();
    disk.fill();
    assert.throws(() => Store.open(`${disk.path}/state`), {
      name: "StoreError",
      message: /disk is full|cannot be made/,
    });
  },
});
