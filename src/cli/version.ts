/** `filagram version` */
import type { AddCommand } from "./cli.ts";

export const addVersionCommand: AddCommand = (program, { version, terminal }) => {
  program.command("version").description("version and build")
    .option("--json", "one JSON object")
    .addHelpText("after", "\nExamples:\n  filagram version\n  filagram version --json")
    .action(({ json }: { json?: boolean }) => {
      const facts = {
        version,
        build: Deno.build.standalone ? "binary" : "source",
        deno: Deno.version.deno,
        target: Deno.build.target,
      };
      terminal.print(
        json ? JSON.stringify(facts) : `filagram ${version} (${facts.build}, Deno ${facts.deno}, ${facts.target})`,
      );
    });
};
