/**
 * Makes `dist/filagram-VERSION-linux-{x64,arm64}` and `dist/SHA256SUMS`: one file each that runs where nothing is installed.
 *
 * First by `deno compile`; where Deno's runtime for that cannot be downloaded, as a self-extracting executable.
 * `deno task compile [--target x64|arm64|all] [--kind compiled|self-extracting] [--output DIR]`
 */
import { createHash } from "node:crypto";
import { parseArgs } from "node:util";
import denoJson from "../deno.json" with { type: "json" };
import { buildClient } from "./build_client.ts";
import { bundleProgram } from "./compile/bundle.ts";
import { compileWithDeno } from "./compile/deno_compile.ts";
import { runFlags } from "./compile/flags.ts";
import { makeSelfExtracting } from "./compile/self_extracting.ts";
import { writeStockDeno } from "./compile/stock_deno.ts";
import { type Build, targets } from "./compile/target.ts";

const usage = "deno task compile [--target x64|arm64|all] [--kind compiled|self-extracting] [--output DIR]";
const kinds = ["compiled", "self-extracting"];

await main();

async function main(): Promise<void> {
  const { target, kind, output } = options();
  const chosen = targets.filter(({ name }) => target === "all" || target === name);
  if (chosen.length === 0 || (kind !== undefined && !kinds.includes(kind))) {
    console.error(usage);
    Deno.exit(2);
  }
  await Deno.mkdir(output, { recursive: true });
  await buildClient();
  const { version } = denoJson;
  for (const one of chosen) {
    await make({ version, target: one, output: `${output}/filagram-${version}-linux-${one.name}` }, kind);
  }
  await writeSums(output);
}

function options(): { target: string; kind: string | undefined; output: string } {
  const machine = targets.find(({ machine }) => machine === Deno.build.arch);
  const { values } = parseArgs({
    args: Deno.args,
    options: {
      target: { type: "string", default: machine?.name ?? "all" },
      kind: { type: "string" },
      output: { type: "string", default: "dist" },
    },
  });
  return { target: values.target, kind: values.kind, output: values.output };
}

async function make(build: Build, kind: string | undefined): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "filagram-compile-" });
  try {
    await bundleProgram(folder, build.target);
    if (kind !== "self-extracting") {
      const problem = await compileWithDeno(folder, build);
      if (problem === undefined) {
        return console.log(`${build.output}: by deno compile, ${await megabytes(build.output)}`);
      }
      if (kind === "compiled") throw new Error(problem);
      console.log(`${problem}; making a self-extracting file`);
    }
    await writeStockDeno(`${folder}/filagram`, build.target);
    await makeSelfExtracting(folder, { ...build, flags: runFlags });
    console.log(`${build.output}: self-extracting, ${await megabytes(build.output)}`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function megabytes(file: string): Promise<string> {
  return `${((await Deno.stat(file)).size / 1e6).toFixed(1)} MB`;
}

/** Of all programs in the folder, as `sha256sum -c` reads them. */
async function writeSums(folder: string): Promise<void> {
  const names = await Array.fromAsync(Deno.readDir(folder), ({ name }) => name);
  const lines = names.filter((name) => /^filagram-.*-linux-(x64|arm64)$/.test(name)).sort().map(async (name) => {
    const sha256 = createHash("sha256").update(await Deno.readFile(`${folder}/${name}`)).digest("hex");
    return `${sha256}  ${name}\n`;
  });
  await Deno.writeTextFile(`${folder}/SHA256SUMS`, (await Promise.all(lines)).join(""));
}
