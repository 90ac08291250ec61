/** Pictures on the road: compose, outbox and send with a real camera, real files and a real store. */
import assert from "node:assert/strict";
import { z } from "zod";
import { PrintFiles } from "../../src/agent/print_files.ts";
import { composeEvents } from "../../src/agent/compose.ts";
import { sendDeliveries } from "../../src/agent/send.ts";
import { type ChannelLimits, defineChannel, type FittedDelivery, type SendResult } from "../../src/channels/channel.ts";
import { Wake } from "../../src/clock.ts";
import type { ChannelSettings, PrinterSettings, Settings } from "../../src/config/settings.ts";
import type { EventKind } from "../../src/domain/printer_event.ts";
import { defaultRule, type PicturePolicy } from "../../src/domain/rule.ts";
import type { Camera, RangeReader } from "../../src/domain/print_file.ts";
import { defineDriver, type Driver } from "../../src/drivers/driver.ts";
import { createLog, Secrets } from "../../src/log.ts";
import { readPictureHeader } from "../../src/pictures/picture_header.ts";
import { Pixels } from "../../src/pictures/pixels.ts";
import { Fixture, temporaryFolder } from "../outbox/samples.ts";
import { decoded, jpegOf, letters, noise, painted, pngOf } from "../pictures/samples.ts";

const side = 16;
const drawing = pngOf(painted("abc/def", side));
const slicedFile = new TextEncoder().encode(
  `; thumbnail begin 48x32 ${drawing.toBase64().length}\n; ${drawing.toBase64()}\n; thumbnail end\nG1 X1 E1\n` +
    "; estimated printing time (normal mode) = 1h 12m 0s\n",
);
const roomy: ChannelLimits = {
  titleCharacters: 100,
  bodyCharacters: 5000,
  pictures: 4,
  pictureBytes: 1e7,
  messagesPerMinute: 1000,
};

/** Tells when the loop has nothing more to do. */
class WakeAtEnd extends Wake {
  constructor(private readonly end: () => void) {
    super();
  }

  override wait(): Promise<void> {
    this.end();
    return Promise.resolve();
  }
}

const unreachable = () => Promise.reject(new Error("There are no links"));
const noLinks = { openLink: unreachable, openMessages: unreachable };

