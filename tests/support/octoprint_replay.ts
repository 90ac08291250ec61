/**
 * Answers a driver as an OctoPrint once did: `{t, dir: "rx" | "tx" | "note", text, path?}`, seen by one client of its push API;
 * with a `path` it is an answer to a request. Who logs in gets a `history` of what was known at that moment.
 */
import { LinkLostError, type LinkMessage, type MessageLink } from "../../bridge/link.ts";

export interface RecordedMessage {
  /** Milliseconds since the beginning. */
  readonly t: number;
  readonly dir: "rx" | "tx" | "note";
  readonly text: string;
  /** `GET /api/settings` */
  readonly path?: string;
}

export function readPushes(path: string): RecordedMessage[] {
  const lines = Deno.readTextFileSync(path).split("\n").filter((line) => line !== "");
  return lines.map((line): RecordedMessage => JSON.parse(line));
}

/** What the recording client wrote when it saw the connection end. */
const closedNote = "the connection closed";

export interface RecordedOctoPrintOptions {
  now(): number;
  hear?(said: string): void;
  /** When what was said at a moment arrives. */
  arrives?(milliseconds: number): number;
  /** Answers no subscription after the first. */
  readonly isDeaf?: boolean;
}

type Json = Record<string, unknown>;

export class RecordedOctoPrint {
  readonly #answers: readonly RecordedMessage[];
  readonly #pushed: readonly { readonly t: number; readonly text: string; readonly json: Json }[];
  readonly #news: readonly { readonly t: number; readonly text: string }[];
  /** OctoPrint itself was away: from, until. */
  readonly #gaps: readonly (readonly [number, number])[];
  readonly #options: RecordedOctoPrintOptions;
  #controller: ReadableStreamDefaultController<LinkMessage> | undefined;
  #isAuthorized = false;
  #isThere = true;

  constructor(messages: readonly RecordedMessage[], options: RecordedOctoPrintOptions) {
    this.#options = options;
    const heard = messages.filter(({ dir }) => dir === "rx");
    this.#answers = heard.filter(({ path }) => path !== undefined);
    this.#pushed = heard.filter(({ path }) => path === undefined)
      .map(({ t, text }) => ({ t, text, json: JSON.parse(text) as Json }));
    const closings = messages.filter(({ dir, text }) => dir === "note" && text === closedNote).map(({ t }) => t);
    this.#gaps = closings.map((t) => [t, this.#pushed.find((one) => one.t > t)?.t ?? Infinity] as const)
      .filter(([, until]) => until < Infinity); // at the end only the recording ends
    let previous = 0;
    const arrives = options.arrives ?? ((t) => t);
    this.#news = this.#pushed.filter(({ json }) => !("connected" in json || "history" in json)).map(({ t, text }) => {
      previous = Math.max(previous, arrives(t));
      return { t: previous, text };
    });
  }

  /** When something is said, or the link ends. */
  get moments(): number[] {
    const all = [...this.#news.map(({ t }) => t), ...this.#gaps.flatMap(([from, until]) => [from, until])];
    return [...new Set(all)].sort((a, b) => a - b);
  }

  // deno-lint-ignore require-await -- a throw becomes a rejection
  async open(): Promise<MessageLink> {
    if (!this.#isAwake || this.#controller) throw new LinkLostError("Nobody answers", { problem: "unreachable" });
    this.#isAuthorized = false;
    const link: MessageLink = {
      label: "memory",
      readable: new ReadableStream<LinkMessage>({
        start: (controller) => void (this.#controller = controller),
        cancel: () => void (this.#controller = undefined),
      }),
      send: ({ body }) => {
        this.#listen(JSON.parse(String(body)));
        return Promise.resolve();
      },
      [Symbol.asyncDispose]: () => {
        this.#controller = undefined;
        return Promise.resolve();
      },
    };
    this.#say(this.#pushed.find(({ json }) => "connected" in json)?.text ?? '{"connected":{"version":"1.11.8"}}');
    return link;
  }

  // deno-lint-ignore require-await -- a throw becomes a rejection
  async fetch(input: Parameters<typeof fetch>[0], init?: RequestInit): Promise<Response> {
    const { pathname } = new URL(String(input));
    const path = `${init?.method ?? "GET"} ${pathname}`;
    this.#options.hear?.(path);
    if (!this.#isAwake) throw new TypeError("nobody answers");
    const answers = this.#answers.filter((one) => one.path === path);
    const answer = answers.findLast(({ t }) => t <= this.#options.now()) ?? answers[0];
    return answer ? new Response(answer.text) : new Response("", { status: 404 });
  }

  /** `noise` arrives first. */
  speak(milliseconds: number, noise: readonly string[] = []): void {
    if (this.#gaps.some(([from]) => from === milliseconds)) {
      this.#controller?.close();
      this.#controller = undefined;
    }
    if (!this.#isAuthorized) return;
    for (const text of noise) this.#say(text);
    for (const { t, text } of this.#news) if (t === milliseconds) this.#say(text);
  }

  vanish(): void {
    this.#isThere = false;
    this.#controller?.error(new LinkLostError("The connection broke", { problem: "unplugged" }));
    this.#controller = undefined;
  }

  get #isAwake(): boolean {
    const now = this.#options.now();
    return this.#isThere && !this.#gaps.some(([from, until]) => now >= from && now < until);
  }

  #say(body: string): void {
    this.#controller?.enqueue({ body });
  }

  #listen(said: Json): void {
    this.#options.hear?.(`push ${Object.keys(said).join()}`);
    if ("auth" in said) this.#isAuthorized = true;
    const isAnswered = "auth" in said || "subscribe" in said && !this.#options.isDeaf;
    if (this.#isAuthorized && isAnswered) this.#say(this.#history());
  }

  /** The newest state, with the temperatures since the printer was connected. */
  #history(): string {
    const now = this.#options.now();
    const [, begin] = this.#gaps.findLast(([, until]) => until <= now) ?? [0, 0];
    const since = this.#pushed.filter(({ t }) => t >= begin);
    let temps: unknown[] = [];
    let state: Json | undefined;
    for (const { json } of since.filter(({ t }) => t <= now)) {
      if ((json["event"] as Json | undefined)?.["type"] === "Connected") temps = [];
      const news = (json["history"] ?? json["current"]) as Json | undefined;
      if (news) [state, temps] = [news, [...temps, ...(news["temps"] as unknown[] ?? [])]];
    }
    state ??= since.find(({ json }) => "history" in json)?.json["history"] as Json | undefined;
    return JSON.stringify({ history: { temps: [], ...state, logs: [], ...(temps.length > 0 ? { temps } : {}) } });
  }
}
