/** The driver against both PrusaLinks on a real port: logins, whole prints, every odd end, uploads, nothing said too much. */
import assert from "node:assert/strict";
import { prusalink } from "../../src/drivers/prusalink/prusalink.ts";
import { PolledHouse, type PolledHouseOptions } from "../support/polled_house.ts";
import { type DoubleFile, type DoubleOptions, PrusaLinkDouble } from "../support/prusalink_double.ts";

const benchy: DoubleFile = {
  path: "BENCHY~1.GCO",
  displayName: "Benchy größer.gcode",
  bytes: new Uint8Array(5000).fill(65),
  meta: { "estimated printing time (normal mode)": "1h 2m 3s", "filament used [mm]": "1234.5" },
};
const cube: DoubleFile = { path: "parts/cube.gcode", bytes: new Uint8Array(700) };
const secret = "correct horse";

function houseOf(
  double: PrusaLinkDouble,
  { settings = { password: secret }, ...options }: Partial<PolledHouseOptions> = {},
): PolledHouse {
  return new PolledHouse(prusalink, { settings: { address: double.url, ...settings }, ...options });
}

/** `asked`: how often the server asks for the login in a print in which its nonce runs out once. */
const logins: Record<string, DoubleOptions & { settings: Record<string, unknown>; asked: number }> = {
  "Buddy, RFC 2069 digest": { variant: "buddy", settings: { password: secret }, asked: 2 },
  "Buddy, the password as key": { variant: "buddy", settings: { apiKey: secret }, asked: 0 },
  "Buddy that takes no keys any more": { variant: "buddy", apiKey: "none", settings: { apiKey: secret }, asked: 2 },
  "Pi, MD5-sess": { variant: "pi", settings: { password: secret }, asked: 2 },
  "Pi, another user": { variant: "pi", user: "anna", settings: { user: "anna", password: secret }, asked: 2 },
  "Pi, API key": { variant: "pi", apiKey: "key 4711", settings: { apiKey: "key 4711" }, asked: 0 },
};

for (const [name, { settings, asked, ...options }] of Object.entries(logins)) {
  Deno.test(`${name}: a whole print, one request at a time, logged in once`, async () => {
    await using double = new PrusaLinkDouble(options);
    await using house = houseOf(double, { settings });
    await house.pass(12);
    double.start(benchy, { id: 7 });
    await house.pass(6);
    Object.assign(double.job ?? {}, { progress: 40, time_remaining: 1800, time_printing: 900 });
    await house.pass(6);
    double.state = "PAUSED";
    await house.pass(8);
    double.state = "ATTENTION";
    await house.pass(8);
    double.state = "PRINTING";
    await house.pass(4);
    double.expireNonce();
    Object.assign(double.job ?? {}, { progress: 95, time_remaining: 60 });
    await house.pass(6);
    double.end("FINISHED");
    await house.pass(11);
    double.state = "IDLE";
    await house.pass(12);
    const file = "Benchy größer.gcode";
    assert.deepEqual(house.told, [
      { kind: "started", file },
      { kind: "paused", reason: "unknown", file },
      { kind: "resumed", file },
      { kind: "finished", file },
    ]);
    assert.equal(house.asked.filter((request) => request.endsWith("401")).length, asked);
    assert.equal(house.overlaps, 0);
    assert.equal(house.asked.filter((request) => request.startsWith("GET /api/v1/job")).length, 1);
    assert.deepEqual(house.losses, []);
    assert.equal(house.events.find(({ kind }) => kind === "started")?.facts.estimatedSeconds, 3723);
  });
}

Deno.test("the first report holds the whole job that it meets", async () => {
  await using double = new PrusaLinkDouble({ variant: "pi" });
  double.start(cube, { id: 3 });
  Object.assign(double.job ?? {}, { progress: 30, time_remaining: 0 });
  await using house = houseOf(double);
  await house.pass(1);
  assert.deepEqual(house.reports[0], {
    link: { kind: "online" },
    temperatures: { nozzle: { celsius: 24, targetCelsius: 0 }, bed: { celsius: 24, targetCelsius: 0 } },
    job: {
      kind: "printing",
      nativeId: "3",
      file: { path: "parts/cube.gcode", storage: "local", sizeBytes: 700 },
    },
    progress: { percent: 30 },
  });
  assert.deepEqual(house.kinds, []);
});

