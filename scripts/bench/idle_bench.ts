/**
 * What a quiet agent costs: CPU share, memory and bytes written. One printer on a tty that reports every 2 s, then 100 on TCP at 1 Hz.
 *
 * `deno run -A scripts/bench/idle_bench.ts [SECONDS]`
 */
import { openPty } from "../../bridge/pty.ts";
import { makeWorkshop, type Workshop } from "../../tests/support/filagram.ts";
import { row, sleep, usageOf } from "./support.ts";

const seconds = Number(Deno.args[0] ?? 300);
const settings = (printers: readonly string[]) =>
  `printers:\n${
    printers.join("\n")
  }\nchannels:\n  - { name: mail, type: email, host: 127.0.0.1, port: 9, tls: none, from: a@example.org, to: [b@example.org] }\nweb: { listen: "127.0.0.1:0" }\n`;
const report = (n: number) =>
  new TextEncoder().encode(` T:${(20 + n % 10 / 10).toFixed(2)} /0.00 B:21.05 /0.00 @:0 B@:0\n`);

await onePrinter();
await hundredPrinters();

async function measure(name: string, workshop: Workshop): Promise<void> {
  const started = performance.now();
  await using agent = workshop.start("run");
  await agent.said("Page: ");
  row("start to the page", `${((performance.now() - started) / 1000).toFixed(2)} s`);
  await untilHeard(agent.log());
  row("start to the first report", `${((performance.now() - started) / 1000).toFixed(2)} s`);
  await sleep(10_000);
  const before = usageOf(agent.pid);
  await sleep(seconds * 1000);
  const after = usageOf(agent.pid);
  row(
    name,
    `${((after.cpuSeconds - before.cpuSeconds) / seconds * 100).toFixed(2)} % CPU`,
    `${after.residentMegabytes.toFixed(0)} MB`,
    `${((after.writtenBytes - before.writtenBytes) / 1024 * 3600 / seconds).toFixed(0)} KB/h`,
  );
  await agent.kill("SIGTERM");
}

/** Asks the page until the first printer was heard of. */
async function untilHeard(log: string): Promise<void> {
  const page = /Page: (\S+)/.exec(log)?.[1] ?? "";
  for (;;) {
    const [printer] = await (await fetch(`${page}api/v1/printers`)).json();
    if (printer.link?.kind === "online") return;
    await sleep(10);
  }
}

async function onePrinter(): Promise<void> {
  await using workshop = await makeWorkshop();
  await using pty = openPty({ linkPath: `${workshop.folder}/printer` });
  await workshop.write(
    settings([`  - { name: one, driver: marlin, address: "serial:${workshop.folder}/printer", passive: true }`]),
  );
  const writer = pty.master.writable.getWriter();
  let n = 0;
  const timer = setInterval(() => writer.write(report(n++)), 2000);
  await measure("one printer that reports every 2 s", workshop);
  clearInterval(timer);
}

async function hundredPrinters(): Promise<void> {
  await using workshop = await makeWorkshop();
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const open = new Set<Deno.Conn>();
  const serving = (async () => {
    for await (const connection of listener) open.add(connection);
  })();
  const printers = Array.from(
    { length: 100 },
    (_, n) => `  - { name: p${n}, driver: marlin, address: "tcp://127.0.0.1:${listener.addr.port}", passive: true }`,
  );
  await workshop.write(settings(printers));
  let n = 0;
  const timer = setInterval(() => {
    n++;
    for (const connection of open) connection.write(report(n)).catch(() => open.delete(connection));
  }, 1000);
  await measure("100 printers on TCP at 1 Hz", workshop);
  clearInterval(timer);
  listener.close();
  await serving.catch(() => {});
  for (const connection of open) connection.close();
}
