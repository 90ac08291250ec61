/** The real Moonraker from PyPI, set up as `facts/moonraker-lab.md` says, before a Klipper of ours. */
import { until } from "./filagram.ts";
import { KlipperStandIn } from "./klipper_stand_in.ts";
import { commandsOf, labFolder, whyNotInstalled } from "./python_lab.ts";
import { freePort } from "./real_mail_server.ts";

const program = { name: "moonraker-0.11.0", packages: ["moonraker==0.11.0"] };
const startMilliseconds = 90_000;

/** Why it cannot run here; installs it where it can. */
export async function whyNoMoonraker(): Promise<string | undefined> {
  const reason = await whyNotInstalled(program);
  if (reason !== undefined) return reason;
  // Its tokens are signed by a C library that pip does not bring along.
  const sodium = new Deno.Command(`${commandsOf(program)}/python`, {
    args: ["-c", "import libnacl.sign"],
    stderr: "null",
  });
  return (await sodium.output()).success ? undefined : "no libsodium";
}

export interface MoonrakerOptions {
  /** A print takes so long. */
  readonly printSeconds: number;
  /** Sections of moonraker.conf: `[webcam …]`. */
  readonly sections?: string;
}

export interface RealMoonraker extends AsyncDisposable {
  readonly address: string;
  readonly klipper: KlipperStandIn;
  /** Asks it as a trusted client, or with these headers. The body of a POST is JSON. */
  request(
    method: string,
    path: string,
    options?: { body?: unknown; headers?: Record<string, string> },
  ): Promise<Response>;
  /** With folders; a print starts only while Klipper is {@link isReady}. */
  upload(name: string, bytes: Uint8Array<ArrayBuffer>, options: { print: boolean }): Promise<void>;
  /** Whether it has Klipper. */
  isReady(): Promise<boolean>;
  /** Ends by `signal` and starts again, on the same port. `refusesStrangers`: from now on it wants a login. */
  restart(options?: { signal?: Deno.Signal; awayMilliseconds?: number; refusesStrangers?: boolean }): Promise<void>;
  /** Its own log so far, for the report of a failure. */
  log(): string;
}

export async function startMoonraker({ printSeconds, sections = "" }: MoonrakerOptions): Promise<RealMoonraker> {
  const folder = await Deno.makeTempDir({ dir: labFolder(), prefix: "moonraker-" });
  for (const part of ["config", "comms", "gcodes", "logs"]) await Deno.mkdir(`${folder}/${part}`);
  const port = freePort();
  const address = `http://127.0.0.1:${port}`;
  const socketPath = `${folder}/comms/klippy.sock`;
  const klipper = new KlipperStandIn({ socketPath, gcodes: `${folder}/gcodes`, printSeconds });
  const configure = (authorization: string) =>
    Deno.writeTextFile(
      `${folder}/config/moonraker.conf`,
      `[server]\nhost: 127.0.0.1\nport: ${port}\nklippy_uds_address: ${socketPath}\n` +
        "[machine]\nprovider: none\nvalidate_service: False\nvalidate_config: False\n" +
        `[authorization]\n${authorization}\n[history]\n${sections}`,
    );
  let log = "";
  const run = async () => {
    const child = new Deno.Command(`${commandsOf(program)}/moonraker`, {
      args: ["-d", folder],
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const read = async (stream: ReadableStream<Uint8Array>) => {
      const decoder = new TextDecoder();
      for await (const part of stream) log = (log + decoder.decode(part, { stream: true })).slice(-200_000);
    };
    const reading = Promise.all([read(child.stdout), read(child.stderr)]);
    const end = async (signal: Deno.Signal) => {
      child.kill(signal);
      await child.status;
      await reading;
    };
    await until("Moonraker answers", async () => {
      const response = await fetch(`${address}/server/info`).catch(() => undefined);
      await response?.body?.cancel();
      return response !== undefined;
    }, startMilliseconds).catch(async (error) => {
      await end("SIGKILL").catch(() => {}); // it may have ended by itself
      await klipper.kill();
      throw new Error(`${error.message}\n${log.slice(-3000)}`);
    });
    return end;
  };
  await configure("trusted_clients:\n    127.0.0.1");
  let end = await run();
  const request: RealMoonraker["request"] = (method, path, { body, headers } = {}) =>
    fetch(address + path, {
      method,
      headers: { ...(body === undefined ? {} : { "content-type": "application/json" }), ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(30_000),
    });
  return {
    address,
    klipper,
    request,
    log: () => log,
    async isReady() {
      const response = await request("GET", "/server/info");
      return (await response.json()).result?.klippy_state === "ready";
    },
    async upload(name, bytes, { print }) {
      const form = new FormData();
      const slash = name.lastIndexOf("/");
      form.append("root", "gcodes");
      form.append("path", name.slice(0, Math.max(0, slash)));
      form.append("file", new Blob([bytes]), name.slice(slash + 1));
      if (print) form.append("print", "true");
      const response = await fetch(`${address}/server/files/upload`, { method: "POST", body: form });
      const text = await response.text();
      if (!response.ok || JSON.parse(text).print_started !== print) throw new Error(`The upload was refused: ${text}`);
    },
    async restart({ signal = "SIGTERM", awayMilliseconds = 0, refusesStrangers = false } = {}) {
      await end(signal);
      if (refusesStrangers) await configure("force_logins: True");
      await new Promise((resolve) => setTimeout(resolve, awayMilliseconds));
      end = await run();
    },
    async [Symbol.asyncDispose]() {
      await end("SIGKILL");
      await klipper[Symbol.asyncDispose]();
      await Deno.remove(folder, { recursive: true });
    },
  };
}
