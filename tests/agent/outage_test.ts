/**
 * museum: 21, the long one: three days without a network, two restarts of the board, a clock that starts in 1970.
 */
import assert from "node:assert/strict";
import type { FittedDelivery } from "../../src/channels/channel.ts";
import { defaultRule, type Rule } from "../../src/domain/rule.ts";
import { benchy, cube } from "../domain/reports.ts";
import type { FakeClockOptions } from "../support/fake_clock.ts";
import { accepted, offline, progressRule, TestChannel, TestHouse, TestPrinter } from "./house.ts";

const rules: readonly Rule[] = [
  { ...defaultRule, picture: "none" },
  progressRule(10, { picture: "none" }),
];
const hour = 3600;
/** A board without a battery for its clock. */
const in1970: FakeClockOptions = { wall: "1970-01-01T00:00:20Z", isSet: false };

class Outage extends TestHouse {
  readonly printer: TestPrinter;
  readonly mail: TestChannel;

  constructor() {
    const [printer, mail] = [new TestPrinter(), new TestChannel()];
    super({ printers: [printer], channels: [mail], rules });
    [this.printer, this.mail] = [printer, mail];
  }

  networkGoes(): void {
    this.mail.answer = () => offline;
  }

  networkIsBack(): void {
    this.mail.answer = () => accepted;
  }

  /** A print of so many hours, from a percentage on; looked at every five minutes. */
  async print(file: { path: string }, { hours, from = 0, to = 100 }: { hours: number; from?: number; to?: number }) {
    const looks = hours * 12;
    if (from === 0) this.printer.report({ job: { kind: "printing", begins: true, file } });
    for (let look = 1; look <= looks; look++) {
      await this.passQuietly(300);
      const percent = from + (to - from) * look / looks;
      if (percent < 100) this.printer.report({ job: { kind: "printing", file }, progress: { percent } });
    }
    if (to === 100) {
      this.printer.report({ job: { kind: "ended", outcome: "finished", file } }, { job: { kind: "none" } });
    }
    await this.pass(1);
  }

  /** What was given up, by kind and reason. */
  givenUp(): string[] {
    return this.outbox.list({ states: ["expired", "rejected"], limit: 10_000 })
      .map(({ kind, reason }) => `${kind} ${reason}`);
  }

  expired(): number {
    return this.givenUp().filter((line) => line.endsWith("older than its time to live")).length;
  }
}

function lines(sent: readonly FittedDelivery[]): string[] {
  return sent.map(({ message: { firstLine, lateLine } }) => [firstLine, lateLine ?? "in time"].join(" | "));
}

Deno.test("museum: 21 an outage of 72 hours with two restarts: nothing is lost, times are true or said to be unknown", async () => {
  await using house = new Outage(); // Monday 23 November, 13:00 in Berlin
  house.printer.report({ link: { kind: "online" }, job: { kind: "none" } });
  house.networkGoes();

  // Monday: a print in the first boot, whose clock is right.
  await house.print({ path: "boat.gcode" }, { hours: 4 }); // ends at 17:00
  await house.passQuietly(20 * hour);

  // Tuesday 13:00: the power fails while the second print is at 40 %. The printer has its own; the board starts in 1970.
  await house.print(benchy, { hours: 4, to: 40 });
  const expired = house.expired();
  await house.powerCut({ ...in1970, bootId: "boot-2" });
  house.printer.report({ job: { kind: "printing", file: benchy }, progress: { percent: 41 } });
  await house.print(benchy, { hours: 4, from: 41 }); // ends four hours after the restart
  assert.equal(house.expired(), expired, "without a clock nothing expires");
  await house.passQuietly(16 * hour);

  // Wednesday: a third boot, in 1970 too; until its clock is set nobody knows when anything was.
  await house.powerCut({ ...in1970, bootId: "boot-3" });
  house.printer.report({ link: { kind: "online" }, job: { kind: "none" } });
  await house.passQuietly(2 * hour);
  await house.print(cube, { hours: 6 });
  await house.passQuietly(15 * hour);
  assert.equal(house.expired(), expired, "without a clock nothing expires");
  assert.equal(house.mail.sent.length, 0);

  // Thursday 13:00: the network is back, and with it the time; a try is made before the agent has seen either.
  house.clock.setWall("2026-11-26T12:00:10Z");
  house.networkIsBack();
  await house.pass(120);

  assert.deepEqual(lines(house.mail.sent), [
    "MK3S: boat finished in 4 h | Happened at 17:00, Monday 23 November, told late: no network, and a restart in between.",
    "MK3S: benchy finished | Told late: no network, and a restart in between; when it happened is not known: the clock " +
    "was not set then.",
    "MK3S: cube started | Happened at 16:00, Wednesday 25 November, told late: no network for 21 h.",
    "MK3S: cube finished in 6 h | Happened at 22:00, Wednesday 25 November, told late: no network for 15 h.",
  ]);
  assert.deepEqual(house.events.filter((kind) => kind !== "progress"), [
    ...["started", "finished", "started", "finished", "started", "finished"],
  ]);
  assert.deepEqual([...new Set(house.givenUp())].toSorted(), [
    "progress folded into a newer one",
    "progress older than its time to live",
    "started older than its time to live",
  ]);
  assert.equal(new Set(house.mail.sent.map(({ messageId }) => messageId)).size, 4);
  assert.ok(house.mail.sent.every(({ at }) => at.toString().startsWith("2026-11-2")), "no mail is dated 1970");
  assert.deepEqual(Object.keys(house.outbox.counts()).toSorted(), ["expired", "sent"], "nothing waits any more");
});
