/** `filagram discover`: finds printers on USB and in the network, and says what to put into the settings. */
import { systemClock } from "../clock.ts";
import { errorText } from "../log.ts";
import type { AddCommand } from "./cli.ts";
import type { Candidate } from "./find_printers.ts";
import { OwnerError, type Pieces } from "./pieces.ts";
import { table } from "./terminal.ts";

interface Options {
  readonly json?: boolean;
  readonly interface?: string;
}

export const addDiscoverCommand: AddCommand = (program, pieces, exit) => {
  const { terminal } = pieces;
  program.command("discover").description("find printers on USB and in the network")
    .argument("[address]", "look only there: a name, an address, host:port or http://host/path")
    .option("--interface <name>", "look only on this network interface")
    .option("--json", "one JSON object per line")
    .addHelpText(
      "after",
      "\nExamples:\n  filagram discover\n  filagram discover octopi.local\n\nNothing is opened or changed: " +
        "USB ports are only listed, hosts are only asked what they are.",
    )
    .action(async (address: string | undefined, options: Options) => {
      terminal.progress("Looking for printers …");
      const found = await find(address, options, pieces);
      terminal.progress("");
      if (found.length === 0) {
        terminal.say(
          address === undefined
            ? "No printer found. Is it on, and in the same network? An address can be named: filagram discover 192.168.1.7"
            : `Nothing that Filagram knows answers at ${address}. Is it on, and is the address right?`,
        );
        return exit(1);
      }
      if (options.json) return found.forEach((one) => terminal.print(JSON.stringify(one)));
      const rows = found.map(({ name, says, driver, address, needs }) => [
        name,
        driver,
        address,
        says + (needs === undefined ? "" : needs === "apiKey" ? "; wants an API key" : "; wants user and password"),
      ]);
      for (const line of table([["NAME", "DRIVER", "ADDRESS", "WHAT IT SAYS"], ...rows])) terminal.print(line);
      terminal.say(`\nPut the one you want into filagram.yaml:\n${sample(found)}`);
    });
};

async function find(address: string | undefined, options: Options, pieces: Pieces): Promise<Candidate[]> {
  const { announced, plugged, typed } = await import("./find_printers.ts"); // only this command needs it
  const io = {
    clock: systemClock({ bootId: pieces.bootId() }),
    fetch: globalThis.fetch,
    openLink: pieces.links.openLink,
    signal: new AbortController().signal,
    ...(options.interface === undefined ? {} : { interfaceName: options.interface }),
  };
  try {
    if (address !== undefined) return await typed(address, io);
  } catch (error) {
    throw error instanceof TypeError ? new OwnerError(error.message) : error;
  }
  const usb = plugged();
  try {
    return [...await announced(io), ...usb];
  } catch (error) {
    if (options.interface !== undefined || usb.length === 0) throw new OwnerError(errorText(error));
    pieces.terminal.say(errorText(error));
    return usb;
  }
}

/** The first certain one as it stands in the settings. */
function sample(found: readonly Candidate[]): string {
  const one = found.find(({ isCertain }) => isCertain) ?? found[0];
  if (!one) return "";
  const lines = ["printers:", `  - name: ${one.name}`, `    driver: ${one.driver}`, `    address: ${one.address}`];
  if (one.needs === "apiKey" && one.driver === "octoprint") lines.push(`then: filagram login ${one.name}`);
  else if (one.needs === "apiKey") lines.push("    apiKey: !secret printer_key");
  else if (one.needs === "password") lines.push("    password: !secret printer_password");
  return lines.join("\n");
}
