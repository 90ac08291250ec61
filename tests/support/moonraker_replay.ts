/**
 * Answers a driver as a Moonraker once did: `{t, dir: "in" | "out" | "note", msg}`, seen by one client on its WebSocket. What
 * that client asked is answered with its answer; what it did not ask, from what was known at that moment.
 */
import { LinkLostError, type LinkMessage, type MessageLink } from "../../bridge/link.ts";

export interface RecordedMessage {
  /** Milliseconds since the beginning. */
  readonly t: number;
  readonly dir: "in" | "out" | "note";
  // deno-lint-ignore no-explicit-any -- whatever it said
  readonly msg: any;
}

export function readMessages(path: string): RecordedMessage[] {
  const lines = Deno.readTextFileSync(path).split("\n").filter((line) => line !== "");
  const messages = lines.map((line): RecordedMessage => JSON.parse(line));
  const begin = messages[0]?.t ?? 0;
  return messages.map((message) => ({ ...message, t: message.t - begin }));
}

type Json = Record<string, unknown>;
interface Answer {
  readonly t: number;
  readonly result?: unknown;
  readonly error?: { readonly code: number; readonly message: string };
}

const klippyAway = { code: 503, message: "Klippy Host not connected" };
/** The recorded answer to a question asked so long before or after ours. */
const near = { before: 200, after: 1500 };

export class RecordedMoonraker {
  readonly #messages: readonly RecordedMessage[];
  readonly #news: readonly { readonly t: number; readonly text: string }[];
  /** Moonraker itself was away: from, until. */
  readonly #gaps: readonly (readonly [number, number])[];
  readonly #now: () => number;
  readonly #hear: (said: string) => void;
  #late: { readonly t: number; readonly text: string }[] = [];
  #controller: ReadableStreamDefaultController<LinkMessage> | undefined;
  #isThere = true;

