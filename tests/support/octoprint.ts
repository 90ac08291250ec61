/**
 * The real OctoPrint 1.11 from PyPI with its bundled virtual printer, set up as `facts/octoprint-lab.md` says.
 */
import { until } from "./filagram.ts";
import { commandsOf, labFolder, type PythonProgram, whyNotInstalled } from "./python_lab.ts";
import { freePort } from "./real_mail_server.ts";

const program: PythonProgram = { name: "octoprint-1.11.8", packages: ["OctoPrint==1.11.8"] };
const startMilliseconds = 90_000;

/** Its owner. */
export const owner = { user: "admin", password: "Plum-tree-4711" } as const;
/** Of the lab itself, for what a test does to the printer. */
const globalKey = "lab0123456789abcdef0123456789abc";

export interface OctoPrintOptions {
  /** Settings of its webcam plugin: `snapshot`, `flipH`, `flipV`, `rotate90`. */
  readonly webcam?: Readonly<Record<string, string | boolean>>;
  /** Announces itself by mDNS. */
  readonly isAnnounced?: boolean;
}

export interface RealOctoPrint extends AsyncDisposable {
  readonly url: string;
  /** A key that may do everything. */
  readonly key: string;
  /** Asks it with that key; a body goes along as JSON. */
  request(method: string, path: string, body?: unknown): Promise<Response>;
  upload(path: string, bytes: Uint8Array<ArrayBuffer>, options?: { print?: boolean }): Promise<void>;
  /** Types into its terminal. */
  command(...commands: string[]): Promise<void>;
  job(command: string, action?: string): Promise<void>;
  /** The text of its state; undefined while it does not answer. */
  state(): Promise<string | undefined>;
  waitFor(...states: string[]): Promise<void>;
  /** Ends, as at a power cut. */
  stop(): Promise<void>;
  /** Starts again, on the same port. */
  start(): Promise<void>;
  /** Decides on a request for a key as its owner does on its page. */
  decide(userToken: string, isAllowed: boolean): Promise<void>;
  /** The requests for keys that wait for a decision. */
  pendingKeys(): Promise<{ app_id: string; user_token: string }[]>;
  log(): string;
}

/** Why it cannot run here; installs it where it can. */
export function whyNoOctoPrint(): Promise<string | undefined> {
  return whyNotInstalled(program);
}

/** Ready when its printer is. */
export async function startOctoPrint(options: OctoPrintOptions = {}): Promise<RealOctoPrint> {
  const folder = await Deno.makeTempDir({ dir: labFolder(), prefix: "run-octoprint-" });
  const octoprint = new Server(folder, freePort());
  try {
    await writeSettings(folder, options);
    await octoprint.addOwner();
    await octoprint.start();
  } catch (error) {
    await octoprint[Symbol.asyncDispose]();
    throw error;
  }
  return octoprint;
}

class Server implements RealOctoPrint {
  readonly url: string;
  readonly key = globalKey;
  #child: Deno.ChildProcess | undefined;
  #reading: Promise<unknown> = Promise.resolve();
  #log = "";

  constructor(readonly folder: string, readonly port: number) {
    this.url = `http://127.0.0.1:${port}`;
  }

  log(): string {
    return this.#log;
  }

