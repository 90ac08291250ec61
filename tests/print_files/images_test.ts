/** The decoders without a library: QOI, BMP, RGB565, ColPic, Qidi's runs. Encoders for them are at the end of this file. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { colpicBytes, decodeColpic } from "../../src/print_files/images/colpic.ts";
import { decodeImage } from "../../src/print_files/images/decode_image.ts";
import type { Decoded } from "../../src/print_files/images/decoded.ts";
import { decodeQidiWords } from "../../src/print_files/images/qidi_words.ts";
import { decodeQoi } from "../../src/print_files/images/qoi.ts";
import { decodeRgb565 } from "../../src/print_files/images/rgb565.ts";
import { limits } from "../../src/print_files/limits.ts";
import { decoded, letters, painted } from "../pictures/samples.ts";
import { bmpOf, colpicTextOf, qidiHexOf, qoiOf, rgb565Of } from "./image_encoders.ts";

const samples = "../shared/facts/samples";
const hasSamples = (() => {
  try {
    return Deno.statSync(samples).isDirectory;
  } catch {
    return false;
  }
})();
const whereSamplesAre = hasSamples ? "" : " (ignored: ../shared/facts/samples is not here)";

function pixelsOf(result: Decoded) {
  assert.equal(result.kind, "pixels", JSON.stringify(result));
  return result.kind === "pixels" ? result.pixels : assert.fail();
}

const bitmap = painted("abc/def", 7); // 21 × 14: rows of no even length

Deno.test("decodeQoi() reads the example of the format's facts: black, white, white, black", () => {
  const bytes = Uint8Array.fromHex("716f6966000000020000000204 00c055c07f0000000000000001".replaceAll(" ", ""));
  assert.deepEqual(
    pixelsOf(decodeQoi(bytes)).rgba,
    Uint8Array.of(0, 0, 0, 255, 255, 255, 255, 255, 255, 255, 255, 255, 0, 0, 0, 255),
  );
});

for (
  const name of ["checkerboard checkedboard", "qoi_logo qoi_logo", "testcard testcard", "testcard_rgba testcard_rgba"]
) {
  const [qoi, png] = name.split(" ");
  Deno.test({
    name: `decodeQoi() of ${qoi}.qoi is its PNG bit by bit${whereSamplesAre}`,
    ignore: !hasSamples,
    fn: async () => {
      const folder = `${samples}/kchapelier__qoijs`;
      const reference = await decoded(Deno.readFileSync(`${folder}/${png}.png`));
      const pixels = pixelsOf(decodeImage(Deno.readFileSync(`${folder}/${qoi}.qoi`)));
      assert.deepEqual([pixels.widthPixels, pixels.heightPixels], [reference.widthPixels, reference.heightPixels]);
      assert.deepEqual(visible(pixels.rgba), visible(reference.rgba));
    },
  });
}

/** What is fully transparent has no colour. */
function visible(rgba: Uint8Array): Uint8Array {
  return rgba.map((value, index) => rgba[index - index % 4 + 3] === 0 ? 0 : value);
}

Deno.test("decodeQoi() gives back any pixels", () => {
  fc.assert(fc.property(fc.uint8Array({ minLength: 4, maxLength: 400 }), (bytes) => {
    const rgba = bytes.subarray(0, bytes.length - bytes.length % 4);
    const image = { widthPixels: rgba.length / 4, heightPixels: 1, rgba };
    assert.deepEqual(pixelsOf(decodeQoi(qoiOf(image))).rgba, rgba);
  }));
});

Deno.test("decodeQoi() keeps what there is of a picture that was cut off", () => {
  const whole = qoiOf(bitmap);
  const pixels = pixelsOf(decodeQoi(whole.subarray(0, whole.length / 2)));
  assert.equal(letters(pixels, 7).slice(0, 3), "abc");
});

for (const bitsPerPixel of [8, 16, 24, 32] as const) {
  for (const isTopDown of [false, true]) {
    Deno.test(`decodeImage() reads a BMP of ${bitsPerPixel} bits, ${isTopDown ? "top" : "bottom"} row first`, () => {
      assert.equal(letters(pixelsOf(decodeImage(bmpOf(bitmap, { bitsPerPixel, isTopDown }))), 7), "abc/def");
    });
  }
}

