/** `filagram demo`. What it runs is loaded only when asked for: the mail server and parser are a third of an agent's memory. */
import type { AddCommand } from "./cli.ts";
import type { DemoOptions } from "./run_demo.ts";

export const addDemoCommand: AddCommand = (program, pieces) => {
  program.command("demo").description("a simulated printer prints; its mails appear in a local inbox page")
    .option("--fast", "in half a minute instead of two")
    .option("--once", "end when the print is finished and its mails are in")
    .option("--listen <port>", "the page's port on loopback; 0 for any free one", "8090")
    .addHelpText("after", "\nExamples:\n  filagram demo\n  filagram demo --fast --listen 8091")
    .action(async (options: DemoOptions) => {
      const { runDemo } = await import("./run_demo.ts");
      await runDemo(options, pieces);
    });
};