  async addOwner(): Promise<void> {
    const { success, stderr } = await this.#command([
      ...["user", "add", owner.user, "--password", owner.password, "--admin"],
    ]).output();
    if (!success) throw new Error(`OctoPrint takes no user: ${new TextDecoder().decode(stderr).slice(-2000)}`);
  }

  async start(): Promise<void> {
    const child = this.#command(["serve", "--iknowwhatimdoing", "--host", "127.0.0.1", "--port", String(this.port)])
      .spawn();
    this.#child = child;
    const read = async (stream: ReadableStream<Uint8Array>) => {
      const decoder = new TextDecoder();
      for await (const part of stream) this.#log = (this.#log + decoder.decode(part, { stream: true })).slice(-400_000);
    };
    this.#reading = Promise.all([read(child.stdout), read(child.stderr)]);
    await this.waitFor("Operational");
  }

  async stop(): Promise<void> {
    try {
      this.#child?.kill("SIGKILL");
    } catch { /* it has ended */ }
    await this.#child?.status;
    await this.#reading;
    this.#child = undefined;
  }

  request(method: string, path: string, body?: unknown): Promise<Response> {
    return fetch(this.url + path, {
      method,
      headers: { "x-api-key": globalKey, ...(body === undefined ? {} : { "content-type": "application/json" }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(30_000),
    });
  }

  async upload(path: string, bytes: Uint8Array<ArrayBuffer>, { print = false } = {}): Promise<void> {
    const form = new FormData();
    const folder = path.split("/").slice(0, -1).join("/");
    if (folder !== "") form.set("path", folder);
    form.set("file", new File([bytes], path.split("/").at(-1) ?? ""));
    if (print) form.set("print", "true");
    const response = await fetch(`${this.url}/api/files/local`, {
      method: "POST",
      headers: { "x-api-key": globalKey },
      body: form,
      signal: AbortSignal.timeout(30_000),
    });
    await expectSuccess(response, `upload ${path}`);
  }

  async command(...commands: string[]): Promise<void> {
    await expectSuccess(await this.request("POST", "/api/printer/command", { commands }), commands.join());
  }

  async job(command: string, action?: string): Promise<void> {
    const body = action === undefined ? { command } : { command, action };
    await expectSuccess(await this.request("POST", "/api/job", body), `${command} ${action ?? ""}`);
  }

  async state(): Promise<string | undefined> {
    try {
      const response = await this.request("GET", "/api/connection");
      const answer = await response.json();
      return response.ok ? answer.current.state as string : undefined;
    } catch {
      return undefined;
    }
  }

  async waitFor(...states: string[]): Promise<void> {
    const what = `OctoPrint says ${states.join(" or ")}`;
    try {
      await until(what, async () => states.includes(await this.state() ?? ""), startMilliseconds);
    } catch (error) {
      throw new Error(`${error}, but ${await this.state()}\n${this.#log.slice(-3000)}`);
    }
  }

  async pendingKeys(): Promise<{ app_id: string; user_token: string }[]> {
    const { headers } = await this.#session();
    const response = await fetch(`${this.url}/api/plugin/appkeys`, { headers });
    return Object.values((await response.json()).pending);
  }

  async decide(userToken: string, isAllowed: boolean): Promise<void> {
    const { headers } = await this.#session();
    const response = await fetch(`${this.url}/plugin/appkeys/decision/${userToken}`, {
      method: "POST",
      headers: { ...headers, "content-type": "application/json" },
      body: JSON.stringify({ decision: isAllowed }),
    });
    await expectSuccess(response, "decide");
  }

  /** Its owner's browser, logged in. */
  async #session(): Promise<{ headers: Record<string, string> }> {
    const cookies = new Map<string, string>();
    const keep = (response: Response) => {
      for (const cookie of response.headers.getSetCookie()) {
        const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(cookie) ?? [];
        cookies.set(name, value);
      }
    };
    const headers = () => ({
      cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join("; "),
      "x-csrf-token": [...cookies].find(([name]) => name.startsWith("csrf_token"))?.[1] ?? "",
    });
    const page = await fetch(`${this.url}/login/`);
    keep(page);
    await page.body?.cancel();
    const login = await fetch(`${this.url}/api/login`, {
      method: "POST",
      headers: { ...headers(), "content-type": "application/json" },
      body: JSON.stringify({ user: owner.user, pass: owner.password }),
    });
    keep(login);
    await expectSuccess(login, "log in");
    return { headers: headers() };
  }

  #command(args: readonly string[]): Deno.Command {
    return new Deno.Command(`${commandsOf(program)}/octoprint`, {
      args: ["--basedir", this.folder, ...args],
      env: { HOME: this.folder },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    await Deno.remove(this.folder, { recursive: true });
  }
}

async function expectSuccess(response: Response, what: string): Promise<void> {
  const text = await response.text();
  if (!response.ok) throw new Error(`OctoPrint refuses to ${what}: ${response.status} ${text.slice(0, 500)}`);
}

/** YAML is a superset of JSON. */
async function writeSettings(folder: string, { webcam, isAnnounced }: OctoPrintOptions): Promise<void> {
  const off = { enabled: false };
  const settings = {
    server: {
      firstRun: false,
      secretKey: "lab-secret",
      onlineCheck: off,
      pluginBlacklist: off,
      seenWizards: { corewizard: 4, classicwebcam: 1, tracking: null, backup: null, file_check: 1 },
    },
    api: { key: globalKey },
    serial: { port: "VIRTUAL", autoconnect: true, baudrate: 115200 },
    plugins: {
      _disabled: ["softwareupdate", "announcements", "pluginmanager", ...(isAnnounced ? [] : ["discovery"])],
      virtual_printer: { enabled: true, _config_version: 1 },
      tracking: off,
      errortracking: off,
      // by itself it leaves the loopback out
      ...(isAnnounced ? { discovery: { addresses: ["127.0.0.1"] } } : {}),
      ...(webcam ? { classicwebcam: { _config_version: 1, ...webcam } } : {}),
    },
  };
  await Deno.writeTextFile(`${folder}/config.yaml`, JSON.stringify(settings));
}
