/**
 * Filagram watches 3D printers and tells their owner what happens.
 *
 * The table of contents, and the composition root when run as the program.
 * @module
 */
import { openLink, openMessages } from "./bridge/open_link.ts";
import { bootId } from "./bridge/libc.ts";
import denoJson from "./deno.json" with { type: "json" };
import { channels } from "./src/channels/registry.ts";
import { runCli } from "./src/cli/cli.ts";
import { systemTerminal } from "./src/cli/terminal.ts";
import { drivers } from "./src/drivers/registry.ts";

export { applyReport, passTime, restoreState } from "./src/domain/apply_report.ts";
export { deriveEvents, type PrinterEvent } from "./src/domain/printer_event.ts";
export { emptyState, type PrinterState, type Report } from "./src/domain/printer_state.ts";
export { composeMessage } from "./src/domain/message_text.ts";
export { defineDriver, type Driver, type DriverIo } from "./src/drivers/driver.ts";
export { type Channel, defineChannel, type Sender } from "./src/channels/channel.ts";

if (import.meta.main) {
  const exitCode = await runCli(Deno.args, {
    version: denoJson.version,
    drivers,
    channels,
    links: { openLink, openMessages },
    bootId,
    terminal: systemTerminal(),
  });
  Deno.exit(exitCode); // a connection that somebody forgot must not keep a command from ending
}
