import { deepEqual, equal, match, notEqual, ok } from "node:assert/strict";
import { hashPassword } from "../../src/config/password.ts";
import { LoginDelay } from "../../web/login_delay.ts";
import { hostName, isOwnHost, isSameOrigin, localPath } from "../../web/own_names.ts";
import { Sessions, sessionSeconds } from "../../web/sessions.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { fromPage, host, origin, Page, settingsWith } from "./page.ts";

const passwordHash = await hashPassword("correct horse");
const withPassword = () => settingsWith({ web: { passwordHash } });

const readingPaths = [
  "/",
  "/metrics",
  "/api/v1/printers",
  "/api/v1/events",
  "/api/v1/deliveries",
  "/api/v1/openapi.json",
];
const writingPaths = [
  "/test",
  "/logout",
  "/deliveries/1/retry",
  "/deliveries/1/drop",
  "/api/v1/test",
  "/api/v1/check",
  "/api/v1/deliveries/1/retry",
  "/api/v1/deliveries/1/drop",
];

/** Logs in through the form; the cookie to send from then on. */
async function logIn(
  page: Page,
  password = "correct horse",
): Promise<{ status: number; cookie: string; answer: Response }> {
  const token = await page.token("/login");
  const answer = await page.post("/login", { body: { token, password, next: "/" }, headers: { origin } });
  return { status: answer.status, cookie: answer.headers.get("set-cookie")?.split(";")[0] ?? "", answer };
}

Deno.test("on loopback everything can be read until a password is set", async () => {
  using page = new Page();
  for (const path of readingPaths) equal((await page.get(path)).status, 200, path);
});

Deno.test("with a password nothing can be read before the login, but the health and the login itself", async () => {
  using page = new Page({ settings: withPassword() });
  for (const path of readingPaths) {
    const answer = await page.get(path);
    if (path === "/") {
      equal(answer.status, 303);
      equal(answer.headers.get("location"), "/login?next=%2F");
    } else equal(answer.status, 401, path);
  }
  equal((await page.get("/api/v1/live")).status, 401);
  for (const path of ["/healthz", "/login", "/static/style.css"]) equal((await page.get(path)).status, 200, path);
});

Deno.test("another machine reads nothing while there is no password, whatever the settings say now", async () => {
  using page = new Page();
  for (const address of ["192.168.1.7", "::ffff:10.0.0.3", "fe80::1", "unknown"]) {
    for (const path of ["/", "/api/v1/events"]) equal((await page.get(path, {}, { address })).status, 403, address);
  }
  for (const address of ["127.0.0.1", "127.8.9.1", "::1", "::ffff:127.0.0.1"]) {
    equal((await page.get("/", {}, { address })).status, 200, address);
  }
});

Deno.test("the login gives a cookie that no script and no other site can use", async () => {
  using page = new Page({ settings: withPassword() });
  const { status, answer, cookie } = await logIn(page);
  equal(status, 303);
  match(
    answer.headers.get("set-cookie") ?? "",
    /^filagram_8090=[\w-]{43}; Max-Age=2592000; Path=\/; HttpOnly; SameSite=Strict$/,
  );
  for (const path of readingPaths) equal((await page.get(path, { cookie })).status, 200, path);
  match(await (await page.get("/", { cookie })).text(), /Log out/);
});

Deno.test("logging out ends the session for good", async () => {
  using page = new Page({ settings: withPassword() });
  const { cookie } = await logIn(page);
  const { token, headers } = await fromPage(page, cookie);
  equal((await page.post("/logout", { body: { token }, headers })).status, 303);
  equal((await page.get("/api/v1/events", { cookie })).status, 401);
});

Deno.test("a new password ends the sessions of the old one", async () => {
  using page = new Page({ settings: withPassword() });
  const { cookie } = await logIn(page);
  page.settings = settingsWith({ web: { passwordHash: await hashPassword("another") } });
  equal((await page.get("/api/v1/events", { cookie })).status, 401);
});

Deno.test("a made-up cookie opens nothing", async () => {
  using page = new Page({ settings: withPassword() });
  for (const cookie of ["filagram_8090=", "filagram_8090=a", `filagram_8090=${"A".repeat(43)}`]) {
    equal((await page.get("/api/v1/events", { cookie })).status, 401, cookie);
  }
});

Deno.test("wrong passwords are refused, and each costs its address twice the time of the last", async () => {
  using page = new Page({ settings: withPassword() });
  for (const seconds of [1, 2, 4, 8]) {
    equal((await logIn(page, "wrong")).status, 401);
    const early = await logIn(page);
    equal(early.status, 429);
    equal(early.answer.headers.get("retry-after"), String(seconds));
    await page.clock.advance(seconds * 1000);
  }
  equal((await logIn(page)).status, 303);
  equal((await logIn(page)).status, 303, "and then it is forgiven");
});

