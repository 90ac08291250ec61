/**
 * OctoPrint as a web server: one key for all, and limits to how long and how much it may answer.
 * https://docs.octoprint.org/en/master/api/general.html
 */
import type { z } from "zod";
import { LinkLostError } from "../../../bridge/link.ts";
import { deadline } from "../../clock.ts";
import { errorText } from "../../log.ts";
import type { DriverIo } from "../driver.ts";
import { loginShape } from "./shapes.ts";

export interface HostSettings {
  /** Without a slash at the end, with the prefix that a proxy gave it: `http://octopi.local/octoprint`. */
  readonly address: string;
  readonly apiKey?: string | undefined;
}

type HostIo = Pick<DriverIo, "fetch" | "clock" | "signal">;

const maxAnswerSeconds = 15;
/** Its settings, with those of all plugins, are the longest. */
const maxJsonBytes = 4 * 1024 * 1024;

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly bytes: Uint8Array;
}

export interface AskOptions {
  readonly method?: "GET" | "POST";
  /** Goes along as JSON. */
  readonly body?: unknown;
  readonly maxBytes?: number;
}

export class OctoPrintHost {
  readonly #settings: HostSettings;

  constructor(settings: HostSettings) {
    this.#settings = settings;
  }

  /** For messages. */
  get name(): string {
    return `OctoPrint at "${this.#settings.address}"`;
  }

  get address(): string {
    return this.#settings.address;
  }

  get headers(): Readonly<Record<string, string>> {
    return this.#settings.apiKey === undefined ? {} : { "x-api-key": this.#settings.apiKey };
  }

  /** `USER:SESSION`, for the push API; sessions die with the server. @throws LinkLostError where the key is refused */
  async session(io: HostIo): Promise<string> {
    const answer = await this.ask("/api/login", io, { method: "POST", body: { passive: true } });
    if (answer.status === 404 || answer.status === 503) {
      throw new LinkLostError(`${this.name} is starting, or the address leads elsewhere`, { problem: "other" });
    }
    if (answer.status !== 200) throw this.#refusal(answer.status);
    const login = loginShape.safeParse(parseJson(answer.bytes)).data;
    if (!login) throw this.#refusal(403); // 200 and nobody: the key is unknown
    return `${login.name}:${login.session}`;
  }

  /** An answer of this shape; undefined where there is none (404). @throws LinkLostError for all else */
  async json<T>(path: string, shape: z.ZodType<T>, io: HostIo): Promise<T | undefined> {
    const { status, bytes } = await this.ask(path, io);
    if (status === 404) return undefined;
    if (status === 403) {
      throw new LinkLostError(`${this.name} does not let this key read ${path}`, { problem: "no permission" });
    }
    if (status !== 200) throw this.#refusal(status);
    const parsed = shape.safeParse(parseJson(bytes));
    if (parsed.success) return parsed.data;
    throw new LinkLostError(`${this.name} answered ${path} with something unknown`, { problem: "other" });
  }

  /** Whatever it answers. @throws LinkLostError when it does not */
  async ask(path: string, io: HostIo, { method = "GET", body, maxBytes }: AskOptions = {}): Promise<Answer> {
    using limit = deadline(io.clock, maxAnswerSeconds * 1000, io.signal);
    try {
      const response = await io.fetch(this.address + path, {
        method,
        headers: { ...this.headers, ...(body === undefined ? {} : { "content-type": "application/json" }) },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        redirect: "manual", // the key is for this address
        signal: limit,
      });
      const bytes = await readLimited(response, maxBytes ?? maxJsonBytes);
      return { status: response.status, headers: response.headers, bytes };
    } catch (error) {
      if (error instanceof LinkLostError || io.signal.aborted) throw error;
      const text = limit.aborted
        ? `${this.name} does not answer within ${maxAnswerSeconds} s`
        : `Cannot reach ${this.name}: ${errorText(error).replace(/^error sending request for url \(.*?\): /, "")}`;
      throw new LinkLostError(text, { problem: limit.aborted ? "no answer" : "unreachable" });
    }
  }

  #refusal(status: number): LinkLostError {
    if (status === 401 || status === 403) {
      const what = this.#settings.apiKey === undefined ? "wants an API key" : "refuses the API key";
      return new LinkLostError(`${this.name} ${what}: get one with filagram login, and the printer's name`, {
        problem: "no permission",
      });
    }
    const text = status >= 300 && status < 400 ? "lives at another address: it redirects" : `answered ${status}`;
    return new LinkLostError(`${this.name} ${text}`, { problem: "other" });
  }
}

/**
 * What OctoPrint refers to, below the address where we reach it: behind a proxy it may not know its own. Our key goes
 * nowhere else.
 */
export function pathHere(address: string, reference: string): string | undefined {
  const url = URL.parse(reference, `${address}/`);
  if (!url) return undefined;
  const prefix = new URL(address).pathname.replace(/\/$/, "");
  const path = url.pathname.startsWith(`${prefix}/`) ? url.pathname.slice(prefix.length) : url.pathname;
  return path + url.search;
}

export function parseJson(bytes: Uint8Array): unknown {
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
