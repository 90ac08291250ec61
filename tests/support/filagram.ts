/**
 * The real command as a process of its own, with settings and state in a folder of the test.
 */
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));

export interface Workshop extends AsyncDisposable {
  readonly folder: string;
  readonly settingsPath: string;
  readonly state: string;
  write(settings: string, secrets?: string): Promise<void>;
  /** Runs a command to its end. */
  run(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }>;
  /** Starts a command that goes on. */
  start(...args: string[]): Running;
  /** The same with more in its environment. */
  startWith(env: Record<string, string>, ...args: string[]): Running;
  /** `filagram events --json`, parsed. */
  events(): Promise<Record<string, unknown>[]>;
}

export interface Running extends AsyncDisposable {
  readonly pid: number;
  /** All of stderr so far. */
  log(): string;
  /** Resolves when a line of stderr or stdout holds the text. */
  said(text: string, milliseconds?: number): Promise<void>;
  kill(signal: Deno.Signal): Promise<Deno.CommandStatus>;
  readonly ended: Promise<Deno.CommandStatus>;
}

export async function makeWorkshop(): Promise<Workshop> {
  const folder = await Deno.makeTempDir({ prefix: "filagram-test-" });
  const settingsPath = `${folder}/filagram.yaml`;
  const state = `${folder}/state`;
  const running: Running[] = [];
  const command = (args: readonly string[], env: Record<string, string> = {}) =>
    new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "--quiet",
        "--v8-flags=--optimize-for-size,--max-semi-space-size=1",
        "-P=agent",
        `${root}mod.ts`,
        ...args,
        "--config",
        settingsPath,
        "--state",
        state,
      ],
      cwd: root,
      env: { NO_COLOR: "1", ...env },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    });
  const run = async (...args: string[]) => {
    const { code, stdout, stderr } = await command(args).output();
    return { code, stdout: new TextDecoder().decode(stdout), stderr: new TextDecoder().decode(stderr) };
  };
  const start = (env: Record<string, string>, ...args: string[]) => {
    const started = follow(command(args, env).spawn());
    running.push(started);
    return started;
  };
  return {
    folder,
    settingsPath,
    state,
    async write(settings, secrets) {
      await Deno.writeTextFile(settingsPath, settings, { mode: 0o600 });
      if (secrets !== undefined) await Deno.writeTextFile(`${folder}/secrets.yaml`, secrets, { mode: 0o600 });
    },
    run,
    start: (...args) => start({}, ...args),
    startWith: start,
    async events() {
      const { stdout } = await run("events", "--json", "--limit", "1000");
      return stdout.split("\n").filter((line) => line !== "").map((line) => JSON.parse(line));
    },
    async [Symbol.asyncDispose]() {
      for (const one of running) await one[Symbol.asyncDispose]();
      await Deno.remove(folder, { recursive: true });
    },
  };
}

function follow(child: Deno.ChildProcess): Running {
  let text = "";
  let hasEnded = false;
  const lookers = new Set<() => void>();
  const read = async (stream: ReadableStream<Uint8Array>) => {
    for await (const part of stream.pipeThrough(new TextDecoderStream() as TransformStream<Uint8Array, string>)) {
      text += part;
      for (const look of lookers) look();
    }
  };
  const reading = Promise.all([read(child.stdout), read(child.stderr)]);
  const ended = child.status.then((status) => {
    hasEnded = true;
    for (const look of lookers) look();
    return status;
  });
  const kill = async (signal: Deno.Signal) => {
    if (!hasEnded) child.kill(signal);
    const status = await ended;
    await reading;
    return status;
  };
  return {
    pid: child.pid,
    log: () => text,
    said: (wanted, milliseconds = 30_000) =>
      new Promise((resolve, reject) => {
        const end = (error?: Error) => {
          clearTimeout(timer);
          lookers.delete(look);
          error ? reject(error) : resolve();
        };
        const look = () => {
          if (text.includes(wanted)) end();
          else if (hasEnded) end(new Error(`It ended without saying "${wanted}":\n${text}`));
        };
        const timer = setTimeout(() => end(new Error(`It did not say "${wanted}" in time:\n${text}`)), milliseconds);
        lookers.add(look);
        look();
      }),
    kill,
    ended,
    async [Symbol.asyncDispose]() {
      await kill("SIGKILL");
    },
  };
}

/** Waits until it is so, looking often; fails with `what` after the deadline. */
export async function until(
  what: string,
  isSo: () => boolean | Promise<boolean>,
  milliseconds = 30_000,
): Promise<void> {
  const end = performance.now() + milliseconds;
  while (!await isSo()) {
    if (performance.now() > end) throw new Error(`Not within ${milliseconds / 1000} s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
