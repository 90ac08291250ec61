/**
 * The process that the kill tests kill: commits events, enqueues their deliveries and sends them by the real mail
 * channel, all at once, as fast as the disk lets it. Says every event on stdout after it was committed.
 *
 * Arguments: state folder, port of the mail server, `load` (for ever) or `drain` (until nothing is left to send).
 */
import { email } from "../../src/channels/email.ts";
import { systemClock } from "../../src/clock.ts";
import type { Picture } from "../../src/domain/message.ts";
import { emptyState } from "../../src/domain/printer_state.ts";
import { createLog, Secrets } from "../../src/log.ts";
import { Outbox } from "../../src/outbox/outbox.ts";
import { Store, type StoredEvent } from "../../src/store/store.ts";
import { killSample, sampleMessage } from "../outbox/samples.ts";

const [folder = "", port = "", mode = ""] = Deno.args;
const printer = "MK4";
/** Enough to be killed in the middle of, few enough to be sent between two kills. */
const maxWaiting = 100;

using store = Store.open(folder);
const clock = systemClock({ bootId: "the boot of this test" });
const outbox = new Outbox(store, { clock });
outbox.recover();

const settings = {
  host: "127.0.0.1",
  port: Number(port),
  tls: "none",
  from: "filagram@example.org",
  to: ["unused@example.org"],
};
const log = createLog({ level: "error", secrets: new Secrets(), write: (line) => console.error(line) });
await using sender = email.bind(settings).open({
  clock,
  log,
  fetch,
  agentId: store.agentId,
  carrier: () => {
    throw new Error("Mail is carried by nobody");
  },
});
await Promise.all([commitEvents(), composeEvents(), sendDeliveries()]);

async function commitEvents(): Promise<void> {
  while (mode === "load") {
    if (waiting() < maxWaiting) {
      const { jobNumber } = store.loadState(printer) ?? emptyState;
      const events = Array.from({ length: 1 + jobNumber % 3 }, (_, index) => ({
        at: clock.now(),
        kind: "message" as const,
        text: `number ${jobNumber + index + 1}`,
        marked: true,
        facts: {},
      }));
      const stored = store.commit(printer, { jobNumber: jobNumber + events.length }, events);
      for (const { id } of stored) say(`committed ${id}`);
    }
    await clock.sleep(1);
  }
}

async function composeEvents(): Promise<void> {
  while (mode === "load" || store.uncomposed(1).length > 0) {
    for (const event of store.uncomposed(5)) {
      enqueue(event);
      await clock.sleep(0);
    }
    await clock.sleep(1);
  }
}

function enqueue(event: StoredEvent): void {
  const message = sampleMessage(`MK4: event ${event.id}`);
  const pictures = killSample.hasPicture(event.id) ? [killSample.picture(event.id)] : [];
  outbox.enqueue(
    event,
    killSample.recipients.map((recipient) => ({ channel: "mail", recipient, repeat: 0, message, pictures })),
  );
}

async function sendDeliveries(): Promise<void> {
  let isWarm = false;
  while (mode === "load" || waiting() > 0) {
    const delivery = outbox.take("mail");
    if (!delivery) {
      await clock.sleep(2);
      continue;
    }
    const loaded = await Promise.all(delivery.pictures.map((ref) => outbox.loadPicture(ref)));
    const pictures = loaded.filter((picture): picture is Picture => picture !== undefined);
    const result = await sender.send({ ...delivery, at: delivery.at.wall, pictures }, new AbortController().signal);
    outbox.settle(delivery, result);
    if (!isWarm) say("warm"); // the first mail waits for much code to be compiled
    isWarm = true;
  }
}

function waiting(): number {
  return store.uncomposed(100).length + outbox.list({ states: ["queued", "uncertain", "sending"], limit: 200 }).length;
}

function say(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
}
