/** `filagram run`: watch, tell, serve the page, until SIGTERM. */
import { systemClock } from "../clock.ts";
import { Secrets } from "../log.ts";
import { watchSettings } from "../config/watch_settings.ts";
import { createWebApp } from "../../web/app.tsx";
import { serveControl, serveWeb } from "../../web/listen.ts";
import { findSupervisor } from "../../bridge/notify_systemd.ts";
import type { AddCommand } from "./cli.ts";
import { socketPath } from "./ask_agent.ts";
import { type House, openHouse, readSettings, settingsPath, stateFolder, tryReadSettings } from "./house.ts";
import { type CommonOptions, OwnerError, type Pieces } from "./pieces.ts";
import { controlApp, feedWatchdog } from "./supervision.ts";

interface Options extends CommonOptions {
  readonly verbose?: boolean;
}

export const addRunCommand: AddCommand = (program, pieces) => {
  program.command("run", { isDefault: true }).description("watch, tell, serve the page (the default)")
    .option("--verbose", "log what the loops do")
    .addHelpText(
      "after",
      "\nExamples:\n  filagram\n  filagram run --config /etc/filagram/filagram.yaml --state /var/lib/filagram",
    )
    .action(async (_: Options, command) => await run(command.optsWithGlobals(), pieces));
};

async function run(options: Options, pieces: Pieces): Promise<void> {
  using ended = untilSignal();
  const secrets = new Secrets();
  const path = await settingsPath(options);
  const clock = systemClock({ bootId: pieces.bootId() });
  const changes = watchSettings(path, { signal: ended.signal, clock }); // before reading: no change is missed
  const settings = await readSettings(path, pieces, secrets);
  const state = stateFolder(options);
  let problem: string | undefined;
  await using house = openHouse({
    state,
    settings,
    pieces,
    secrets,
    logLevel: options.verbose ? "debug" : "info",
    watch: true,
    settingsProblem: () => problem,
  });
  const app = createWebApp(house.webDeps);
  await using web = tryServe(() => serveWeb(app, settings.web), settings.web);
  const supervisor = findSupervisor(Deno.env, Deno.pid);
  const facts = { version: pieces.version, isSupervised: supervisor !== undefined };
  await using _control = serveControl(controlApp(app, facts, ended.stop), socketPath(state));
  const status = `Watching ${named(settings.printers)}; telling ${named(settings.channels)}`;
  house.log.info(status);
  house.log.info(`Page: ${web.url}`);
  if (supervisor) {
    const { clock, log, agent } = house;
    supervisor.tell({ kind: "ready", status });
    feedWatchdog({ supervisor, clock, log, stuckLoops: () => agent.stuckLoops() }, ended.signal);
  }
  for await (const _ of changes) {
    problem = await reload(path, house, pieces, secrets);
  }
  supervisor?.tell({ kind: "stopping", status: "Settling what is on its way" });
  house.log.info("Stopping");
}

/** Takes over changed settings; bad ones leave those in force alone. Returns what is wrong with them. */
async function reload(path: string, house: House, pieces: Pieces, secrets: Secrets): Promise<string | undefined> {
  const loaded = await tryReadSettings(path, pieces, secrets);
  if (typeof loaded === "string") {
    house.log.error("The changed settings have mistakes; those from before stay in force");
    for (const line of loaded.split("\n")) house.log.error(line);
    house.agent.changes.notify();
    return loaded;
  }
  await house.agent.reload(loaded);
  house.log.info("Settings reloaded");
  return undefined;
}

/** Aborts at SIGTERM or SIGINT; a second one ends the process at once. */
export function untilSignal(): { readonly signal: AbortSignal; stop(): void } & Disposable {
  const controller = new AbortController();
  const interrupted = () => {
    if (controller.signal.aborted) Deno.exit(130);
    controller.abort();
  };
  const names = ["SIGTERM", "SIGINT"] as const;
  for (const name of names) Deno.addSignalListener(name, interrupted);
  return {
    signal: controller.signal,
    stop: () => controller.abort(),
    [Symbol.dispose]() {
      for (const name of names) Deno.removeSignalListener(name, interrupted);
    },
  };
}

export function tryServe<T>(serve: () => T, { hostname, port }: { hostname: string; port: number }): T {
  try {
    return serve();
  } catch (error) {
    if (!(error instanceof Deno.errors.AddrInUse) && !(error instanceof Deno.errors.AddrNotAvailable)) throw error;
    const fact = error instanceof Deno.errors.AddrInUse
      ? "another program listens there"
      : "this machine has no such address";
    throw new OwnerError(`Cannot serve the page on "${hostname}:${port}": ${fact}. Change web.listen in the settings`);
  }
}

function named(things: readonly { readonly name: string }[]): string {
  return things.map(({ name }) => name).join(", ") || "nothing";
}
