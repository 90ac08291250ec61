/** The stock Deno for a target, from the npm package that also brings it to the machines of developers. */
import { createHash } from "node:crypto";
import { runToEnd } from "./run_to_end.ts";
import type { Target } from "./target.ts";

/** The version that the whole project is tested with, and what npm says the packages' bytes are: `dist.integrity`. */
const denoVersion = "2.9.5";
const integrity: Record<Target["name"], string> = {
  x64: "sha512-TDqcnoLe3jlgqYEQm7H7MK6q0JOth+o8iSZzknRODnVkJfPiNnjVn1M1Zc6vnp+ipkyb6Av1/CUlHgHtlq59Gw==",
  arm64: "sha512-IuYjsz9PGl7CJcNXMuN27KNDB8Q40brK3SG3l+TXMDVW61ZKwcn0fQHBHnXFiiygEwI8by/fKnASEluhZB1atw==",
};

/** Writes Deno's executable. @throws Error when it cannot be had, or is not what it was when its integrity was noted */
export async function writeStockDeno(output: string, { name }: Target): Promise<void> {
  const tarball = await fetchPackage(name);
  const folder = await Deno.makeTempDir({ prefix: "filagram-deno-" });
  try {
    await runToEnd("tar", ["-xzf", tarball, "-C", folder, "package/deno"]);
    await Deno.copyFile(`${folder}/package/deno`, output);
    await Deno.chmod(output, 0o755);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** The package's file, from the cache or by npm. */
async function fetchPackage(name: Target["name"]): Promise<string> {
  const cache = `${Deno.env.get("XDG_CACHE_HOME") ?? `${Deno.env.get("HOME") ?? "/tmp"}/.cache`}/filagram-build`;
  const file = `${cache}/deno-linux-${name}-glibc-${denoVersion}.tgz`;
  if (await integrityOf(file) === integrity[name]) return file;
  const folder = await Deno.makeTempDir({ prefix: "filagram-npm-" });
  try {
    await runToEnd("npm", ["pack", "--silent", `@deno/linux-${name}-glibc@${denoVersion}`], { cwd: folder });
    const fetched = `${folder}/deno-linux-${name}-glibc-${denoVersion}.tgz`;
    const found = await integrityOf(fetched);
    if (found !== integrity[name]) {
      throw new Error(`Cannot use Deno ${denoVersion} for ${name}: npm brought ${found}, not ${integrity[name]}`);
    }
    await Deno.mkdir(cache, { recursive: true });
    await Deno.copyFile(fetched, `${file}.new`);
    await Deno.rename(`${file}.new`, file);
    return file;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Undefined where there is no such file. */
async function integrityOf(file: string): Promise<string | undefined> {
  const bytes = await Deno.readFile(file).catch(() => undefined);
  return bytes && `sha512-${createHash("sha512").update(bytes).digest("base64")}`;
}
