/** `filagram events`: what happened, straight from the event log (SQLite lets others read beside the agent). */
import { systemClock } from "../clock.ts";
import type { StoredEvent } from "../store/store.ts";
import { eventJson } from "../../web/api_shapes.ts";
import type { AddCommand } from "./cli.ts";
import { openStateForReading } from "./house.ts";
import type { CommonOptions } from "./pieces.ts";
import { composeMessage } from "../domain/message_text.ts";

interface Options extends CommonOptions {
  readonly printer?: string;
  readonly after?: string;
  readonly limit: string;
  readonly follow?: boolean;
  readonly json?: boolean;
}

const followMilliseconds = 500;

export const addEventsCommand: AddCommand = (program, pieces) => {
  program.command("events").description("what happened, oldest first")
    .option("--printer <name>", "only of this printer")
    .option("--after <id>", "only after this event")
    .option("--limit <n>", "at most so many, the newest", "100")
    .option("--follow", "go on as events happen")
    .option("--json", "one JSON object per line")
    .addHelpText("after", "\nExamples:\n  filagram events --printer MK3S\n  filagram events --follow --json")
    .action(async (_: Options, command) => {
      const options: Options = command.optsWithGlobals();
      const clock = systemClock({ bootId: pieces.bootId() });
      using store = openStateForReading(options);
      const print = (stored: StoredEvent) =>
        pieces.terminal.print(options.json ? JSON.stringify(eventJson(stored)) : line(stored, clock.now()));
      const filter = options.printer === undefined ? {} : { printer: options.printer };
      const limit = wholeNumber(options.limit, "--limit", command);
      const first = options.after === undefined
        ? store.events({ ...filter, limit, newestFirst: true }).reverse()
        : store.events({ ...filter, limit, after: wholeNumber(options.after, "--after", command) });
      first.forEach(print);
      let last = first.at(-1)?.id ?? wholeNumber(options.after ?? "0", "--after", command);
      while (options.follow) {
        await clock.sleep(followMilliseconds);
        for (const stored of store.events({ ...filter, limit: 1000, after: last })) {
          print(stored);
          last = stored.id;
        }
      }
    });
};

function line({ id, printer, event }: StoredEvent, now: ReturnType<ReturnType<typeof systemClock>["now"]>): string {
  const timezone = Temporal.Now.timeZoneId();
  const message = composeMessage(event, { printer, agent: { name: "" }, timezone, now: { ...now, ...event.at } });
  const at = event.at.wall.toZonedDateTimeISO(timezone).toPlainDateTime().toString({ smallestUnit: "second" }).replace(
    "T",
    " ",
  );
  return `${String(id).padStart(6)}  ${at}  ${event.kind.padEnd(9)}  ${message.firstLine}${
    event.isTest ? "  (test)" : ""
  }`;
}

/** A whole number from the command line, or wrong usage. */
export function wholeNumber(text: string, option: string, command: { error(message: string): never }): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0) command.error(`error: ${option} "${text}" is not a whole number`);
  return value;
}
