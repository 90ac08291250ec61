/**
 * The app on a real store and outbox, with one printer and one channel whose settings the tests choose.
 */
import { Changes } from "../../src/agent/changes.ts";
import type { BoundChannel } from "../../src/channels/channel.ts";
import { createLog, Secrets } from "../../src/log.ts";
import type { Settings } from "../../src/config/settings.ts";
import { composeMessage } from "../../src/domain/message_text.ts";
import type { PrinterEvent } from "../../src/domain/printer_event.ts";
import { emptyState, type PrinterState } from "../../src/domain/printer_state.ts";
import { defaultRule } from "../../src/domain/rule.ts";
import { Outbox } from "../../src/outbox/outbox.ts";
import { Store, type StoredEvent } from "../../src/store/store.ts";
import { createWebApp } from "../../web/app.tsx";
import type { CheckReport, TestRequest, TestStep, WebDeps } from "../../web/deps.ts";
import type { Visitor } from "../../web/visitor.ts";
import { FakeClock } from "../support/fake_clock.ts";

export const host = "localhost:8090";
export const origin = `http://${host}`;

const bound: BoundChannel = {
  id: "email",
  limits: { titleCharacters: 998, bodyCharacters: 1e6, pictures: 1, pictureBytes: 1e6, messagesPerMinute: 60 },
  recipients: ["me@example.org"],
  open: () => ({ send: () => Promise.resolve({ kind: "sent" }), async [Symbol.asyncDispose]() {} }),
};

export function settingsWith(
  { web, printers = ["MK3S"] }: { web?: Partial<Settings["web"]>; printers?: string[] } = {},
) {
  return {
    path: "/etc/filagram/filagram.yaml",
    agent: { name: "workshop", timezone: "Europe/Berlin", language: "en" },
    web: { hostname: "127.0.0.1", port: 8090, ...web },
    printers: printers.map((name) => ({
      name,
      driver: { id: "marlin", async *watch() {} },
      address: "serial:/dev/ttyUSB0",
      tellsDisplayText: false,
      fingerprint: name,
    })),
    channels: [{ name: "mail", channel: bound, fingerprint: "mail" }],
    rules: [defaultRule],
  } satisfies Settings;
}

export interface PageOptions {
  settings?: Settings;
  steps?: (request: TestRequest, signal: AbortSignal) => AsyncIterable<TestStep>;
}

/** Everything behind a page; close it with `using`. */
export class Page implements Disposable {
  readonly clock = new FakeClock();
  readonly secrets = new Secrets();
  readonly folder = Deno.makeTempDirSync({ prefix: "filagram-web-" });
  readonly store = Store.open(this.folder);
  readonly outbox = new Outbox(this.store, { clock: this.clock, random: () => 0.5 });
  readonly changes = new Changes();
  readonly states = new Map<string, PrinterState>();
  readonly logged: string[] = [];
  readonly asked: TestRequest[] = [];
  stuck: string[] = [];
  troubles: string[] = [];
  problem: string | undefined;
  settings: Settings;
  readonly deps: WebDeps;
  readonly app;

  constructor({ settings = settingsWith(), steps = threeSteps }: PageOptions = {}) {
    this.settings = settings;
    const { clock, secrets, store, outbox } = this;
    this.deps = {
      clock,
      secrets,
      store,
      outbox,
      log: createLog({ level: "debug", secrets, write: (line) => this.logged.push(line) }),
      settings: () => this.settings,
      settingsProblem: () => this.problem,
      printerState: (name) => this.states.get(name),
      stuckLoops: () => this.stuck,
      troubles: () => this.troubles,
      changes: (signal) => this.changes.watch(signal),
      version: "0.1.0",
      actions: {
        test: (request, signal) => {
          this.asked.push(request);
          return steps(request, signal);
        },
        check: oneCheck,
        retry: (id) => outbox.retry(id),
        drop: (id) => outbox.drop(id),
      },
    };
    this.app = createWebApp(this.deps, { machine: "workshop-pi" });
  }

  /** An event, stored as a watch loop would. */
  happens(event: PrinterEvent, printer = "MK3S"): StoredEvent {
    const [stored] = this.store.commit(printer, this.states.get(printer) ?? emptyState, [event]);
    if (!stored) throw new Error("Nothing was stored");
    this.changes.notify();
    return stored;
  }

  /** Its message to the mail channel, queued; or none. */
  composes(stored: StoredEvent, recipients: readonly string[] = ["me@example.org"]) {
    const message = composeMessage(stored.event, {
      printer: stored.printer,
      agent: { name: "workshop" },
      timezone: "Europe/Berlin",
      now: this.clock.now(),
    });
    const deliveries = recipients.map((recipient) => ({
      channel: "mail",
      recipient,
      repeat: 0,
      message,
      pictures: [],
    }));
    const enqueued = this.outbox.enqueue(stored, deliveries);
    this.changes.notify();
    return enqueued;
  }

  /** A request as it reaches the app through its listener. */
  async get(path: string, headers: Record<string, string> = {}, visitor: Visitor = { address: "127.0.0.1" }) {
    return await this.app.request(`${origin}${path}`, { headers: { host, ...headers } }, visitor);
  }

  async post(
    path: string,
    { body = {}, headers = {}, visitor = { address: "127.0.0.1" } }: {
      body?: Record<string, string> | string;
      headers?: Record<string, string>;
      visitor?: Visitor;
    } = {},
  ) {
    const init = {
      method: "POST",
      headers: { host, ...headers },
      body: typeof body === "string" ? body : new URLSearchParams(body),
    };
    return await this.app.request(`${origin}${path}`, init, visitor);
  }

  /** What a form of the page sends back, and the origin it sends it from. */
  async token(path = "/", headers: Record<string, string> = {}): Promise<string> {
    const text = await (await this.get(path, headers)).text();
    return /name="token" value="([^"]+)"/.exec(text)?.[1] ?? "";
  }

  [Symbol.dispose](): void {
    this.store[Symbol.dispose]();
    Deno.removeSync(this.folder, { recursive: true });
  }
}

async function* threeSteps(request: TestRequest): AsyncGenerator<TestStep> {
  yield { name: "event", isOk: true, detail: "test of MK3S, stored as event 1" };
  yield { name: "rules", isOk: true, detail: `default → ${request.channel ?? "mail"}` };
  yield { name: "sent", isOk: true, detail: "accepted for me@example.org by mail", delivery: 1 };
}

async function* oneCheck(): AsyncGenerator<CheckReport> {
  yield {
    subject: { kind: "channel", name: "mail" },
    step: { name: "login", isOk: false, detail: "535: the password is wrong" },
  };
}

/** Every form of the page has its token; POSTs of these tests come from the page. */
export async function fromPage(
  page: Page,
  cookie?: string,
): Promise<{ token: string; headers: Record<string, string> }> {
  const headers: Record<string, string> = { origin, ...(cookie ? { cookie } : {}) };
  return { token: await page.token("/", cookie ? { cookie } : {}), headers };
}
