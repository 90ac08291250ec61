/** `filagram version` */
import type { AddCommand } from "./cli.ts";
import { ownFileVariable } from "./own_file.ts";

export const addVersionCommand: AddCommand = (program, { version, terminal }) => {
  program.command("version").description("version and build")
    .option("--json", "one JSON object")
    .addHelpText("after", "\nExamples:\n  filagram version\n  filagram version --json")
    .action(({ json }: { json?: boolean }) => {
      const facts = {
        version,
        build: buildKind(),
        deno: Deno.version.deno,
        target: Deno.build.target,
      };
      terminal.print(
        json ? JSON.stringify(facts) : `filagram ${version} (${facts.build}, Deno ${facts.deno}, ${facts.target})`,
      );
    });
};

/** How the program was put together: by `deno compile`, as a self-extracting file, or not at all. */
function buildKind(): "compiled" | "self-extracting" | "source" {
  if (Deno.build.standalone) return "compiled";
  return Deno.env.get(ownFileVariable) ? "self-extracting" : "source";
}
