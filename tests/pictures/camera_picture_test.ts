/** Cameras as they are: real HTTP servers that hang, lie and hang upside down; only the clock is ours. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { type Clock, systemClock } from "../../src/clock.ts";
import { type FoundPictures, takeCameraPicture } from "../../src/pictures/camera_picture.ts";
import { readFirstPicture } from "../../src/pictures/mjpeg.ts";
import { Pixels } from "../../src/pictures/pixels.ts";
import { maxSnapshotBytes } from "../../src/pictures/snapshot.ts";
import { selfSigned } from "../support/certificates.ts";
import { FakeClock, settled } from "../support/fake_clock.ts";
import { decoded, join, jpegOf, letters, painted, pngOf } from "./samples.ts";

const side = 16;
const jpeg = jpegOf(painted("ab/cd/ef", side));
const deadlineSeconds = 10;

type Answer = (request: Request) => Response | Promise<Response>;
type CameraSettings = Parameters<typeof takeCameraPicture>[0];

interface Server extends AsyncDisposable {
  readonly url: string;
  /** So many requests came. */
  readonly requests: Request[];
}

function serve(answer: Answer, tls: { key: string; cert: string } | undefined = undefined): Server {
  const requests: Request[] = [];
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {}, onError: () => new Response(null, { status: 500 }), ...tls },
    (request) => {
      requests.push(request);
      return answer(request);
    },
  );
  return {
    url: `${tls ? "https" : "http"}://127.0.0.1:${server.addr.port}/shot?pwd=s3cret`,
    requests,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

const picture = (bytes: Uint8Array, type = "image/jpeg") =>
  new Response(new Uint8Array(bytes), { headers: { "content-type": type } });

/** Time is real, but nobody waits for a camera to wake up. */
function impatientClock(): Clock {
  const clock = systemClock({ bootId: "test" });
  return {
    now: () => clock.now(),
    isSet: () => true,
    sleep: (milliseconds, signal) => milliseconds === 1000 ? Promise.resolve() : clock.sleep(milliseconds, signal),
  };
}

async function look(
  source: CameraSettings["source"],
  camera: Partial<CameraSettings> = {},
): Promise<FoundPictures> {
  const clock = impatientClock();
  using pixels = new Pixels(clock);
  return await takeCameraPicture({ source, flip: [], rotateDegrees: 0, deadlineSeconds, ...camera }, {
    clock,
    fetch,
    pixels,
    alt: "Camera picture of MK4",
    signal: new AbortController().signal,
  });
}

const rows: readonly { what: string; answer: Answer; note: RegExp }[] = [
  {
    what: "401",
    answer: () => new Response("no", { status: 401 }),
    note: /^No picture from the camera: it wants a login: set camera\.user and camera\.password\.$/,
  },
  { what: "404", answer: () => new Response("no", { status: 404 }), note: /: it answered 404 Not Found\.$/ },
  {
    what: "500",
    answer: () => new Response("no", { status: 500 }),
    note: /: it answered 500 Internal Server Error\.$/,
  },
  {
    what: "HTML for JPEG",
    answer: () => picture(new TextEncoder().encode("<!DOCTYPE html><p>Log in")),
    note: /: it sent no picture but a web page\.$/,
  },
  { what: "nothing", answer: () => picture(new Uint8Array()), note: /: it sent no picture but nothing\.$/ },
  {
    what: "other bytes",
    answer: () => picture(new Uint8Array(70)),
    note: /: it sent no picture but 70 other bytes\.$/,
  },
  {
    what: "more than a picture",
    answer: () => picture(new Uint8Array(maxSnapshotBytes + 1)),
    note: /: its picture is larger than 8 MB\.$/,
  },
  {
    what: "a stream without end",
    answer: () =>
      new Response(
        new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(1024 * 1024)) }),
      ),
    note: /: its picture is larger than 8 MB\.$/,
  },
  {
    what: "a JPEG that ends within its header",
    answer: () => picture(jpeg.subarray(0, 15)),
    note: /: it sent a broken picture of 15 bytes\.$/,
  },
  {
    what: "a redirect in a circle",
    answer: (request) => Response.redirect(request.url),
    note: /^No picture from the camera: it cannot be reached: .*redirect/i,
  },
];

