/**
 * The program as a few minified files that need nothing but Deno: no sources, no package registry, no cache of packages.
 *
 *     code/mod.js           the program; chunk-*.js beside it: what only some commands load
 *     code/pixel_worker.js  the worker that changes pictures; codecs.node: its JPEG encoder, of one target
 *     code/static/          what the page is made of
 *     any/                  the worker's decoders, WebAssembly (their package looks for them in this place)
 *     LICENSES              of the packages inside
 */
import { build, type Plugin, stop } from "esbuild";
import { isBuiltin } from "node:module";
import { fileURLToPath } from "node:url";
import type { Target } from "./target.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** What the program is made of. */
const sources = ["mod.ts", "deno.json", "deno.lock", "src", "bridge", "web"];

/** Writes the program for one target into an empty folder. */
export async function bundleProgram(folder: string, target: Target): Promise<void> {
  await using workshop = await makeWorkshop();
  const { path } = workshop;
  const { metafile } = await build({
    entryPoints: [`${path}/mod.ts`, `${path}/src/pictures/pixel_worker.ts`],
    entryNames: "[name]",
    outdir: `${folder}/code`,
    plugins: [denoWays],
    bundle: true,
    splitting: true,
    minify: true,
    format: "esm",
    platform: "node",
    target: "esnext",
    jsx: "automatic",
    jsxImportSource: "hono/jsx",
    tsconfigRaw: {},
    legalComments: "none",
    define: { __dirname: "import.meta.dirname" },
    // What packages written for Node call `require` is not there in a module.
    banner: { js: 'import{createRequire as nodeRequire}from"node:module";const require=nodeRequire(import.meta.url);' },
    logLevel: "warning",
    metafile: true,
  });
  await stop();
  const inputs = Object.keys(metafile.inputs);
  const imagescript = `${path}/node_modules/imagescript`;
  await Deno.copyFile(`${imagescript}/codecs/node/bin/${target.name}-linux.node`, `${folder}/code/codecs.node`);
  await Deno.mkdir(`${folder}/any`);
  for (const input of inputs) {
    const [, decoder] = /\/imagescript\/wasm\/node\/(\w+)\.js$/.exec(input) ?? [];
    if (decoder) await Deno.copyFile(`${imagescript}/wasm/any/${decoder}.wasm`, `${folder}/any/${decoder}.wasm`);
  }
  await copyFolder(`${root}web/static`, `${folder}/code/static`);
  await Deno.writeTextFile(`${folder}/LICENSES`, await licenses(path, inputs));
}

/** Where esbuild has to be told how things are in Deno. */
const denoWays: Plugin = {
  name: "deno-ways",
  setup({ onResolve, onLoad }) {
    onResolve(
      { filter: /^[a-z_/]+$/ },
      ({ path }) => isBuiltin(path) ? { path: `node:${path}`, external: true } : null,
    );
    // The package chooses among addons for all systems; beside the program lies the one it needs.
    onResolve({ filter: /^\.\/codecs\.node$/ }, ({ path }) => ({ path, external: true }));
    onLoad({ filter: /imagescript\/codecs\/node\/index\.js$/ }, () => ({
      contents: 'module.exports = require("./codecs.node");',
    }));
    onLoad({ filter: /src\/pictures\/pixels\.ts$/ }, async ({ path }) => {
      const source = await Deno.readTextFile(path);
      const contents = source.replace("./pixel_worker.ts", "./pixel_worker.js");
      if (contents === source) throw new Error(`Cannot find the name of the worker in "${path}"`);
      return { contents, loader: "ts" };
    });
  },
};

interface Workshop extends AsyncDisposable {
  readonly path: string;
}

/** A copy of the sources with the packages of the lock file beside them, as a bundler expects them. */
async function makeWorkshop(): Promise<Workshop> {
  const path = await Deno.makeTempDir({ prefix: "filagram-bundle-" });
  const workshop = { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
  try {
    for (const name of sources) await copyFolder(root + name, `${path}/${name}`);
    const args = ["install", "--quiet", "--frozen", "--node-modules-dir=auto"];
    const { success, stderr } = await new Deno.Command(Deno.execPath(), { args, cwd: path }).output();
    if (!success) throw new Error(`Cannot install the packages: ${new TextDecoder().decode(stderr)}`);
    // Or the default of an old package would be another one than in Deno.
    await Deno.writeTextFile(`${path}/package.json`, '{ "type": "module" }');
    return workshop;
  } catch (error) {
    await workshop[Symbol.asyncDispose]();
    throw error;
  }
}

/** A folder with all that is in it, or one file. */
async function copyFolder(from: string, to: string): Promise<void> {
  if ((await Deno.stat(from)).isFile) return await Deno.copyFile(from, to);
  await Deno.mkdir(to);
  for await (const { name } of Deno.readDir(from)) await copyFolder(`${from}/${name}`, `${to}/${name}`);
}

/** What the packages that the program is made of ask to be passed on with them. */
async function licenses(path: string, inputs: readonly string[]): Promise<string> {
  const texts = [`== Filagram\n\n${await Deno.readTextFile(`${root}LICENSE`)}`];
  texts.push("== Deno\n\nMIT License, https://github.com/denoland/deno/blob/main/LICENSE.md");
  // node_modules/.deno/NAME@VERSION/node_modules/NAME
  const folders = inputs.map((input) =>
    /node_modules\/\.deno\/[^/]+\/node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input)?.[0]
  );
  for (const folder of [...new Set(folders)].sort()) {
    if (folder === undefined) continue;
    for await (const { name } of Deno.readDir(`${path}/${folder}`)) {
      if (!/^licen[cs]e/i.test(name)) continue;
      texts.push(`== ${folder.split("/")[2]}\n\n${await Deno.readTextFile(`${path}/${folder}/${name}`)}`);
    }
  }
  return texts.join("\n\n");
}
