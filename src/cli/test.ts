/** `filagram test`: a synthetic event on the real road. */
import { isEventKind } from "../agent/try_road.ts";
import { eventKinds } from "../domain/printer_event.ts";
import type { TestStep } from "../domain/test_road.ts";
import { Secrets } from "../log.ts";
import { askAgent, jsonLines, refusal } from "./ask_agent.ts";
import type { AddCommand } from "./cli.ts";
import { openHouse, readSettings, settingsPath, stateFolder } from "./house.ts";
import { type CommonOptions, OwnerError, type Pieces } from "./pieces.ts";

interface Options extends CommonOptions {
  readonly channel?: string;
  readonly json?: boolean;
}

export const addTestCommand: AddCommand = (program, pieces, exit) => {
  program.command("test [printer] [event]").description(
    "send a test on the same road as a real event, and say how far it got",
  )
    .option("--channel <name>", "to this channel alone, whatever the rules say")
    .option("--json", "one JSON object per line")
    .addHelpText(
      "after",
      `\nEvents: ${
        eventKinds.join(" ")
      }\n\nExamples:\n  filagram test\n  filagram test MK3S finished\n  filagram test --channel phone`,
    )
    .action(async (printer: string | undefined, event: string | undefined, _: Options, command) => {
      const options: Options = command.optsWithGlobals();
      if (event !== undefined && !isEventKind(event)) {
        command.error(`error: there is no event "${event}"; there is ${eventKinds.join(", ")}`);
      }
      const request = {
        ...(printer === undefined ? {} : { printer }),
        ...(event === undefined ? {} : { kind: event }),
        ...(options.channel === undefined ? {} : { channel: options.channel }),
      };
      let isSent = false;
      for await (const step of steps(request, options, pieces)) {
        if (step.name === "sent") isSent = true;
        if (
          step.name === "failed" || step.name === "waiting" || step.name === "uncertain" ||
          step.name === "event" && !step.isOk
        ) exit(1);
        pieces.terminal.print(options.json ? JSON.stringify(step) : stepLine(step, pieces));
      }
      if (!isSent) exit(1);
    });
};

async function* steps(request: Record<string, string>, options: Options, pieces: Pieces): AsyncGenerator<TestStep> {
  const state = stateFolder(options);
  const answer = await askAgent(state, "/api/v1/test", request);
  if (answer && !answer.ok) throw new OwnerError(await refusal(answer));
  if (answer) return yield* jsonLines<TestStep>(answer);
  const secrets = new Secrets();
  const settings = await readSettings(await settingsPath(options), pieces, secrets);
  await using house = openHouse({ state, settings, pieces, secrets, logLevel: "error", watch: false });
  yield* house.webDeps.actions.test(request, new AbortController().signal);
}

function stepLine({ name, isOk, detail }: TestStep, { terminal: { paint } }: Pieces): string {
  return `${isOk ? paint.good("✓") : paint.bad("✗")} ${name.padEnd(9)} ${detail}`;
}
