/** `filagram check`: tries every printer and channel without sending a message. */
import { checkAll } from "../agent/check_all.ts";
import type { CheckReport } from "../channels/channel.ts";
import { systemClock } from "../clock.ts";
import { createLog, Secrets } from "../log.ts";
import { Store } from "../store/store.ts";
import { askAgent, jsonLines, refusal } from "./ask_agent.ts";
import type { AddCommand } from "./cli.ts";
import { readSettings, settingsPath, stateFolder } from "./house.ts";
import { type CommonOptions, OwnerError, type Pieces } from "./pieces.ts";

interface Options extends CommonOptions {
  readonly json?: boolean;
}

export const addCheckCommand: AddCommand = (program, pieces, exit) => {
  const { terminal } = pieces;
  program.command("check").description("try every printer and channel without sending a message")
    .option("--json", "one JSON object per line")
    .addHelpText(
      "after",
      "\nExamples:\n  filagram check\n  filagram check --json\n\nThe first opening of a serial port may reset an AVR board (see the README): not while it prints.",
    )
    .action(async (_: Options, command) => {
      const options: Options = command.optsWithGlobals();
      let last = "";
      terminal.progress("Trying printers and channels …");
      for await (const { subject, step } of reports(options, pieces)) {
        if (!step.isOk) exit(1);
        if (options.json) {
          terminal.print(JSON.stringify({ [subject.kind]: subject.name, ...step }));
        } else {
          const name = `${subject.kind} ${subject.name}`;
          if (name !== last) terminal.print(terminal.paint.bold(name));
          last = name;
          const mark = step.isOk ? terminal.paint.good("✓") : terminal.paint.bad("✗");
          terminal.print(`  ${mark} ${step.name}: ${step.detail}`);
        }
        terminal.progress("Trying …");
      }
      terminal.progress("");
    });
};

async function* reports(options: Options, pieces: Pieces): AsyncGenerator<CheckReport> {
  const state = stateFolder(options);
  const answer = await askAgent(state, "/api/v1/check");
  if (answer && !answer.ok) throw new OwnerError(await refusal(answer));
  if (answer) return yield* jsonLines<CheckReport>(answer);
  const secrets = new Secrets();
  const settings = await readSettings(await settingsPath(options), pieces, secrets);
  const clock = systemClock({ bootId: pieces.bootId() });
  const log = createLog({ level: "error", secrets, write: (line) => pieces.terminal.say(line) });
  using store = Store.open(state);
  yield* checkAll(
    settings,
    { clock, log, store, fetch: globalThis.fetch, links: pieces.links },
    new AbortController().signal,
  );
}
