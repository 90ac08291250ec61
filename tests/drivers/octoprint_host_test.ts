/** What OctoPrint is asked beside its push API, against small servers of our own; against a real one: tests/long/octoprint_test.ts */
import assert from "node:assert/strict";
import { LinkLostError } from "../../bridge/link.ts";
import { bootId } from "../../bridge/libc.ts";
import { systemClock } from "../../src/clock.ts";
import type { DriverIo, LoginStep } from "../../src/drivers/driver.ts";
import { snapshotAddress } from "../../src/drivers/octoprint/cameras.ts";
import { pathHere } from "../../src/drivers/octoprint/host.ts";
import { octoprint } from "../../src/drivers/octoprint/octoprint.ts";
import { createLog, Secrets } from "../../src/log.ts";

const key = "secret-plum-4711";
const signal = AbortSignal.timeout(120_000);
const io: DriverIo = {
  clock: systemClock({ bootId: bootId() }),
  log: createLog({ level: "error", secrets: new Secrets(), write: () => {} }),
  signal,
  fetch,
  openLink: () => Promise.reject(new Error("no link here")),
  openMessages: () => Promise.reject(new Error("no messages here")),
};

type Answers = Readonly<Record<string, (request: Request) => Response | Promise<Response>>>;

/** Serves `METHOD /path` below a prefix, to who has the key. */
function serve(answers: Answers, prefix = "") {
  const asked: string[] = [];
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, (request) => {
    const { pathname, search } = new URL(request.url);
    const path = `${request.method} ${pathname.slice(prefix.length)}${search}`;
    asked.push(path);
    if (request.headers.get("x-api-key") !== key && !path.includes("/plugin/appkeys/")) {
      return new Response("{}", { status: 403 });
    }
    return answers[path]?.(request) ?? new Response("nothing", { status: 404 });
  });
  const address = `http://127.0.0.1:${server.addr.port}${prefix}`;
  const driver = octoprint.bind({ address, apiKey: key });
  return { address, asked, driver, [Symbol.asyncDispose]: () => server.shutdown() };
}

const camera = (one: Record<string, unknown>) => ({
  canSnapshot: true,
  flipH: false,
  flipV: false,
  rotate90: false,
  ...one,
});

Deno.test("cameras() lists all of them since 1.9, with the way each one hangs", async () => {
  await using host = serve({
    "GET /api/settings": () =>
      Response.json({
        webcam: {
          webcamEnabled: true,
          snapshotUrl: "http://10.0.0.9/legacy",
          snapshotWebcam: "classic",
          webcams: [
            camera({
              name: "classic",
              displayName: "Front",
              flipH: true,
              rotate90: true,
              compat: { snapshot: "http://10.0.0.9/one" },
            }),
            camera({ name: "usb", flipV: true, compat: { snapshot: null, stream: "/webcam/?action=stream" } }),
            camera({ name: "rtsp", compat: { snapshot: "rtsp://10.0.0.9/", stream: "" } }),
            camera({ name: "nothing", compat: null }),
          ],
        },
      }),
  });
  const found = await host.driver.cameras?.(io);
  assert.deepEqual(found, [
    { name: "Front", source: { url: "http://10.0.0.9/one" }, flip: ["horizontal"], rotateDegrees: 270 },
    {
      name: "usb",
      source: { url: `${new URL(host.address).origin}/webcam/?action=snapshot` },
      flip: ["vertical"],
      rotateDegrees: 0,
    },
  ]);
});

Deno.test("cameras() knows the one camera of before 1.9, and none where cameras are off", async () => {
  const webcam = { snapshotUrl: "http://10.0.0.9:8080/?action=snapshot", flipH: false, flipV: true, rotate90: true };
  await using host = serve({ "GET /api/settings": () => Response.json({ webcam }) });
  assert.deepEqual(await host.driver.cameras?.(io), [
    { source: { url: webcam.snapshotUrl }, flip: ["vertical"], rotateDegrees: 270 },
  ]);
  await using off = serve({
    "GET /api/settings": () => Response.json({ webcam: { ...webcam, webcamEnabled: false } }),
  });
  assert.deepEqual(await off.driver.cameras?.(io), []);
});

Deno.test("cameras() logs in with what stands in a camera's address, and keeps it out of the address", async () => {
  const seen: (string | null)[] = [];
  await using server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, (request) => {
    seen.push(request.headers.get("authorization"));
    const challenge = { "www-authenticate": 'Basic realm="cam"' };
    return seen.at(-1) ? new Response("picture") : new Response("no", { status: 401, headers: challenge });
  });
  const snapshot = `http://me:p%40ss@127.0.0.1:${server.addr.port}/snap`;
  await using host = serve({
    "GET /api/settings": () => Response.json({ webcam: { webcams: [camera({ name: "a", compat: { snapshot } })] } }),
  });
  const [found] = await host.driver.cameras?.(io) ?? [];
  assert(found && "snapshot" in found.source);
  assert.equal(new TextDecoder().decode(await found.source.snapshot(signal)), "picture");
  assert.deepEqual(seen, [null, `Basic ${btoa("me:p@ss")}`]);
  assert.ok(!JSON.stringify(found).includes("p%40ss"));
});

