/** Pictures that are made of others, looked at pixel by pixel; here and, where it matters, by the real worker. */
import assert from "node:assert/strict";
import fc from "fast-check";
import type { Bitmap } from "../../src/pictures/bitmap.ts";
import { blank, scaled, white } from "../../src/pictures/canvas.ts";
import { textWidthPixels, write } from "../../src/pictures/lettering.ts";
import { readPictureHeader } from "../../src/pictures/picture_header.ts";
import { Pixels } from "../../src/pictures/pixels.ts";
import { doWork, type Drawing } from "../../src/pictures/work.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { decoded, hasPillow, jpegOf, letters, nearest, noise, painted, pngOf, python } from "./samples.ts";

async function drawn(work: Drawing): Promise<Uint8Array> {
  const result = await doWork(work);
  assert.ok(result.kind === "picture", JSON.stringify(result));
  assert.equal(readPictureHeader(result.bytes)?.mediaType, result.mediaType);
  return result.bytes;
}

async function reasonOf(work: Drawing): Promise<string> {
  using pixels = new Pixels(new FakeClock());
  const result = await pixels.draw(work);
  return result.kind === "failed" ? result.reason : "it is a picture";
}

function pixel({ rgba, widthPixels }: Bitmap, x: number, y: number): number[] {
  return [...rgba.subarray((y * widthPixels + x) * 4, (y * widthPixels + x) * 4 + 4)];
}

/** A red block on nothing, with a margin: 40 wide, 60 high in 100 by 100. */
function block(): Bitmap {
  const bitmap = { widthPixels: 100, heightPixels: 100, rgba: new Uint8Array(100 * 100 * 4) };
  for (let y = 20; y < 80; y++) {
    for (let x = 30; x < 70; x++) bitmap.rgba.set([220, 30, 30, 255], (y * 100 + x) * 4);
  }
  return bitmap;
}

const encoded = (bytes: Uint8Array) => ({ kind: "encoded", bytes }) as const;

/** Of the column through the middle of the model: where its colour begins and ends. */
function redRows(picture: Bitmap): { first: number; last: number } {
  const middle = picture.widthPixels / 2;
  const rows = Array.from({ length: picture.heightPixels }, (_, y) => y).filter((y) => {
    const [red = 0, green = 0] = pixel(picture, middle, y);
    return red > 190 && green < 70;
  });
  return { first: rows.at(0) ?? -1, last: rows.at(-1) ?? -1 };
}

Deno.test("a progress picture is coloured up to the printed height of the model, not of its picture", async () => {
  const heights: number[] = [];
  for (const heightShare of [0, 0.25, 0.5, 1]) {
    const work = { kind: "progress", heightShare, timeShare: 0.9, label: "50 %", detail: "34 min left" } as const;
    const picture = await decoded(await drawn({ ...work, thumbnail: encoded(pngOf(block())) }));
    const { first, last } = redRows(picture);
    heights.push(first < 0 ? 0 : last - first + 1);
  }
  const [none = -1, quarter = 0, half = 0, whole = 0] = heights;
  assert.equal(none, 0);
  assert.ok(whole > 150, `${whole} rows`);
  assert.ok(Math.abs(quarter / whole - 0.25) < 0.02 && Math.abs(half / whole - 0.5) < 0.02, heights.join());
});

Deno.test("a progress picture's bar is as long as the share, and nothing of it is transparent", async () => {
  for (const [timeShare, expected] of [[0, 0], [0.5, 0.5], [1, 1], [7, 1]] as const) {
    const picture = await decoded(
      await drawn({ kind: "progress", thumbnail: encoded(pngOf(block())), heightShare: 0.5, timeShare, label: "x" }),
    );
    const green = Array.from({ length: picture.heightPixels }, (_, y) => {
      return Array.from({ length: picture.widthPixels }, (_, x) => pixel(picture, x, y))
        .filter(([red = 0, light = 0, blue = 0]) => red < 60 && light > 90 && blue > 70 && blue < 120).length;
    });
    const bar = Math.max(...green) / (picture.widthPixels - 32);
    assert.ok(Math.abs(bar - expected) < 0.02, `${timeShare}: ${bar}`);
    assert.ok(picture.rgba.every((value, index) => index % 4 !== 3 || value === 255));
  }
});

Deno.test("a drawing with a background is filled as a whole, a tiny one grows to be seen", async () => {
  const tiny = painted("eae/eae/eae/eae", 6); // a red pillar on black
  const picture = await decoded(
    await drawn({ kind: "progress", thumbnail: encoded(pngOf(tiny)), heightShare: 0.5, timeShare: 0.5, label: "50 %" }),
  );
  const { first, last } = redRows(picture);
  assert.ok(last - first > 30, `${first} to ${last}`);
});

