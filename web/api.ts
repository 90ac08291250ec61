/**
 * What scripts ask: printers, events and deliveries to read; tests, checks, retries and drops to do.
 */
import { Hono } from "hono";
import { z } from "zod";
import type { DeliveryState } from "../src/domain/delivery.ts";
import { eventKinds } from "../src/domain/printer_event.ts";
import { deliveryJson, eventJson, printerJson } from "./api_shapes.ts";
import type { TestRequest, WebDeps } from "./deps.ts";
import { liveTexts } from "./live.ts";
import { openApi } from "./openapi.ts";
import { safeJson } from "./safe_json.ts";
import { Places, streamTexts } from "./stream.ts";
import { endingOf, type WebContext, type WebEnv } from "./visitor.ts";

const defaultLimit = 100;
const mostRows = 1000;
/** Open pages and scripts that listen; each costs a look at the tables per change. */
const mostLiveStreams = 32;
/** Tests and checks at the same time. */
export const mostActions = 4;

const deliveryStates = [
  "queued",
  "sending",
  "sent",
  "uncertain",
  "rejected",
  "expired",
] as const satisfies readonly DeliveryState[];

const wholeNumber = z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER);
const limit = z.coerce.number().int().min(1).max(mostRows).default(defaultLimit);
const eventQuery = z.object({ after: wholeNumber.optional(), printer: z.string().optional(), limit });
const deliveryQuery = z.object({
  after: wholeNumber.optional(),
  event: wholeNumber.optional(),
  state: z.enum(deliveryStates).optional(),
  limit,
});

const name = z.string().min(1).max(200);
const testRequest = z.strictObject({
  printer: name.optional(),
  kind: z.enum(eventKinds).optional(),
  channel: name.optional(),
});

const checkRequest = z.strictObject({ printer: name.optional(), channel: name.optional() });

/** The routes below `/api/v1`. */
export function apiRoutes(deps: WebDeps, actions: Places): Hono<WebEnv> {
  const app = new Hono<WebEnv>();
  addReading(app, deps);
  addWriting(app, deps, actions);
  return app;
}

function addReading(app: Hono<WebEnv>, deps: WebDeps): void {
  const { store, outbox, secrets } = deps;
  const answer = (c: WebContext, value: unknown, status?: 400) =>
    c.body(safeJson(value, secrets), status ?? 200, { "content-type": "application/json" });

  app.get("/printers", (c) => {
    const now = deps.clock.now();
    return answer(c, deps.settings().printers.map((each) => printerJson(each, deps.printerState(each.name), now)));
  });
  app.get("/events", (c) => {
    const query = eventQuery.safeParse(c.req.query());
    if (!query.success) return answer(c, { error: z.prettifyError(query.error) }, 400);
    const { after, printer, limit } = query.data;
    const wanted = { limit, ...(printer === undefined ? {} : { printer }) };
    const events = after === undefined
      ? store.events({ ...wanted, newestFirst: true }).reverse()
      : store.events({ ...wanted, after });
    return answer(c, events.map(eventJson));
  });
  app.get("/deliveries", (c) => {
    const query = deliveryQuery.safeParse(c.req.query());
    if (!query.success) return answer(c, { error: z.prettifyError(query.error) }, 400);
    const { after, event, state, limit } = query.data;
    const wanted = { limit, ...(event === undefined ? {} : { event }), ...(state ? { states: [state] } : {}) };
    const deliveries = after === undefined
      ? outbox.list({ ...wanted, newestFirst: true }).reverse()
      : outbox.list({ ...wanted, after });
    return answer(c, deliveries.map(deliveryJson));
  });
  const places = new Places(mostLiveStreams);
  app.get("/live", (c) => {
    if (places.isFull) return tooMany(c, `${mostLiveStreams} listen already`);
    const after = wholeNumber.safeParse(c.req.header("last-event-id")).data;
    const texts = (signal: AbortSignal) => places.during(liveTexts(deps, { after, signal }));
    return c.body(streamTexts(texts, endingOf(c)), 200, {
      "content-type": "text/event-stream",
      "cache-control": "no-store",
      "x-accel-buffering": "no",
    });
  });
  app.get("/openapi.json", (c) => answer(c, openApi(deps.version)));
}

function addWriting(app: Hono<WebEnv>, deps: WebDeps, places: Places): void {
  const { actions, secrets } = deps;
  const lines = <T>(c: WebContext, items: (signal: AbortSignal) => AsyncIterable<T>) => {
    if (places.isFull) return tooMany(c, `${mostActions} tests or checks run already`);
    async function* texts(signal: AbortSignal) {
      for await (const item of places.during(items(signal))) yield `${safeJson(item, secrets)}\n`;
    }
    return c.body(streamTexts(texts, endingOf(c)), 200, { "content-type": "application/x-ndjson" });
  };

  app.post("/test", async (c) => {
    const request = testRequest.safeParse(await jsonBody(c));
    if (!request.success) return c.json({ error: z.prettifyError(request.error) }, 400);
    return lines(c, (signal) => actions.test(withoutUndefined(request.data), signal));
  });
  app.post("/check", async (c) => {
    const request = checkRequest.safeParse(await jsonBody(c));
    if (!request.success) return c.json({ error: z.prettifyError(request.error) }, 400);
    const { printer, channel } = request.data;
    const only = { ...(printer === undefined ? {} : { printer }), ...(channel === undefined ? {} : { channel }) };
    return lines(c, (signal) => actions.check(only, signal));
  });
  for (const act of ["retry", "drop"] as const) {
    app.post(`/deliveries/:id{[0-9]{1,15}}/${act}`, (c) => {
      const id = Number(c.req.param("id"));
      if (actions[act](id)) return c.json({ id });
      return c.json({ error: `There is no delivery ${id} that could be ${actWords[act]}` }, 404);
    });
  }
}

const actWords = { retry: "tried again", drop: "given up" } as const;

/** An empty body is an empty request. */
async function jsonBody(c: WebContext): Promise<unknown> {
  const text = await c.req.text();
  try {
    return JSON.parse(text || "{}");
  } catch {
    return undefined;
  }
}

function withoutUndefined({ printer, kind, channel }: z.infer<typeof testRequest>): TestRequest {
  return {
    ...(printer === undefined ? {} : { printer }),
    ...(kind === undefined ? {} : { kind }),
    ...(channel === undefined ? {} : { channel }),
  };
}

function tooMany(c: WebContext, problem: string): Response {
  c.header("Retry-After", "10");
  return c.json({ error: problem }, 503);
}
