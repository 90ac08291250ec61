import { deepEqual, equal, match, ok } from "node:assert/strict";
import { applyReport } from "../../src/domain/apply_report.ts";
import { emptyState, type Report } from "../../src/domain/printer_state.ts";
import { createWebApp } from "../../web/app.tsx";
import { serveControl, serveWeb } from "../../web/listen.ts";
import { settled } from "../support/fake_clock.ts";
import { Page } from "./page.ts";

/** Reads server-sent events one by one. */
class Listener {
  #rest = "";
  readonly #reader: ReadableStreamDefaultReader<string>;

  constructor(answer: Response) {
    ok(answer.body);
    this.#reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  }

  /** The next block, also a bare comment; undefined at the end. */
  async next(): Promise<{ kind: string; id?: string; json?: unknown } | undefined> {
    for (;;) {
      const end = this.#rest.indexOf("\n\n");
      if (end >= 0) {
        const block = this.#rest.slice(0, end);
        this.#rest = this.#rest.slice(end + 2);
        const fields = new Map(
          block.split("\n").map((line) => {
            const [name = "", ...rest] = line.split(": ");
            return [name, rest.join(": ")] as const;
          }),
        );
        const [id, data] = [fields.get("id"), fields.get("data")];
        return {
          kind: fields.get("event") ?? block,
          ...(id === undefined ? {} : { id }),
          ...(data === undefined ? {} : { json: JSON.parse(data) }),
        };
      }
      const { value, done } = await this.#reader.read();
      if (done) return undefined;
      this.#rest += value;
    }
  }

  async leave(): Promise<void> {
    await this.#reader.cancel();
    await settled(); // the pipe in between takes its time
  }
}

const online: Report = { link: { kind: "online" }, job: { kind: "none" } };

Deno.test("GET /api/v1/live tells the printers first, then what changes, then beats", async () => {
  using page = new Page();
  const listener = new Listener(await page.get("/api/v1/live"));
  equal((await listener.next())?.kind, "retry: 2000");
  deepEqual(await listener.next(), {
    kind: "printer",
    json: { name: "MK3S", driver: "marlin", link: { kind: "unknown" } },
  });

  const coming = listener.next();
  await settled();
  page.states.set("MK3S", applyReport(emptyState, online, page.clock.now()));
  page.changes.notify();
  equal((await coming)?.kind, "printer");

  const event = listener.next();
  await page.clock.advance(300);
  page.composes(page.happens({ kind: "started", at: page.clock.now(), facts: {} }));
  const told = await event;
  deepEqual([told?.kind, told?.id], ["event", "1"]);
  const delivery = await listener.next();
  equal(delivery?.kind, "delivery");
  match(JSON.stringify(delivery?.json), /"state":"queued"/);

  const problem = listener.next();
  await page.clock.advance(300);
  page.problem = "line 7";
  page.changes.notify();
  deepEqual(await problem, { kind: "settings", json: { problem: "line 7" } });

  const beat = listener.next();
  await page.clock.advance(300);
  await page.clock.advance(15_000);
  equal((await beat)?.kind, ": beat");
  await listener.leave();
  await settled();
  equal(page.clock.sleepers, 0, "nothing of it is left behind");
});

Deno.test("a reader that comes back with its last id misses nothing", async () => {
  using page = new Page();
  for (let i = 0; i < 3; i++) page.happens({ kind: "started", at: page.clock.now(), facts: {} });
  const listener = new Listener(await page.get("/api/v1/live", { "last-event-id": "1" }));
  await listener.next();
  await listener.next();
  deepEqual([(await listener.next())?.id, (await listener.next())?.id], ["2", "3"]);
  await listener.leave();
});

Deno.test("only so many listen at once; who leaves makes room", async () => {
  using page = new Page();
  const listeners = [];
  for (let i = 0; i < 32; i++) {
    const listener = new Listener(await page.get("/api/v1/live"));
    await listener.next();
    listeners.push(listener);
  }
  const refused = await page.get("/api/v1/live");
  deepEqual([refused.status, refused.headers.get("retry-after")], [503, "10"]);
  await listeners.pop()?.leave();
  const next = new Listener(await page.get("/api/v1/live"));
  equal((await next.next())?.kind, "retry: 2000");
  for (const listener of [...listeners, next]) await listener.leave();
});

Deno.test("the page's listener stops at once, with readers still there", async () => {
  using page = new Page();
  const web = serveWeb(page.app, { hostname: "127.0.0.1", port: 0 });
  match(web.url, /^http:\/\/127\.0\.0\.1:\d+\/$/);
  equal((await (await fetch(`${web.url}healthz`)).text()).trim(), "ok");
  const listener = new Listener(await fetch(`${web.url}api/v1/live`));
  await listener.next();
  await web[Symbol.asyncDispose]();
  while (await listener.next().catch(() => undefined));
  await settled();
  equal(page.clock.sleepers, 0);
});

Deno.test("a reader that has stopped reading does not keep the listener from stopping", async () => {
  using page = new Page({
    async *steps(_, signal) {
      while (!signal.aborted) yield { name: "event", isOk: true, detail: "x".repeat(100_000) };
    },
  });
  const web = serveControl(page.app, `${page.folder}/control.sock`);
  using reader = await Deno.connect({ transport: "unix", path: `${page.folder}/control.sock` });
  const request = "POST /api/v1/test HTTP/1.1\r\nhost: localhost\r\ncontent-length: 2\r\n\r\n{}";
  await reader.write(new TextEncoder().encode(request));
  await reader.read(new Uint8Array(100));
  await web[Symbol.asyncDispose]();
});

Deno.test("a reader that vanishes is noticed", async () => {
  using page = new Page();
  await using web = serveWeb(page.app, { hostname: "127.0.0.1", port: 0 });
  const gone = new AbortController();
  const answer = await fetch(`${web.url}api/v1/live`, { signal: gone.signal });
  const listener = new Listener(answer);
  await listener.next();
  gone.abort();
  await listener.next().catch(() => {});
  const until = performance.now() + 2000;
  while (page.clock.sleepers > 0 && performance.now() < until) {
    page.changes.notify();
    await page.clock.advance(250);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  equal(page.clock.sleepers, 0);
});

Deno.test("the control socket is the owner's alone and takes the place of a dead one", async () => {
  using page = new Page();
  const path = `${page.folder}/control.sock`;
  Deno.writeTextFileSync(path, "left behind by a kill");
  const app = createWebApp(page.deps);
  const control = serveControl(app, path);
  equal((Deno.statSync(path).mode ?? 0) & 0o777, 0o600);
  const client = Deno.createHttpClient({ proxy: { transport: "unix", path } });
  const request: RequestInit & { client: Deno.HttpClient } = { client, method: "POST", body: "{}" };
  const answer = await fetch("http://localhost/api/v1/test", request);
  equal(answer.status, 200);
  equal((await answer.text()).trimEnd().split("\n").length, 3);
  client.close();
  await control[Symbol.asyncDispose]();
  equal(Deno.statSync(page.folder).isDirectory, true);
  ok(![...Deno.readDirSync(page.folder)].some(({ name }) => name === "control.sock"));
});

Deno.test("over the network the same POST without the page's token is refused", async () => {
  using page = new Page();
  await using web = serveWeb(page.app, { hostname: "127.0.0.1", port: 0 });
  const answer = await fetch(`${web.url}api/v1/test`, { method: "POST", body: "{}" });
  equal(answer.status, 403);
  await answer.body?.cancel();
});