Deno.test("several wrong passwords at once are no way around the wait", async () => {
  using page = new Page({ settings: withPassword() });
  const statuses = await Promise.all(Array.from({ length: 5 }, async () => (await logIn(page, "wrong")).status));
  deepEqual(statuses.sort(), [401, 429, 429, 429, 429]);
});

Deno.test("LoginDelay bounds the tries of all addresses together, and a household of IPv6 is one address", () => {
  const clock = new FakeClock();
  const delay = new LoginDelay();
  for (let i = 0; i < 30; i++) equal(delay.begin(`10.0.0.${i}`, clock.now()), 0);
  ok(delay.begin("10.0.1.1", clock.now()) > 0);
  const other = new LoginDelay();
  equal(other.begin("2001:db8:1:2::1", clock.now()), 0);
  equal(other.begin("2001:db8:1:2:3:4:5:6", clock.now()), 1);
  equal(other.begin("2001:db8:1:3::1", clock.now()), 0);
});

Deno.test("LoginDelay waits at most a minute and forgets after a quarter of an hour", async () => {
  const clock = new FakeClock();
  const delay = new LoginDelay();
  for (let i = 0; i < 10; i++) {
    equal(delay.begin("10.0.0.1", clock.now()), 0);
    await clock.advance(60_000);
  }
  await clock.advance(15 * 60_000);
  equal(delay.begin("10.0.0.1", clock.now()), 0);
  equal(delay.begin("10.0.0.1", clock.now()), 1);
});

Deno.test("a session ends after thirty days", async () => {
  const clock = new FakeClock();
  const sessions = new Sessions();
  const secret = sessions.open("hash", clock.now());
  await clock.advance((sessionSeconds - 1) * 1000);
  ok(sessions.isOpen(secret, "hash", clock.now()));
  await clock.advance(2000);
  ok(!sessions.isOpen(secret, "hash", clock.now()));
});

Deno.test("the login goes on to a path of this page and nowhere else", async () => {
  using page = new Page({ settings: withPassword() });
  const token = await page.token("/login");
  for (
    const [next, location] of [["/?a=1", "/?a=1"], ["//evil.example/", "/"], ["https://evil.example", "/"], [
      "/\\evil.example",
      "/",
    ]]
  ) {
    const answer = await page.post("/login", {
      body: { token, password: "correct horse", next: next ?? "" },
      headers: { origin },
    });
    equal(answer.headers.get("location"), location, next);
  }
  equal(localPath("/\t/evil.example"), "/");
});

Deno.test("a link in a mail finds its way past the strict cookie", async () => {
  using page = new Page({ settings: withPassword() });
  const answer = await page.get("/?x=1", { "sec-fetch-site": "cross-site" });
  equal(answer.status, 200);
  match(await answer.text(), /http-equiv="refresh" content="0;url=\/\?x=1"/);
  const evil = await page.app.request(
    `${origin}//evil.example/`,
    { headers: { host, "sec-fetch-site": "cross-site" } },
    {
      address: "127.0.0.1",
    },
  );
  match(await evil.text(), /content="0;url=\/"/);
});

// -- foreign hosts and other sites -----------------------------------------------------------------------------------

Deno.test("a request for a foreign host is refused, also with a session (DNS rebinding)", async () => {
  using page = new Page();
  for (
    const foreign of ["evil.example", "evil.example:8090", "192.168.1.7:8090", "localhost.evil.example", "", "a b"]
  ) {
    for (const path of [...readingPaths, "/healthz", "/login"]) {
      equal((await page.get(path, { host: foreign })).status, 403, `${foreign} ${path}`);
    }
  }
  for (const own of ["localhost", "127.0.0.1:9", "[::1]:8090", "workshop-pi", "WORKSHOP-PI.local:8090"]) {
    equal((await page.get("/", { host: own })).status, 200, own);
  }
});

Deno.test("beyond loopback any address of the machine is its own name, but no other name", () => {
  const names = { listen: "0.0.0.0", machine: "pi" };
  for (const own of ["192.168.1.7:8090", "[fe80::1]:8090", "pi", "pi.local", "localhost"]) {
    ok(isOwnHost(own, names), own);
  }
  for (const foreign of ["evil.example", "pi.local.evil.example", "1.2.3.4.evil.example"]) {
    ok(!isOwnHost(foreign, names), foreign);
  }
  ok(isOwnHost("printer.lan:8090", { listen: "printer.lan", machine: "" }));
  equal(hostName("[::1]:80"), "::1");
  equal(hostName("user@host"), undefined);
});

