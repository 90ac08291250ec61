/** The real worker with real pictures; time stands still unless the test moves it. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { maxPixels, readPictureHeader } from "../../src/pictures/picture_header.ts";
import { type PictureChange, Pixels, type TransformResult } from "../../src/pictures/pixels.ts";
import { FakeClock, settled } from "../support/fake_clock.ts";
import { decoded, hasPillow, join, jpegOf, letters, noise, painted, pngOf, python, withExif } from "./samples.ts";

const side = 16;
const picture = painted("ab/cd/ef", side);
const jpeg = jpegOf(picture);
const png = pngOf(picture);

async function changed(bytes: Uint8Array, change: PictureChange): Promise<TransformResult> {
  using pixels = new Pixels(new FakeClock());
  return await pixels.transform(bytes, change);
}

async function goodBytes(bytes: Uint8Array, change: PictureChange): Promise<Uint8Array> {
  const result = await changed(bytes, change);
  if (result.kind === "failed") throw new Error(result.reason);
  assert.equal(readPictureHeader(result.bytes)?.mediaType, result.mediaType);
  return result.bytes;
}

async function reasonOf(bytes: Uint8Array, change: PictureChange): Promise<string> {
  const result = await changed(bytes, change);
  return result.kind === "failed" ? result.reason : "it is a picture";
}

Deno.test("museum: 16 a JPEG and a PNG are flipped, then turned clockwise", async () => {
  for (const bytes of [jpeg, png]) {
    const turned = await goodBytes(bytes, { flip: ["horizontal"], rotateDegrees: 90 });
    assert.equal(letters(await decoded(turned), side), "fdb/eca");
  }
});

Deno.test("a picture that is right as it is comes back untouched, without a worker", async () => {
  using pixels = new Pixels(new FakeClock());
  const rows: [Uint8Array, PictureChange][] = [
    [jpeg, {}],
    [jpeg, { flip: [], rotateDegrees: 0, maxWidthPixels: 32, maxHeightPixels: 48, maxBytes: jpeg.length }],
    [jpeg, { flip: ["horizontal", "vertical"], rotateDegrees: 180 }],
    [withExif(jpeg, 6), { maxWidthPixels: 48, maxHeightPixels: 32 }], // lies on its side: 48 wide as shown
    [png, { mediaType: "image/png" }],
  ];
  for (const [bytes, change] of rows) {
    const result = await pixels.transform(bytes, change);
    assert.equal(result.kind === "picture" && result.bytes, bytes);
  }
  assert.equal(pixels.isRunning, false);
});

Deno.test("a picture with EXIF orientation is turned as its viewers saw it", async () => {
  const seen = { 1: "ab/cd/ef", 3: "fe/dc/ba", 5: "ace/bdf", 6: "eca/fdb", 8: "bdf/ace" };
  for (const [tag, upright] of Object.entries(seen)) {
    const bytes = await goodBytes(withExif(jpeg, Number(tag)), { flip: ["vertical"] });
    const flipped = upright.split("/").toReversed().join("/");
    assert.equal(letters(await decoded(bytes), side), flipped, `orientation ${tag}`);
    assert.equal(readPictureHeader(bytes)?.orientation.quarterTurns, 0);
  }
});

Deno.test("a picture is shrunk to fit, as it is shown", async () => {
  const large = jpegOf(painted("ab/cd/ef", 200)); // 400 × 600
  const rows: [Uint8Array, PictureChange, string, string][] = [
    [large, { maxWidthPixels: 100, maxHeightPixels: 1000 }, "100×150", "ab/cd/ef"],
    [large, { maxWidthPixels: 1000, maxHeightPixels: 96 }, "64×96", "ab/cd/ef"],
    [large, { maxWidthPixels: 150, maxHeightPixels: 150, rotateDegrees: 90 }, "150×100", "eca/fdb"],
    [withExif(large, 6), { maxWidthPixels: 150, maxHeightPixels: 50 }, "75×50", "eca/fdb"],
  ];
  for (const [bytes, change, size, expected] of rows) {
    const small = await decoded(await goodBytes(bytes, change));
    assert.equal(`${small.widthPixels}×${small.heightPixels}`, size);
    const [row = ""] = expected.split("/");
    assert.equal(letters(small, Math.floor(small.widthPixels / row.length)).slice(0, expected.length), expected);
  }
});

Deno.test("a picture keeps to the bytes allowed, by quality first, then by size", async () => {
  const large = jpegOf(noise(640, 480), 95);
  for (const maxBytes of [large.length / 2, 60_000, 8000].map(Math.floor)) {
    const bytes = await goodBytes(large, { maxBytes });
    assert.ok(bytes.length <= maxBytes, `${bytes.length} of ${maxBytes}`);
    assert.ok(bytes.length > maxBytes * 0.3, "no smaller than needed by far");
  }
  assert.equal(await reasonOf(large, { maxBytes: 100 }), "it cannot be made smaller than 100 bytes");
});

Deno.test("a PNG with too many bytes becomes a JPEG, on white where it is transparent", async () => {
  const bitmap = noise(200, 200);
  bitmap.rgba.fill(0, 0, 200 * 100 * 4); // the upper half: nothing
  const bytes = await goodBytes(pngOf(bitmap), { maxBytes: 20_000 });
  assert.equal(readPictureHeader(bytes)?.mediaType, "image/jpeg");
  const { rgba } = await decoded(bytes);
  assert.ok([...rgba.subarray(0, 3)].every((value) => value > 245));
  assert.equal(readPictureHeader(await goodBytes(png, { mediaType: "image/jpeg" }))?.mediaType, "image/jpeg");
});

Deno.test("what cannot be changed is a reason, not an error", async () => {
  const turn = { rotateDegrees: 90 } as const;
  const gif = new Uint8Array([...new TextEncoder().encode("GIF89a"), 7, 0, 5, 0, 0, 0, 0, 0x3b]); // without a picture
  assert.equal(await reasonOf(new Uint8Array(), turn), "it is no picture, or a broken one");
  assert.equal(await reasonOf(new TextEncoder().encode("<html>"), turn), "it is no picture, or a broken one");
  assert.match(await reasonOf(gif, turn), /^its pixels cannot be read/);
  assert.match(await reasonOf(jpeg.subarray(0, jpeg.length - 100), turn), /^its pixels cannot be read/);
  assert.match(await reasonOf(png.subarray(0, 60), turn), /^its pixels cannot be read/);
});

Deno.test("a picture that claims to be huge is refused before a pixel is decoded", async () => {
  const bomb = png.slice();
  new DataView(bomb.buffer).setUint32(16, 60_000);
  new DataView(bomb.buffer).setUint32(20, 60_000);
  using pixels = new Pixels(new FakeClock());
  const result = await pixels.transform(bomb, { rotateDegrees: 90 });
  assert.equal(result.kind === "failed" && result.reason, "it is larger than 24 megapixels (60000 × 60000)");
  assert.equal(pixels.isRunning, false);
  assert.ok(maxPixels < 60_000 ** 2);
});

Deno.test("broken pictures never break the next one", async () => {
  using pixels = new Pixels(new FakeClock());
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(jpeg, png), fc.nat(), fc.nat(255), async (bytes, at, value) => {
      const broken = bytes.slice();
      broken[40 + at % (broken.length - 40)] = value;
      await pixels.transform(broken, { rotateDegrees: 90 });
    }),
    { numRuns: 60 },
  );
  const good = await pixels.transform(jpeg, { rotateDegrees: 180 });
  assert.equal(good.kind === "picture" && letters(await decoded(good.bytes), side), "fe/dc/ba");
});

Deno.test("several pictures at once wait for each other and keep apart", async () => {
  using pixels = new Pixels(new FakeClock());
  const turns = [90, 180, 270] as const;
  const results = await Promise.all(turns.map((rotateDegrees) => pixels.transform(png, { rotateDegrees })));
  const seen = await Promise.all(
    results.map(async (result) =>
      result.kind === "picture" ? letters(await decoded(result.bytes), side) : result.reason
    ),
  );
  assert.deepEqual(seen, ["eca/fdb", "fe/dc/ba", "bdf/ace"]);
});

Deno.test("more pictures than can wait are refused at once", async () => {
  using pixels = new Pixels(new FakeClock());
  const results = await Promise.all(Array.from({ length: 60 }, () => pixels.transform(jpeg, { rotateDegrees: 90 })));
  const reasons = results.filter((result) => result.kind === "failed").map(({ reason }) => reason);
  assert.deepEqual([...new Set(reasons)], ["too many pictures wait to be changed"]);
  assert.equal(reasons.length, 10);
});

Deno.test("a worker that hangs is ended at the deadline, and the next picture gets a new one", async () => {
  const clock = new FakeClock();
  using pixels = new Pixels(clock, { workerUrl: new URL("./hanging_worker.ts", import.meta.url) });
  const first = pixels.transform(jpeg, { rotateDegrees: 90 });
  await settled();
  assert.equal(pixels.isRunning, true);
  await clock.advance(5000);
  const second = pixels.transform(jpeg, { rotateDegrees: 90 });
  await clock.advance(15_000);
  assert.deepEqual(await first, { kind: "failed", reason: "it could not be changed in time" });
  assert.equal(pixels.isRunning, true); // the second's
  await clock.advance(5000);
  assert.equal((await second).kind, "failed");
  assert.equal(pixels.isRunning, false);
  assert.equal(clock.sleepers, 0);
});

Deno.test("a worker that cannot be loaded is a reason", async () => {
  using pixels = new Pixels(new FakeClock(), { workerUrl: new URL("./breaking_worker.ts", import.meta.url) });
  for (let round = 0; round < 2; round++) {
    const result = await pixels.transform(jpeg, { rotateDegrees: 90 });
    assert.match(result.kind === "failed" ? result.reason : "", /the part that changes pictures broke/);
    assert.equal(pixels.isRunning, false);
  }
});

Deno.test("an idle worker ends after 30 s, and starts again when needed", async () => {
  const clock = new FakeClock();
  using pixels = new Pixels(clock);
  await pixels.transform(jpeg, { rotateDegrees: 90 });
  await clock.advance(29_000);
  await pixels.transform(jpeg, { rotateDegrees: 90 });
  await clock.advance(29_000);
  assert.equal(pixels.isRunning, true);
  await clock.advance(1000);
  assert.equal(pixels.isRunning, false);
  assert.equal((await pixels.transform(jpeg, { rotateDegrees: 90 })).kind, "picture");
});

Deno.test("disposed in mid-work, whoever waits is told and nothing is left", async () => {
  const clock = new FakeClock();
  const pixels = new Pixels(clock, { workerUrl: new URL("./hanging_worker.ts", import.meta.url) });
  const waiting = [1, 2].map(() => pixels.transform(jpeg, { rotateDegrees: 90 }));
  await settled();
  pixels[Symbol.dispose]();
  assert.deepEqual((await Promise.all(waiting)).map(({ kind }) => kind), ["failed", "failed"]);
  assert.equal(pixels.isRunning, false);
  assert.equal(clock.sleepers, 0);
  assert.equal((await pixels.transform(jpeg, { rotateDegrees: 90 })).kind, "failed");
});

Deno.test("a program ends as soon as it lets go of the worker", async () => {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "-A", new URL("./leave_worker.ts", import.meta.url).pathname],
    stdin: "piped",
    stdout: "piped",
    signal: AbortSignal.timeout(20_000),
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new Uint8Array(jpeg));
  await writer.close();
  const { code, stdout } = await child.output();
  assert.equal(code, 0);
  assert.equal(letters(await decoded(stdout), side), "eca/fdb");
});

Deno.test({
  name: "an independent program sees the same: JPEGs of Pillow with EXIF, plain, grey, progressive and CMYK",
  ignore: !hasPillow,
  async fn() {
    const make = (program: string) =>
      python(
        `
import io, sys
from PIL import Image
image = Image.open(io.BytesIO(sys.stdin.buffer.read())).convert("RGB")
out = io.BytesIO()
${program}
sys.stdout.buffer.write(out.getvalue())`,
        png,
      );
    const rows: [string, string][] = [
      [`image.save(out, "JPEG", quality=95, subsampling=0)`, "eca/fdb"],
      [`image.save(out, "JPEG", quality=95, progressive=True)`, "eca/fdb"],
      [`exif = Image.Exif(); exif[0x0112] = 8; image.save(out, "JPEG", quality=95, exif=exif)`, "ab/cd/ef"],
      [`image.convert("CMYK").save(out, "JPEG", quality=95)`, "eca/fdb"],
    ];
    for (const [program, expected] of rows) {
      const turned = await goodBytes(await make(program), { rotateDegrees: 90 });
      assert.equal(letters(await decoded(turned), side), expected, program);
      assert.deepEqual(await pillowLetters(turned), expected, program);
    }
    const grey = await goodBytes(await make(`image.convert("L").save(out, "JPEG")`), { rotateDegrees: 90 });
    assert.equal(readPictureHeader(grey)?.widthPixels, 3 * side);
  },
});

/** What Pillow makes of a picture, its EXIF applied. */
async function pillowLetters(bytes: Uint8Array): Promise<string> {
  const raw = await python(
    `
import io, sys
from PIL import Image, ImageOps
image = ImageOps.exif_transpose(Image.open(io.BytesIO(sys.stdin.buffer.read()))).convert("RGBA")
sys.stdout.buffer.write(image.width.to_bytes(4, "big") + image.height.to_bytes(4, "big") + image.tobytes())`,
    bytes,
  );
  const view = new DataView(raw.buffer, raw.byteOffset);
  return letters({
    widthPixels: view.getUint32(0),
    heightPixels: view.getUint32(4),
    rgba: new Uint8Array(join([raw.subarray(8)])),
  }, side);
}
