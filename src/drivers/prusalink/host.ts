/**
 * One PrusaLink as a web server: asks it one thing at a time, logs in, limits how long and how much it may answer.
 */
import type { z } from "zod";
import { LinkLostError } from "../../../bridge/link.ts";
import { deadline } from "../../clock.ts";
import { errorText } from "../../log.ts";
import { fetchWithLogin, LoginMemory } from "../../protocols/http_login.ts";
import { type HttpFile, openHttpFile } from "../../protocols/http_ranges.ts";
import type { DriverIo } from "../driver.ts";
import { type Status, statusShape } from "./shapes.ts";

export interface HostSettings {
  /** Of the web server, without a slash at the end: `http://mk4.local`. */
  readonly address: string;
  readonly user: string;
  readonly password?: string | undefined;
  readonly apiKey?: string | undefined;
}

type HostIo = Pick<DriverIo, "fetch" | "clock" | "signal">;

/** An embedded server may be busy with a layer. */
const maxAnswerSeconds = 6;
const maxJsonBytes = 256 * 1024;

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly bytes: Uint8Array;
}

export interface AskOptions {
  readonly maxBytes: number;
  readonly maxSeconds?: number;
  readonly accept?: string;
}

/** The same for all that is asked with these settings, so that one printer has one connection and one login. */
export function hostOf(settings: HostSettings): PrusaLinkHost {
  const known = hosts.get(settings) ?? new PrusaLinkHost(settings);
  hosts.set(settings, known);
  return known;
}
const hosts = new WeakMap<HostSettings, PrusaLinkHost>();

export class PrusaLinkHost {
  readonly #settings: HostSettings;
  readonly #memory = new LoginMemory();
  #turn: Promise<unknown> = Promise.resolve();

  constructor(settings: HostSettings) {
    this.#settings = settings;
  }

  /** For messages. */
  get name(): string {
    return `PrusaLink at "${this.#settings.address}"`;
  }

  /** @throws LinkLostError where no PrusaLink answers, or refuses */
  async status(io: HostIo): Promise<Status> {
    const status = await this.json("/api/v1/status", statusShape, io);
    if (status) return status;
    const text = `${this.name} knows no /api/v1/status: update its firmware, or check the address`;
    throw new LinkLostError(text, { problem: "other" });
  }

  /** @throws LinkLostError without a JSON answer of this shape; undefined where there is nothing (204, 404). */
  async json<T>(path: string, shape: z.ZodType<T>, io: HostIo): Promise<T | undefined> {
    const { status, bytes } = await this.bytes(path, io, { maxBytes: maxJsonBytes, accept: "application/json" });
    if (status === 204 || status === 404) return undefined;
    const parsed = shape.safeParse(parseJson(bytes));
    if (parsed.success) return parsed.data;
    throw new LinkLostError(`${this.name} answered ${path} with something unknown`, { problem: "other" });
  }

  /** Any answer of 200, 204 or 404. @throws LinkLostError for every other, and without one */
  async bytes(path: string, io: HostIo, { maxBytes, maxSeconds, accept }: AskOptions): Promise<Answer> {
    return await this.#inTurn(async () => {
      using limit = deadline(io.clock, (maxSeconds ?? maxAnswerSeconds) * 1000, io.signal);
      try {
        const { headers, ...access } = this.#access;
        const response = await fetchWithLogin(io.fetch, this.#settings.address + path, {
          ...access,
          signal: limit,
          redirect: "manual",
          headers: { ...headers, ...(accept ? { accept } : {}) },
        });
        if (![200, 204, 404].includes(response.status)) {
          await response.body?.cancel();
          throw this.#refusal(response.status);
        }
        const { status, headers: told } = response;
        return { status, headers: told, bytes: await this.#readLimited(response, maxBytes) };
      } catch (error) {
        throw this.#lost(error, { io, limit, maxSeconds: maxSeconds ?? maxAnswerSeconds });
      }
    });
  }

  /** A file, to be read in parts; its bytes may come between two answers. @throws Error where it cannot be had */
  async open(path: string, io: HostIo, sizeBytes: number): Promise<HttpFile> {
    return await openHttpFile(this.#settings.address + path, { ...io, ...this.#access, sizeBytes });
  }

  /** Some firmware takes a key in the header, newer one wants the same in a Digest login. */
  get #access() {
    const { user, password, apiKey } = this.#settings;
    const secret = password ?? apiKey ?? "";
    return {
      memory: this.#memory,
      headers: apiKey === undefined ? {} : { "x-api-key": apiKey },
      login: { kind: "password", user, password: secret } as const,
    };
  }

  async #inTurn<T>(ask: () => Promise<T>): Promise<T> {
    const mine = this.#turn.then(ask);
    this.#turn = mine.catch(() => {});
    return await mine;
  }

  async #readLimited(response: Response, maxBytes: number): Promise<Uint8Array> {
    const parts: Uint8Array[] = [];
    let size = 0;
    for await (const part of response.body ?? []) {
      size += part.length;
      if (size > maxBytes) {
        throw new LinkLostError(`${this.name} answered more than ${maxBytes} bytes`, { problem: "other" });
      }
      parts.push(part);
    }
    return joined(parts, size);
  }

  #refusal(status: number): LinkLostError {
    if (status === 401 || status === 403) {
      const text = `${this.name} refuses the login: check user and password (on the printer: Settings > Network > ` +
        "PrusaLink; on a Pi, its first-run wizard must be done)";
      return new LinkLostError(text, { problem: "no permission" });
    }
    const text = status === 503 ? "is starting, or has no printer yet" : `answered ${status}`;
    return new LinkLostError(`${this.name} ${text}`, { problem: "other" });
  }

  #lost(error: unknown, { io, limit, maxSeconds }: { io: HostIo; limit: AbortSignal; maxSeconds: number }): Error {
    if (error instanceof LinkLostError || io.signal.aborted) return error as Error;
    if (limit.aborted) {
      return new LinkLostError(`${this.name} does not answer within ${maxSeconds} s`, { problem: "no answer" });
    }
    return new LinkLostError(`Cannot reach ${this.name}: ${fetchErrorText(error)}`, { problem: "unreachable" });
  }
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
}

function joined(parts: readonly Uint8Array[], size: number): Uint8Array {
  const whole = new Uint8Array(size);
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}

/** `tcp connect error: Connection refused (os error 111)`, without the address, which stands before it already. */
function fetchErrorText(error: unknown): string {
  return errorText(error).replace(/^error sending request for url \(.*?\): /, "");
}