for (const { what, answer, note } of rows) {
  Deno.test(`museum: 15 camera: ${what}`, async () => {
    await using server = serve(answer);
    const { pictures, notes } = await look({ url: server.url });
    assert.deepEqual(pictures, []);
    assert.equal(notes.length, 1);
    assert.match(notes[0] ?? "", note);
    assert.doesNotMatch(notes[0] ?? "", /s3cret|127\.0\.0\.1/);
  });
}

Deno.test("museum: 15 camera: nobody there, an unknown name, a certificate of its own", async () => {
  const { key, certificate } = selfSigned({ name: "camera", hosts: ["127.0.0.1"] });
  await using tls = serve(() => picture(jpeg), { key, cert: certificate });
  const urls = {
    "http://127.0.0.1:9/?pwd=s3cret": /^No picture from the camera: it cannot be reached: /,
    "http://camera.invalid/?pwd=s3cret": /^No picture from the camera: it cannot be reached: .*dns/,
    [tls.url]: /^No picture from the camera: it cannot be reached: .*certificate/,
  };
  for (const [url, expected] of Object.entries(urls)) {
    const { notes } = await look({ url });
    assert.match(notes[0] ?? "", expected);
    assert.doesNotMatch(notes[0] ?? "", /s3cret/);
  }
  assert.equal(tls.requests.length, 0);
});

const slow: Record<string, Answer> = {
  "hangs before its answer": () => new Promise(() => {}),
  "hangs in the middle of its picture": () =>
    new Response(new ReadableStream({ start: (controller) => controller.enqueue(jpeg.slice(0, 400)) })),
};

for (const [what, answer] of Object.entries(slow)) {
  Deno.test({
    name: `museum: 15 camera that ${what}: the text waits for its deadline and no longer`,
    sanitizeResources: false, // the server's side hangs until the test is over
    sanitizeOps: false,
    async fn() {
      const asked = Promise.withResolvers<void>();
      const server = serve((request) => {
        asked.resolve();
        return answer(request);
      });
      const clock = new FakeClock();
      using pixels = new Pixels(clock);
      let found: FoundPictures | undefined;
      const done = takeCameraPicture({ source: { url: server.url }, flip: [], rotateDegrees: 0, deadlineSeconds }, {
        clock,
        fetch,
        pixels,
        alt: "",
        signal: new AbortController().signal,
      }).then((result) => found = result);
      await asked.promise;
      await clock.advance(9_999);
      assert.equal(found, undefined);
      await clock.advance(1);
      await done;
      assert.deepEqual(found, { pictures: [], notes: ["No picture from the camera: it did not answer within 10 s."] });
      await settled();
      assert.equal(clock.sleepers, 0);
    },
  });
}