Deno.test("it asks every 5 s while nothing goes on and every 2 s while something does", async () => {
  await using double = new PrusaLinkDouble({ variant: "buddy" });
  await using house = houseOf(double);
  await house.pass(60);
  const idle = house.asked.length;
  assert.ok(idle >= 11 && idle <= 15, `${idle} requests in an idle minute`);
  double.start(benchy, { id: 1 });
  await house.pass(60);
  const printing = house.asked.length - idle;
  assert.ok(printing >= 26 && printing <= 32, `${printing} requests in a minute of printing`);
});

/** What happens after "started" when the job goes at `percent`, and what its owner is told. */
const ends: Record<
  string,
  { percent: number; act: (double: PrusaLinkDouble, house: PolledHouse) => Promise<void>; told: unknown }
> = {
  "a job that is gone at 95 % without a word has ended, nobody knows how": {
    percent: 95,
    act: (double) => Promise.resolve(double.end("IDLE")),
    told: [{ kind: "ended", file: "cube" }],
  },
  "a job that is gone at 99.5 % has finished": {
    percent: 99.5,
    act: (double) => Promise.resolve(double.end("IDLE")),
    told: [{ kind: "finished", file: "cube" }],
  },
  "busy for a moment, then finished: finished": {
    percent: 97,
    act: async (double, house) => {
      double.end("IDLE");
      double.state = "BUSY";
      await house.pass(5);
      double.state = "FINISHED";
    },
    told: [{ kind: "finished", file: "cube" }],
  },
  "stopped by somebody: cancelled": {
    percent: 20,
    act: (double) => Promise.resolve(double.end("STOPPED")),
    told: [{ kind: "cancelled", file: "cube" }],
  },
  "stopped, and dismissed at once: cancelled": {
    percent: 20,
    act: async (double, house) => {
      double.end("STOPPED");
      await house.pass(3);
      double.state = "IDLE";
    },
    told: [{ kind: "cancelled", file: "cube" }],
  },
  "stopped, and the next one at once: cancelled, then started": {
    percent: 20,
    act: async (double, house) => {
      double.end("STOPPED");
      await house.pass(3);
      double.start(benchy, { id: 12 });
    },
    told: [{ kind: "cancelled", file: "cube" }, { kind: "started", file: "Benchy größer.gcode" }],
  },
  "stopped, then an error that stays: failed, with its words and nothing else": {
    percent: 20,
    act: async (double, house) => {
      double.end("STOPPED");
      await house.pass(3);
      double.state = "ERROR";
      double.trouble = "Firmware detected a hardware issue";
    },
    told: [{ kind: "failed", text: "Firmware detected a hardware issue", file: "cube" }],
  },
  "stopped, and the temperatures are forgotten: the printer restarted": {
    percent: 20,
    act: (double) => {
      double.end("STOPPED");
      double.temperatures = undefined;
      return Promise.resolve();
    },
    told: [{ kind: "failed", text: "the printer restarted", file: "cube" }],
  },
  "stopped by a restart, whose reason follows: failed, with its words": {
    percent: 20,
    act: async (double, house) => {
      double.end("STOPPED");
      double.temperatures = undefined;
      await house.pass(4);
      double.state = "ERROR";
      double.trouble = "Firmware detected a hardware issue";
    },
    told: [{ kind: "failed", text: "Firmware detected a hardware issue", file: "cube" }],
  },
  "an error, then stopped: failed once": {
    percent: 20,
    act: async (double, house) => {
      double.end("ERROR");
      double.trouble = "Firmware detected a hardware issue";
      await house.pass(3);
      double.state = "STOPPED";
      double.trouble = undefined;
    },
    told: [{ kind: "failed", text: "Firmware detected a hardware issue", file: "cube" }],
  },
  "museum: 38 a thermal runaway that reads ATTENTION is failed and no pause": {
    percent: 20,
    act: (double) => {
      double.state = "ATTENTION";
      double.trouble = "Firmware detected a hardware issue";
      return Promise.resolve();
    },
    told: [{ kind: "failed", text: "Firmware detected a hardware issue", file: "cube" }],
  },
  "an error without words is told as one": {
    percent: 20,
    act: (double) => Promise.resolve(double.end("ERROR")),
    told: [{ kind: "failed", text: "The printer reports an error and does not say which", file: "cube" }],
  },
  "another job at once: the old one has ended, the new one started": {
    percent: 50,
    act: (double) => Promise.resolve(double.start(benchy, { id: 12 })),
    told: [{ kind: "ended", file: "cube" }, { kind: "started", file: "Benchy größer.gcode" }],
  },
};

