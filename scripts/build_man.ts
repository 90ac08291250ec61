/** Writes the manual page to dist/filagram.1; an installed Filagram has written its own. */
import denoJson from "../deno.json" with { type: "json" };
import { channels } from "../src/channels/registry.ts";
import { buildProgram } from "../src/cli/cli.ts";
import { manPage } from "../src/cli/man_page.ts";
import { systemTerminal } from "../src/cli/terminal.ts";
import { drivers } from "../src/drivers/registry.ts";

const { version } = denoJson;

/** The page as `filagram install` writes it. */
export function builtManPage(): string {
  const never = () => Promise.reject(new Error("No link is opened here"));
  const program = buildProgram({
    version,
    drivers,
    channels,
    links: { openLink: never, openMessages: never },
    bootId: () => "",
    terminal: systemTerminal(),
  }, () => {});
  return manPage(program, { version });
}

if (import.meta.main) {
  await Deno.mkdir("dist", { recursive: true });
  await Deno.writeTextFile("dist/filagram.1", builtManPage());
  console.log("dist/filagram.1");
}
