import assert from "node:assert/strict";
import { startBadSmtpServer } from "../support/bad_smtp_server.ts";
import { makeWorkshop, until } from "../support/filagram.ts";

/** Far above the 2 s that are promised (scripts/bench/stop_bench.ts measures them), far below what hanging servers are given. */
const endMilliseconds = 60_000;

Deno.test("SIGTERM ends the agent while a mail server hangs; what is uncertain goes out again, with the same Message-ID", async () => {
  await using workshop = await makeWorkshop();
  let hangs = true;
  await using server = startBadSmtpServer({
    answer: (verb) => verb === "." && hangs ? { then: "silence" } : undefined,
  });
  await workshop.write(`printers: [{ name: P, driver: simulated }]
channels:
  - { name: mail, type: email, host: 127.0.0.1, port: ${server.port}, tls: none, from: a@example.org, to: [b@example.org] }
web: { listen: "127.0.0.1:0" }
`);
  const states = async () => {
    const { stdout } = await workshop.run("outbox", "list", "--all", "--json");
    return stdout.trim().split("\n").filter((line) => line).map((line) => JSON.parse(line).state);
  };
  await using agent = workshop.start("run");
  await until("a mail was handed over", () => server.mails.length > 0, 60_000);
  const started = performance.now();
  const timer = setTimeout(() => void agent.kill("SIGKILL"), endMilliseconds);
  const { code } = await agent.kill("SIGTERM");
  clearTimeout(timer);
  console.log(`ended after ${Math.round(performance.now() - started)} ms`);
  assert.equal(code, 0, agent.log());
  assert.deepEqual(await states(), ["uncertain"]);
  hangs = false;
  await using _again = workshop.start("run");
  const ids = () => server.mails.map((mail) => /^Message-ID: (.*)$/mi.exec(mail)?.[1] ?? "");
  await until("it goes out again", () => ids().filter((id) => id === ids()[0]).length === 2, 60_000);
  await until("and is settled", async () => !(await states()).includes("uncertain"), 60_000);
});
