import { deepEqual, equal, match, ok } from "node:assert/strict";
import { applyReport } from "../../src/domain/apply_report.ts";
import type { PrinterEvent } from "../../src/domain/printer_event.ts";
import { emptyState } from "../../src/domain/printer_state.ts";
import { eventJson } from "../../web/api_shapes.ts";
import { openApi } from "../../web/openapi.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { fromPage, Page } from "./page.ts";

const clock = new FakeClock();
const at = clock.now();
const job = { id: "7", file: { path: "BENCHY~1.GCO", displayName: "benchy.gcode" } };

Deno.test("eventJson() has the names that scripts hold on to", () => {
  const table: [PrinterEvent, Record<string, unknown>][] = [
    [{ kind: "progress", at, job, facts: { percent: 50, layer: 3, layers: 9 }, rules: ["r"] }, {
      kind: "progress",
      job: { id: "7", file: "benchy.gcode" },
      percent: 50,
      layer: 3,
    }],
    [{ kind: "paused", at, facts: {}, reason: "filament_runout", text: "E0" }, {
      kind: "paused",
      reason: "filament_runout",
      text: "E0",
    }],
    [{ kind: "failed", at, facts: {}, text: "Thermal Runaway" }, { kind: "failed", reason: "Thermal Runaway" }],
    [{ kind: "error", at, facts: {}, text: "Lost communication" }, { kind: "error", reason: "Lost communication" }],
    [{ kind: "message", at, facts: {}, text: "Change the nozzle", marked: true }, {
      kind: "message",
      text: "Change the nozzle",
    }],
    [{ kind: "uploaded", at, facts: {}, file: { path: "a/b.gcode" } }, { kind: "uploaded", file: "a/b.gcode" }],
    [{ kind: "test", at, facts: {}, isTest: true }, { kind: "test", test: true }],
  ];
  for (const [event, expected] of table) {
    deepEqual(eventJson({ id: 17, printer: "MK3S", event }), {
      id: 17,
      at: "2026-11-23T12:00:00.000Z",
      printer: "MK3S",
      ...expected,
    });
  }
});

Deno.test("GET /api/v1/events gives the newest, oldest first; with after what came since; by printer", async () => {
  using page = new Page();
  const say = (printer: string) => page.happens({ kind: "started", at: page.clock.now(), facts: {} }, printer);
  for (const printer of ["MK3S", "Mini", "MK3S", "Mini"]) say(printer);
  const ids = async (query: string) =>
    (await (await page.get(`/api/v1/events${query}`)).json()).map(({ id }: { id: number }) => id);
  deepEqual(await ids(""), [1, 2, 3, 4]);
  deepEqual(await ids("?limit=2"), [3, 4]);
  deepEqual(await ids("?after=1&limit=2"), [2, 3]);
  deepEqual(await ids("?printer=Mini"), [2, 4]);
  deepEqual(await ids("?after=4"), []);
  for (const query of ["?limit=0", "?limit=1001", "?limit=x", "?after=-1", "?after=1.5"]) {
    const answer = await page.get(`/api/v1/events${query}`);
    equal(answer.status, 400, query);
    equal(typeof (await answer.json()).error, "string");
  }
});

Deno.test("GET /api/v1/deliveries tells state, attempts, when it is due or was sent, and why", async () => {
  using page = new Page();
  page.composes(page.happens({ kind: "started", at: page.clock.now(), facts: {} }), ["a@example.org", "b@example.org"]);
  const first = page.outbox.take("mail");
  ok(first);
  page.outbox.settle(first, { kind: "sent" });
  const second = page.outbox.take("mail");
  ok(second);
  page.outbox.settle(second, { kind: "retry", reason: "451 later" });
  const [sent, waiting] = await (await page.get("/api/v1/deliveries")).json();
  deepEqual({ ...sent, messageId: "" }, {
    id: 1,
    event: 1,
    channel: "mail",
    recipient: "a@example.org",
    state: "sent",
    attempts: sent.attempts,
    sentAt: "2026-11-23T12:00:00.000Z",
    messageId: "",
  });
  deepEqual({ ...waiting, messageId: "" }, {
    id: 2,
    event: 1,
    channel: "mail",
    recipient: "b@example.org",
    state: "queued",
    attempts: 1,
    dueAt: "2026-11-23T12:00:05.000Z",
    reason: "451 later",
    messageId: "",
  });
  deepEqual((await (await page.get("/api/v1/deliveries?state=sent")).json()).length, 1);
  deepEqual((await (await page.get("/api/v1/deliveries?event=2")).json()).length, 0);
  equal((await page.get("/api/v1/deliveries?state=gone")).status, 400);
});

