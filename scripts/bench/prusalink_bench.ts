/**
 * What 100 polled PrusaLink printers cost the agent while all of them print, beside a bare Deno that asks the same questions at
 * the same pace and only parses the answers. The printers are doubles on real ports in this process, half Buddy, half Pi.
 *
 * `deno run -A scripts/bench/prusalink_bench.ts [SECONDS]`
 */
import { makeWorkshop } from "../../tests/support/filagram.ts";
import { PrusaLinkDouble } from "../../tests/support/prusalink_double.ts";
import { row, sleep, usageOf } from "./support.ts";

const seconds = Number(Deno.args[0] ?? 60);
const count = 100;
const password = "correct horse";

const doubles = Array.from(
  { length: count },
  (_, n) => new PrusaLinkDouble({ variant: n % 2 ? "pi" : "buddy", apiKey: password }),
);
const file = { path: "benchy.gcode", bytes: new Uint8Array(1000) };
for (const [n, double] of doubles.entries()) double.start(file, { id: n + 1 });
const printing = setInterval(() => {
  for (const { job } of doubles) if (job) job.progress = (job.progress + 0.1) % 99;
}, 1000);

const agent = await agentUsage();
const floor = await floorUsage();
clearInterval(printing);
row("100 printing PrusaLinks, the agent", cpu(agent), memory(agent), rate(agent));
row("the same questions from a bare Deno", cpu(floor), memory(floor), rate(floor));
row("agent / bare", (agent.cpuShare / floor.cpuShare).toFixed(2), (agent.megabytes / floor.megabytes).toFixed(2));
for (const double of doubles) await double[Symbol.asyncDispose]();

interface Cost {
  readonly cpuShare: number;
  readonly megabytes: number;
  readonly requestsPerSecond: number;
}

async function agentUsage(): Promise<Cost> {
  await using workshop = await makeWorkshop();
  const printers = doubles.map(({ url }, n) =>
    `  - { name: p${n}, driver: prusalink, address: "${url}", password: "${password}" }`
  );
  await workshop.write(
    `printers:\n${
      printers.join("\n")
    }\nchannels:\n  - { name: mail, type: email, host: 127.0.0.1, port: 9, tls: none, ` +
      `from: a@example.org, to: [b@example.org] }\nweb: { listen: "127.0.0.1:0" }\n`,
  );
  await using agent = workshop.start("run");
  await agent.said("Page: ");
  return await measure(agent.pid);
}

async function floorUsage(): Promise<Cost> {
  const code = `
    const urls = ${JSON.stringify(doubles.map(({ url }) => url))};
    const poll = async (url) => {
      for (;;) {
        await (await fetch(url + "/api/v1/status", { headers: { "x-api-key": "${password}" } })).json();
        await new Promise((resolve) => setTimeout(resolve, 2000));
      }
    };
    await Promise.all(urls.map(poll));`;
  const child = new Deno.Command(Deno.execPath(), { args: ["eval", code] }).spawn();
  const cost = await measure(child.pid);
  child.kill("SIGKILL");
  await child.status;
  return cost;
}

async function measure(pid: number): Promise<Cost> {
  await sleep(15_000); // until all are online
  const requests = () => doubles.reduce((sum, double) => sum + double.requests.length, 0);
  const [before, asked] = [usageOf(pid), requests()];
  await sleep(seconds * 1000);
  const after = usageOf(pid);
  return {
    cpuShare: (after.cpuSeconds - before.cpuSeconds) / seconds,
    megabytes: after.residentMegabytes,
    requestsPerSecond: (requests() - asked) / seconds,
  };
}

function cpu({ cpuShare }: Cost): string {
  return `${(cpuShare * 100).toFixed(1)} % CPU`;
}

function memory({ megabytes }: Cost): string {
  return `${megabytes.toFixed(0)} MB`;
}

function rate({ requestsPerSecond }: Cost): string {
  return `${requestsPerSecond.toFixed(1)} req/s`;
}