Deno.test("cameras() says when the key may not read the settings, and takes a password as it stands", async () => {
  await using host = serve({ "GET /api/settings": () => new Response("{}", { status: 403 }) });
  await assert.rejects(async () => await host.driver.cameras?.(io), /does not let this key read \/api\/settings$/);
  const compat = { snapshot: "http://me:100%@127.0.0.1:9/snap" };
  await using other = serve({
    "GET /api/settings": () => Response.json({ webcam: { webcams: [camera({ name: "a", compat })] } }),
  });
  assert.equal((await other.driver.cameras?.(io))?.length, 1);
});

const addresses: readonly [
  what: string,
  webcam: Record<string, string>,
  address: string,
  expected: string | undefined,
][] = [
  ["an address of its own", { snapshot: "http://cam/s.jpg" }, "http://octopi.local", "http://cam/s.jpg"],
  [
    "a path",
    { snapshot: "/webcam/?action=snapshot" },
    "https://octopi.local/x",
    "https://octopi.local/webcam/?action=snapshot",
  ],
  [
    "a path, OctoPrint on its own port",
    { snapshot: "/webcam/a" },
    "http://octopi.local:5000",
    "http://octopi.local/webcam/a",
  ],
  [
    "a stream",
    { stream: "/webcam/?action=stream" },
    "http://octopi.local",
    "http://octopi.local/webcam/?action=snapshot",
  ],
  ["another stream", { stream: "webrtc://octopi.local/" }, "http://octopi.local", undefined],
  ["nothing", {}, "http://octopi.local", undefined],
];
for (const [what, webcam, address, expected] of addresses) {
  Deno.test(`snapshotAddress() reads ${what}`, () => {
    assert.equal(snapshotAddress(webcam, address)?.href, expected);
  });
}

Deno.test("cameras() takes a camera that only OctoPrint's host reaches through OctoPrint, or at that host", async () => {
  const webcams = [
    camera({ name: "classic", compat: { snapshot: "http://127.0.0.1:8080/?action=snapshot" } }),
    camera({ name: "second", compat: { snapshot: "http://localhost:8081/?action=snapshot" } }),
  ];
  const driver = octoprint.bind({ address: "http://octopi.test/op", apiKey: key });
  const answer = Response.json({ webcam: { snapshotWebcam: "classic", webcams } });
  const found = await driver.cameras?.({ ...io, fetch: () => Promise.resolve(answer) });
  assert.deepEqual(found?.map(({ source }) => source), [
    { url: "http://octopi.test/op/downloads/camera/current", headers: { "x-api-key": key } },
    { url: "http://octopi.test:8081/?action=snapshot" },
  ]);
});

const gcode = new TextEncoder().encode("; layer 1\n".repeat(20_000));

function served(request: Request): Response {
  const [, from = "0", to = "0"] = /bytes=(\d+)-(\d+)/.exec(request.headers.get("range") ?? "") ?? [];
  const end = Math.min(Number(to) + 1, gcode.length);
  const headers = { "content-range": `bytes ${from}-${end - 1}/${gcode.length}` };
  return new Response(gcode.slice(Number(from), end), { status: 206, headers });
}

Deno.test("openPrintFile() reads a file of OctoPrint's disk in parts, in sub-folders and below a prefix", async () => {
  await using host = serve({ "GET /downloads/files/local/my%20cubes/b%C3%A4r%23.gcode": served }, "/octo/print");
  const file = { path: "my cubes/bär#.gcode", storage: "local" };
  await using reader = await host.driver.openPrintFile?.(file, io);
  assert.deepEqual(await reader?.read(100_000, 30, signal), gcode.slice(100_000, 100_030));
  await assert.rejects(
    async () => await host.driver.openPrintFile?.({ path: "../config.yaml" }, io),
    /Not a print file/,
  );
});

Deno.test("openPrintFile() reads a file in the printer where OctoPrint 2.0 says how, else it says where it lies", async () => {
  await using host = serve({
    "GET /api/files/printer/a.gcode": () =>
      Response.json({ size: 7, refs: { download: "http://elsewhere.test/downloads/files/printer/a.gcode" } }),
    "GET /downloads/files/printer/a.gcode": served,
    "GET /api/files/sdcard/b.gco": () => Response.json({ size: 7, refs: { resource: "x" } }),
  });
  await using reader = await host.driver.openPrintFile?.({ path: "a.gcode", storage: "printer" }, io);
  assert.equal(reader?.sizeBytes, gcode.length);
  await assert.rejects(
    async () => await host.driver.openPrintFile?.({ path: "b.gco", storage: "sdcard" }, io),
    /it lies in the printer/,
  );
});

const analysis = {
  estimatedPrintTime: 3600.5,
  filament: { tool0: { length: 1234.5 }, tool1: { length: 10 } },
  dimensions: { height: 48 },
};
const picture = new Uint8Array([0x89, 0x50, 0x4e, 0x47]);