Deno.test("GET /api/v1/printers tells link, job, measures and temperatures; unknown stays absent", async () => {
  using page = new Page();
  deepEqual(await (await page.get("/api/v1/printers")).json(), [
    { name: "MK3S", driver: "marlin", link: { kind: "unknown" } },
  ]);
  const now = page.clock.now();
  let state = applyReport(emptyState, { link: { kind: "online" }, job: { kind: "none" } }, now);
  state = applyReport(state, {
    job: { kind: "printing", file: { path: "benchy.gcode" } },
    progress: { percent: 50, remainingSeconds: 60 },
    temperatures: { bed: { celsius: 60.1, targetCelsius: 60 } },
  }, now);
  page.states.set("MK3S", state);
  const [printer] = await (await page.get("/api/v1/printers")).json();
  deepEqual({ ...printer, job: { ...printer.job, id: "" } }, {
    name: "MK3S",
    driver: "marlin",
    link: { kind: "online", since: "2026-11-23T12:00:00.000Z" },
    job: { id: "", file: "benchy.gcode", kind: "printing", startedAt: "2026-11-23T12:00:00.000Z" },
    percent: 50,
    elapsedSeconds: 0,
    remainingSeconds: 60,
    temperatures: { bed: { celsius: 60.1, targetCelsius: 60 } },
  });
});

Deno.test("GET /healthz is ok while every loop beats, else 503 with the one that does not", async () => {
  using page = new Page();
  const well = await page.get("/healthz");
  deepEqual([well.status, await well.text()], [200, "ok\n"]);
  page.stuck = ["send mail"];
  const ill = await page.get("/healthz");
  deepEqual([ill.status, await ill.text()], [503, "stuck: send mail\n"]);
  page.stuck = [];
  page.troubles = ["Cannot store what MK3S does: the disk is full"];
  const full = await page.get("/healthz");
  deepEqual([full.status, await full.text()], [503, "Cannot store what MK3S does: the disk is full\n"]);
  ok((await (await page.get("/")).text()).includes("the disk is full"), "and the page says so");
});

