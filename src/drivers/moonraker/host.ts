/**
 * Moonraker as a web server: logs in, limits how long and how much it may answer.
 * https://moonraker.readthedocs.io/en/latest/external_api/authorization/
 */
import { z } from "zod";
import { LinkLostError } from "../../../bridge/link.ts";
import { deadline } from "../../clock.ts";
import { errorText } from "../../log.ts";
import type { DriverIo } from "../driver.ts";

export interface HostSettings {
  /** Without a slash at the end: `http://voron.local:7125`. */
  readonly address: string;
  readonly apiKey?: string | undefined;
  readonly user?: string | undefined;
  readonly password?: string | undefined;
}

type HostIo = Pick<DriverIo, "fetch" | "clock" | "signal">;

const maxAnswerSeconds = 15;
const maxJsonBytes = 1024 * 1024;
/** Its tokens live an hour. */
const tokenMinutes = 50;

const tokenShape = z.object({ result: z.object({ token: z.string().min(1) }) });

/** The same for all that is asked with these settings: one login. */
export function hostOf(settings: HostSettings): MoonrakerHost {
  const known = hosts.get(settings) ?? new MoonrakerHost(settings);
  hosts.set(settings, known);
  return known;
}
const hosts = new WeakMap<HostSettings, MoonrakerHost>();

export class MoonrakerHost {
  readonly #settings: HostSettings;
  #token: { readonly text: string; readonly untilMilliseconds: number } | undefined;

  constructor(settings: HostSettings) {
    this.#settings = settings;
  }

  /** For messages. */
  get name(): string {
    return `Moonraker at "${this.#settings.address}"`;
  }

  get address(): string {
    return this.#settings.address;
  }

  /** What `server.connection.identify` takes along. @throws LinkLostError where the login fails */
  async socketLogin(io: HostIo): Promise<Readonly<Record<string, string>>> {
    const { apiKey, password } = this.#settings;
    if (apiKey !== undefined) return { api_key: apiKey };
    return password === undefined ? {} : { access_token: await this.#login(io) };
  }

  /** The same for requests. @throws LinkLostError where the login fails */
  async headers(io: HostIo): Promise<Readonly<Record<string, string>>> {
    const { apiKey, password } = this.#settings;
    if (apiKey !== undefined) return { "x-api-key": apiKey };
    return password === undefined ? {} : { authorization: `Bearer ${await this.#login(io)}` };
  }

  /** `result` of an answer of this shape; undefined where there is none (404). @throws LinkLostError for all else */
  async json<T>(path: string, shape: z.ZodType<T>, io: HostIo): Promise<T | undefined> {
    const bytes = await this.bytes(path, io, { maxBytes: maxJsonBytes });
    if (bytes === undefined) return undefined;
    const parsed = z.object({ result: shape }).safeParse(parseJson(bytes));
    if (parsed.success) return parsed.data.result;
    throw new LinkLostError(`${this.name} answered ${path} with something unknown`, { problem: "other" });
  }

  /** Undefined for what is not there (404). @throws LinkLostError for all else */
  async bytes(path: string, io: HostIo, { maxBytes }: { maxBytes: number }): Promise<Uint8Array | undefined> {
    const headers = await this.headers(io);
    return await this.#ask(path, { headers }, { io, maxBytes });
  }

  async #login(io: HostIo): Promise<string> {
    const now = io.clock.now().monotonicMilliseconds;
    if (this.#token && now < this.#token.untilMilliseconds) return this.#token.text;
    this.#token = undefined;
    const { user: username, password } = this.#settings;
    const request = {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ username, password, source: "moonraker" }),
    };
    const bytes = await this.#ask("/access/login", request, { io, maxBytes: maxJsonBytes });
    const token = tokenShape.safeParse(bytes && parseJson(bytes)).data?.result.token;
    if (token === undefined) throw new LinkLostError(`${this.name} gave no token for the login`, { problem: "other" });
    this.#token = { text: token, untilMilliseconds: now + tokenMinutes * 60_000 };
    return token;
  }

  async #ask(
    path: string,
    request: RequestInit,
    { io, maxBytes }: { io: HostIo; maxBytes: number },
  ): Promise<Uint8Array | undefined> {
    using limit = deadline(io.clock, maxAnswerSeconds * 1000, io.signal);
    try {
      const response = await io.fetch(this.address + path, { ...request, redirect: "manual", signal: limit });
      if (response.ok) return await readLimited(response, maxBytes);
      await response.body?.cancel();
      if (response.status === 404) return undefined;
      throw this.#refusal(response.status);
    } catch (error) {
      if (error instanceof LinkLostError || io.signal.aborted) throw error;
      const text = limit.aborted
        ? `${this.name} does not answer within ${maxAnswerSeconds} s`
        : `Cannot reach ${this.name}: ${errorText(error).replace(/^error sending request for url \(.*?\): /, "")}`;
      throw new LinkLostError(text, { problem: limit.aborted ? "no answer" : "unreachable" });
    }
  }

  #refusal(status: number): LinkLostError {
    this.#token = undefined;
    if (![400, 401, 403].includes(status)) { // a wrong password is a bad request
      return new LinkLostError(`${this.name} answered ${status}`, { problem: "other" });
    }
    return new LinkLostError(`${this.name} refuses the login: check ${this.#loginWords()}`, {
      problem: "no permission",
    });
  }

  #loginWords(): string {
    return this.#settings.apiKey === undefined ? "user and password" : "the API key";
  }
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
}

async function readLimited(response: Response, maxBytes: number): Promise<Uint8Array> {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let size = 0;
  for await (const part of response.body ?? []) {
    size += part.length;
    if (size > maxBytes) throw new LinkLostError(`It answered more than ${maxBytes} bytes`, { problem: "other" });
    parts.push(part);
  }
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}