for (const [name, { percent, act, told }] of Object.entries(ends)) {
  Deno.test(`${name}`, async () => {
    await using double = new PrusaLinkDouble({ variant: "pi" });
    await using house = houseOf(double);
    await house.pass(7);
    double.start({ ...cube, path: "cube" }, { id: 11 });
    await house.pass(6);
    Object.assign(double.job ?? {}, { progress: percent });
    await house.pass(4);
    await act(double, house);
    await house.pass(30);
    assert.deepEqual(house.told, [{ kind: "started", file: "cube" }, ...told as []]);
  });
}

Deno.test("museum: 43 a job is told finished with its name and its time, though the printer has forgotten it", async () => {
  await using double = new PrusaLinkDouble({ variant: "pi" });
  await using house = houseOf(double);
  await house.pass(7);
  double.start(cube, { id: 11 });
  await house.pass(600);
  double.end("FINISHED");
  await house.pass(10);
  const event = house.events.at(-1);
  assert.equal(event?.kind, "finished");
  assert.equal(event?.job?.file?.path, "parts/cube.gcode");
  assert.ok(Math.abs((event?.facts.elapsedSeconds ?? 0) - 600) < 10);
});

Deno.test("museum: 42 a printer that froze makes no progress, and its failure says since when nothing moved", async () => {
  await using double = new PrusaLinkDouble({ variant: "pi" });
  await using house = houseOf(double);
  await house.pass(7);
  double.start(cube, { id: 11 });
  await house.pass(6);
  Object.assign(double.job ?? {}, { progress: 40 });
  await house.pass(80);
  const job = house.state.job;
  assert.ok(job?.kind === "printing" && job.percent === 40);
  const movedAt = job.movedAt;
  double.end("ERROR");
  double.trouble = "Serial device does not exist";
  await house.pass(6);
  const event = house.events.at(-1);
  assert.equal(event?.kind, "failed");
  assert.deepEqual(event?.facts.stillSince, movedAt);
});

Deno.test("a complaint that was there before is no failure when the printer waits for somebody", async () => {
  await using double = new PrusaLinkDouble({ variant: "pi" });
  double.trouble = "Serial number cannot be obtained";
  await using house = houseOf(double);
  await house.pass(7);
  double.start(cube, { id: 11 });
  await house.pass(6);
  double.state = "ATTENTION";
  await house.pass(10);
  assert.deepEqual(house.kinds, ["started", "paused: waiting_for_user"]);
});

Deno.test("a wait without a print is told once it lasts, and again only when it comes again", async () => {
  await using double = new PrusaLinkDouble({ variant: "buddy" });
  await using house = houseOf(double);
  await house.pass(7);
  for (const seconds of [20, 40]) {
    double.state = "ATTENTION";
    await house.pass(seconds);
    double.state = "IDLE";
    await house.pass(12);
  }
  assert.deepEqual(house.kinds, ["needs_you: waiting_for_user", "needs_you: waiting_for_user"]);
  assert.equal(house.state.attention, undefined);
});

Deno.test("museum: 06 an agent that starts while the printer sits in FINISHED says nothing, then tells the next print", async () => {
  await using double = new PrusaLinkDouble({ variant: "buddy" });
  double.state = "FINISHED";
  await using house = houseOf(double);
  await house.pass(30);
  assert.deepEqual(house.told, []);
  double.start(benchy, { id: 12 });
  await house.pass(6);
  assert.deepEqual(house.kinds, ["started"]);
});

