/** How long the agent takes to end after SIGTERM: while all is well, and while its mail server and its printer hang. */
import { startBadSmtpServer } from "../../tests/support/bad_smtp_server.ts";
import { makeWorkshop, until } from "../../tests/support/filagram.ts";
import { ms, percentile, row } from "./support.ts";

const runs = 10;

for (const hangs of [false, true]) {
  const times: number[] = [];
  for (let run = 0; run < runs; run++) times.push(await stopTime(hangs));
  const name = `SIGTERM to the end, ${hangs ? "mail server and printer hang" : "all is well"}`;
  row(name, `p50 ${ms(percentile(times, 0.5))}`, `max ${ms(Math.max(...times))}`);
}
row("the floor: an empty Deno that ends at SIGTERM", ms(await floor()));

async function stopTime(hangs: boolean): Promise<number> {
  await using workshop = await makeWorkshop();
  await using server = startBadSmtpServer({
    answer: (verb) => hangs && verb === "." ? { then: "silence" } : undefined,
  });
  using silent = Deno.listen({ hostname: "127.0.0.1", port: 0 }); // takes the connection and says nothing
  await workshop.write(`printers:
  - { name: P, driver: simulated }
  - { name: Q, driver: marlin, address: "tcp://127.0.0.1:${silent.addr.port}" }
channels:
  - { name: mail, type: email, host: 127.0.0.1, port: ${server.port}, tls: none, from: a@example.org, to: [b@example.org] }
web: { listen: "127.0.0.1:0" }
`);
  await using agent = workshop.start("run");
  await until("a mail was handed over", () => server.mails.length > 0);
  const started = performance.now();
  await agent.kill("SIGTERM");
  return performance.now() - started;
}

async function floor(): Promise<number> {
  const code = 'Deno.addSignalListener("SIGTERM", () => Deno.exit(0)); console.log("up"); setInterval(() => {}, 1e6)';
  const child = new Deno.Command(Deno.execPath(), { args: ["eval", code], stdout: "piped" }).spawn();
  const reader = child.stdout.getReader();
  await reader.read();
  const started = performance.now();
  child.kill("SIGTERM");
  await child.status;
  await reader.cancel();
  return performance.now() - started;
}
