/**
 * The page and the API as one app: routes only, no listening.
 */
import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import type { MiddlewareHandler } from "hono";
import { errorText } from "../src/log.ts";
import { apiRoutes, mostActions } from "./api.ts";
import { Auth } from "./auth.tsx";
import type { CheckRequest, TestStep, WebDeps } from "./deps.ts";
import { metricsText } from "./metrics.ts";
import { homePage } from "./pages/home.tsx";
import { stepItem, stepsPage } from "./pages/steps.tsx";
import { hasClient, staticRoutes } from "./static_files.ts";
import { Places, streamTexts } from "./stream.ts";
import { endingOf, type WebContext, type WebEnv } from "./visitor.ts";

/** Forms and requests are a few words. */
const maxBodyBytes = 64 * 1024;
const shownEvents = 40;

const securityHeaders = {
  "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; " +
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
  // Not "no-referrer": with it browsers send `Origin: null` with our own forms, and we ask for the right one.
  "referrer-policy": "same-origin",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
} as const;

/** What each path can do, for those who ask otherwise. */
const methods = [
  [["/api/v1/test", "/api/v1/check", "/test", "/check", "/logout"], "POST"],
  [["/api/v1/deliveries/:id/:act", "/deliveries/:id/:act"], "POST"],
  [["/api/v1/printers", "/api/v1/events", "/api/v1/deliveries", "/api/v1/live", "/api/v1/openapi.json"], "GET, HEAD"],
  [["/", "/healthz", "/metrics", "/static/*"], "GET, HEAD"],
  [["/login"], "GET, HEAD, POST"],
] as const;

export interface WebOptions {
  /** This machine's name on its network, as others call it. Default: asked of the system. */
  readonly machine?: string;
}

/** Other apps may be mounted on it with `route`; its guard and headers are theirs too. */
export function createWebApp(deps: WebDeps, { machine = machineName() }: WebOptions = {}): Hono<WebEnv> {
  const app = new Hono<WebEnv>();
  const auth = new Auth({ clock: deps.clock, settings: deps.settings, machine });
  const actions = new Places(mostActions);
  app.use(withSecurityHeaders());
  app.use(bodyLimit({ maxSize: maxBodyBytes, onError: (c) => c.text("That is too much\n", 413) }));
  app.use(auth.guard());
  app.onError((error, c) => {
    deps.log.error("A request failed", { path: c.req.path, error: errorText(error) });
    return c.text("Something went wrong here; the log says what\n", 500);
  });
  app.get("/", (c) => c.html(home(c, deps)));
  app.get("/healthz", (c) => {
    const stuck = deps.stuckLoops();
    const problems = [...stuck.map((loop) => `stuck: ${loop}`), ...deps.troubles()];
    return problems.length ? c.text(`${deps.secrets.hide(problems.join("\n"))}\n`, 503) : c.text("ok\n");
  });
  app.get("/metrics", (c) => c.body(metricsText(deps), 200, { "content-type": "text/plain; version=0.0.4" }));
  app.route("/", auth.routes());
  app.route("/static", staticRoutes());
  app.route("/api/v1", apiRoutes(deps, actions));
  addForms(app, deps, actions);
  for (const [paths, allowed] of methods) {
    for (const path of paths) {
      app.all(path, (c) => {
        if (allowed.split(", ").includes(c.req.method)) return c.notFound();
        c.header("Allow", allowed);
        return c.text(`${c.req.path} understands ${allowed} only\n`, 405);
      });
    }
  }
  return app;
}

function home(c: WebContext, deps: WebDeps): string {
  const { clock, store, outbox, secrets } = deps;
  const settings = deps.settings();
  const pending = new Set(store.uncomposed(1000).map(({ id }) => id));
  const events = store.events({ limit: shownEvents, newestFirst: true });
  return homePage({
    now: clock.now(),
    timezone: settings.agent.timezone,
    token: c.get("token"),
    hide: (text) => secrets.hide(text),
    agent: settings.agent.name,
    version: deps.version,
    hasClient: hasClient(),
    hasSession: c.get("hasSession"),
    settingsPath: settings.path,
    settingsProblem: deps.settingsProblem(),
    troubles: deps.troubles(),
    printers: settings.printers.map((printer) => ({ settings: printer, state: deps.printerState(printer.name) })),
    channels: settings.channels,
    events: events.map((stored) => ({
      stored,
      deliveries: outbox.list({ event: stored.id, limit: 50 }),
      isPending: pending.has(stored.id),
    })),
    mostEvents: shownEvents,
  });
}

/** What the page's forms do where no script takes them over. */
function addForms(app: Hono<WebEnv>, deps: WebDeps, places: Places): void {
  const { actions, secrets } = deps;
  const steps = {
    "/test": (request: CheckRequest, signal: AbortSignal): AsyncIterable<TestStep> => actions.test(request, signal),
    "/check": async function* (request: CheckRequest, signal: AbortSignal): AsyncGenerator<TestStep> {
      for await (const { step } of actions.check(request, signal)) yield step;
    },
  };
  for (const path of ["/test", "/check"] as const) {
    app.post(path, async (c) => {
      const { channel } = await c.req.parseBody();
      if (places.isFull) return c.text("Other tests are still running; try again in a minute\n", 503);
      const request = typeof channel === "string" && channel !== "" ? { channel } : {};
      const { before, after } = stepsPage({
        agent: deps.settings().agent.name,
        title: `${path === "/test" ? "A test" : "A check"} ${
          request.channel ? `of ${request.channel}` : "of everything"
        }`,
        logOutToken: c.get("hasSession") ? c.get("token") : undefined,
      });
      async function* texts(signal: AbortSignal) {
        yield before;
        for await (const step of places.during(steps[path](request, signal))) {
          yield stepItem({ ...step, detail: secrets.hide(step.detail) });
        }
        yield after;
      }
      return c.body(streamTexts(texts, endingOf(c)), 200, { "content-type": "text/html; charset=utf-8" });
    });
  }
  for (const act of ["retry", "drop"] as const) {
    app.post(`/deliveries/:id{[0-9]{1,15}}/${act}`, (c) => {
      const id = Number(c.req.param("id"));
      const event = deps.outbox.get(id)?.event;
      actions[act](id); // where there is nothing to do any more, the page shows why
      return c.redirect(event === undefined ? "/" : `/#event-${event}`, 303);
    });
  }
}

function withSecurityHeaders(): MiddlewareHandler<WebEnv> {
  return async (c, next) => {
    await next();
    const isPolicyOfItsOwn = c.res.headers.has("content-security-policy"); // a mounted app may frame itself
    if (!isPolicyOfItsOwn) c.header("x-frame-options", "DENY");
    for (const [name, value] of Object.entries(securityHeaders)) if (!c.res.headers.has(name)) c.header(name, value);
    if (!c.res.headers.has("cache-control")) c.header("cache-control", "no-store");
  };
}

function machineName(): string {
  try {
    return Deno.hostname();
  } catch { // not permitted to ask
    return "";
  }
}