/** What an agent that was away finds, and tells. */
const returns: Record<string, { act: (double: PrusaLinkDouble) => void; told: string[] }> = {
  "the same job": { act: (double) => double.start(cube, { id: 11 }), told: [] },
  "the job finished": { act: (double) => double.end("FINISHED"), told: ["finished"] },
  "the job stopped": { act: (double) => double.end("STOPPED"), told: ["cancelled"] },
  "no job": { act: (double) => double.end("IDLE"), told: ["ended"] },
  "another job of the same file": { act: (double) => double.start(cube, { id: 12 }), told: ["ended", "started"] },
};

for (const [found, { act, told }] of Object.entries(returns)) {
  Deno.test(`an agent that comes back finds ${found}: ${told.join(", ") || "nothing to tell"}`, async () => {
    await using double = new PrusaLinkDouble({ variant: "pi" });
    double.start(cube, { id: 11 });
    Object.assign(double.job ?? {}, { progress: 40 });
    const before = houseOf(double);
    await before.pass(12);
    await before[Symbol.asyncDispose]();
    act(double);
    await using house = houseOf(double, { stored: before.state, clock: before.clock });
    await house.pass(20);
    assert.deepEqual(house.kinds, told);
  });
}

for (const variant of ["buddy", "pi"] as const) {
  Deno.test(`${variant}: an upload is told when its file is there in full, not when it was cut`, async () => {
    await using double = new PrusaLinkDouble({ variant });
    await using house = houseOf(double);
    const first = variant === "buddy" ? benchy : { bytes: benchy.bytes, path: "Benchy größer.gcode" };
    for (const [number, file] of [first, cube].entries()) {
      double.transfer = { id: number + 5, file, progress: 10 };
      await house.pass(9);
      double.transfer = undefined;
      await house.pass(1);
      double.files.push(file); // seen a moment later
      await house.pass(9);
    }
    double.transfer = { id: 9, file: { ...cube, path: "cut.gcode" }, progress: 10 };
    await house.pass(9);
    double.transfer = undefined;
    await house.pass(20);
    assert.deepEqual(house.told, [
      { kind: "uploaded", file: "Benchy größer.gcode" },
      { kind: "uploaded", file: "parts/cube.gcode" },
    ]);
  });
}

Deno.test("two unanswered questions are nothing; the third loses the printer, with a reason", async () => {
  await using double = new PrusaLinkDouble({ variant: "buddy" });
  await using house = houseOf(double);
  await house.pass(7);
  double.start(benchy, { id: 1 });
  await house.pass(6);
  let failures = 2;
  double.interfere = () => failures-- > 0 ? new Response("busy", { status: 500 }) : undefined;
  await house.pass(12);
  assert.deepEqual(house.losses, []);
  double.interfere = () => new Response("starting", { status: 503 });
  await house.pass(60);
  assert.equal(house.losses[0], `PrusaLink at "${double.url}" is starting, or has no printer yet`);
  assert.deepEqual(house.kinds, ["started", "offline"]);
  double.interfere = undefined;
  await house.pass(10);
  assert.deepEqual(house.kinds, ["started", "offline", "online"]);
});

const refusals: Record<string, { settings: Record<string, unknown>; variant: "buddy" | "pi"; requests: number }> = {
  "a wrong password": { settings: { password: "wrong horse" }, variant: "buddy", requests: 2 },
  "a wrong user": { settings: { user: "nobody", password: secret }, variant: "pi", requests: 2 },
  "a wrong key": { settings: { apiKey: "wrong horse" }, variant: "pi", requests: 1 },
};

for (const [name, { settings, variant, requests }] of Object.entries(refusals)) {
  Deno.test(`${name} is said with what to do, after ${requests} requests, and never shown`, async () => {
    await using double = new PrusaLinkDouble({ variant, apiKey: "key" });
    await using house = houseOf(double, { settings });
    await house.pass(0.5);
    assert.equal(house.asked.length, requests);
    assert.match(house.losses[0] ?? "", /refuses the login: check user and password/);
    const shown = [...house.losses, ...house.logged, JSON.stringify(house.reports), ...house.asked].join("\n");
    assert.doesNotMatch(shown, /wrong horse|correct horse/);
  });
}

