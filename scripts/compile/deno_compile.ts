/** The executable as Deno itself makes it. */
import { resolve } from "node:path";
import { compileFlags } from "./flags.ts";
import type { Build } from "./target.ts";

/** What of the program is not reached by its imports. */
const included = ["code/pixel_worker.js", "code/codecs.node", "code/static", "any", "LICENSES"];

/**
 * Makes the executable of a folder with the program's files.
 * @param options.runtime Deno's runtime for executables, where it need not be downloaded
 * @returns undefined, or in one line why it cannot be made
 */
export async function compileWithDeno(
  folder: string,
  { target, output }: Build,
  { runtime }: { runtime?: string } = {},
): Promise<string | undefined> {
  const command = new Deno.Command(Deno.execPath(), {
    cwd: folder,
    args: [
      "compile",
      "--quiet",
      "--no-config",
      "--no-lock",
      "--no-check",
      "--app-name=filagram",
      `--target=${target.triple}`,
      ...compileFlags,
      ...included.flatMap((name) => ["--include", name]),
      `--output=${resolve(output)}`,
      "code/mod.js",
    ],
    env: { NO_COLOR: "1", ...(runtime === undefined ? {} : { DENORT_BIN: runtime }) },
    stdout: "null",
    stderr: "piped",
  });
  const { success, stderr } = await command.output();
  if (success) return undefined;
  const lines = new TextDecoder().decode(stderr).split("\n").map((line) => line.trim());
  // What was being done, then, numbered, why it failed.
  const reason = lines.find((line) => /^\d+: error/.test(line)) ?? lines.find((line) => line.startsWith("error: "));
  return `Cannot use deno compile for ${target.name}: ${
    reason?.replace(/^(\d+: |error: )/, "") ?? "it does not say why"
  }`;
}
