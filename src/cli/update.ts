/** `filagram update`: the newest release in the place of this one, and back again if it does not get ready. */
import { systemClock } from "../clock.ts";
import { places } from "../install/unit.ts";
import { putBackDatabase } from "../store/put_back.ts";
import { parseKey } from "../update/minisign.ts";
import {
  download,
  fetchRelease,
  fileFor,
  isNewer,
  type Release,
  releaseAddress,
  ReleaseError,
  type ReleaseIo,
  releaseKey,
} from "../update/release.ts";
import { isReady, makeLike, type RunningAgent, swapBack, swapIn, tryOut } from "../update/replace.ts";
import { askAgent } from "./ask_agent.ts";
import type { AddCommand } from "./cli.ts";
import { stateFolder, tryLockState } from "./house.ts";
import { ownFile } from "./own_file.ts";
import { type CommonOptions, OwnerError, type Pieces } from "./pieces.ts";

interface Options extends CommonOptions {
  readonly check?: boolean;
  readonly from: string;
  readonly key: string;
  readonly binary?: string;
}

/** How long the new program may take until its agent answers; the service's own start included. */
export const readySeconds = 30;
/** A program that hangs at its start is ended by systemd (TimeoutStartSec in the unit), then the old one has its turn. */
const backSeconds = 180;

export const addUpdateCommand: AddCommand = (program, pieces, exit) => {
  program.command("update").description("replace this program by the newest release (as root, where it is installed)")
    .option("--check", "only say whether there is a newer one")
    .option("--from <address>", "where the releases lie", releaseAddress)
    .option("--key <key>", "minisign public key of the releases there", releaseKey)
    .option("--binary <file>", "replace this file (default: the one that was started)")
    .addHelpText("after", "\nExamples:\n  filagram update --check\n  sudo filagram update")
    .action(async (_: Options, command) => {
      const options: Options = command.optsWithGlobals();
      try {
        exit(await update(options, pieces));
      } catch (error) {
        throw error instanceof ReleaseError ? new OwnerError(error.message, { cause: error }) : error;
      }
    });
};

/** @returns the exit code */
async function update(options: Options, pieces: Pieces): Promise<number> {
  const { terminal, version } = pieces;
  const key = parseKey(options.key);
  if (!key) {
    throw new OwnerError(
      options.key === ""
        ? "This build knows no key to believe a release by: name one with --key, or fetch the new one by hand"
        : `--key "${options.key}" is no minisign public key`,
    );
  }
  const clock = systemClock({ bootId: pieces.bootId() });
  const io = { from: options.from.replace(/\/+$/, ""), key, fetch: globalThis.fetch, clock };
  const release = await fetchRelease(io);
  if (!isNewer(release.version, version)) {
    terminal.say(`${version} is the newest`);
    return 0;
  }
  if (options.check) {
    terminal.print(release.version);
    terminal.say(`${release.version} is there, this is ${version}: sudo filagram update`);
    return 0;
  }
  const file = Deno.realPathSync(options.binary ?? ownFile());
  return await replace(release, { io, file, state: stateFolder(options), readySeconds }, pieces);
}

export interface Replacing {
  readonly io: ReleaseIo;
  /** The program to be replaced. */
  readonly file: string;
  /** The state of the agent that runs it. */
  readonly state: string;
  readonly readySeconds: number;
}

/** @returns the exit code @throws ReleaseError; then the old program is in its place */
export async function replace(release: Release, replacing: Replacing, pieces: Pieces): Promise<number> {
  const { terminal } = pieces;
  const { io, file, state } = replacing;
  const fresh = `${file}.new`;
  terminal.progress(`Fetching ${release.version} …`);
  await download(fileFor(release, Deno.build.arch), fresh, io);
  using _ = undisturbed();
  try {
    await makeLike(file, fresh);
    await tryOut(fresh, release.version, { isInstalled: file === places.binary });
    await swapIn(fresh, file);
  } catch (error) {
    await Deno.remove(fresh).catch(() => {});
    throw error;
  }
  terminal.progress("");
  const agent = agentAt(state);
  const running = await agent.facts();
  if (!running?.isSupervised) {
    terminal.say(
      `${file} is ${release.version} now. ` +
        (running ? "The agent that runs was started by hand: start it again" : `No agent runs on the state "${state}"`),
    );
    return 0;
  }
  await agent.stop();
  if (await isReady(agent, release.version, { clock: io.clock, seconds: replacing.readySeconds })) {
    terminal.say(`${release.version} runs. The old one is kept as ${file}.old`);
    return 0;
  }
  await goBack(replacing, { agent, release, pieces, oldVersion: running.version });
  return 1;
}

/** A terminal that goes away, or a Ctrl-C, must not leave a new program behind that does not get ready. */
function undisturbed(): Disposable {
  const signals = ["SIGHUP", "SIGINT", "SIGTERM"] as const;
  const ignore = () => {};
  for (const signal of signals) Deno.addSignalListener(signal, ignore);
  return {
    [Symbol.dispose]() {
      for (const signal of signals) Deno.removeSignalListener(signal, ignore);
    },
  };
}

interface Failed {
  readonly agent: RunningAgent;
  readonly release: Release;
  readonly pieces: Pieces;
  readonly oldVersion: string;
}

async function goBack(replacing: Replacing, failed: Failed): Promise<void> {
  const { file, io: { clock }, readySeconds } = replacing;
  const { agent, release, oldVersion } = failed;
  const { terminal } = failed.pieces;
  terminal.say(`${release.version} did not get ready within ${readySeconds} s; going back to ${oldVersion}`);
  await swapBack(file);
  await agent.stop(); // it may have been merely slow
  if (await putBack(replacing, failed)) terminal.say("The database is the one from before the update");
  const isBack = await isReady(agent, oldVersion, { clock, seconds: backSeconds });
  terminal.say(isBack ? `${oldVersion} runs again` : `${oldVersion} is back at ${file}, but does not answer yet`);
}

/** Puts the database back if need be, in a moment without an agent. @returns whether it was necessary @throws OwnerError */
async function putBack({ state, file, io: { clock } }: Replacing, failed: Failed): Promise<boolean> {
  const end = clock.now().monotonicMilliseconds + backSeconds * 1000;
  for (;;) {
    using lock = tryLockState(state);
    if (lock) return putBackDatabase(state);
    if ((await failed.agent.facts())?.version === failed.oldVersion) return false; // it could read it
    if (clock.now().monotonicMilliseconds >= end) {
      throw new OwnerError(`The old program is back at ${file}, but ${failed.release.version} still runs: stop it`);
    }
    await clock.sleep(100);
  }
}

function agentAt(state: string): RunningAgent {
  const ask = async (path: string) => {
    try {
      const answer = await askAgent(state, path);
      return answer?.ok ? await answer.json() : undefined;
    } catch {
      return undefined; // it ended in the middle of its answer
    }
  };
  return { facts: () => ask("/agent"), stop: () => ask("/agent/stop") };
}