Deno.test("thumbnail and snapshot stand side by side, equally high, each the right way up", async () => {
  const snapshot = jpegOf(painted("bc/de", 120));
  const picture = await decoded(
    await drawn({ kind: "sideBySide", thumbnail: encoded(pngOf(block())), snapshot }),
  );
  assert.equal(picture.heightPixels, 240);
  const right = picture.widthPixels - 240;
  assert.ok(right > 150 && right < 300, String(right));
  assert.equal(nearest(pixel(picture, Math.floor(right / 2), 120)), "a");
  assert.equal(nearest(pixel(picture, 5, 5)), "f", "what is transparent is white");
  const seen = [[60, 60], [180, 60], [60, 180], [180, 180]].map(([x = 0, y = 0]) =>
    nearest(pixel(picture, right + x, y))
  );
  assert.equal(seen.join(""), "bcde");
});

Deno.test("a thumbnail becomes a PNG on white, whatever it is coded as", async () => {
  const white = await decoded(await drawn({ kind: "thumbnail", content: encoded(pngOf(block())) }));
  assert.deepEqual([pixel(white, 0, 0), pixel(white, 50, 50)], [[255, 255, 255, 255], [220, 30, 30, 255]]);
  // the two by two pixels of the QOI description: black, white, white, black
  const qoi = Uint8Array.fromHex("716f6966000000020000000204 00c055c07f0000000000000001".replaceAll(" ", ""));
  assert.equal(letters(await decoded(await drawn({ kind: "thumbnail", content: encoded(qoi) }))), "kf/fk");
  const pixels = painted("ab/cd");
  assert.equal(
    letters(await decoded(await drawn({ kind: "thumbnail", content: { kind: "pixels", pixels } }))),
    "ab/cd",
  );
  assert.match(
    await reasonOf({ kind: "thumbnail", content: encoded(qoi.subarray(0, 9)) }),
    /^its pixels cannot be read/,
  );
});

const story = ["a", "b", "c", "d"].map((letter) => ({
  bytes: jpegOf(painted(Array(3).fill(letter.repeat(4)).join("/"), 60)),
}));

Deno.test("an animation begins with its last picture and then tells the story; it stays a JPEG where no GIF is taken", async () => {
  const gif = await drawn({ kind: "animation", frames: story, maxBytes: 1e6 });
  assert.equal(nearest(pixel(await decoded(gif), 200, 50)), "d");
  using pixels = new Pixels(new FakeClock());
  for (const change of [{ mediaType: "image/jpeg" }, { maxWidthPixels: 100 }, { maxBytes: gif.length - 1 }] as const) {
    const still = await pixels.transform(gif, change);
    assert.ok(still.kind === "picture" && still.mediaType === "image/jpeg");
    const bitmap = await decoded(still.bytes);
    assert.equal(nearest(pixel(bitmap, bitmap.widthPixels - 10, 10)), "d");
  }
  const untouched = await pixels.transform(gif, { maxBytes: gif.length });
  assert.ok(untouched.kind === "picture" && untouched.bytes === gif);
});

Deno.test({
  name: `an animation is what another program reads: pictures, order, times${hasPillow ? "" : " (needs python3-pil)"}`,
  ignore: !hasPillow,
  async fn() {
    const frames = story.map((frame, index) => ({ ...frame, caption: `14:0${index} · ${index * 25} %` }));
    const gif = await drawn({ kind: "animation", frames, maxBytes: 1e6 });
    const said = await python(
      `import sys, io, json
from PIL import Image
image = Image.open(io.BytesIO(sys.stdin.buffer.read()))
found = []
for number in range(image.n_frames):
    image.seek(number)
    found.append([image.info["duration"], list(image.convert("RGB").getpixel((image.width - 9, 9)))])
print(json.dumps([image.size, image.info.get("loop"), found]))`,
      gif,
    );
    const [size, loop, found] = JSON.parse(new TextDecoder().decode(said));
    assert.deepEqual([size, loop], [[240, 180], 0]);
    assert.deepEqual(found.map(([, colour]: [number, number[]]) => nearest(colour)), ["d", "a", "b", "c"]);
    assert.deepEqual(found.map(([milliseconds]: [number]) => milliseconds), [2500, 500, 500, 500]);
  },
});