Deno.test("museum: 15 a truncated JPEG is shown as far as it goes, and the message says so", async () => {
  await using server = serve(() => picture(jpeg.subarray(0, jpeg.length - 30)));
  const plain = await look({ url: server.url });
  assert.equal(plain.pictures.length, 1);
  assert.deepEqual(plain.notes, ["The camera's picture is damaged: the end of it is missing."]);
  const turned = await look({ url: server.url }, { rotateDegrees: 90 });
  assert.deepEqual(turned.pictures, plain.pictures, "as it came: better askew than none");
  assert.match(turned.notes[1] ?? "", /^The camera's picture could not be turned: its pixels cannot be read/);
});

const patient = { deadlineSeconds: 60 }; // the first look at pixels starts a worker
const black = jpegOf(painted(Array(6).fill("kkkkkkkk").join("/"), 40));

Deno.test("museum: 15 a broken or black first picture is asked for again, once", async () => {
  const cut = jpeg.subarray(0, jpeg.length - 30);
  const rows: { what: string; answers: Uint8Array[]; expected: Uint8Array | undefined; notes: string[] }[] = [
    { what: "cut, then whole", answers: [cut, jpeg], expected: jpeg, notes: [] },
    { what: "nothing, then whole", answers: [new Uint8Array(), jpeg], expected: jpeg, notes: [] },
    { what: "black, then whole", answers: [black, jpeg], expected: jpeg, notes: [] },
    { what: "always black", answers: [black, black, jpeg], expected: black, notes: ["The camera's picture is black."] },
    {
      what: "cut, then gone",
      answers: [cut],
      expected: cut,
      notes: ["The camera's picture is damaged: the end of it is missing."],
    },
    {
      what: "never one",
      answers: [jpeg.subarray(0, 15), jpeg.subarray(0, 15), jpeg],
      expected: undefined,
      notes: ["No picture from the camera: it sent a broken picture of 15 bytes."],
    },
  ];
  for (const { what, answers, expected, notes } of rows) {
    await using server = serve((request) => {
      assert.equal(request.method, "GET");
      const bytes = answers.shift();
      return bytes ? picture(bytes) : new Response("no", { status: 503 });
    });
    const found = await look({ url: server.url }, patient);
    assert.deepEqual(found.pictures.map(({ bytes }) => bytes), expected ? [expected] : [], what);
    assert.deepEqual(found.notes, notes, what);
    assert.equal(server.requests.length, 2, what);
  }
});

Deno.test("a picture with something on it is not asked for twice, however dark the rest of it is", async () => {
  const lamp = jpegOf(painted(["kkkkkkkk", "kkkdkkkk", ...Array(4).fill("kkkkkkkk")].join("/"), 40));
  await using server = serve(() => picture(lamp));
  const found = await look({ url: server.url }, patient);
  assert.deepEqual(found.pictures.map(({ bytes }) => bytes), [lamp]);
  assert.deepEqual(found.notes, []);
  assert.equal(server.requests.length, 1);
});

interface StreamKind {
  boundary?: string;
  declared?: string;
  line?: string;
  hasLength?: boolean;
}

/** An MJPEG stream: parts as given, then more and more of the last one, until nobody reads any more. */
function stream(
  parts: readonly Uint8Array[],
  { boundary = "frame", declared, line = "\r\n", hasLength = true }: StreamKind = {},
) {
  const ended = Promise.withResolvers<void>();
  let sent = 0;
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      const part = parts[Math.min(sent++, parts.length - 1)] ?? new Uint8Array();
      const length = hasLength ? `Content-Length: ${part.length}${line}` : "";
      const head = `--${boundary}${line}Content-Type: image/jpeg${line}${length}${line}`;
      const whole = join([new TextEncoder().encode(head), part, new TextEncoder().encode(line)]);
      for (let at = 0; at < whole.length; at += 700) controller.enqueue(whole.slice(at, at + 700));
    },
    cancel: () => ended.resolve(),
  });
  const response = new Response(body, {
    headers: { "content-type": `multipart/x-mixed-replace; boundary=${declared ?? boundary}` },
  });
  return { response, ended: ended.promise };
}

Deno.test("museum: 15 the first whole picture of an MJPEG stream, whatever separates its parts", async () => {
  const kinds: StreamKind[] = [
    {},
    { hasLength: false },
    { line: "\n", hasLength: false },
    { boundary: "--boundarydonotcross", declared: "boundarydonotcross" },
    { boundary: "x", declared: '"something else"' },
  ];
  for (const kind of kinds) {
    for (const parts of [[jpeg], [new Uint8Array(), jpeg], [jpeg.subarray(0, 100), jpeg]]) {
      const sent = stream(parts, kind);
      await using server = serve(() => sent.response);
      const found = await look({ url: server.url });
      assert.deepEqual(found.pictures.map(({ bytes }) => bytes), [jpeg], JSON.stringify(kind));
      assert.deepEqual(found.notes, []);
      assert.equal(server.requests.length, 1);
      await sent.ended; // the camera is left alone
    }
  }
});

