/** `filagram login`, the real command, against a small server that gives keys; against a real OctoPrint: tests/long/octoprint_test.ts */
import assert from "node:assert/strict";
import { findLogin } from "../../src/config/find_login.ts";
import { drivers } from "../../src/drivers/registry.ts";
import { makeWorkshop } from "../support/filagram.ts";

/** Gives a key, or refuses, once it was asked after. */
function serveKeys(isAllowed: boolean) {
  const routes: Record<string, () => Response> = {
    "GET /plugin/appkeys/probe": () => new Response(null, { status: 204 }),
    "POST /plugin/appkeys/request": () => Response.json({ app_token: "T" }, { status: 201 }),
    "GET /plugin/appkeys/request/T": () =>
      isAllowed ? Response.json({ api_key: "0123456789" }) : new Response("", { status: 404 }),
  };
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, (request) => {
    const route = routes[`${request.method} ${new URL(request.url).pathname}`];
    return route?.() ?? new Response("", { status: 404 });
  });
  return { url: `http://127.0.0.1:${server.addr.port}`, [Symbol.asyncDispose]: () => server.shutdown() };
}

Deno.test("filagram login writes the key into secrets.yaml, keeps its comments, and says what to add", async () => {
  await using server = serveKeys(true);
  await using workshop = await makeWorkshop();
  const printer = `printers:\n  - { name: "Ender 3/2", driver: octoprint, address: "${server.url}" }\n`;
  await workshop.write(printer, "# secrets of mine\nmail: plum # do not touch\n");
  const first = await workshop.run("login", "Ender 3/2");
  assert.equal(first.code, 0, first.stderr);
  assert.match(first.stderr, /Open http:\S+ in a browser and allow Filagram/);
  assert.match(first.stderr, /apiKey: !secret ender_3_2_api_key/);
  assert.ok(!`${first.stdout}${first.stderr}`.includes("0123456789"));
  const path = `${workshop.folder}/secrets.yaml`;
  const written = '# secrets of mine\nmail: plum # do not touch\nender_3_2_api_key: "0123456789"\n';
  assert.equal(await Deno.readTextFile(path), written);
  assert.equal((await Deno.stat(path)).mode! & 0o777, 0o600);
});

Deno.test("filagram login uses the name that the settings have for the key, though no such secret is there yet", async () => {
  await using server = serveKeys(true);
  await using workshop = await makeWorkshop();
  await workshop.write(
    `printers:\n  - { name: A, driver: octoprint, address: "${server.url}", apiKey: !secret my_key }\nchannels: nonsense\n`,
  );
  const { code, stderr } = await workshop.run("login", "A");
  assert.equal(code, 0, stderr);
  assert.ok(!stderr.includes("below the printer's name"));
  assert.match(await Deno.readTextFile(`${workshop.folder}/secrets.yaml`), /^my_key: "0123456789"$/m);
});

Deno.test("filagram login ends with 1 and the reason when the owner refuses, and writes nothing", async () => {
  await using server = serveKeys(false);
  await using workshop = await makeWorkshop();
  await workshop.write(`printers:\n  - { name: A, driver: octoprint, address: "${server.url}" }\n`);
  const { code, stderr } = await workshop.run("login", "A");
  assert.equal(code, 1);
  assert.match(stderr, /It was refused, or not answered in time/);
  await assert.rejects(Deno.stat(`${workshop.folder}/secrets.yaml`), Deno.errors.NotFound);
});

const section =
  "printers:\n  - { name: MK3, driver: octoprint, address: octopi.local }\n  - { name: B, driver: marlin, address: serial:/dev/x }\n";
const problems: readonly [what: string, yaml: string, name: string, text: RegExp][] = [
  ["a name of no printer", section, "MK4", /No printer "MK4" in .*: did you mean "MK3"\?/],
  ["a printer that gives no keys", section, "B", /Printer "B" needs no login/],
  [
    "a section with mistakes",
    "printers:\n  - { name: A, driver: octoprint }\n",
    "A",
    /has mistakes: run `filagram settings check`/,
  ],
  ["an unknown driver", "printers:\n  - { name: A, driver: teapot }\n", "A", /has mistakes/],
  ["no list of printers", "printers: 7\n", "A", /Cannot read the printers/],
  ["no YAML", "printers: [\n", "A", /Cannot read the printers/],
];
for (const [what, yaml, name, text] of problems) {
  Deno.test(`findLogin() says what is wrong with ${what}`, async () => {
    const path = await Deno.makeTempFile({ suffix: ".yaml" });
    try {
      await Deno.writeTextFile(path, yaml);
      const found = await findLogin(path, name, drivers);
      assert.match(found.kind === "problem" ? found.text : "", text);
    } finally {
      await Deno.remove(path);
    }
  });
}
