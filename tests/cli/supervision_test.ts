import assert from "node:assert/strict";
import { askAgent } from "../../src/cli/ask_agent.ts";
import { feedWatchdog } from "../../src/cli/supervision.ts";
import { createLog, Secrets } from "../../src/log.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { makeWorkshop, until } from "../support/filagram.ts";
import { listenAsSystemd } from "../support/notify_socket.ts";

Deno.test("the watchdog is fed twice per period, and not while a loop is stuck", async () => {
  const clock = new FakeClock();
  const said: string[] = [];
  const logged: string[] = [];
  let stuck: string[] = [];
  const end = new AbortController();
  const feeding = feedWatchdog({
    supervisor: { watchdogMilliseconds: 60_000, tell: ({ kind }) => void said.push(kind) },
    clock,
    log: createLog({ level: "info", secrets: new Secrets(), write: (line) => logged.push(line) }),
    stuckLoops: () => stuck,
  }, end.signal);
  await clock.advance(60_000);
  assert.equal(said.length, 3);
  stuck = ["send mail"];
  await clock.advance(300_000);
  assert.equal(said.length, 3);
  assert.deepEqual(logged, ['error loops="send mail" Stuck; waiting to be started anew']);
  end.abort();
  await feeding;
  assert.equal(clock.sleepers, 0);
});

Deno.test("an agent under systemd says ready, alive and stopping; asked through its socket, it ends", async () => {
  await using workshop = await makeWorkshop();
  await using systemd = await listenAsSystemd(`${workshop.folder}/notify`);
  await workshop.write(`printers: [{ name: P, driver: simulated }]
channels: [{ name: mail, type: email, host: 127.0.0.1, port: 9, tls: none, from: a@example.org, to: [b@example.org] }]
web: { listen: "127.0.0.1:0" }
`);
  await using agent = workshop.startWith({ NOTIFY_SOCKET: systemd.address, WATCHDOG_USEC: "2000000" }, "run");
  const heard = (line: string) => until(`${line} is heard\n${agent.log()}`, () => systemd.lines.includes(line), 60_000);
  await heard("READY=1");
  assert.ok(systemd.lines.includes("STATUS=Watching P; telling mail"));
  await heard("WATCHDOG=1");
  const facts = await askAgent(workshop.state, "/agent");
  assert.equal((await facts?.json()).isSupervised, true);
  await (await askAgent(workshop.state, "/agent/stop"))?.body?.cancel().catch(() => {}); // it may end before it has answered
  await heard("STOPPING=1");
  const { success } = await agent.ended;
  assert.ok(success, agent.log());
});
