/**
 * The real PrusaLink 0.8.1 from PyPI, on a tty. Its Python lives in a folder of its own, kept between runs: `$FILAGRAM_LAB`, or
 * `~/.cache/filagram-lab`. Set up as `facts/prusalink-lab.md` says.
 */
import { createHash } from "node:crypto";
import { freePort } from "./real_mail_server.ts";

/** With what it needs at run time; newer ones of these two break it. */
const packages = ["prusalink==0.8.1", "setuptools<81", "packaging~=23.0"];
const installMilliseconds = 240_000;
const startMilliseconds = 90_000;

export const login = { user: "maker", password: "Plum-tree-4711", apiKey: "lab-key-0123456789" } as const;

export interface RealPrusaLink extends AsyncDisposable {
  readonly url: string;
  /** Asks it, with its key. */
  request(
    method: string,
    path: string,
    options?: { body?: Uint8Array<ArrayBuffer>; headers?: Record<string, string> },
  ): Promise<Response>;
  /** `printer.state` of its status; undefined while it does not answer. */
  state(): Promise<string | undefined>;
  waitFor(...states: string[]): Promise<void>;
  /** Its own log so far, for the report of a failure. */
  log(): string;
}

/** Why it cannot run here; installs it where it can. */
export async function whyNoPrusaLink(): Promise<string | undefined> {
  if (await isFine(`${venv()}/bin/python`, ["-c", "import prusa.link.__main__"])) return undefined;
  const python = await firstFine(["/usr/bin/python3", "python3"], ["-c", "import venv, ensurepip"]);
  if (python === undefined) return "no python3 with venv";
  await Deno.mkdir(venv(), { recursive: true });
  const made = await run(python, ["-m", "venv", "--clear", venv()]);
  if (!made.isFine) return `no virtual environment: ${made.said}`;
  const pip = await run(`${venv()}/bin/python`, [
    ...["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input", "--timeout", "20"],
    ...packages,
  ]);
  return pip.isFine ? undefined : `PyPI gave no PrusaLink: ${pip.said}`;
}

function lab(): string {
  return Deno.env.get("FILAGRAM_LAB") ?? `${Deno.env.get("HOME") ?? "/var/tmp"}/.cache/filagram-lab`;
}

function venv(): string {
  return `${lab()}/prusalink-0.8.1`;
}

async function firstFine(commands: readonly string[], args: readonly string[]): Promise<string | undefined> {
  for (const command of commands) if (await isFine(command, args)) return command;
  return undefined;
}

async function isFine(command: string, args: readonly string[]): Promise<boolean> {
  return (await run(command, args)).isFine;
}

async function run(command: string, args: readonly string[]): Promise<{ isFine: boolean; said: string }> {
  try {
    const signal = AbortSignal.timeout(installMilliseconds);
    const { success, stderr } = await new Deno.Command(command, {
      args: [...args],
      stdout: "null",
      stderr: "piped",
      signal,
    })
      .output();
    return { isFine: success, said: new TextDecoder().decode(stderr).trim().split("\n").at(-1)?.slice(0, 200) ?? "" };
  } catch (error) {
    return { isFine: false, said: String(error) };
  }
}

/** Runs on this tty until it is disposed; ready when it says IDLE. */
export async function startPrusaLink({ tty }: { tty: string }): Promise<RealPrusaLink> {
  const folder = await Deno.makeTempDir({ dir: lab(), prefix: "run-" }); // it takes no files below /tmp
  const port = freePort();
  const url = `http://127.0.0.1:${port}`;
  await writeSettings(folder, { port, tty });
  const child = new Deno.Command(`${venv()}/bin/python`, {
    args: ["-m", "prusa.link", "-f", "-c", `${folder}/prusalink.ini`],
    cwd: folder,
    env: { HOME: folder },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  let log = "";
  const read = async (stream: ReadableStream<Uint8Array>) => {
    const decoder = new TextDecoder();
    for await (const part of stream) log = (log + decoder.decode(part, { stream: true })).slice(-200_000);
  };
  const reading = Promise.all([read(child.stdout), read(child.stderr)]);
  const request: RealPrusaLink["request"] = (method, path, { body, headers } = {}) =>
    fetch(url + path, {
      method,
      headers: { "x-api-key": login.apiKey, accept: "application/json", ...headers },
      ...(body ? { body } : {}),
      signal: AbortSignal.timeout(30_000),
    });
  const state = async () => {
    try {
      const response = await request("GET", "/api/v1/status");
      const status = await response.json();
      return response.ok ? status.printer.state as string : undefined;
    } catch {
      return undefined;
    }
  };
  const link: RealPrusaLink = {
    url,
    request,
    state,
    log: () => log,
    async waitFor(...states) {
      const end = performance.now() + startMilliseconds;
      while (!states.includes(await state() ?? "")) {
        if (performance.now() > end) {
          throw new Error(`PrusaLink does not say ${states.join(" or ")}, but ${await state()}:\n${tail(log)}`);
        }
        await new Promise((resolve) => setTimeout(resolve, 500)); // it writes a lot for each question
      }
    },
    async [Symbol.asyncDispose]() {
      try {
        child.kill("SIGKILL"); // it takes 15 s to end by itself
      } catch { /* it has ended */ }
      await child.status;
      await reading;
      await Deno.remove(folder, { recursive: true });
    },
  };
  try {
    await link.waitFor("IDLE");
  } catch (error) {
    await link[Symbol.asyncDispose]();
    throw error;
  }
  return link;
}

/** Its last words, without those about the web. */
function tail(log: string): string {
  return log.split("\n").filter((line) => !/wsgi|Hasta|log_message|RegexPairing/.test(line)).slice(-30).join("\n");
}

async function writeSettings(folder: string, { port, tty }: { port: number; tty: string }): Promise<void> {
  const digest = createHash("md5").update(`${login.user}:Administrator:${login.password}`).digest("hex");
  await Deno.mkdir(`${folder}/PrusaLink gcodes`);
  await Deno.writeTextFile(
    `${folder}/prusalink.ini`,
    `[daemon]\ndata_dir = ${folder}\n[http]\naddress = 127.0.0.1\nport = ${port}\n` +
      `[printer]\nport = ${tty}\nsettings = ${folder}/printer.ini\ndirectory = ${folder}/PrusaLink gcodes\n` +
      `[cameras]\nauto_detect = False\n`,
  );
  await Deno.writeTextFile(
    `${folder}/printer.ini`,
    `[printer]\ntype = MK3S\nname = Lab\nlocation = bench\n[service::local]\nenable = 1\nusername = ${login.user}\n` +
      `api_key = ${login.apiKey}\ndigest = ${digest}\n`,
  );
}
