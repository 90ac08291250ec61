import assert from "node:assert/strict";
import fc from "fast-check";
import { onWhite, shrunk } from "../../src/pictures/bitmap.ts";
import { letters, painted } from "./samples.ts";

Deno.test("shrunk() keeps what is where", () => {
  assert.equal(letters(shrunk(painted("ab/cd/ef", 10), 2, 3)), "ab/cd/ef");
  assert.equal(letters(shrunk(painted("ab/cd/ef", 7), 6, 9), 3), "ab/cd/ef");
});

Deno.test("shrunk() takes the mean, and what is transparent has no say in the colour", () => {
  const rgba = Uint8Array.of(100, 0, 0, 255, 200, 0, 0, 255, 0, 80, 0, 255, 255, 255, 255, 0);
  const small = shrunk({ widthPixels: 4, heightPixels: 1, rgba }, 2, 1);
  assert.deepEqual([...small.rgba], [150, 0, 0, 255, 0, 80, 0, 128]);
});

Deno.test("shrunk() never enlarges", () => {
  const picture = painted("ab/cd/ef");
  assert.equal(shrunk(picture, 20, 30), picture);
});

Deno.test("shrunk() to any size keeps an even colour", () => {
  const side = fc.integer({ min: 1, max: 40 });
  fc.assert(fc.property(side, side, side, side, (width, height, newWidth, newHeight) => {
    const even = painted(Array(height).fill("d".repeat(width)).join("/"));
    const small = shrunk(even, Math.min(width, newWidth), Math.min(height, newHeight));
    assert.deepEqual(new Set(letters(small)).difference(new Set(["/"])), new Set(["d"]));
    assert.deepEqual([...small.rgba.subarray(0, 4)], [...even.rgba.subarray(0, 4)]);
  }));
});

Deno.test("onWhite() fills what is transparent", () => {
  const rgba = Uint8Array.of(10, 20, 30, 255, 0, 0, 0, 0, 0, 0, 0, 51);
  const white = onWhite({ widthPixels: 3, heightPixels: 1, rgba });
  assert.deepEqual([...white.rgba], [10, 20, 30, 255, 255, 255, 255, 255, 204, 204, 204, 255]);
});
