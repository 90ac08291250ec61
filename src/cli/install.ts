/** `filagram install` and `filagram uninstall`: at home on a board, as a service. */
import type { Command } from "commander";
import { resolve } from "node:path";
import { carryOut, installSteps, sentence, systemAt } from "../install/steps.ts";
import { runProgram } from "../install/run_program.ts";
import { ownersFolders, plannedRemovals, uninstall } from "../install/uninstall.ts";
import { places } from "../install/unit.ts";
import { errorText, Secrets } from "../log.ts";
import type { AddCommand } from "./cli.ts";
import { tryReadSettings } from "./house.ts";
import { manPage } from "./man_page.ts";
import { ownFile } from "./own_file.ts";
import { OwnerError, type Pieces } from "./pieces.ts";

interface InstallOptions {
  readonly root: string;
  readonly binary?: string;
  readonly dryRun?: boolean;
}

interface UninstallOptions {
  readonly root: string;
  readonly all?: boolean;
  readonly dryRun?: boolean;
}

export const addInstallCommand: AddCommand = (program, pieces) => {
  program.command("install").description("make it a service of this board that starts with it (as root)")
    .option("--dry-run", "only say what it would do")
    .option("--root <dir>", "install into this folder as if it were /", "/")
    .option("--binary <file>", "install this file (default: the one that was started)")
    .addHelpText("after", "\nExamples:\n  sudo ./filagram install\n  ./filagram install --dry-run")
    .action((options: InstallOptions) => install({ ...options, root: resolve(options.root) }, program, pieces));
};

export const addUninstallCommand: AddCommand = (program, pieces) => {
  program.command("uninstall").description("take back what install did (as root)")
    .option("--dry-run", "only say what it would do")
    .option("--all", "settings, passwords and state go, too, without asking")
    .option("--root <dir>", "uninstall from this folder as if it were /", "/")
    .addHelpText("after", "\nExamples:\n  sudo filagram uninstall\n  sudo filagram uninstall --all")
    .action((options: UninstallOptions) => remove({ ...options, root: resolve(options.root) }, pieces));
};

async function install(options: InstallOptions, program: Command, pieces: Pieces): Promise<void> {
  const { terminal, version } = pieces;
  const binary = options.binary ?? ownFile();
  const steps = installSteps({ root: options.root, binary, manPage: manPage(program, { version }) });
  if (options.dryRun) return steps.forEach((step) => terminal.print(sentence(step)));
  needRoot("install");
  const system = systemAt(options.root);
  let changes = 0;
  for (const step of steps) {
    const done = await asOwner(() => carryOut(step, system));
    if (done === undefined) continue;
    changes++;
    terminal.say(done);
  }
  if (changes === 0) terminal.say("All is installed as it should be");
  if (system.isRunning) await startService(pieces, changes > 0 ? "restart" : "start");
}

/** Starts the service, or says what is to be done before. `start` leaves one that runs alone. */
async function startService(pieces: Pieces, verb: "start" | "restart"): Promise<void> {
  const { terminal } = pieces;
  const settings = await tryReadSettings(places.settings, pieces, new Secrets());
  if (typeof settings === "string") {
    return terminal.say(
      `\nNow fill in ${places.settings} and ${places.secrets}, then:\n` +
        "  sudo filagram check\n  sudo systemctl restart filagram",
    );
  }
  const started = await runProgram("systemctl", [verb, "filagram.service"]);
  if (started.kind === "ran" && !started.isOk) throw new OwnerError(`It does not start: ${started.output}`);
  terminal.say("It runs. What it says: journalctl -u filagram");
}

async function remove({ root, all = false, dryRun = false }: UninstallOptions, { terminal }: Pieces): Promise<void> {
  const system = systemAt(root);
  if (dryRun) return plannedRemovals(system, { all }).forEach((line) => terminal.print(line));
  needRoot("uninstall");
  const isAll = all || askAboutOwners();
  await asOwner(async () => {
    for await (const line of uninstall(system, { all: isAll })) terminal.say(line);
  });
  if (!isAll) terminal.say(`Left alone: ${ownersFolders.join(" and ")}. To remove them, too: filagram uninstall --all`);
}

/** Without a terminal nobody can say yes. */
function askAboutOwners(): boolean {
  return Deno.stdin.isTerminal() &&
    confirm(`Remove settings, passwords and state, too (${ownersFolders.join(", ")})?`);
}

function needRoot(command: string): void {
  if (Deno.uid() !== 0) throw new OwnerError(`This changes the system and needs root: sudo filagram ${command}`);
}

/** What the system refuses is for the owner to mend. */
async function asOwner<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw new OwnerError(errorText(error), { cause: error });
  }
}
