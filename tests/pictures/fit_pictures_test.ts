import assert from "node:assert/strict";
import type { Picture } from "../../src/domain/message.ts";
import { fitPictures, smallerPictures } from "../../src/pictures/fit_pictures.ts";
import { hashPicture } from "../../src/pictures/hash_picture.ts";
import { readPictureHeader } from "../../src/pictures/picture_header.ts";
import { Pixels } from "../../src/pictures/pixels.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { jpegOf, noise, painted, pngOf } from "./samples.ts";

const signal = new AbortController().signal;
const jpeg = (bytes: Uint8Array) => hashPicture({ mediaType: "image/jpeg", bytes, alt: "a bed" });
const large = await jpeg(jpegOf(noise(800, 600), 92));
const small = await jpeg(jpegOf(painted("ab/cd", 20)));
const drawing = await hashPicture({ mediaType: "image/png", bytes: pngOf(painted("ab/cd", 20)), alt: "a drawing" });

const sizes = (pictures: readonly Picture[]) => pictures.map(({ bytes }) => bytes.length);
const sum = (pictures: readonly Picture[]) => sizes(pictures).reduce((total, bytes) => total + bytes, 0);

Deno.test("fitPictures() leaves alone what fits", async () => {
  using pixels = new Pixels(new FakeClock());
  const fitting = await fitPictures([small, drawing], { pictures: 4, pictureBytes: 1e6 }, { pixels, signal });
  assert.equal(fitting[0], small);
  assert.equal(fitting[1], drawing);
  assert.equal(pixels.isRunning, false);
});

Deno.test("fitPictures() makes pictures share what the channel takes", async () => {
  using pixels = new Pixels(new FakeClock());
  const pictureBytes = Math.floor(large.bytes.length * 0.8);
  const fitting = await fitPictures([large, small, large], { pictures: 3, pictureBytes }, { pixels, signal });
  assert.equal(fitting.length, 3);
  assert.ok(sum(fitting) <= pictureBytes);
  assert.equal(fitting[1], small);
  assert.notEqual(fitting[0]?.hash, large.hash);
  assert.equal(fitting[0]?.alt, "a bed");
});

Deno.test("fitPictures() brings what an MMS takes: one JPEG, 1280 pixels, 450 KB", async () => {
  using pixels = new Pixels(new FakeClock());
  const wide = await hashPicture({ mediaType: "image/png", bytes: pngOf(painted("abc/def", 600)), alt: "" });
  const limits = { pictures: 1, pictureBytes: 450 * 1024, pictureSidePixels: 1280, pictureType: "image/jpeg" } as const;
  const [picture, ...more] = await fitPictures([wide, small], limits, { pixels, signal });
  assert.deepEqual(more, []);
  assert.equal(picture?.mediaType, "image/jpeg");
  const header = readPictureHeader(picture?.bytes ?? new Uint8Array());
  assert.deepEqual([header?.widthPixels, header?.heightPixels], [1280, 853]);
});

Deno.test("fitPictures() gives back as it is what it cannot change", async () => {
  using pixels = new Pixels(new FakeClock());
  const broken = await jpeg(large.bytes.subarray(0, large.bytes.length / 2));
  const fitting = await fitPictures([broken], { pictures: 1, pictureBytes: 10_000 }, { pixels, signal });
  assert.equal(fitting[0], broken);
});

Deno.test("museum: 20 smallerPictures() tries once with less, then with none", async () => {
  using pixels = new Pixels(new FakeClock());
  assert.ok(large.bytes.length > 300_000);
  const once = await smallerPictures([large], undefined, { pixels, signal });
  assert.equal(once.length, 1);
  assert.ok(sum(once) <= Math.min(256 * 1024, large.bytes.length / 2));
  assert.deepEqual(await smallerPictures(once, undefined, { pixels, signal }), []);
});

Deno.test("museum: 20 smallerPictures() keeps to what the server says it takes, coded as mail", async () => {
  using pixels = new Pixels(new FakeClock());
  const maxBytes = 150_000;
  const once = await smallerPictures([large, large], maxBytes, { pixels, signal });
  assert.equal(once.length, 2);
  assert.ok(sum(once) * 1.37 + 10_000 < maxBytes);
  assert.deepEqual(
    await smallerPictures(once, maxBytes, { pixels, signal }),
    [],
    "it said so and refuses all the same",
  );
  assert.deepEqual(await smallerPictures([large], 20_000, { pixels, signal }), [], "no room for a picture");
});
