/** `filagram outbox`: what became of the messages, and a second try. */
import { systemClock } from "../clock.ts";
import { Outbox } from "../outbox/outbox.ts";
import { deliveryJson } from "../../web/api_shapes.ts";
import { askAgent } from "./ask_agent.ts";
import type { AddCommand } from "./cli.ts";
import { wholeNumber } from "./events.ts";
import { openStateForReading, stateFolder } from "./house.ts";
import type { CommonOptions } from "./pieces.ts";
import { table } from "./terminal.ts";

interface Options extends CommonOptions {
  readonly all?: boolean;
  readonly limit: string;
  readonly json?: boolean;
}

export const addOutboxCommand: AddCommand = (program, pieces, exit) => {
  const { terminal } = pieces;
  const outbox = program.command("outbox").description("what became of the messages")
    .addHelpText(
      "after",
      "\nExamples:\n  filagram outbox list\n  filagram outbox list --all --json\n  filagram outbox retry 17",
    );

  outbox.command("list", { isDefault: true }).description(
    "messages that wait or were given up; with --all also those sent",
  )
    .option("--all", "sent ones too")
    .option("--limit <n>", "at most so many, the newest", "100")
    .option("--json", "one JSON object per line")
    .addHelpText("after", "\nExamples:\n  filagram outbox list\n  filagram outbox list --all --json")
    .action((_: Options, command) => {
      const options: Options = command.optsWithGlobals();
      using store = openStateForReading(options);
      const list = new Outbox(store, { clock: systemClock({ bootId: pieces.bootId() }) }).list({
        limit: wholeNumber(options.limit, "--limit", command),
        newestFirst: true,
        ...(options.all ? {} : { states: ["queued", "sending", "uncertain", "rejected", "expired"] as const }),
      }).reverse();
      if (options.json) return list.forEach((delivery) => terminal.print(JSON.stringify(deliveryJson(delivery))));
      if (list.length === 0) {
        return terminal.say(options.all ? "The outbox is empty" : "Nothing waits; --all shows what was sent");
      }
      const rows = list.map((delivery) => [
        String(delivery.id),
        delivery.state,
        delivery.channel,
        delivery.recipient,
        delivery.message.firstLine,
        delivery.reason ?? "",
      ]);
      for (const line of table([["id", "state", "channel", "to", "message", "reason"], ...rows])) terminal.print(line);
    });

  for (
    const [name, done, description] of [
      ["retry", "is tried again now", "try a message again now"],
      ["drop", "is given up", "give a message up"],
    ] as const
  ) {
    outbox.command(`${name} <id>`).description(description)
      .addHelpText("after", `\nExample:\n  filagram outbox ${name} 17`)
      .action(async (text: string, _: Options, command) => {
        const options: Options = command.optsWithGlobals();
        const id = wholeNumber(text, "ID", command);
        const answer = await askAgent(stateFolder(options), `/api/v1/deliveries/${id}/${name}`);
        const isDone = answer ? answer.ok : changeDirectly(id, name, options);
        await answer?.body?.cancel();
        terminal.say(
          isDone
            ? `Delivery ${id} ${done}`
            : `There is no delivery ${id} that could be ${name === "retry" ? "tried again" : "given up"}`,
        );
        if (!isDone) exit(1);
      });
  }

  function changeDirectly(id: number, name: "retry" | "drop", options: Options): boolean {
    using store = openStateForReading(options);
    return new Outbox(store, { clock: systemClock({ bootId: pieces.bootId() }) })[name](id);
  }
};