/** A printer with a camera and a folder of files, one rule and channels that answer as told. */
class Road implements AsyncDisposable {
  readonly fixture = new Fixture();
  readonly pixels = new Pixels(this.fixture.clock);
  readonly files = temporaryFolder();
  readonly sent: FittedDelivery[] = [];
  shots = 0;
  takePicture: () => Response | Promise<Response> = () => new Response(jpegOf(painted("ab/cd/ef", side)).slice());
  policy: PicturePolicy = "auto";
  limits = roomy;
  /** What the driver can do beside watching. */
  abilities: Pick<Driver<unknown>, "openPrintFile" | "describePrintFile" | "cameras"> = {};
  hasOwnCamera = true;
  #files: PrintFiles | undefined;
  readonly #camera = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, () => {
    this.shots++;
    return this.takePicture();
  });

  get camera(): Camera {
    const source = { url: `http://127.0.0.1:${this.#camera.addr.port}/` };
    return { source, flip: ["horizontal"], rotateDegrees: 90 };
  }

  writeDrawing(): void {
    Deno.writeFileSync(`${this.files.path}/benchy.gcode`, slicedFile);
  }

  get #channel(): ChannelSettings {
    const channel = defineChannel({
      id: "letter",
      label: "Letter",
      settings: z.strictObject({}),
      limits: this.limits,
      recipients: () => ["me"],
      open: () => {
        throw new Error("opened by the test");
      },
    });
    return { name: "mail", channel: channel.bind({}), fingerprint: "" };
  }

  get #settings(): Settings {
    const driver = defineDriver({
      id: "tiny",
      label: "",
      settings: z.unknown(),
      async *watch() {},
      ...this.abilities,
    });
    const printer: PrinterSettings = {
      name: "MK4",
      driver: driver.bind({}),
      address: "",
      ...(this.hasOwnCamera ? { camera: { ...this.camera, deadlineSeconds: 10 } } : {}),
      filesFolder: this.files.path,
      tellsDisplayText: false,
      fingerprint: "",
    };
    return {
      path: "",
      agent: { name: "workshop", timezone: "UTC", language: "en" },
      web: { hostname: "127.0.0.1", port: 0 },
      printers: [printer],
      channels: [this.#channel],
      rules: [{ ...defaultRule, id: "r1", when: [...defaultRule.when, "progress"], picture: this.policy }],
    };
  }

  /** Composes what is stored; returns when its deliveries are enqueued. */
  async compose(): Promise<void> {
    const stop = new AbortController();
    const enqueued = Promise.withResolvers<void>();
    const deps = { ...this.#deps, fetch, links: noLinks };
    const loop = composeEvents({
      ...deps,
      files: this.#files ??= new PrintFiles(deps),
      store: this.fixture.store,
      settings: () => this.#settings,
      stored: new Wake(),
      enqueued: () => enqueued.resolve(),
    }, stop.signal);
    await enqueued.promise;
    stop.abort();
    await loop;
  }

  /** Sends until the answers are used up. */
  async send(...answers: SendResult[]): Promise<void> {
    const stop = new AbortController();
    const settings = this.#channel;
    const sender = {
      send: (delivery: FittedDelivery): Promise<SendResult> => {
        this.sent.push(delivery);
        const answer = answers.shift() ?? { kind: "sent" };
        return Promise.resolve(answer);
      },
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
    const loop = sendDeliveries([{ settings, sender }], {
      ...this.#deps,
      timezone: () => "UTC",
      enqueued: new WakeAtEnd(() => stop.abort()),
    }, stop.signal);
    await loop;
  }

  get #deps() {
    const { clock, outbox } = this.fixture;
    const log = createLog({ level: "error", secrets: new Secrets(), write: (line) => console.error(line) });
    return { clock, outbox, log, pixels: this.pixels, beat() {}, changed() {} };
  }

  async tell(kind: EventKind): Promise<FittedDelivery | undefined> {
    this.fixture.commit(kind);
    await this.compose();
    await this.send();
    return this.sent.at(-1);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.pixels[Symbol.dispose]();
    await this.#camera.shutdown();
    this.files[Symbol.dispose]();
    this.fixture[Symbol.dispose]();
  }
}

/** What each picture shows, letter for letter. */
async function shown(delivery: FittedDelivery | undefined): Promise<string[]> {
  return await Promise.all((delivery?.pictures ?? []).map(async ({ bytes }) => letters(await decoded(bytes), side)));
}

const camera = "fdb/eca";
const thumbnail = "abc/def";
const rows: readonly [policy: PicturePolicy, kind: EventKind, hasDrawing: boolean, expected: string[]][] = [
  ["auto", "started", true, [thumbnail]],
  ["auto", "started", false, [camera]],
  ["auto", "uploaded", true, [thumbnail]],
  ["auto", "uploaded", false, []],
  ["auto", "finished", true, [camera]],
  ["auto", "offline", true, []],
  ["camera", "started", true, [camera]],
  ["thumbnail", "finished", true, [thumbnail]],
  ["thumbnail", "finished", false, []],
  ["none", "finished", true, []],
  ["progress", "started", true, [thumbnail]],
  ["progress", "progress", false, [camera]],
  ["both", "uploaded", true, [thumbnail]],
  ["both", "finished", false, [camera]],
  ["both", "offline", true, [thumbnail]],
  ["animation", "started", true, [thumbnail]],
  ["animation", "progress", true, [camera]],
  ["animation", "finished", true, [camera]],
];

