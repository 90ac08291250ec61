/** `filagram settings`: validate them, or print their JSON schema for editors. */
import { settingsJsonSchema } from "../config/json_schema.ts";
import { Secrets } from "../log.ts";
import type { AddCommand } from "./cli.ts";
import { readSettings, settingsPath } from "./house.ts";
import type { CommonOptions } from "./pieces.ts";

export const addSettingsCommand: AddCommand = (program, pieces) => {
  const settings = program.command("settings").description("check the settings file, or print its JSON schema")
    .addHelpText("after", "\nExamples:\n  filagram settings check\n  filagram settings schema");
  settings.command("check").description("every mistake, with its place")
    .addHelpText("after", "\nExample:\n  filagram settings check --config /etc/filagram")
    .action(async (_: unknown, command) => {
      const options: CommonOptions = command.optsWithGlobals();
      const path = await settingsPath(options);
      const { printers, channels, rules } = await readSettings(path, pieces, new Secrets());
      const count = (number: number, word: string) => `${number} ${word}${number === 1 ? "" : "s"}`;
      pieces.terminal.say(
        `${path} is fine: ${count(printers.length, "printer")}, ${count(channels.length, "channel")}, ${
          count(rules.length, "rule")
        }`,
      );
    });
  settings.command("schema").description("JSON schema for editors")
    .addHelpText("after", "\nExample:\n  filagram settings schema > filagram.schema.json")
    .action(() => pieces.terminal.print(JSON.stringify(settingsJsonSchema(pieces), undefined, 2)));
};