  /** `arrives`: when what was said at a moment arrives; `before`: what else arrives with it. */
  constructor(messages: readonly RecordedMessage[], { now, hear, arrives = (t) => t }: {
    now: () => number;
    hear?: (said: string) => void;
    arrives?: (milliseconds: number) => number;
  }) {
    this.#messages = messages;
    this.#now = now;
    this.#hear = hear ?? (() => {});
    const starts = messages.filter(({ dir, msg }) => dir === "out" && msg.method === "server.connection.identify");
    this.#gaps = starts.slice(1).map(({ t }) => {
      const last = messages.findLast((one) => one.dir === "in" && one.t < t);
      return [(last?.t ?? 0) + 1, t];
    });
    let previous = 0;
    this.#news = messages.filter(({ dir, msg }) => dir === "in" && msg.method !== undefined).map(({ t, msg }) => {
      previous = Math.max(previous, arrives(t));
      return { t: previous, text: JSON.stringify(msg) };
    });
  }

  /** When something is said, or the link ends. */
  get moments(): number[] {
    const answers = this.#messages.filter(({ dir }) => dir === "in").map(({ t }) => t);
    const all = [...this.#news.map(({ t }) => t), ...answers, ...this.#gaps.map(([from]) => from)];
    return [...new Set(all)].sort((a, b) => a - b);
  }

  open(): Promise<MessageLink> {
    const t = this.#now();
    const isAway = this.#gaps.some(([from, until]) => t >= from && t < until);
    if (!this.#isThere || isAway || this.#controller) {
      return Promise.reject(new LinkLostError("Nobody answers", { problem: "unreachable" }));
    }
    return Promise.resolve({
      label: "memory",
      readable: new ReadableStream<LinkMessage>({
        start: (controller) => void (this.#controller = controller),
        cancel: () => void (this.#controller = undefined),
      }),
      send: ({ body }) => {
        this.#answer(JSON.parse(String(body)));
        return Promise.resolve();
      },
      [Symbol.asyncDispose]: () => {
        this.#controller = undefined;
        return Promise.resolve();
      },
    });
  }

  /** `noise` arrives first. */
  speak(milliseconds: number, noise: readonly string[] = []): void {
    if (this.#gaps.some(([from]) => from === milliseconds)) return this.#close();
    const due = this.#late.filter(({ t }) => t <= milliseconds);
    this.#late = this.#late.filter(({ t }) => t > milliseconds);
    for (const text of noise) this.#say(text);
    for (const { text } of [...due, ...this.#news.filter(({ t }) => t === milliseconds)]) this.#say(text);
  }

  vanish(): void {
    this.#isThere = false;
    this.#controller?.error(new LinkLostError("The connection broke", { problem: "unplugged" }));
    this.#controller = undefined;
  }

  #close(): void {
    this.#controller?.close();
    this.#controller = undefined;
    this.#late = [];
  }

  #say(body: string): void {
    this.#controller?.enqueue({ body });
  }

  #answer({ id, method, params }: { id: number; method: string; params: Json }): void {
    this.#hear(method);
    const { t, ...answer } = this.#answerTo(method, params);
    const text = JSON.stringify({ jsonrpc: "2.0", ...answer, id });
    if (t <= this.#now()) this.#say(text);
    else this.#late.push({ t, text });
  }

  #answerTo(method: string, params: Json): Answer {
    const t = this.#now();
    const state = this.#klippyState();
    const isAway = state === "disconnected" || state === "startup";
    switch (method) {
      case "server.connection.identify":
        return { t, result: { connection_id: 1 } };
      case "server.info":
        return { t, result: { klippy_connected: !isAway, klippy_state: state } };
      case "server.history.list":
        return { t, result: { jobs: this.#history() } };
      case "server.files.metadata": {
        const metadata = this.#metadata(params["filename"]);
        return metadata ? { t, result: metadata } : { t, error: { code: 404, message: "Metadata not available" } };
      }
      case "printer.info":
        return isAway ? { t, error: klippyAway } : { t, result: this.#webhooks(state) };
      case "printer.objects.list":
        return isAway ? { t, error: klippyAway } : { t, result: this.#recorded(method)?.result ?? { objects: [] } };
      case "printer.objects.subscribe":
        if (isAway) return { t, error: klippyAway };
        return this.#recordedNear(method) ??
          { t, result: { status: { webhooks: this.#webhooks(state), ...this.#merged() } } };
      default:
        return { t, error: { code: -32601, message: "Method not found" } };
    }
  }

  /** All that arrived until now. */
  #heard(): readonly RecordedMessage[] {
    return this.#messages.filter(({ dir, t }) => dir === "in" && t <= this.#now());
  }

  #exchanges(method: string): { asked: number; answer: Answer }[] {
    return this.#messages.flatMap(({ dir, t, msg }) => {
      if (dir !== "out" || msg.method !== method) return [];
      const answer = this.#messages.find((one) => one.dir === "in" && one.msg.id === msg.id && one.t >= t);
      const { result, error } = answer?.msg ?? {};
      return answer ? [{ asked: t, answer: { t: answer.t, ...(error ? { error } : { result }) } }] : [];
    });
  }

  /** The newest answer, or else the first there will be. */
  #recorded(method: string): Answer | undefined {
    const answers = this.#exchanges(method).map(({ answer }) => answer).filter(({ error }) => !error);
    return answers.findLast(({ t }) => t <= this.#now()) ?? answers[0];
  }

  #recordedNear(method: string): Answer | undefined {
    const t = this.#now();
    const found = this.#exchanges(method).find(({ asked, answer }) =>
      asked >= t - near.before && asked <= t + near.after && answer.t >= t && !answer.error
    );
    return found?.answer;
  }

  /** By the last word about it: first what was asked at the beginning. */
  #klippyState(): string {
    let state = this.#recorded("server.info")?.result as Json | undefined;
    const first = String(state?.["klippy_state"] ?? "ready");
    let present = first;
    for (const { msg } of this.#heard()) {
      if (msg.method === "notify_klippy_ready") present = "ready";
      if (msg.method === "notify_klippy_disconnected") present = "disconnected";
      if (msg.method === "notify_klippy_shutdown") present = "shutdown";
      state = msg.result;
      if (typeof state?.["klippy_state"] === "string") present = state["klippy_state"];
    }
    return present;
  }

  #webhooks(state: string): Json {
    const said = this.#exchanges("printer.info").map(({ answer }) => answer).findLast(({ t, error }) =>
      t <= this.#now() && !error
    );
    const { state: then, state_message } = said?.result as Json ?? {};
    return { state, ...(then === state ? { state_message } : this.#merged()["webhooks"] as Json) };
  }

  #merged(): Record<string, unknown> {
    let merged: Record<string, Json> = {};
    const merge = (status: Record<string, Json>) => {
      for (const [name, fields] of Object.entries(status)) merged[name] = { ...merged[name], ...fields };
    };
    for (const { msg } of this.#heard()) {
      if (msg.method === "notify_klippy_disconnected") merged = {};
      if (msg.result?.status) merge(msg.result.status);
      if (msg.method === "notify_status_update") merge(msg.params[0]);
    }
    return merged;
  }

  #history(): Json[] {
    const jobs = new Map<string, Json>();
    for (const { msg } of this.#heard()) {
      if (msg.method === "notify_history_changed") jobs.set(msg.params[0].job.job_id, msg.params[0].job);
    }
    return [...jobs.values()].reverse();
  }

  #metadata(filename: unknown): Json | undefined {
    const changes = this.#messages.filter(({ msg }) => msg.method === "notify_history_changed");
    return changes.map(({ msg }) => msg.params[0].job).find((job) => job.filename === filename)?.metadata;
  }
}