for (const [policy, kind, hasDrawing, expected] of rows) {
  const files = hasDrawing ? "a thumbnail" : "no thumbnail";
  Deno.test(`picture: ${policy}, ${kind}, ${files} in the file: ${expected.join() || "none"}`, async () => {
    await using road = new Road();
    road.policy = policy;
    if (hasDrawing) road.writeDrawing();
    const delivery = await road.tell(kind);
    assert.deepEqual(await shown(delivery), expected);
    assert.deepEqual(delivery?.message.notes, []);
    assert.equal(road.shots, expected.includes(camera) ? 1 : 0, "no look at the printer that is not wanted");
  });
}

/** Type and size of each picture. */
function sizes(delivery: FittedDelivery | undefined): string[] {
  return (delivery?.pictures ?? []).map(({ bytes, mediaType }) => {
    const { widthPixels, heightPixels } = readPictureHeader(bytes) ?? {};
    return `${mediaType} ${widthPixels}x${heightPixels}`;
  });
}

Deno.test("picture: progress: the thumbnail as far as it is printed, also by itself where there is no camera", async () => {
  for (const [policy, hasOwnCamera] of [["progress", true], ["auto", false]] as const) {
    await using road = new Road();
    Object.assign(road, { policy, hasOwnCamera });
    road.writeDrawing();
    const delivery = await road.tell("progress");
    assert.match(sizes(delivery).join(), /^image\/png 480x\d+$/);
    assert.equal(delivery?.pictures[0]?.alt, "benchy, printed to 50 %");
    assert.equal(road.shots, 0);
  }
});

Deno.test("picture: both: thumbnail and camera in one picture; where the camera fails, the thumbnail, and why", async () => {
  await using road = new Road();
  road.policy = "both";
  road.writeDrawing();
  const delivery = await road.tell("finished");
  assert.match(sizes(delivery).join(), /^image\/jpeg \d+x32$/);
  assert.match(delivery?.pictures[0]?.alt ?? "", /^benchy as the slicer drew it, beside it: Camera picture/);
  road.takePicture = () => new Response("no", { status: 500 });
  const next = await road.tell("finished");
  assert.deepEqual(await shown(next), [thumbnail]);
  assert.deepEqual(next?.message.notes, ["No picture from the camera: it answered 500 Internal Server Error."]);
});

Deno.test("picture: animation: the frames of the print, then they are forgotten; a test keeps them", async () => {
  await using road = new Road();
  road.policy = "animation";
  const { store, clock } = road.fixture;
  const of = { printer: "MK4", job: "1-a" };
  for (const [number, letter] of ["a", "b", "c"].entries()) {
    const bytes = jpegOf(painted(`${letter}${letter}/${letter}${letter}`, 40));
    store.frames.add(of, { bytes, number, percent: number * 30, at: clock.now() });
  }
  road.fixture.commit("finished", { isTest: true });
  await road.compose();
  await road.send();
  assert.deepEqual(await shown(road.sent.at(-1)), [camera]);
  assert.equal(store.frames.list(of).length, 3);
  const delivery = await road.tell("finished");
  assert.deepEqual(sizes(delivery), ["image/gif 80x80"]);
  assert.equal(delivery?.pictures[0]?.alt, "benchy growing, as the camera saw it");
  assert.deepEqual(store.frames.list(of), []);
});

Deno.test("picture: animation: a channel that takes JPEG only gets a still picture of the end", async () => {
  await using road = new Road();
  road.policy = "animation";
  road.limits = { ...roomy, pictureType: "image/jpeg" };
  for (const number of [0, 1]) {
    const bytes = jpegOf(painted("aa/aa", 40));
    road.fixture.store.frames.add({ printer: "MK4", job: "1-a" }, {
      bytes,
      number,
      percent: 0,
      at: road.fixture.clock.now(),
    });
  }
  assert.deepEqual(sizes(await road.tell("finished")), ["image/jpeg 80x80"]);
});

