/**
 * Settings, state and agent of one command, opened in order and closed in reverse.
 */
import { Agent } from "../agent.ts";
import { checkAll } from "../agent/check_all.ts";
import { tryRoad } from "../agent/try_road.ts";
import { type Clock, systemClock } from "../clock.ts";
import { findSettings } from "../config/find_settings.ts";
import { findState } from "../config/find_state.ts";
import { loadSettings } from "../config/load_settings.ts";
import { problemLine, type Settings } from "../config/settings.ts";
import { createLog, errorText, type Log, type LogLevel, Secrets } from "../log.ts";
import { Outbox } from "../outbox/outbox.ts";
import { Store } from "../store/store.ts";
import type { WebDeps } from "../../web/deps.ts";
import { type CommonOptions, OwnerError, type Pieces } from "./pieces.ts";

/** The state folder of these options; not created yet. @throws OwnerError where no place is known */
export function stateFolder(options: CommonOptions): string {
  try {
    return findState({ option: options.state, env: Deno.env, cwd: Deno.cwd(), isRoot: Deno.uid() === 0 });
  } catch (error) {
    throw new OwnerError(errorText(error), { cause: error });
  }
}

/** Opens the state beside a running agent, or without one. */
export function openStateForReading(options: CommonOptions): Store {
  return Store.open(stateFolder(options));
}

/** Where the settings are. @throws OwnerError with the smallest file to start from */
export async function settingsPath(options: CommonOptions): Promise<string> {
  const found = await findSettings({ option: options.config, env: Deno.env, cwd: Deno.cwd() });
  if (found.kind === "missing") throw new OwnerError(found.text);
  return found.path;
}

/** The settings. @throws OwnerError with every mistake in them */
export async function readSettings(path: string, pieces: Pieces, secrets: Secrets): Promise<Settings> {
  const loaded = await tryReadSettings(path, pieces, secrets);
  if (typeof loaded === "string") throw new OwnerError(loaded);
  return loaded;
}

/** The settings, or what is wrong with them. */
export async function tryReadSettings(path: string, pieces: Pieces, secrets: Secrets): Promise<Settings | string> {
  const loaded = await loadSettings({ path, drivers: pieces.drivers, channels: pieces.channels, secrets });
  if (loaded.kind === "ok") return loaded.settings;
  return secrets.hide(loaded.problems.map(problemLine).join("\n"));
}

export interface House extends AsyncDisposable {
  readonly clock: Clock;
  readonly log: Log;
  readonly store: Store;
  readonly outbox: Outbox;
  readonly agent: Agent;
  readonly webDeps: WebDeps;
}

export interface HouseOptions {
  readonly state: string;
  readonly settings: Settings;
  readonly pieces: Pieces;
  readonly secrets: Secrets;
  readonly logLevel: LogLevel;
  /** Whether printers are watched; otherwise only what is stored goes out. */
  readonly watch: boolean;
  settingsProblem?(): string | undefined;
}

/** Opens the state for this process alone and starts the agent on it. @throws OwnerError when another one has it */
export function openHouse(options: HouseOptions): House {
  const { state, pieces, secrets, watch } = options;
  const clock = systemClock({ bootId: pieces.bootId() });
  const log = createLog({ level: options.logLevel, secrets, write: (line) => pieces.terminal.say(line) });
  const lock = lockState(state);
  const store = Store.open(state);
  const outbox = new Outbox(store, { clock });
  const deps = { clock, log, store, outbox, fetch: globalThis.fetch, random: Math.random, links: pieces.links };
  const agent = new Agent(options.settings, deps);
  agent.start({ watch });
  const webDeps: WebDeps = {
    clock,
    store,
    outbox,
    log,
    secrets,
    settings: () => agent.settings,
    settingsProblem: () => options.settingsProblem?.(),
    printerState: (name) => agent.printerState(name),
    stuckLoops: () => agent.stuckLoops(),
    troubles: () => agent.troubles(),
    changes: (signal) => agent.changes.watch(signal),
    version: pieces.version,
    actions: {
      test: (request, signal) => tryRoad(request, { agent, clock, store, outbox }, signal),
      check: (only, signal) =>
        checkAll(agent.settings, {
          ...deps,
          only,
          ...(watch ? { watchedState: (name: string) => agent.printerState(name) } : {}),
        }, signal),
      retry: (id) => rung(outbox.retry(id), agent),
      drop: (id) => rung(outbox.drop(id), agent),
    },
  };
  return {
    clock,
    log,
    store,
    outbox,
    agent,
    webDeps,
    async [Symbol.asyncDispose]() {
      await agent[Symbol.asyncDispose]();
      store[Symbol.dispose]();
      lock.close();
    },
  };
}

function rung(isDone: boolean, agent: Agent): boolean {
  if (isDone) agent.deliveryDue();
  return isDone;
}

/** One agent per state: held until the file is closed, also by a kill. */
function lockState(state: string): Deno.FsFile {
  const lock = tryLockState(state);
  if (lock) return lock;
  throw new OwnerError(
    `Another filagram runs on the state "${state}". Stop that one first, or name another folder: --state DIR`,
  );
}

/** The state for this process alone; undefined while another one has it. @throws OwnerError */
export function tryLockState(state: string): Deno.FsFile | undefined {
  try {
    Deno.mkdirSync(state, { recursive: true, mode: 0o700 });
    const lock = Deno.openSync(`${state}/agent.lock`, { create: true, write: true, mode: 0o600 });
    if (lock.tryLockSync(true)) return lock;
    lock.close();
    return undefined;
  } catch (error) {
    const fact = error instanceof Deno.errors.PermissionDenied
      ? "permission denied. Run this with sudo, or name another folder: --state DIR"
      : `${errorText(error)}. Name another folder: --state DIR`;
    throw new OwnerError(`Cannot open the state in "${state}": ${fact}`, { cause: error });
  }
}