Deno.test("isSameOrigin() believes the origin of the same host and no missing, hidden or other one", () => {
  for (const same of ["http://localhost:8090", "https://localhost:8090", "http://LOCALHOST:8090"]) {
    ok(isSameOrigin(same, "localhost:8090"), same);
  }
  ok(isSameOrigin("http://localhost", "localhost:80"));
  for (
    const other of [
      undefined,
      "",
      "null",
      "http://localhost",
      "http://localhost:8091",
      "http://evil.example",
      "file://",
      "localhost:8090",
    ]
  ) ok(!isSameOrigin(other, "localhost:8090"), other);
});

Deno.test("nothing is changed without the right origin and the form's token", async () => {
  for (const settings of [settingsWith(), withPassword()]) {
    using page = new Page({ settings });
    const cookie = settings.web.passwordHash ? (await logIn(page)).cookie : "";
    const { token } = await fromPage(page, cookie);
    notEqual(token, "");
    const [delivery] = page.composes(page.happens({ kind: "test", at: page.clock.now(), facts: {} }));
    const attempts = [
      {}, // a script without anything
      { token }, // no origin
      { token, origin: "null" },
      { token, origin: "http://evil.example" },
      { origin }, // no token
      { token: "x".repeat(43), origin },
      ...(cookie ? [{ origin, token: await page.token("/login") }] : []), // the token of nobody's session
    ];
    for (const path of writingPaths.map((path) => path.replace("/1/", `/${delivery?.id}/`))) {
      for (const { token = "", origin = "" } of attempts) {
        const headers = { ...(origin ? { origin } : {}), ...(cookie ? { cookie } : {}) };
        const answer = await page.post(path, { body: { token }, headers });
        equal(answer.status, 403, `${path} ${JSON.stringify({ token, origin })}`);
      }
    }
    deepEqual(page.asked, []);
    equal(page.outbox.get(delivery?.id ?? 0)?.state, "queued");
  }
});

Deno.test("a logged-out visitor changes nothing, even with a token from the login form", async () => {
  using page = new Page({ settings: withPassword() });
  const token = await page.token("/login");
  for (const path of writingPaths.filter((path) => path !== "/logout")) {
    const answer = await page.post(path, { body: { token }, headers: { origin } });
    equal(answer.status, path.startsWith("/api/") ? 401 : 303, path);
  }
  deepEqual(page.asked, []);
});

Deno.test("museum: 35 nothing can be sent or changed by opening a URL", async () => {
  using page = new Page();
  const [delivery] = page.composes(page.happens({ kind: "test", at: page.clock.now(), facts: {} }));
  for (const path of writingPaths.map((path) => path.replace("/1/", `/${delivery?.id}/`))) {
    for (const visitor of [{ address: "127.0.0.1" }, { isOwner: true } as const]) {
      const answer = await page.get(path, {}, visitor);
      equal(answer.status, 405, path);
      equal(answer.headers.get("allow"), "POST");
    }
  }
  deepEqual(page.asked, []);
  equal(page.outbox.get(delivery?.id ?? 0)?.state, "queued");
});

Deno.test("reading paths cannot be posted to", async () => {
  using page = new Page();
  const { token, headers } = await fromPage(page);
  for (const path of [...readingPaths, "/healthz", "/api/v1/live", "/static/style.css"]) {
    const answer = await page.post(path, { body: { token }, headers });
    equal(answer.status, 405, path);
    equal(answer.headers.get("allow"), "GET, HEAD", path);
  }
});

Deno.test("the control socket needs neither password nor token; a header cannot claim to be it", async () => {
  using page = new Page({ settings: withPassword() });
  equal((await page.post("/api/v1/test", { visitor: { isOwner: true }, body: "{}" })).status, 200);
  equal((await page.get("/api/v1/events", {}, { isOwner: true })).status, 200);
  for (const name of ["isowner", "x-owner", "x-filagram-owner", "x-forwarded-for", "forwarded"]) {
    equal((await page.get("/api/v1/events", { [name]: "127.0.0.1" })).status, 401, name);
    equal((await page.post("/api/v1/test", { headers: { [name]: "true" } })).status, 403, name);
  }
});

Deno.test("every answer carries the headers that keep a browser honest", async () => {
  using page = new Page({ settings: withPassword() });
  for (
    const [path, headers] of [["/login", {}], ["/nowhere", {}], ["/", { host: "evil.example" }], [
      "/static/style.css",
      {},
    ]] as const
  ) {
    const answer = await page.get(path, headers);
    const policy = answer.headers.get("content-security-policy") ?? "";
    match(policy, /default-src 'none'/, path);
    match(policy, /frame-ancestors 'none'/);
    ok(!policy.includes("unsafe"), policy);
    equal(answer.headers.get("x-content-type-options"), "nosniff");
    equal(answer.headers.get("referrer-policy"), "same-origin");
  }
});

Deno.test("a request larger than any form is refused", async () => {
  using page = new Page();
  const { token, headers } = await fromPage(page);
  const answer = await page.post("/test", { body: { token, channel: "x".repeat(100_000) }, headers });
  equal(answer.status, 413);
});