Deno.test("decodeRgb565() reads MKS's and BIGTREETECH's order of bytes, and SuperSlicer's of colours", () => {
  const size = { widthPixels: 21, heightPixels: 14 };
  for (const lowByteFirst of [false, true]) {
    for (const blueFirst of [false, true]) {
      const layout = { ...size, lowByteFirst, blueFirst };
      assert.equal(letters(pixelsOf(decodeRgb565(rgb565Of(bitmap, layout), layout)), 7), "abc/def");
    }
  }
  const white = decodeRgb565(Uint8Array.of(0xff, 0xff), { widthPixels: 1, heightPixels: 1, lowByteFirst: true });
  assert.deepEqual([...pixelsOf(white).rgba], [255, 255, 255, 255]);
});

Deno.test("decodeColpic() reads runs of all lengths and more colours than a page has", () => {
  const many = { widthPixels: 80, heightPixels: 1, rgba: new Uint8Array(320) };
  for (let x = 0; x < 80; x++) many.rgba.set([x * 3 & 0xf8, 255 - x * 3 & 0xfc, 8, 255], x * 4);
  const again = pixelsOf(decodeColpic(colpicBytes(colpicTextOf(many))));
  many.rgba.forEach((value, index) => assert.ok(Math.abs(value - (again.rgba[index] ?? 0)) < 8, `byte ${index}`));
  assert.equal(letters(pixelsOf(decodeColpic(colpicBytes(colpicTextOf(painted("ab/cd", 40))))), 40), "ab/cd");
});

Deno.test("decodeQidiWords() reads runs and single pixels", () => {
  const bytes = Uint8Array.fromHex(qidiHexOf(bitmap));
  assert.equal(letters(pixelsOf(decodeQidiWords(bytes, bitmap)), 7), "abc/def");
});

const huge = [40_000, 100_000_000, 0xffff_ffff];

Deno.test("no decoder takes memory for an image of absurd size", () => {
  for (const side of huge) {
    const qoi = qoiOf(bitmap);
    new DataView(qoi.buffer).setUint32(4, side);
    new DataView(qoi.buffer).setUint32(8, side);
    assert.equal(decodeImage(qoi).kind, "broken");
    const bmp = bmpOf(bitmap, { bitsPerPixel: 24, isTopDown: false });
    new DataView(bmp.buffer).setInt32(18, side, true);
    assert.equal(decodeImage(bmp).kind, "broken");
    const colpic = colpicBytes(colpicTextOf(bitmap));
    new DataView(colpic.buffer).setUint32(4, side, true);
    assert.equal(decodeColpic(colpic).kind, "broken");
    const size = { widthPixels: side, heightPixels: side };
    assert.equal(decodeQidiWords(new Uint8Array(4), size).kind, "broken");
    assert.equal(decodeRgb565(new Uint8Array(4), { ...size, lowByteFirst: true }).kind, "broken");
  }
  assert.ok(limits.maxImagePixels * 4 <= 64 * 1024 * 1024);
});

const whole = {
  qoi: qoiOf(bitmap),
  bmp: bmpOf(bitmap, { bitsPerPixel: 24, isTopDown: false }),
  palette: bmpOf(bitmap, { bitsPerPixel: 8, isTopDown: true }),
  colpic: colpicBytes(colpicTextOf(bitmap)),
  qidi: Uint8Array.fromHex(qidiHexOf(bitmap)),
} as const;

/** One of the pictures with a few bytes changed, and perhaps cut. */
const mutated = fc.record({
  kind: fc.constantFrom(...Object.keys(whole) as (keyof typeof whole)[]),
  changes: fc.array(fc.tuple(fc.nat(200), fc.nat(255)), { maxLength: 8 }),
  length: fc.nat(2000),
}).map(({ kind, changes, length }) => {
  const bytes = whole[kind].slice(0, length);
  for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value;
  return bytes;
});

Deno.test("the decoders are total: any bytes, any damage, whole pictures or a problem", () => {
  fc.assert(
    fc.property(fc.oneof(mutated, fc.uint8Array({ maxLength: 300 })), (bytes) => {
      const size = { widthPixels: 21, heightPixels: 14 };
      const results = [
        decodeImage(bytes),
        decodeQoi(bytes),
        decodeColpic(bytes),
        decodeQidiWords(bytes, size),
        decodeRgb565(bytes, { ...size, lowByteFirst: true }),
      ];
      for (const result of results) {
        if (result.kind === "broken") assert.notEqual(result.problem, "");
        else {
          const { widthPixels, heightPixels, rgba } = result.pixels;
          assert.equal(rgba.length, widthPixels * heightPixels * 4);
        }
      }
    }),
    { numRuns: 2000 },
  );
});

Deno.test("colpicBytes() takes any text", () => {
  fc.assert(fc.property(fc.string(), (text) => assert.equal(colpicBytes(text).length, Math.ceil(text.length / 4) * 3)));
});