Deno.test("GET /metrics is what Prometheus reads, with labels escaped", async () => {
  using page = new Page();
  page.settings = { ...page.settings, printers: page.settings.printers.map((each) => ({ ...each, name: 'a"b\\c' })) };
  page.states.set('a"b\\c', applyReport(emptyState, { link: { kind: "online" } }, page.clock.now()));
  page.composes(page.happens({ kind: "started", at: page.clock.now(), facts: {} }));
  await page.clock.advance(90_000);
  const answer = await page.get("/metrics");
  match(answer.headers.get("content-type") ?? "", /^text\/plain; version=0\.0\.4/);
  const lines = (await answer.text()).split("\n");
  for (
    const line of [
      'filagram_printer_online{printer="a\\"b\\\\c"} 1',
      'filagram_deliveries{state="queued"} 1',
      'filagram_deliveries{state="sent"} 0',
      "filagram_oldest_waiting_seconds 90",
      "filagram_events_total 1",
      "filagram_stuck_loops 0",
    ]
  ) ok(lines.includes(line), `${line}\n${lines.join("\n")}`);
  for (const line of lines) match(line, /^(# (HELP|TYPE) \w+ .+|\w+(\{.*\})? [\d.]+|)$/);
});

Deno.test("POST /api/v1/test tells one step per line; a wrong request is told what is wrong", async () => {
  using page = new Page();
  const { token, headers } = await fromPage(page);
  const ask = (body: string) => page.post("/api/v1/test", { body, headers: { ...headers, "x-filagram-token": token } });
  const answer = await ask(JSON.stringify({ printer: "MK3S", kind: "finished", channel: "mail" }));
  equal(answer.headers.get("content-type"), "application/x-ndjson");
  const steps = (await answer.text()).trimEnd().split("\n").map((line) => JSON.parse(line));
  deepEqual(steps.map(({ name }) => name), ["event", "rules", "sent"]);
  deepEqual(page.asked, [{ printer: "MK3S", kind: "finished", channel: "mail" }]);
  for (const body of ["{", "[]", '{"kind":"exploded"}', '{"channel":5}', '{"to":"x"}']) {
    equal((await ask(body)).status, 400, body);
  }
  equal(page.asked.length, 1);
});

Deno.test("POST /api/v1/check tells one report per line", async () => {
  using page = new Page();
  const { token, headers } = await fromPage(page);
  const answer = await page.post("/api/v1/check", { headers: { ...headers, "x-filagram-token": token } });
  const [report] = (await answer.text()).trimEnd().split("\n").map((line) => JSON.parse(line));
  deepEqual(report.subject, { kind: "channel", name: "mail" });
});

Deno.test("a test ends when its reader leaves, and only so many run at once", async () => {
  let running = 0;
  using page = new Page({
    async *steps(_, signal) {
      running++;
      try {
        yield { name: "event", isOk: true, detail: "" };
        await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
      } finally {
        running--;
      }
    },
  });
  const visitor = { isOwner: true } as const;
  const ask = () => page.post("/api/v1/test", { body: "{}", visitor });
  const readers = [];
  for (let i = 0; i < 4; i++) {
    const reader = (await ask()).body?.getReader();
    await reader?.read();
    readers.push(reader);
  }
  equal(running, 4);
  equal((await ask()).status, 503);
  await Promise.all(readers.map((reader) => reader?.cancel()));
  equal(running, 0);
  const again = await ask();
  equal(again.status, 200);
  await again.body?.cancel();
});

Deno.test("POST …/retry and …/drop change a delivery, or say that there is none to change", async () => {
  using page = new Page();
  const [delivery] = page.composes(page.happens({ kind: "started", at: page.clock.now(), facts: {} }));
  const visitor = { isOwner: true } as const;
  const statuses = [];
  for (const path of [`${delivery?.id}/drop`, `${delivery?.id}/drop`, `${delivery?.id}/retry`, "99/retry", "x/retry"]) {
    const answer = await page.post(`/api/v1/deliveries/${path}`, { visitor });
    statuses.push(answer.status);
    await answer.body?.cancel();
  }
  deepEqual(statuses, [200, 404, 200, 404, 404]);
});

Deno.test("the OpenAPI page names every route of the API and every field that the API tells", async () => {
  using page = new Page();
  const api = await (await page.get("/api/v1/openapi.json")).json();
  deepEqual(api, JSON.parse(JSON.stringify(openApi("0.1.0"))));
  const routes = page.app.routes.filter(({ method, path }) => method !== "ALL" && path.startsWith("/api/v1"))
    .map(({ method, path }) => `${method} ${path.replace(/:id\{.*\}\}/, "{id}")}`);
  const described = Object.entries(api.paths).flatMap(([path, acts]) =>
    Object.keys(acts as object).map((method) => `${method.toUpperCase()} ${path}`)
  );
  deepEqual([...new Set(routes)].sort(), [...described, "GET /api/v1/openapi.json"].sort());
  const known = Object.keys(api.components.schemas.Event.properties);
  for (const kind of ["paused", "uploaded", "test"] as const) {
    const event = {
      kind,
      at,
      job,
      facts: { percent: 1, layer: 1 },
      isTest: true,
      reason: "user",
      text: "x",
      file: job.file,
    };
    for (const field of Object.keys(eventJson({ id: 1, printer: "p", event: event as PrinterEvent }))) {
      ok(known.includes(field), field);
    }
  }
});
