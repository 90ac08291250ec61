/**
 * Kills a sending process at random points, starts it again on the same state, and proves that nothing was lost.
 */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { systemClock } from "../../src/clock.ts";
import { Outbox } from "../../src/outbox/outbox.ts";
import { Store } from "../../src/store/store.ts";
import { startSmtpServer, type TestMail } from "../support/smtp_server.ts";
import { killSample, temporaryFolder } from "./samples.ts";

const childPath = fileURLToPath(new URL("../support/kill_child.ts", import.meta.url));
/** The last process gets so long to send what is left. */
const maxDrainMilliseconds = 30_000;

export interface KillReport {
  readonly events: number;
  readonly mails: number;
  /** Mails that arrived more than once, with the same Message-ID. */
  readonly repeated: number;
}

/** @throws AssertionError when an event was lost, or came twice as two different mails */
export async function surviveKills({ kills }: { kills: number }): Promise<KillReport> {
  using folder = temporaryFolder();
  await using server = await startSmtpServer();
  const clock = systemClock({ bootId: "of the parent" });
  const committed = new Set<number>();
  for (let kill = 0; kill < kills; kill++) {
    await using child = new Child({ folder: folder.path, port: server.port, mode: "load", committed });
    // every fifth dies while it starts, the others under load
    if (kill % 5 === 4) await clock.sleep(150 + Math.random() * 300);
    else {
      await child.warm;
      await clock.sleep(Math.random() * 250);
    }
  }
  await using last = new Child({ folder: folder.path, port: server.port, mode: "drain", committed });
  const drained = await Promise.race([last.status, clock.sleep(maxDrainMilliseconds)]);
  assert.equal(drained?.code, 0, "the last process has sent all and ended");
  return judge(folder.path, { committed, mails: server.mails });
}

/** A sending process; killed with SIGKILL when disposed. */
class Child implements AsyncDisposable {
  readonly #process: Deno.ChildProcess;
  readonly #read: Promise<void>;
  readonly #warm = Promise.withResolvers<void>();
  readonly warm = this.#warm.promise;
  readonly status: Promise<Deno.CommandStatus>;

  constructor(
    { folder, port, mode, committed }: { folder: string; port: number; mode: string; committed: Set<number> },
  ) {
    const args = ["run", "-A", "--no-check", "--quiet", childPath, folder, String(port), mode];
    this.#process = new Deno.Command(Deno.execPath(), { args, stdout: "piped", stderr: "inherit" }).spawn();
    this.status = this.#process.status;
    this.#read = this.#readLines(committed);
  }

  async #readLines(committed: Set<number>): Promise<void> {
    let rest = "";
    for await (const text of this.#process.stdout.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) {
        if (line === "warm") this.#warm.resolve();
        else committed.add(Number(line.replace("committed ", "")));
      }
    }
    this.#warm.resolve();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#process.kill("SIGKILL");
    } catch { // it has ended by itself
    }
    await this.status;
    await this.#read;
  }
}

function judge(
  folder: string,
  { committed, mails }: { committed: ReadonlySet<number>; mails: readonly TestMail[] },
): KillReport {
  using store = Store.open(folder);
  const outbox = new Outbox(store, { clock: systemClock({ bootId: "of the judge" }) });
  assert.deepEqual(Object.values(store.sql.get<object>("PRAGMA integrity_check") ?? {}), ["ok"]);
  const events = store.events({ limit: 1e6 }).map(({ id }) => id);
  for (const id of committed) assert.ok(events.includes(id), `event ${id} was said to be committed`);
  assert.equal(store.loadState("MK4")?.jobNumber, events.length, "state and events were written together");
  assert.equal(store.uncomposed(1).length, 0);
  const unsent = outbox.list({ states: ["queued", "sending", "uncertain", "rejected", "expired"], limit: 10 });
  assert.deepEqual(unsent, []);

  const idsOf = new Map<string, Set<string>>();
  for (const { recipients, parsed } of mails) {
    const event = Number(/event (\d+)/.exec(parsed.text ?? "")?.[1]);
    const key = `${event} ${recipients.join()}`;
    idsOf.set(key, (idsOf.get(key) ?? new Set()).add(parsed.messageId ?? ""));
    const [attachment] = parsed.attachments;
    if (!killSample.hasPicture(event)) continue;
    assert.deepEqual(attachment && new Uint8Array(attachment.content), killSample.picture(event).bytes);
  }
  for (const id of events) {
    for (const recipient of killSample.recipients) {
      const ids = [...idsOf.get(`${id} ${recipient}`) ?? []];
      assert.deepEqual(ids, [`<e${id}.mail.0@${store.agentId}.filagram.invalid>`], `event ${id} to ${recipient}`);
    }
  }
  const expected = events.length * killSample.recipients.length;
  assert.equal(idsOf.size, expected, "nothing was sent that never happened");
  return { events: events.length, mails: mails.length, repeated: mails.length - expected };
}