Deno.test("museum: 15 an MJPEG stream without a picture says so", async () => {
  const html = new TextEncoder().encode("<html>camera offline</html>");
  await using server = serve(() => stream([html]).response);
  assert.deepEqual((await look({ url: server.url })).notes, [
    "No picture from the camera: it sent no picture but a web page.",
  ]);
  await using single = serve(() =>
    new Response(`--frame\r\n\r\n`, { headers: { "content-type": "multipart/x-mixed-replace;boundary=frame" } })
  );
  assert.deepEqual((await look({ url: single.url })).notes, [
    "No picture from the camera: it sent no picture but nothing.",
  ]);
});

Deno.test("an MJPEG stream that ends after one picture without a last separator is a picture", async () => {
  const bytes = join([new TextEncoder().encode("--frame\r\nContent-Type: image/jpeg\r\n\r\n"), jpeg]);
  await using server = serve(() => picture(bytes, "multipart/x-mixed-replace; boundary=frame"));
  assert.deepEqual((await look({ url: server.url })).pictures.map((found) => found.bytes), [jpeg]);
});

Deno.test("museum: 16 the camera's picture arrives the right way up", async () => {
  for (const bytes of [jpeg, pngOf(painted("ab/cd/ef", side))]) {
    await using server = serve(() => picture(bytes));
    const { pictures: [shown], notes } = await look({ url: server.url }, { flip: ["vertical"], rotateDegrees: 90 });
    assert.deepEqual(notes, []);
    assert.ok(shown);
    assert.equal(letters(await decoded(shown.bytes), side), "ace/bdf");
    assert.equal(shown.alt, "Camera picture of MK4");
    assert.equal(shown.hash, new Uint8Array(await crypto.subtle.digest("SHA-256", shown.bytes.slice())).toHex());
  }
});

Deno.test("a camera of a host gets the headers it wants, with and without a login", async () => {
  await using server = serve((request) =>
    request.headers.get("x-api-key") === "k3y" ? picture(jpeg) : new Response("", { status: 401 })
  );
  const source = { url: server.url, headers: { "X-Api-Key": "k3y" } };
  assert.equal((await look(source)).pictures.length, 1);
  assert.equal((await look(source, { login: { kind: "token", token: "t0ken" } })).pictures.length, 1);
  assert.equal(server.requests.at(-1)?.headers.get("authorization"), "Bearer t0ken");
});

Deno.test("a driver's own camera is asked with a deadline too", async () => {
  const clock = new FakeClock();
  using pixels = new Pixels(clock);
  const done = takeCameraPicture({
    source: {
      snapshot: (signal) => new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
    },
    flip: [],
    rotateDegrees: 0,
    deadlineSeconds: 3,
  }, { clock, fetch, pixels, alt: "", signal: new AbortController().signal });
  await clock.advance(3000);
  assert.deepEqual((await done).notes, ["No picture from the camera: it did not answer within 3 s."]);
});

Deno.test("a stream may be cut anywhere: readFirstPicture() finds the same picture, and never throws", async () => {
  const texts = ["--f\r\nContent-Type: image/jpeg\r\n\r\n", "\r\n--f\r\nX: y\r\n\r\n", "\r\n--f--\r\n"]
    .map((text) => new TextEncoder().encode(text));
  const [first = jpeg, between = jpeg, last = jpeg] = texts;
  const whole = join([first, jpeg.subarray(0, 50), between, jpeg, last]);
  await fc.assert(
    fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 20 }), async (steps) => {
      assert.deepEqual(await readFirstPicture(chunks(whole, steps)), jpeg);
    }),
    { numRuns: 50 },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 9 }), async (junk) => {
      const words = junk.map((bytes, index) => join([bytes, texts[index % 3] ?? bytes]));
      assert.ok(await readFirstPicture(ReadableStream.from(words)));
    }),
    { numRuns: 200 },
  );
});

async function* chunks(bytes: Uint8Array, steps: readonly number[]): AsyncGenerator<Uint8Array> {
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const length = steps[turn % steps.length] ?? 1;
    yield bytes.subarray(at, at + length);
    at += length;
  }
}
