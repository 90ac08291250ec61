/**
 * Durable enqueue per second, beside the least that SQLite can do durably (one row inserted and committed) in the same
 * run on the same disk: the ratio says what the outbox costs, whatever the machine.
 *
 *     deno run -A scripts/bench/outbox_bench.ts [FOLDER]
 */
import { performance } from "node:perf_hooks";
import { systemClock } from "../../src/clock.ts";
import type { Message } from "../../src/domain/message.ts";
import { openDatabase } from "../../src/store/database.ts";
import { Outbox } from "../../src/outbox/outbox.ts";
import { Store } from "../../src/store/store.ts";

const rounds = 5;
const perRound = 300;
const folder = Deno.makeTempDirSync({ ...(Deno.args[0] ? { dir: Deno.args[0] } : {}), prefix: "filagram-bench-" });
const message: Message = {
  printer: "MK4",
  subject: "[MK4] benchy",
  firstLine: "MK4: benchy finished in 1 h 12 min",
  body: "benchy finished in 1 h 12 min",
  notes: [],
  facts: Array.from({ length: 6 }, (_, index) => ({ label: `Fact ${index}`, value: "about twenty characters" })),
  isUrgent: false,
  footer: { agent: "workshop" },
  language: "en",
};

try {
  using bare = openDatabase(`${folder}/bare.db`, ["CREATE TABLE thing (body TEXT NOT NULL) STRICT"]);
  using store = Store.open(`${folder}/state`);
  const clock = systemClock({ bootId: "bench" });
  const outbox = new Outbox(store, { clock, maxQueuedDeliveries: 1e9 });
  const body = JSON.stringify(message);
  let job = 0;

  const finished = () => (
    { at: clock.now(), kind: "finished" as const, job: { id: `${++job}-a` }, facts: { percent: 100 } }
  );
  const insert = () => void bare.run("INSERT INTO thing (body) VALUES (:body)", { body });
  const commit = () => store.commit("MK4", { jobNumber: job }, [finished()]);
  const events = () => store.commit("MK4", { jobNumber: job }, Array.from({ length: perRound }, finished));
  const enqueue = (event: ReturnType<typeof events>[number] | undefined) => {
    if (event) {
      outbox.enqueue(event, [{ channel: "mail", recipient: "me@example.org", repeat: 0, message, pictures: [] }]);
    }
  };
  const sendOne = () => {
    const delivery = outbox.take("mail");
    if (delivery) outbox.settle(delivery, { kind: "sent" });
  };

  const best = { insert: 0, commit: 0, enqueue: 0, sent: 0 };
  for (let round = 0; round < rounds; round++) { // in turns: all see the same weather
    best.insert = Math.max(best.insert, perSecond(insert));
    best.commit = Math.max(best.commit, perSecond(commit));
    const waiting = events();
    best.enqueue = Math.max(best.enqueue, perSecond((index) => enqueue(waiting[index])));
    best.sent = Math.max(best.sent, perSecond(sendOne));
  }
  const line = (what: string, rate: number) =>
    console.log(
      `${what.padEnd(34)} ${rate.toFixed(0).padStart(6)}/s  ${(rate / best.insert).toFixed(2)} of a bare insert`,
    );
  line("bare SQLite insert and commit", best.insert);
  line("Store.commit(), one event", best.commit);
  line("Outbox.enqueue(), one delivery", best.enqueue);
  line("Outbox.take() and settle()", best.sent);
} finally {
  Deno.removeSync(folder, { recursive: true });
}

function perSecond(work: (index: number) => void): number {
  const start = performance.now();
  for (let index = 0; index < perRound; index++) work(index);
  return perRound / (performance.now() - start) * 1000;
}
