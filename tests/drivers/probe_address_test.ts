/** Real servers on loopback that answer as OctoPrint, Moonraker and PrusaLink do, and as others do. */
import assert from "node:assert/strict";
import { openLink } from "../../bridge/open_link.ts";
import { systemClock } from "../../src/clock.ts";
import { type FoundPrinter, probeAddress } from "../../src/drivers/probe_address.ts";

const io = {
  clock: systemClock({ bootId: "test" }),
  fetch,
  openLink,
  signal: new AbortController().signal,
};

type Answers = Readonly<Record<string, () => Response | Promise<Response>>>;

const json = (body: unknown, status = 200) => () => Response.json(body, { status });

/** What a host answers, and what it must be found as; the address is put before. */
const hosts: readonly [string, Answers, Omit<FoundPrinter, "address"> | undefined][] = [
  [
    "Moonraker",
    { "/server/info": json({ result: { klippy_connected: true, moonraker_version: "v0.9.3-120" } }) },
    { driver: "moonraker", says: "Moonraker v0.9.3-120" },
  ],
  [
    "Moonraker that wants a login",
    { "/server/info": json({ error: { code: 401, message: "Unauthorized" } }, 401) },
    { driver: "moonraker", says: "Moonraker", needs: "apiKey" },
  ],
  [
    "Moonraker behind its OctoPrint layer alone",
    { "/api/version": json({ api: "0.1", server: "1.5.0", text: "OctoPrint (Moonraker v0.3.1-12)" }) },
    { driver: "moonraker", says: "OctoPrint (Moonraker v0.3.1-12)" },
  ],
  [
    "OctoPrint without access control",
    { "/api/version": json({ api: "0.1", server: "1.4.0", text: "OctoPrint 1.4.0" }) },
    { driver: "octoprint", says: "OctoPrint 1.4.0" },
  ],
  [
    "OctoPrint that wants a key",
    { "/api/version": json({ error: "no" }, 403), "/plugin/appkeys/probe": () => new Response(null, { status: 204 }) },
    { driver: "octoprint", says: "OctoPrint", needs: "apiKey" },
  ],
  [
    "PrusaLink of a Buddy board",
    {
      "/api/version": () =>
        new Response("", {
          status: 401,
          headers: { "www-authenticate": 'Digest realm="Printer API", nonce="1", stale="false"' },
        }),
    },
    { driver: "prusalink", says: "PrusaLink", needs: "password" },
  ],
  [
    "PrusaLink that says its name",
    { "/api/version": json({ api: "2.0.0", server: "2.1.2", text: "PrusaLink" }) },
    { driver: "prusalink", says: "PrusaLink" },
  ],
  ["a router's page", { "/": () => new Response("<html>Login</html>") }, undefined],
  [
    "a page that answers everything with itself",
    { "*": () => new Response("<html>all is well</html>", { headers: { "content-type": "text/html" } }) },
    undefined,
  ],
  [
    "a host that never ends",
    {
      "*": () =>
        new Response(
          new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(65536).fill(32)) }),
        ),
    },
    undefined,
  ],
  [
    "one that redirects elsewhere",
    { "*": () => new Response("", { status: 302, headers: { location: "http://192.0.2.1/" } }) },
    undefined,
  ],
  [
    "one that puts control characters into its name",
    { "/api/version": json({ text: `OctoPrint \u001b[2J\n${"x".repeat(500)}` }) },
    { driver: "octoprint", says: `OctoPrint  [2J ${"x".repeat(45)}` },
  ],
];

for (const [what, answers, expected] of hosts) {
  Deno.test(`probeAddress() finds ${what}: ${expected?.driver ?? "nothing"}`, async () => {
    const asked: string[] = [];
    await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
      const { pathname } = new URL(request.url);
      asked.push(`${request.method} ${pathname}`);
      return (answers[pathname] ?? answers["*"] ?? (() => new Response("", { status: 404 })))();
    });
    const address = `http://127.0.0.1:${server.addr.port}`;
    const found = await probeAddress(expected ? `127.0.0.1:${server.addr.port}` : address, io);
    assert.deepEqual(found, expected === undefined ? [] : [{ ...expected, address, says: found[0]?.says }]);
    assert.equal(found[0]?.says.replace(/\s/g, " ").trim(), expected?.says.replace(/\s/g, " ").slice(0, 60).trim());
    assert(asked.every((line) => /^GET \/(server\/info|api\/version|plugin\/appkeys\/probe)$/.test(line)), `${asked}`);
  });
}

Deno.test("probeAddress() keeps the prefix of a reverse proxy", async () => {
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    (request) =>
      new URL(request.url).pathname === "/octoprint/api/version"
        ? Response.json({ text: "OctoPrint 1.11.3" })
        : new Response("", { status: 404 }),
  );
  const address = `http://127.0.0.1:${server.addr.port}/octoprint`;
  assert.deepEqual(await probeAddress(`${address}/`, io), [{ driver: "octoprint", address, says: "OctoPrint 1.11.3" }]);
});

Deno.test("probeAddress() hears a serial bridge without writing a byte to it", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const heard: number[] = [];
  const serving = (async () => {
    using connection = await listener.accept();
    await connection.write(new TextEncoder().encode(" T:21.30 /0.00 B:21.10 /0.00 @:0 B@:0\n"));
    const bytes = new Uint8Array(100);
    for (let count; (count = await connection.read(bytes).catch(() => null));) heard.push(...bytes.slice(0, count));
  })();
  const address = `tcp://127.0.0.1:${listener.addr.port}`;
  assert.deepEqual(await probeAddress(address, io), [{ driver: "marlin", address, says: "a printer's serial port" }]);
  await serving;
  assert.deepEqual(heard, []);
});

Deno.test("probeAddress() says what an address looks like", async () => {
  for (const text of ["", "ftp://host/", "http://", "::"]) {
    await assert.rejects(probeAddress(text, io), /^TypeError: Bad address ".*": write a name, an address, host:port/);
  }
});

Deno.test("nobody there is nobody found", async () => {
  const free = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = free.addr;
  free.close();
  assert.deepEqual(await probeAddress(`127.0.0.1:${port}`, io), []);
});
