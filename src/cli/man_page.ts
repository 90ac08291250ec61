/** The manual page, made of what the commands say about themselves. https://man.openbsd.org/man.7 */
import type { Command, Option } from "commander";

export interface ManPageOptions {
  readonly version: string;
}

const files: readonly (readonly [name: string, text: string])[] = [
  [
    "filagram.yaml",
    "the settings. Looked for: --config, $FILAGRAM_CONFIG, the present folder, " +
    "$XDG_CONFIG_HOME/filagram, /etc/filagram",
  ],
  ["secrets.yaml", "the passwords that filagram.yaml names, beside it, mode 0600"],
  [
    "/var/lib/filagram",
    "the state of an installed Filagram: what happened, and the messages on their way. Otherwise: " +
    "--state, $FILAGRAM_STATE, $XDG_STATE_HOME/filagram",
  ],
];

const exitCodes: readonly (readonly [name: string, text: string])[] = [
  ["0", "all is well"],
  ["1", "something the owner must mend: settings, a check that failed"],
  ["2", "wrong usage"],
];

/** The page in the language of man(7). */
export function manPage(program: Command, { version }: ManPageOptions): string {
  const commands = commandsOf(program);
  return [
    `.\\" Written by "deno task build:man"; do not edit.`,
    `.TH FILAGRAM 1 "" "filagram ${escaped(version)}" "Filagram"`,
    ".SH NAME",
    `filagram \\- ${escaped(lowerFirst(program.description()).replace(/\.$/, ""))}`,
    ".SH SYNOPSIS",
    ".B filagram",
    "[\\fIoptions\\fR] [\\fIcommand\\fR]",
    ".SH DESCRIPTION",
    escaped(
      "Without a command, filagram runs: it watches the printers of its settings, tells what happens, serves a page.",
    ),
    ".SH OPTIONS",
    ...options(program),
    ".SH COMMANDS",
    ...commands.flatMap(({ name, command }) => section(name, command)),
    ".SH FILES",
    ...files.flatMap(definition),
    ".SH EXIT STATUS",
    ...exitCodes.flatMap(definition),
    "",
  ].join("\n");
}

interface NamedCommand {
  readonly name: string;
  readonly command: Command;
}

/** All commands that do something, in the order of the help. */
function commandsOf(command: Command, prefix = ""): NamedCommand[] {
  return command.commands.flatMap((child) => {
    const name = `${prefix}${child.name()}`;
    return child.commands.length > 0 ? commandsOf(child as Command, `${name} `) : [{ name, command: child as Command }];
  });
}

function section(name: string, command: Command): string[] {
  const usage = command.registeredArguments.map((argument) => {
    const shown = argument.variadic ? `${argument.name()}...` : argument.name();
    return argument.required ? `<${shown}>` : `[${shown}]`;
  });
  return [
    `.SS filagram ${escaped([name, ...usage].join(" "))}`,
    escaped(command.description()),
    ...options(command),
    ...examples(command),
  ];
}

function options(command: Command): string[] {
  return command.options.filter(({ hidden }: Option) => !hidden).flatMap(({ flags, description, defaultValue }) =>
    definition([
      flags,
      description +
      (defaultValue === undefined || typeof defaultValue === "boolean" ? "" : ` (default: ${defaultValue})`),
    ])
  );
}

/** What the help says after the options. */
function examples(command: Command): string[] {
  const usual = command.configureOutput();
  let text = "";
  command.configureOutput({ ...usual, writeOut: (part) => text += part });
  command.outputHelp();
  command.configureOutput(usual);
  const lines = text.replace(command.helpInformation(), "").split("\n").filter((line) => line.trim() !== "");
  return lines.length === 0 ? [] : [".PP", ".nf", ...lines.map(escaped), ".fi"];
}

function definition([name, text]: readonly [string, string]): string[] {
  return [".TP", `.B ${escaped(name)}`, escaped(text)];
}

/** Text that starts no request and keeps its hyphens and backslashes. */
function escaped(text: string): string {
  return text.replaceAll("\\", "\\e").replaceAll("-", "\\-").replaceAll("…", "...").replace(/^([.'])/, "\\&$1");
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
