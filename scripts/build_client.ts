/**
 * Bundles the page's client code into web/static/client.js. `--if-missing`: only where there is none, or an older one.
 */
import { build, stop } from "esbuild";

const folder = new URL("../web/", import.meta.url);
const output = new URL("static/client.js", folder);

export async function buildClient(): Promise<void> {
  await build({
    entryPoints: [new URL("client/main.ts", folder).pathname],
    outfile: output.pathname,
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2022",
    logLevel: "warning",
  });
  await stop();
}

/** Whether the bundle is missing, or older than what it is made of. */
export async function isClientStale(): Promise<boolean> {
  const built = (await Deno.stat(output).catch(() => undefined))?.mtime;
  if (!built) return true;
  for await (const { name } of Deno.readDir(new URL("client/", folder))) {
    const { mtime } = await Deno.stat(new URL(`client/${name}`, folder));
    if (mtime && mtime > built) return true;
  }
  return false;
}

if (import.meta.main && (!Deno.args.includes("--if-missing") || await isClientStale())) await buildClient();
