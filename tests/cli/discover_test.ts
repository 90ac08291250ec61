/** The real command, a real announcement on `lo`, and a host that is what it says, or is not. */
import assert from "node:assert/strict";
import { makeWorkshop } from "../support/filagram.ts";
import { announcement, respond, srv } from "../support/mdns_responder.ts";

const type = "_moonraker._tcp.local";

Deno.test("discover finds what announces itself and answers as it says, and nothing that only announces", async () => {
  await using moonraker = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    (request) =>
      new URL(request.url).pathname === "/server/info"
        ? Response.json({ result: { moonraker_version: "v0.9.3" } })
        : new Response("", { status: 404 }),
  );
  await using liar = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, () => new Response("hello"));
  const announce = (name: string, port: number) =>
    announcement(type, name, [
      srv(`${name}.${type}`, { target: `${name}.local`, port }),
      { type: "A", name: `${name}.local`, data: "127.0.0.1" },
    ]);
  const { port } = moonraker.addr;
  await using _host = await respond(type, () => [announce("voron", port), announce("liar", liar.addr.port)]);
  await using workshop = await makeWorkshop();

  for (let tries = 1;; tries++) { // packets get lost
    const { stdout } = await workshop.run("discover", "--interface", "lo", "--json");
    const found = stdout.trim().split("\n").filter(Boolean).map((line) => JSON.parse(line));
    assert(!found.some(({ address }) => address.endsWith(`:${liar.addr.port}`)), stdout);
    const voron = found.find(({ address }) => address.endsWith(`:${port}`));
    if (!voron && tries < 5) continue;
    assert.deepEqual(voron, {
      driver: "moonraker",
      address: `http://127.0.0.1:${port}`,
      says: "Moonraker v0.9.3",
      name: "voron",
      foundBy: "mdns",
      isCertain: true,
    });
    break;
  }
});

Deno.test("discover ADDRESS says what is there and what to write, or that nothing is", async () => {
  await using octoprint = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
    const { pathname } = new URL(request.url);
    return new Response(null, { status: pathname === "/plugin/appkeys/probe" ? 204 : 403 });
  });
  await using workshop = await makeWorkshop();
  const address = `http://127.0.0.1:${octoprint.addr.port}`;
  const { code, stdout, stderr } = await workshop.run("discover", address);
  assert.equal(code, 0);
  assert.match(stdout, /octoprint +http:\/\/127\.0\.0\.1:\d+ +OctoPrint; wants an API key/);
  assert.match(stderr, /driver: octoprint\n {4}address: http:\/\/127\.0\.0\.1:\d+\nthen: filagram login 127\.0\.0\.1/);

  const { code: none, stderr: sentence } = await workshop.run("discover", `${address}/elsewhere`);
  assert.equal(none, 1);
  assert.match(sentence, /Nothing that Filagram knows answers at/);
  const { code: wrong, stderr: bad } = await workshop.run("discover", "ftp://host");
  assert.equal(wrong, 1);
  assert.match(bad, /Bad address "ftp:\/\/host": write a name/);
});
