/** How Deno runs the program: the same in both kinds of executables, but for what only one of them knows. */
import { permissionFlags } from "../../src/cli/permissions.ts";

/** An idle agent takes 14 MB less, and nothing that it does is slower to notice. */
const memoryFlags = "--v8-flags=--optimize-for-size,--max-semi-space-size=1";

/** Of `deno compile`, which unpacks the encoder to a place that is not known before. */
export const compileFlags = [memoryFlags, ...permissionFlags()];

/**
 * Of `deno run` in the header, where `$folder` is the unpacked program. Settings, locks and packages in the folders above it are
 * nobody's business; nothing is fetched.
 */
export const runFlags = [
  "run",
  "--quiet",
  "--no-config",
  "--no-lock",
  "--no-remote",
  "--no-npm",
  memoryFlags,
  ...permissionFlags("$folder/code/codecs.node"),
];
