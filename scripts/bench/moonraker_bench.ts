/**
 * 300 Moonrakers that print, watched by one agent: its share of a core, its memory, and how long an update takes to become an
 * event row. The floor in the same run: a bare Deno that reads the same WebSockets and parses each message.
 *
 * `deno run -A scripts/bench/moonraker_bench.ts [SECONDS] [PRINTERS]`
 */
import { DatabaseSync } from "node:sqlite";
import { makeWorkshop } from "../../tests/support/filagram.ts";
import { ms, percentile, row, sleep, usageOf } from "./support.ts";

const [seconds = 120, printers = 300] = Deno.args.map(Number);
const jobSeconds = 600;
const settleSeconds = 30;
const here = (name: string) => new URL(name, import.meta.url).pathname;

interface Moment {
  readonly printer: string;
  readonly kind: string;
  readonly at: number;
}

interface Measured {
  /** Percent of a core. */
  readonly share: number;
  readonly megabytes: number;
  readonly delays: readonly number[];
}

interface Telling extends AsyncDisposable {
  readonly pid: number;
  /** The first line, where it is a number. */
  readonly number: Promise<number>;
  readonly moments: readonly Moment[];
}

/** A process that prints moments. */
function startTelling(args: readonly string[]): Telling {
  const child = new Deno.Command(Deno.execPath(), { args: ["run", "--quiet", ...args], stdout: "piped" }).spawn();
  const moments: Moment[] = [];
  const number = Promise.withResolvers<number>();
  const reading = (async () => {
    let unfinished = "";
    for await (const part of child.stdout.pipeThrough(new TextDecoderStream())) {
      const lines = (unfinished + part).split("\n");
      unfinished = lines.pop() ?? "";
      for (const line of lines.map((text) => JSON.parse(text))) {
        if (typeof line === "number") number.resolve(line);
        else moments.push(line);
      }
    }
  })();
  return {
    pid: child.pid,
    number: number.promise,
    moments,
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await child.status;
      await reading;
    },
  };
}

async function startServers(): Promise<Telling & { readonly port: number }> {
  const telling = startTelling(["-A", here("moonraker_servers.ts"), `${printers}`, `${jobSeconds}`]);
  return { ...telling, port: await telling.number };
}

async function share(pid: number): Promise<{ share: number; megabytes: number }> {
  await sleep(settleSeconds * 1000);
  const before = usageOf(pid);
  await sleep(seconds * 1000);
  const after = usageOf(pid);
  return { share: (after.cpuSeconds - before.cpuSeconds) / seconds * 100, megabytes: after.residentMegabytes };
}

/** Rows as they appear. */
async function watchRows(path: string, signal: AbortSignal): Promise<Moment[]> {
  const database = new DatabaseSync(path, { readOnly: true });
  const newer = database.prepare(
    "SELECT id, printer, json_extract(body, '$.kind') AS kind FROM event WHERE id > ? ORDER BY id",
  );
  const rows: Moment[] = [];
  for (let last = 0; !signal.aborted;) {
    for (const { id, printer, kind } of newer.all(last)) {
      last = Number(id);
      rows.push({ printer: String(printer), kind: String(kind), at: performance.timeOrigin + performance.now() });
    }
    await sleep(2);
  }
  database.close();
  return rows;
}

async function measureAgent(): Promise<Measured> {
  await using servers = await startServers();
  await using workshop = await makeWorkshop();
  const names = Array.from({ length: printers }, (_, number) => number);
  await workshop.write(
    `printers:\n${
      names.map((n) => `  - { name: p${n}, driver: moonraker, address: "http://127.0.0.1:${servers.port}/${n}" }\n`)
        .join("")
    }channels:
  - { name: mail, type: email, host: 127.0.0.1, port: 9, tls: none, from: a@example.org, to: [b@example.org] }
rules: [{ when: [failed] }]
web: { listen: "127.0.0.1:0" }
`,
  );
  await using agent = workshop.start("run");
  await agent.said("Page: ");
  const stop = new AbortController();
  const rows = watchRows(`${workshop.state}/filagram.db`, stop.signal);
  const used = await share(agent.pid);
  stop.abort();
  return { ...used, delays: delaysOf(servers.moments, await rows) };
}

/** Reads and parses, and says when an update came that matters; nothing else. */
const floorCode = `
const [port, printers] = Deno.args.map(Number);
for (let n = 0; n < printers; n++) {
  const socket = new WebSocket("ws://127.0.0.1:" + port + "/" + n + "/websocket");
  socket.onmessage = ({ data }) => {
    const state = JSON.parse(data).params?.[0]?.print_stats?.state;
    const kind = state === "complete" ? "finished" : "started";
    if (state) console.log(JSON.stringify({ printer: "p" + n, kind, at: performance.timeOrigin + performance.now() }));
  };
}`;

async function measureFloor(): Promise<Measured> {
  await using servers = await startServers();
  const path = await Deno.makeTempFile({ suffix: ".js" });
  await Deno.writeTextFile(path, floorCode);
  await using reader = startTelling(["-A", path, `${servers.port}`, `${printers}`]);
  const used = await share(reader.pid);
  await Deno.remove(path);
  return { ...used, delays: delaysOf(servers.moments, reader.moments) };
}

function delaysOf(moments: readonly Moment[], seen: readonly Moment[]): number[] {
  return moments.flatMap((moment) => {
    const row = seen.find(({ printer, kind, at }) =>
      printer === moment.printer && kind === moment.kind && at >= moment.at
    );
    return row ? [row.at - moment.at] : [];
  });
}

function show(name: string, { share, megabytes, delays }: Measured): void {
  const [p50, p95] = [percentile(delays, 0.5), percentile(delays, 0.95)];
  row(name, `${share.toFixed(1)} % CPU`, `${megabytes.toFixed(0)} MB`, `p50 ${ms(p50)}`, `p95 ${ms(p95)}`);
}

const floor = await measureFloor();
show("floor: the same read and parsed", floor);
const agent = await measureAgent();
show(`${printers} Moonrakers at 4 updates/s, until the event row`, agent);
row("agent / floor", `${(agent.share / floor.share).toFixed(1)} × CPU`);
