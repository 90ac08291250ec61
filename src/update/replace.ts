/**
 * A new program in the place of the old one, which stays beside it as `<file>.old`. There is a whole program at the path at
 * every moment.
 */
import type { Clock } from "../clock.ts";
import { errorText } from "../log.ts";
import { runProgram } from "../install/run_program.ts";
import { removeIfThere, unpackForAll } from "../install/steps.ts";
import { ReleaseError } from "./release.ts";

/** What the agent says about itself through its control socket; undefined where none answers. */
export interface RunningAgent {
  facts(): Promise<AgentFacts | undefined>;
  /** Asks it to end. */
  stop(): Promise<AgentFacts | undefined>;
}

export interface AgentFacts {
  readonly version: string;
  /** Whether somebody starts it again when it ends. */
  readonly isSupervised: boolean;
}

/** Between two looks at the agent. */
const lookMilliseconds = 250;

/** Gives the downloaded file the owner and mode of the one it will replace. */
export async function makeLike(old: string, fresh: string): Promise<void> {
  const { mode, uid, gid } = await Deno.stat(old);
  if (Deno.uid() === 0) await Deno.chown(fresh, uid, gid);
  await Deno.chmod(fresh, (mode ?? 0o755) | 0o111);
}

/**
 * Starts the new program once: it says its version, and has unpacked itself before the old one has to stop; an installed one for
 * all users. @throws ReleaseError
 */
export async function tryOut(file: string, version: string, { isInstalled }: { isInstalled: boolean }): Promise<void> {
  const ran = await runProgram("setpriv", [file, "version"], { env: isInstalled ? unpackForAll : cacheVariables() });
  if (ran.kind === "missing") return; // it is tried by its start, then
  if (ran.isOk && ran.output.includes(version)) return;
  throw new ReleaseError(
    `The new program does not start: ${ran.output || "it says nothing"}. The old one was left as it is`,
  );
}

function cacheVariables(): Record<string, string> {
  return Object.fromEntries(["HOME", "XDG_CACHE_HOME", "FILAGRAM_CACHE"].flatMap((name) => {
    const value = Deno.env.get(name);
    return value === undefined ? [] : [[name, value]];
  }));
}

/** @throws ReleaseError where the folder cannot be written */
export async function swapIn(fresh: string, file: string): Promise<void> {
  try {
    await removeIfThere(`${file}.old`);
    await Deno.link(file, `${file}.old`);
    await Deno.rename(fresh, file);
  } catch (error) {
    throw new ReleaseError(`Cannot replace "${file}": ${errorText(error)}`, { cause: error });
  }
}

/** The old program at its place again. */
export async function swapBack(file: string): Promise<void> {
  await Deno.rename(`${file}.old`, file);
}

interface Wait {
  readonly clock: Clock;
  readonly seconds: number;
}

/** Whether an agent of this version answers within so many seconds. */
export async function isReady(agent: RunningAgent, version: string, { clock, seconds }: Wait): Promise<boolean> {
  const end = clock.now().monotonicMilliseconds + seconds * 1000;
  for (;;) {
    if ((await agent.facts())?.version === version) return true;
    if (clock.now().monotonicMilliseconds >= end) return false;
    await clock.sleep(lookMilliseconds);
  }
}
