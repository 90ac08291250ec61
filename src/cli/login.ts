/** `filagram login`: asks a printer's host for a key, which its owner allows there. Nobody types a key. */
import { deadline, systemClock } from "../clock.ts";
import { findLogin } from "../config/find_login.ts";
import { writeSecret } from "../config/password.ts";
import { secretsPathOf } from "../config/settings_text.ts";
import type { BoundDriver } from "../drivers/driver.ts";
import { createLog, errorText, Secrets } from "../log.ts";
import type { AddCommand } from "./cli.ts";
import { settingsPath } from "./house.ts";
import { type CommonOptions, OwnerError, type Pieces } from "./pieces.ts";

/** So long an owner may take to walk to a browser. */
const patienceMinutes = 15;

export const addLoginCommand: AddCommand = (program, pieces) => {
  program.command("login").description("get a key from a printer's host, to be allowed there by its owner")
    .argument("<printer>", "its name in filagram.yaml")
    .addHelpText("after", "\nExample:\n  filagram login MK3S")
    .action(async (printer: string, _: unknown, command) => {
      const options: CommonOptions = command.optsWithGlobals();
      const path = await settingsPath(options);
      const target = await findLogin(path, printer, pieces.drivers);
      if (target.kind === "problem") throw new OwnerError(target.text);
      const granted = await askForKey(target.login, pieces);
      const lines: string[] = [];
      for (const [key, value] of Object.entries(granted)) {
        const name = target.secretNames.get(key) ?? secretName(printer, key);
        await writeSecret(secretsPathOf(path), name, value);
        if (!target.secretNames.has(key)) lines.push(`    ${key}: !secret ${name}`);
      }
      pieces.terminal.say(`Allowed. The key is in ${secretsPathOf(path)}.`);
      if (lines.length > 0) pieces.terminal.say(`In ${path}, below the printer's name:\n\n${lines.join("\n")}`);
    });
};

/** The settings that were granted. @throws OwnerError with what went wrong */
async function askForKey(
  login: NonNullable<BoundDriver["login"]>,
  { terminal, bootId, links }: Pieces,
): Promise<Readonly<Record<string, string>>> {
  const clock = systemClock({ bootId: bootId() });
  const log = createLog({ level: "error", secrets: new Secrets(), write: (line) => terminal.say(line) });
  using limit = deadline(clock, patienceMinutes * 60_000);
  try {
    for await (const step of login({ clock, log, signal: limit, fetch: globalThis.fetch, ...links })) {
      if (step.kind === "asked") terminal.say(`${step.what}. Waiting …`);
      if (step.kind === "refused") throw new OwnerError(step.reason);
      if (step.kind === "granted") return step.settings;
    }
  } catch (error) {
    if (error instanceof OwnerError) throw error;
    if (!limit.aborted) throw new OwnerError(errorText(error), { cause: error });
  }
  throw new OwnerError(`Nobody has allowed it within ${patienceMinutes} min: try again`);
}

/** `mk3s_api_key` */
function secretName(printer: string, key: string): string {
  const words = `${printer} ${key.replace(/[A-Z]/g, " $&")}`.toLowerCase().match(/[a-z0-9]+/g) ?? [];
  const name = words.join("_");
  return /^[a-z]/.test(name) ? name : `printer_${name}`;
}