const strangers: Record<string, () => Response> = {
  "a web page": () => new Response("<html>Welcome</html>"),
  "JSON of another kind": () => Response.json({ printer: "none" }),
  "an endless answer": () => new Response(new Uint8Array(5_000_000)),
  "not found": () => new Response("nothing here", { status: 404 }),
  "deep JSON": () => new Response("[".repeat(100_000)),
  "null": () => Response.json(null),
  "a redirect elsewhere": () => new Response(null, { status: 302, headers: { location: "http://127.0.0.1:1/" } }),
};

for (const [name, response] of Object.entries(strangers)) {
  Deno.test(`a server that answers with ${name} is no PrusaLink, and says so`, async () => {
    await using double = new PrusaLinkDouble({ variant: "pi", apiKey: "key" });
    double.interfere = response;
    await using house = houseOf(double, { settings: { apiKey: "key" } });
    await house.pass(5);
    assert.ok(house.losses.length > 0);
    assert.deepEqual(house.kinds, []);
    double.interfere = undefined;
    await house.pass(10);
    assert.equal(house.state.link?.kind, "online");
  });
}

Deno.test("odd fields are unknown, and the rest is still read", async () => {
  await using double = new PrusaLinkDouble({ variant: "pi" });
  const status = {
    printer: { state: "PRINTING", temp_nozzle: "215.5", temp_bed: null, target_bed: {}, status_printer: "odd" },
    job: { id: 5, progress: "12.5", time_remaining: NaN, time_printing: [] },
    storage: 7,
    transfer: "none",
  };
  double.interfere = ({ url }) => url.endsWith("/status") ? Response.json(status) : undefined;
  await using house = houseOf(double, { settings: { apiKey: "x" } });
  await house.pass(3);
  const report = house.reports.at(-1);
  assert.deepEqual(report?.temperatures, { nozzle: { celsius: 215.5 } });
  assert.deepEqual(report?.job, { kind: "printing", nativeId: "5" });
  assert.deepEqual(report?.progress, { percent: 12.5 });
});

Deno.test("a watch that is told to end does so in the middle of an answer", async () => {
  await using double = new PrusaLinkDouble({ variant: "pi" });
  const hangs = Promise.withResolvers<Response>();
  const asked = Promise.withResolvers<void>();
  double.interfere = () => {
    asked.resolve();
    return hangs.promise;
  };
  {
    await using _house = houseOf(double);
    await asked.promise;
  } // hangs here if it does not end
  hangs.resolve(new Response());
});

Deno.test("a server that does not answer is lost after its limit", async () => {
  await using double = new PrusaLinkDouble({ variant: "pi" });
  const hangs = Promise.withResolvers<Response>();
  const asked = Promise.withResolvers<void>();
  double.interfere = () => {
    asked.resolve();
    return hangs.promise;
  };
  await using house = houseOf(double);
  await asked.promise;
  await house.clock.advance(6500);
  await house.answered();
  assert.equal(house.losses[0], `PrusaLink at "${double.url}" does not answer within 6 s`);
  hangs.resolve(new Response());
});

Deno.test("nothing but GET of the few addresses it needs is ever sent, whatever happens", async () => {
  await using double = new PrusaLinkDouble({ variant: "pi" });
  await using house = houseOf(double);
  double.transfer = { id: 1, file: cube, progress: 50 };
  double.files.push(cube);
  await house.pass(7);
  double.transfer = undefined;
  for (const state of ["PRINTING", "PAUSED", "ATTENTION", "BUSY", "READY", "UNKNOWN", "ERROR", "STOPPED", "NEW"]) {
    double.start(cube, { id: 5 });
    double.state = state;
    await house.pass(6);
    double.end("IDLE");
    double.state = state;
    await house.pass(6);
  }
  await house.driver.describePrintFile?.({ path: "parts/cube.gcode", storage: "local" }, house.io);
  await house.driver.cameras?.(house.io);
  const allowed =
    /^GET \/api\/(v1\/(status|job|transfer|cameras|files\/local\/parts\/cube\.gcode)|thumbnails\/\S+) \d+$/;
  for (const request of house.asked) assert.match(request, allowed);
});
