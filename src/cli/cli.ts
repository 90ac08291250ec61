/**
 * The command line: one file per command, all of them listed here.
 */
import { Command, CommanderError } from "commander";
import { addCheckCommand } from "./check.ts";
import { addDemoCommand } from "./demo.ts";
import { addDiscoverCommand } from "./discover.ts";
import { addEventsCommand } from "./events.ts";
import { addInspectCommand } from "./inspect.ts";
import { addInstallCommand, addUninstallCommand } from "./install.ts";
import { addOutboxCommand } from "./outbox.ts";
import { addPasswordCommand } from "./password.ts";
import { giveUpNeedless } from "./permissions.ts";
import { addLoginCommand } from "./login.ts";
import { OwnerError, type Pieces } from "./pieces.ts";
import { StoreError } from "../store/store_error.ts";
import { addRunCommand } from "./run.ts";
import { addSettingsCommand } from "./settings.ts";
import { addTestCommand } from "./test.ts";
import { addUpdateCommand } from "./update.ts";
import { addVersionCommand } from "./version.ts";

const commands = [
  addRunCommand,
  addDemoCommand,
  addDiscoverCommand,
  addLoginCommand,
  addInspectCommand,
  addCheckCommand,
  addTestCommand,
  addEventsCommand,
  addOutboxCommand,
  addSettingsCommand,
  addPasswordCommand,
  addInstallCommand,
  addUninstallCommand,
  addUpdateCommand,
  addVersionCommand,
];

/** Runs one command. Returns the exit code: 0 fine, 1 something the owner must mend, 2 wrong usage. */
export async function runCli(args: readonly string[], pieces: Pieces): Promise<number> {
  let exitCode = 0;
  const program = buildProgram(pieces, (code) => exitCode = code)
    .hook("preAction", (_, command) => giveUpNeedless(command.name()));
  try {
    await program.parseAsync([...args], { from: "user" });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    if (!(error instanceof OwnerError || error instanceof StoreError)) throw error;
    pieces.terminal.say(error.message);
    return 1;
  }
}

/** The program with all its commands. */
export function buildProgram(pieces: Pieces, exit: (code: number) => void): Command {
  const { terminal } = pieces;
  const program = new Command("filagram")
    .description("Watches 3D printers and tells their owner what happens.")
    .option("--config <file>", "settings file (default: $FILAGRAM_CONFIG, ./filagram.yaml, …)")
    .option("--state <dir>", "state folder (default: $FILAGRAM_STATE, $STATE_DIRECTORY, …)")
    .exitOverride()
    .configureOutput({
      writeOut: (text) => terminal.print(text.trimEnd()),
      writeErr: (text) => terminal.say(text.trimEnd()),
    })
    .showHelpAfterError("(filagram --help shows all commands)");
  for (const add of commands) add(program, pieces, exit);
  return program;
}

/** How a command is added: `exit` sets the exit code of the program. */
export type AddCommand = (program: Command, pieces: Pieces, exit: (code: number) => void) => void;
