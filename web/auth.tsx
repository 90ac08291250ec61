/**
 * Who may read and who may change. On loopback reading needs nothing until a password is set; changing always needs the
 * page's own form, or the control socket.
 */
import { Hono } from "hono";
import { deleteCookie, getCookie, setCookie } from "hono/cookie";
import type { MiddlewareHandler } from "hono";
import type { Clock } from "../src/clock.ts";
import { verifyPassword } from "../src/config/password.ts";
import type { Settings } from "../src/config/settings.ts";
import { LoginDelay } from "./login_delay.ts";
import { isLoopbackAddress, isOwnHost, isSameOrigin, localPath } from "./own_names.ts";
import { detourPage, loginPage } from "./pages/login.tsx";
import { Sessions, sessionSeconds } from "./sessions.ts";
import { visitorOf, type WebContext, type WebEnv } from "./visitor.ts";

export interface AuthDeps {
  readonly clock: Clock;
  settings(): Settings;
  /** This machine's name on its network; "" if unknown. */
  readonly machine: string;
}

/** The header in which scripts of the page send the form's token. */
export const tokenHeader = "x-filagram-token";

const publicPaths = /^\/(healthz|login|static\/[\w.-]+)$/;
const safeMethods = ["GET", "HEAD"];

export class Auth {
  readonly #sessions = new Sessions();
  readonly #delay = new LoginDelay();
  /** One password at a time: each costs 32 MiB while it is tried. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(private readonly deps: AuthDeps) {}

  /** Lets through what may go on; answers the rest. */
  guard(): MiddlewareHandler<WebEnv> {
    return async (c, next) => {
      const secret = this.#session(c);
      c.set("hasSession", secret !== undefined);
      c.set("token", this.#sessions.formToken(secret));
      if (visitorOf(c).isOwner) return await next();
      const { web } = this.deps.settings();
      if (!isOwnHost(hostOf(c), { listen: web.hostname, machine: this.deps.machine })) {
        return refuse(c, "This page answers only to its own names and addresses. Open it as http://localhost:PORT");
      }
      const { address } = visitorOf(c);
      if (web.passwordHash === undefined && address !== undefined && !isLoopbackAddress(address)) {
        return refuse(c, "The page can be read from other machines once it has a password: filagram password");
      }
      if (!safeMethods.includes(c.req.method)) {
        if (!isSameOrigin(c.req.header("origin"), hostOf(c))) {
          return refuse(c, "Changes are made on the page itself, and this request came from elsewhere");
        }
        if (!this.#sessions.isFormToken(await sentToken(c), secret)) {
          return refuse(c, "The page is older than the program behind it. Load it again, then repeat what you did");
        }
      }
      if (web.passwordHash === undefined || secret !== undefined || publicPaths.test(c.req.path)) return await next();
      return askForLogin(c);
    };
  }

  /** The login form and the way out. */
  routes(): Hono<WebEnv> {
    const app = new Hono<WebEnv>();
    app.get("/login", (c) => {
      const next = localPath(c.req.query("next"));
      if (this.deps.settings().web.passwordHash === undefined || c.get("hasSession")) return c.redirect(next, 303);
      return c.html(loginPage({ agent: this.#agentName(), token: c.get("token"), next }));
    });
    app.post("/login", (c) => this.#login(c));
    app.post("/logout", (c) => {
      const secret = this.#session(c);
      if (secret !== undefined) this.#sessions.close(secret);
      deleteCookie(c, this.#cookie(), { path: "/" });
      return c.redirect("/login", 303);
    });
    return app;
  }

  async #login(c: WebContext): Promise<Response> {
    const { passwordHash } = this.deps.settings().web;
    const form = await c.req.parseBody();
    const next = localPath(text(form.next));
    if (passwordHash === undefined) return c.redirect(next, 303);
    const page = { agent: this.#agentName(), token: c.get("token"), next };
    const address = visitorOf(c).address ?? "";
    const waitSeconds = this.#delay.begin(address, this.deps.clock.now());
    if (waitSeconds > 0) {
      c.header("Retry-After", String(waitSeconds));
      return c.html(loginPage({ ...page, problem: `Too many wrong passwords. Try again in ${waitSeconds} s` }), 429);
    }
    const turn = this.#turn.then(() => verifyPassword(text(form.password), passwordHash));
    this.#turn = turn.catch(() => {});
    if (!await turn) return c.html(loginPage({ ...page, problem: "That was not the password" }), 401);
    this.#delay.forgive(address);
    const old = this.#session(c);
    if (old !== undefined) this.#sessions.close(old);
    setCookie(c, this.#cookie(), this.#sessions.open(passwordHash, this.deps.clock.now()), {
      httpOnly: true,
      sameSite: "Strict",
      path: "/",
      maxAge: sessionSeconds,
    });
    return c.redirect(next, 303);
  }

  /** The secret of the visitor's open session. */
  #session(c: WebContext): string | undefined {
    const { passwordHash } = this.deps.settings().web;
    const secret = getCookie(c, this.#cookie());
    if (passwordHash === undefined || !secret) return undefined;
    return this.#sessions.isOpen(secret, passwordHash, this.deps.clock.now()) ? secret : undefined;
  }

  /** Cookies know no ports: two agents on one machine must not log each other out. */
  #cookie(): string {
    return `filagram_${this.deps.settings().web.port}`;
  }

  #agentName(): string {
    return this.deps.settings().agent.name;
  }
}

function hostOf(c: WebContext): string {
  return c.req.header("host") ?? new URL(c.req.url).host;
}

async function sentToken(c: WebContext): Promise<string> {
  const header = c.req.header(tokenHeader);
  if (header !== undefined) return header;
  const type = c.req.header("content-type") ?? "";
  return /^(application\/x-www-form-urlencoded|multipart\/form-data)\b/i.test(type)
    ? text((await c.req.parseBody()).token)
    : "";
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function isApi(c: WebContext): boolean {
  return c.req.path.startsWith("/api/") || c.req.path === "/metrics";
}

function refuse(c: WebContext, problem: string): Response {
  return isApi(c) ? c.json({ error: problem }, 403) : c.text(`${problem}\n`, 403);
}

function askForLogin(c: WebContext): Response {
  if (isApi(c)) return c.json({ error: "Log in on the page first" }, 401);
  const { pathname, search } = new URL(c.req.url);
  // A link in a mail comes without the SameSite=Strict cookie; asked again from our own page, it comes with it.
  if (c.req.header("sec-fetch-site") === "cross-site" && c.req.method === "GET") {
    return c.html(detourPage(localPath(pathname + search)));
  }
  return c.redirect(`/login?next=${encodeURIComponent(pathname + search)}`, 303);
}
