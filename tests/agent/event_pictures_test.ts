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
import { defineDriver } from "../../src/drivers/driver.ts";
import { createLog, Secrets } from "../../src/log.ts";
import { Pixels } from "../../src/pictures/pixels.ts";
import { Fixture, temporaryFolder } from "../outbox/samples.ts";
import { decoded, jpegOf, letters, noise, painted, pngOf } from "../pictures/samples.ts";

const side = 16;
const drawing = pngOf(painted("abc/def", side));
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
  readonly #camera = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, () => {
    this.shots++;
    return this.takePicture();
  });

  writeDrawing(): void {
    const base64 = drawing.toBase64();
    const text = `; thumbnail begin 48x32 ${base64.length}\n; ${base64}\n; thumbnail end\nG1 X1 E1\n`;
    Deno.writeTextFileSync(`${this.files.path}/benchy.gcode`, text);
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
    const driver = defineDriver({ id: "tiny", label: "", settings: z.strictObject({}), async *watch() {} });
    const printer: PrinterSettings = {
      name: "MK4",
      driver: driver.bind({}),
      address: "",
      camera: {
        source: { url: `http://127.0.0.1:${this.#camera.addr.port}/` },
        flip: ["horizontal"],
        rotateDegrees: 90,
        deadlineSeconds: 10,
      },
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
      rules: [{ ...defaultRule, picture: this.policy }],
    };
  }

  /** Composes what is stored; returns when its deliveries are enqueued. */
  async compose(): Promise<void> {
    const stop = new AbortController();
    const enqueued = Promise.withResolvers<void>();
    const deps = { ...this.#deps, fetch, links: noLinks };
    const loop = composeEvents({
      ...deps,
      files: new PrintFiles(deps),
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