Deno.test("describePrintFile() gives OctoPrint's analysis and a plugin's thumbnail, also below a prefix", async () => {
  await using host = serve({
    "GET /api/files/local/cubes/a.gcode": () =>
      Response.json({
        size: 7,
        gcodeAnalysis: analysis,
        thumbnail: "plugin/prusaslicerthumbnails/thumbnail/cubes/a.png?2026",
      }),
    "GET /plugin/prusaslicerthumbnails/thumbnail/cubes/a.png?2026": () => new Response(picture),
  }, "/octoprint");
  const found = await host.driver.describePrintFile?.({ path: "cubes/a.gcode", storage: "local", sizeBytes: 7 }, io);
  assert.deepEqual(found, {
    facts: { estimatedSeconds: 3600.5, filamentMillimetres: [1234.5, 10], objectHeightMillimetres: 48 },
    thumbnail: picture,
  });
});

Deno.test("describePrintFile() says nothing of a file that is gone, is another one by now, or has no thumbnail", async () => {
  await using host = serve({
    "GET /api/files/local/a.gcode": () => Response.json({ size: 7, gcodeAnalysis: null, thumbnail: "plugin/gone.png" }),
  });
  assert.deepEqual(await host.driver.describePrintFile?.({ path: "a.gcode", sizeBytes: 8 }, io), { facts: {} });
  assert.deepEqual(await host.driver.describePrintFile?.({ path: "b.gcode" }, io), { facts: {} });
  assert.deepEqual(await host.driver.describePrintFile?.({ path: "a.gcode" }, io), { facts: {} });
});

Deno.test("pathHere() takes a reference to where we reach OctoPrint, and nowhere else", () => {
  assert.equal(pathHere("http://a.test/p", "http://other.test/p/downloads/x?y"), "/downloads/x?y");
  assert.equal(pathHere("http://a.test/p", "downloads/x"), "/downloads/x");
  assert.equal(pathHere("http://a.test", "//evil.test/x"), "/x");
});

async function stepsOf(login: AsyncIterable<LoginStep> | undefined): Promise<LoginStep[]> {
  const steps: LoginStep[] = [];
  for await (const step of login ?? []) steps.push(step);
  return steps;
}

const probe = { "GET /plugin/appkeys/probe": () => new Response(null, { status: 204 }) };
const request = (status = 201) => () => Response.json({ app_token: "TOKEN", auth_dialog: "x" }, { status });
const logins: readonly [what: string, answers: Answers, last: RegExp][] = [
  ["what has no such plugin", {}, /gives no keys/],
  ["too many questions", { ...probe, "POST /plugin/appkeys/request": request(429) }, /asked too often/],
  ["what answers otherwise", { ...probe, "POST /plugin/appkeys/request": request(500) }, /answered 500/],
  ["an owner who refuses", { ...probe, "POST /plugin/appkeys/request": request() }, /was refused/],
  ["an owner who allows", {
    ...probe,
    "POST /plugin/appkeys/request": request(),
    "GET /plugin/appkeys/request/TOKEN": () => Response.json({ api_key: "NEW" }),
  }, /"apiKey":"NEW"/],
];
for (const [what, answers, last] of logins) {
  Deno.test(`login() meets ${what}`, async () => {
    await using host = serve(answers);
    const steps = await stepsOf(octoprint.bind({ address: host.address }).login?.(io));
    assert.match(JSON.stringify(steps.at(-1)), last);
    assert.ok(host.asked.every((path) => path.includes("/plugin/appkeys/")));
  });
}

async function problemOf(address: string, apiKey?: string): Promise<LinkLostError> {
  const driver = octoprint.bind({ address, ...(apiKey ? { apiKey } : {}) });
  try {
    for await (const _ of driver.watch(io));
  } catch (error) {
    if (error instanceof LinkLostError) return error;
    throw error;
  }
  throw new Error("It found nothing wrong");
}

Deno.test("watch() says what is wrong with key and address, and never the key", async () => {
  await using host = serve({ "POST /api/login": () => Response.json({ name: null, session: null }) });
  const without = await problemOf(host.address);
  assert.match(without.message, /wants an API key: get one with filagram login/);
  assert.equal(without.problem, "no permission");
  assert.match((await problemOf(host.address, "wrong-key-1")).message, /refuses the API key/);
  assert.match((await problemOf(host.address, key)).message, /refuses the API key/); // 200, but nobody

  await using starting = serve({});
  assert.match((await problemOf(starting.address, key)).message, /is starting, or the address leads elsewhere/);
  await using moved = serve({ "POST /api/login": () => Response.redirect("https://127.0.0.1:1/") });
  assert.match((await problemOf(moved.address, key)).message, /lives at another address/);
});

Deno.test("the settings take addresses as people write them", () => {
  const read = (address: string) => octoprint.settings.safeParse({ address }).data;
  assert.deepEqual(read("octopi.local"), { address: "http://octopi.local" });
  assert.deepEqual(read("https://home.example/octoprint/"), { address: "https://home.example/octoprint" });
  for (const bad of ["", "ftp://a", "http://me:secret@a"]) assert.equal(read(bad), undefined, bad);
});