Deno.test("an animation is made smaller, then shorter, until it fits; one that cannot says so", async () => {
  const noisy = Array.from({ length: 6 }, (_, index) => {
    const bitmap = noise(200, 150);
    bitmap.rgba.copyWithin(0, 4 * 37 * (index + 1));
    return { bytes: jpegOf(bitmap, 80) };
  });
  let before = Infinity;
  for (const maxBytes of [400_000, 120_000, 40_000]) {
    const { length } = await drawn({ kind: "animation", frames: noisy, maxBytes });
    assert.ok(length <= maxBytes && length < before, `${length} of ${maxBytes}`);
    before = length;
  }
  assert.match(await reasonOf({ kind: "animation", frames: noisy, maxBytes: 900 }), /^it cannot be made smaller/);
  assert.match(await reasonOf({ kind: "animation", frames: story.slice(0, 1), maxBytes: 1e6 }), /^there are too few/);
});

Deno.test("what is no picture is left out of an animation; frames of another size are fitted in", async () => {
  const odd = [{ bytes: new Uint8Array(30) }, ...story, { bytes: jpegOf(painted("a/a/a", 60)) }, {
    bytes: story[0]?.bytes.subarray(0, 40) ?? new Uint8Array(),
  }];
  const gif = await drawn({ kind: "animation", frames: odd, maxBytes: 1e6 });
  const first = await decoded(gif);
  assert.deepEqual([first.widthPixels, first.heightPixels], [240, 180]);
  assert.deepEqual([nearest(pixel(first, 120, 20)), nearest(pixel(first, 5, 20))], ["a", "k"]);
});

Deno.test("drawing never throws and always answers, whatever the bytes are", async () => {
  using pixels = new Pixels(new FakeClock());
  const [png, jpeg] = [pngOf(block()), jpegOf(block())];
  const broken = fc.tuple(fc.constantFrom(png, jpeg), fc.nat(), fc.uint8Array({ maxLength: 20 })).map(
    ([good, at, junk]) => {
      const bytes = good.slice(0, Math.max(12, at % (good.length * 2)));
      bytes.set(
        junk.subarray(0, bytes.length),
        Math.min(at % bytes.length, bytes.length - Math.min(junk.length, bytes.length)),
      );
      return bytes;
    },
  );
  const anyBytes = fc.oneof(broken, fc.uint8Array({ maxLength: 200 }));
  await fc.assert(
    fc.asyncProperty(anyBytes, async (bytes) => {
      const thumbnail = encoded(bytes);
      const all: Drawing[] = [
        { kind: "thumbnail", content: thumbnail },
        { kind: "progress", thumbnail, heightShare: 0.5, timeShare: 0.5, label: "50 %" },
        { kind: "sideBySide", thumbnail, snapshot: jpeg },
        { kind: "sideBySide", thumbnail: encoded(png), snapshot: bytes },
        { kind: "animation", frames: [{ bytes }, { bytes: jpeg }, { bytes: png }], maxBytes: 1e6 },
      ];
      for (const work of all) {
        const { kind } = await pixels.draw(work);
        assert.ok(kind === "picture" || kind === "failed");
      }
    }),
    { numRuns: 25 },
  );
});

Deno.test("letters are as wide as promised, stay within the canvas, and those that nobody drew are left out", () => {
  const canvas = blank(60, 30, white);
  write(canvas, "50 % 日本 x", { left: -8, top: -3, heightPixels: 20, colour: [0, 0, 0] });
  assert.equal(textWidthPixels("日本", 20), 0);
  assert.equal(textWidthPixels("a日b", 20), textWidthPixels("ab", 20));
  assert.ok(textWidthPixels("mm", 40) > textWidthPixels("ii", 40) * 2);
  const inked = blank(textWidthPixels("8", 40) + 4, 50, white);
  write(inked, "8", { left: 2, top: 4, heightPixels: 40, colour: [0, 0, 0] });
  const dark = inked.rgba.filter((value, index) => index % 4 === 0 && value < 128).length;
  assert.ok(dark > 200 && dark < 700, `${dark} dark pixels`);
});

Deno.test("scaled() keeps what is where, in both directions, and what is transparent has no colour", () => {
  for (const [widthPixels, heightPixels] of [[20, 30], [7, 40], [40, 9]] as const) {
    const large = scaled(painted("ab/cd/ef", 3), { widthPixels, heightPixels });
    assert.deepEqual([large.widthPixels, large.heightPixels], [widthPixels, heightPixels]);
    assert.equal(nearest(pixel(large, 0, 0)), "a");
    assert.equal(nearest(pixel(large, widthPixels - 1, heightPixels - 1)), "f");
  }
  const half = { widthPixels: 2, heightPixels: 1, rgba: Uint8Array.of(220, 30, 30, 255, 0, 255, 0, 0) };
  const [, , , , ...rest] = scaled(half, { widthPixels: 4, heightPixels: 1 }).rgba;
  assert.deepEqual(rest.slice(0, 3), [220, 30, 30]);
});
