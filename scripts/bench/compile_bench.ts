/**
 * The self-extracting executable against `deno run` of the same sources: size, starts, memory.
 *
 * `deno run -A scripts/bench/compile_bench.ts`
 */
import { fileURLToPath } from "node:url";
import denoJson from "../../deno.json" with { type: "json" };
import { ms, percentile, row, sleep, usageOf } from "./support.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const name = Deno.build.arch === "aarch64" ? "arm64" : "x64";
const rounds = 15;
const idleMilliseconds = 30_000;
const settings = `printers: [{ name: P, driver: marlin, address: "tcp://127.0.0.1:9", passive: true }]
channels: [{ name: mail, type: email, host: 127.0.0.1, port: 9, tls: none, from: a@example.org, to: [b@example.org] }]
web: { listen: "127.0.0.1:0" }
`;

interface Way {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
}

const folder = await Deno.makeTempDir({ prefix: "filagram-bench-" });
const env = { FILAGRAM_CACHE: `${folder}/cache`, NO_COLOR: "1" };
try {
  await Deno.mkdir(`${folder}/cache`, { mode: 0o755 });
  await Deno.writeTextFile(`${folder}/filagram.yaml`, settings);
  await must(Deno.execPath(), [
    "run",
    "-A",
    `${root}scripts/compile.ts`,
    "--kind",
    "self-extracting",
    "--output",
    folder,
  ]);
  const file = `${folder}/filagram-${denoJson.version}-linux-${name}`;
  await sizes(file);
  await starts(file);
  const sources: Way = { name: "deno run", command: Deno.execPath(), args: [...runArgs(), `${root}mod.ts`] };
  await agents({ name: "executable", command: file, args: [] }, sources);
} finally {
  await Deno.remove(folder, { recursive: true });
}

function runArgs(): string[] {
  return [
    "run",
    "--quiet",
    "--v8-flags=--optimize-for-size,--max-semi-space-size=1",
    `--config=${root}deno.json`,
    "-P=agent",
  ];
}

async function must(command: string, args: readonly string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(command, { args: [...args], env }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout);
}

async function sizes(file: string): Promise<void> {
  const deno = (await Deno.stat(Deno.execPath())).size;
  const { size } = await Deno.stat(file);
  row("size of the file", `${(size / 1e6).toFixed(1)} MB`, `${(size / deno).toFixed(2)} of Deno`);
}

/** The first start, and what the header costs later ones: beside the same command without it. */
async function starts(file: string): Promise<void> {
  const cold = await timed(() => must(file, ["version"]));
  row("cold start: unpack, verify, `version`", ms(cold));
  const header = new TextDecoder().decode((await Deno.readFile(file)).subarray(0, 65536));
  const [, id] = /\nname=(\S+)/.exec(header) ?? [];
  const unpacked = `${env.FILAGRAM_CACHE}/${id}`;
  const [, flags = ""] = /\nexec "\$folder\/filagram" (.*) "\$folder\/code\/mod\.js"/.exec(header) ?? [];
  const args = flags.replaceAll("$folder", unpacked).split(" ").map((flag) => flag.slice(1, -1));
  const [withHeader, without]: [number[], number[]] = [[], []];
  for (let round = 0; round < rounds; round++) {
    withHeader.push(await timed(() => must(file, ["version"])));
    without.push(await timed(() => must(`${unpacked}/filagram`, [...args, `${unpacked}/code/mod.js`, "version"])));
  }
  const [whole, bare] = [percentile(withHeader, 0.5), percentile(without, 0.5)];
  row("warm start: `version`", ms(whole), `${ms(whole - bare)} header`, `${(whole / bare).toFixed(2)} of bare`);
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const before = performance.now();
  await work();
  return performance.now() - before;
}

interface AgentFacts {
  readonly toLog: number;
  readonly toHealth: number;
}

/** Starts in turn, then idles one after the other. */
async function agents(one: Way, other: Way): Promise<void> {
  const all = new Map<Way, AgentFacts[]>([[one, []], [other, []]]);
  for (let round = 0; round < rounds; round++) {
    for (const [way, facts] of all) facts.push(await agent(way, () => Promise.resolve()));
  }
  const median = (way: Way, key: keyof AgentFacts) => percentile((all.get(way) ?? []).map((facts) => facts[key]), 0.5);
  for (const [key, what] of [["toLog", "start to the first log line"], ["toHealth", "start to /healthz"]] as const) {
    const [mine, theirs] = [median(one, key), median(other, key)];
    row(what, ms(mine), `deno run ${ms(theirs)}`, `${(mine / theirs).toFixed(2)} ×`);
  }
  const resident: number[] = [];
  for (const way of [one, other]) {
    await agent(way, async (pid) => {
      await sleep(idleMilliseconds);
      resident.push(usageOf(pid).residentMegabytes);
    });
  }
  const [mine = NaN, theirs = NaN] = resident;
  row("memory, idle", `${mine.toFixed(0)} MB`, `deno run ${theirs.toFixed(0)} MB`, `${(mine / theirs).toFixed(2)} ×`);
}

async function agent(way: Way, idle: (pid: number) => Promise<void>): Promise<AgentFacts> {
  const started = performance.now();
  const args = [...way.args, "run", "--config", `${folder}/filagram.yaml`, "--state", `${folder}/state`];
  const child = new Deno.Command(way.command, { args, env, stdout: "null", stderr: "piped" }).spawn();
  let toLog: number | undefined;
  let text = "";
  for await (const part of child.stderr.pipeThrough(new TextDecoderStream() as TransformStream<Uint8Array, string>)) {
    toLog ??= performance.now() - started;
    text += part;
    if (/Page: http:\S+\s/.test(text)) break;
  }
  const [, url] = /Page: (http:\S+)/.exec(text) ?? [];
  await (await fetch(`${url}healthz`)).text();
  const toHealth = performance.now() - started;
  await idle(child.pid);
  child.kill("SIGTERM");
  await child.status;
  return { toLog: toLog ?? NaN, toHealth };
}