function readerOf(bytes: Uint8Array): RangeReader {
  return {
    sizeBytes: bytes.length,
    read: (offset, length) => Promise.resolve(bytes.slice(offset, offset + length)),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

const sources: Record<string, Road["abilities"]> = {
  "the printer's own file": { openPrintFile: () => Promise.resolve(readerOf(slicedFile)) },
  "what its host knows": { describePrintFile: () => Promise.resolve({ facts: {}, thumbnail: drawing }) },
  "what its host knows, where the file is gone": {
    openPrintFile: () => Promise.reject(new Error("404")),
    describePrintFile: () => Promise.resolve({ facts: {}, thumbnail: drawing }),
  },
  "what its host knows, where the file has no picture": {
    openPrintFile: () => Promise.resolve(readerOf(new TextEncoder().encode("G1 X1 E1\n"))),
    describePrintFile: () => Promise.resolve({ facts: {}, thumbnail: drawing }),
  },
};

for (const [where, abilities] of Object.entries(sources)) {
  Deno.test(`museum: 17 the thumbnail comes from ${where}`, async () => {
    await using road = new Road();
    road.policy = "thumbnail";
    road.abilities = abilities;
    assert.deepEqual(await shown(await road.tell("started")), [thumbnail]);
  });
}

Deno.test("a print file is asked for once per print, however many messages show it", async () => {
  await using road = new Road();
  let asked = 0;
  road.abilities = {
    openPrintFile() {
      asked++;
      return Promise.resolve(readerOf(slicedFile));
    },
  };
  road.policy = "thumbnail";
  for (const kind of ["started", "paused", "finished"] as const) await road.tell(kind);
  assert.equal(asked, 1);
  assert.equal(road.sent.filter(({ pictures }) => pictures.length === 1).length, 3);
});

Deno.test("what the file says completes the first words about a print", async () => {
  await using road = new Road();
  road.policy = "none";
  road.writeDrawing();
  assert.equal((await road.tell("started"))?.message.firstLine, "MK4: benchy started, about 1 h 12 min");
  const facts = (await road.tell("uploaded"))?.message.facts;
  assert.deepEqual(facts, [{ label: "estimated", value: "1 h 12 min" }]);
});

Deno.test("without a camera in the settings the first one of the printer's host looks, the right way up", async () => {
  await using road = new Road();
  road.hasOwnCamera = false;
  road.abilities = { cameras: () => Promise.resolve([road.camera, { ...road.camera, rotateDegrees: 0 }]) };
  assert.deepEqual(await shown(await road.tell("finished")), [camera]);
  road.abilities = { cameras: () => Promise.reject(new Error("it is away")) };
  const delivery = await road.tell("finished");
  assert.deepEqual([delivery?.pictures, delivery?.message.notes], [[], []]);
});

Deno.test("museum: 15 a print file that hangs: the text is composed after 10 s, without it", async () => {
  await using road = new Road();
  const asked = Promise.withResolvers<void>();
  road.policy = "thumbnail";
  road.abilities = {
    openPrintFile() {
      asked.resolve();
      return new Promise(() => {});
    },
  };
  road.fixture.commit("started");
  const composed = road.compose();
  await asked.promise;
  await road.fixture.clock.advance(9_900);
  assert.equal(road.fixture.outbox.take("mail"), undefined);
  await road.fixture.clock.advance(100);
  await composed;
  await road.send();
  assert.deepEqual([road.sent[0]?.pictures, road.sent[0]?.message.notes], [[], []]);
});

Deno.test("museum: 27 the picture is that of the event, however often and late it is sent", async () => {
  await using road = new Road();
  road.fixture.commit("finished");
  await road.compose();
  road.takePicture = () => new Response(jpegOf(painted("ff/ff/ff", side)).slice());
  await road.send({ kind: "retry", reason: "450 greylisted" });
  await road.fixture.clock.advance(3_600_000);
  await road.send();
  assert.equal(road.sent.length, 2);
  assert.deepEqual(await shown(road.sent[1]), [camera]);
  assert.equal(road.shots, 1);
});

Deno.test("museum: 27 an event told late gets no picture of another moment", async () => {
  await using road = new Road();
  road.fixture.commit("finished");
  await road.fixture.clock.advance(61_000);
  await road.compose();
  await road.send();
  assert.deepEqual(await shown(road.sent[0]), []);
  assert.equal(road.shots, 0);
});

Deno.test("museum: 15 a camera that fails: the text goes out and says what failed", async () => {
  await using road = new Road();
  road.takePicture = () => new Response("<html>", { headers: { "content-type": "image/jpeg" } });
  const delivery = await road.tell("finished");
  assert.deepEqual(delivery?.pictures, []);
  assert.deepEqual(delivery?.message.notes, ["No picture from the camera: it sent no picture but a web page."]);
});

Deno.test({
  name: "museum: 15 a camera that hangs for 60 s: the text is composed after its deadline of 10 s",
  sanitizeResources: false,
  sanitizeOps: false,
  async fn() {
    await using road = new Road();
    const asked = Promise.withResolvers<void>();
    const late = Promise.withResolvers<Response>();
    road.takePicture = () => {
      asked.resolve();
      return late.promise;
    };
    road.fixture.commit("finished");
    const composed = road.compose();
    await asked.promise;
    await road.fixture.clock.advance(9_900);
    assert.equal(road.fixture.outbox.take("mail"), undefined);
    await road.fixture.clock.advance(100);
    await composed;
    await road.send();
    assert.deepEqual(road.sent[0]?.message.notes, ["No picture from the camera: it did not answer within 10 s."]);
    late.resolve(new Response("too late"));
  },
});

Deno.test("museum: 20 a server that refuses the size gets it smaller once, then without", async () => {
  await using road = new Road();
  road.takePicture = () => new Response(jpegOf(noise(900, 700), 95).slice());
  road.fixture.commit("finished");
  await road.compose();
  await road.send({ kind: "tooLarge", reason: "552 too big" }, { kind: "tooLarge", reason: "552 too big" });
  const bytes = road.sent.map(({ pictures }) => pictures.reduce((sum, picture) => sum + picture.bytes.length, 0));
  assert.equal(bytes.length, 3);
  const [first = 0, second = 0, third] = bytes;
  assert.ok(first > 400_000 && second > 50_000 && second <= 256 * 1024, bytes.join());
  assert.equal(third, 0);
  assert.deepEqual(road.sent.map(({ message }) => message.notes), [[], [], [
    "The picture was left out: 552 too big.",
  ]]);
});

Deno.test("museum: 20 a server that says what it takes gets just that", async () => {
  await using road = new Road();
  road.takePicture = () => new Response(jpegOf(noise(900, 700), 95).slice());
  road.fixture.commit("finished");
  await road.compose();
  await road.send({ kind: "tooLarge", reason: "takes up to 0.1 MB", maxBytes: 100_000 });
  assert.equal(road.sent.length, 2);
  const size = road.sent[1]?.pictures[0]?.bytes.length ?? 0;
  assert.ok(size > 20_000 && size < 62_000, String(size));
});

Deno.test("a channel that takes little gets a small picture", async () => {
  await using road = new Road();
  road.limits = { ...roomy, pictures: 1, pictureBytes: 30_000, pictureSidePixels: 320, pictureType: "image/jpeg" };
  road.takePicture = () => new Response(pngOf(noise(700, 500)).slice());
  const delivery = await road.tell("finished");
  const [picture] = delivery?.pictures ?? [];
  assert.equal(picture?.mediaType, "image/jpeg");
  assert.ok((picture?.bytes.length ?? Infinity) <= 30_000);
  assert.deepEqual(delivery?.message.notes, []);
});
