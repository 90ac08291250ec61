import assert from "node:assert/strict";
import fc from "fast-check";
import { exifOrientations, upright } from "../../src/pictures/orientation.ts";
import { fittedSize, isComplete, pictureType, readPictureHeader } from "../../src/pictures/picture_header.ts";
import { jpegOf, painted, pngOf, withExif } from "./samples.ts";

const jpeg = jpegOf(painted("ab/cd/ef", 8));
const png = pngOf(painted("ab/cd/ef", 8));
const gif = new Uint8Array([...new TextEncoder().encode("GIF89a"), 7, 0, 5, 0, 0, 0, 0, 0x3b]);

Deno.test("readPictureHeader() reads type and size of JPEG, PNG and GIF", () => {
  assert.deepEqual(readPictureHeader(jpeg), {
    mediaType: "image/jpeg",
    widthPixels: 16,
    heightPixels: 24,
    orientation: upright,
  });
  assert.deepEqual(readPictureHeader(png), {
    mediaType: "image/png",
    widthPixels: 16,
    heightPixels: 24,
    orientation: upright,
  });
  assert.deepEqual(readPictureHeader(gif), {
    mediaType: "image/gif",
    widthPixels: 7,
    heightPixels: 5,
    orientation: upright,
  });
});

Deno.test("readPictureHeader() reads the EXIF orientation in both byte orders", () => {
  for (let tag = 1; tag <= 8; tag++) {
    for (const isLittle of [true, false]) {
      const header = readPictureHeader(withExif(jpeg, tag, { isLittle }));
      assert.deepEqual(header?.orientation, exifOrientations[tag]);
      assert.equal(header?.widthPixels, 16);
    }
  }
  assert.deepEqual(readPictureHeader(withExif(jpeg, 9))?.orientation, upright);
});

Deno.test("readPictureHeader() is total: any bytes, any cut, any byte changed", () => {
  const pictures = fc.constantFrom(jpeg, png, gif, withExif(jpeg, 6));
  fc.assert(fc.property(pictures, fc.nat(), fc.nat(), fc.nat(255), (picture, cut, at, byte) => {
    const broken = picture.slice(0, cut % picture.length);
    if (broken.length) broken[at % broken.length] = byte;
    readPictureHeader(broken);
    isComplete(broken);
  }));
  fc.assert(fc.property(fc.uint8Array(), (bytes) => readPictureHeader(bytes) === undefined));
});

Deno.test("isComplete() notices a picture whose end is missing", () => {
  for (const whole of [jpeg, png, withExif(jpeg, 6)]) {
    assert.ok(isComplete(whole));
    assert.ok(isComplete(new Uint8Array([...whole, 0, 0, 0, 13, 10])), "bytes of the camera's own behind it");
    assert.ok(!isComplete(whole.subarray(0, whole.length - 20)));
  }
  assert.ok(isComplete(gif));
});

Deno.test("pictureType() does not take words for pictures", () => {
  assert.equal(pictureType(new TextEncoder().encode("<html>")), undefined);
  assert.equal(pictureType(new Uint8Array()), undefined);
});

Deno.test("fittedSize() keeps the proportion and never enlarges", () => {
  assert.deepEqual(
    fittedSize({ widthPixels: 4000, heightPixels: 3000 }, { maxWidthPixels: 1280, maxHeightPixels: 1280 }),
    {
      widthPixels: 1280,
      heightPixels: 960,
    },
  );
  assert.deepEqual(fittedSize({ widthPixels: 40, heightPixels: 30 }, { maxWidthPixels: 1280, maxHeightPixels: 1280 }), {
    widthPixels: 40,
    heightPixels: 30,
  });
  assert.deepEqual(fittedSize({ widthPixels: 9000, heightPixels: 2 }, { maxWidthPixels: 90, maxHeightPixels: 90 }), {
    widthPixels: 90,
    heightPixels: 1,
  });
});
