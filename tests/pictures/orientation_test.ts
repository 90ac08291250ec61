/** All ways a camera can hang, letter for letter. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { moonrakerOrientation, octoPrintOrientation } from "../../src/domain/camera_orientation.ts";
import { oriented } from "../../src/pictures/bitmap.ts";
import { exifOrientations, inTurn, type Orientation, orientationOf } from "../../src/pictures/orientation.ts";
import { letters, painted } from "./samples.ts";

// Flips first, then clockwise. Each row was drawn by hand:  a b
//                                                           c d
//                                                           e f
const drawn = {
  "": { 0: "ab/cd/ef", 90: "eca/fdb", 180: "fe/dc/ba", 270: "bdf/ace" },
  "horizontal": { 0: "ba/dc/fe", 90: "fdb/eca", 180: "ef/cd/ab", 270: "ace/bdf" },
  "vertical": { 0: "ef/cd/ab", 90: "ace/bdf", 180: "ba/dc/fe", 270: "fdb/eca" },
  "horizontal vertical": { 0: "fe/dc/ba", 90: "bdf/ace", 180: "ab/cd/ef", 270: "eca/fdb" },
};

for (const [flips, byDegrees] of Object.entries(drawn)) {
  for (const [degrees, expected] of Object.entries(byDegrees)) {
    Deno.test(`museum: 16 flip [${flips.replace(" ", ", ")}], rotate ${degrees} clockwise is the right way up`, () => {
      const flip = flips.split(" ").filter((word) => word === "horizontal" || word === "vertical");
      const rotateDegrees = ([0, 90, 180, 270] as const).find((angle) => String(angle) === degrees) ?? 0;
      assert.equal(letters(oriented(painted("ab/cd/ef"), orientationOf({ flip, rotateDegrees }))), expected);
    });
  }
}

// As their own pages show it, drawn by hand: OctoPrint flips, then turns counter-clockwise; Mainsail and Fluidd turn
// clockwise, then flip.
const octoPrint = {
  "": { 0: "ab/cd/ef", 90: "bdf/ace" },
  "horizontal": { 0: "ba/dc/fe", 90: "ace/bdf" },
  "vertical": { 0: "ef/cd/ab", 90: "fdb/eca" },
  "horizontal vertical": { 0: "fe/dc/ba", 90: "eca/fdb" },
};
const moonraker = {
  "": { 0: "ab/cd/ef", 90: "eca/fdb", 180: "fe/dc/ba", 270: "bdf/ace" },
  "horizontal": { 0: "ba/dc/fe", 90: "ace/bdf", 180: "ef/cd/ab", 270: "fdb/eca" },
  "vertical": { 0: "ef/cd/ab", 90: "fdb/eca", 180: "ba/dc/fe", 270: "ace/bdf" },
  "horizontal vertical": { 0: "fe/dc/ba", 90: "bdf/ace", 180: "ab/cd/ef", 270: "eca/fdb" },
};
const shownBy = (orientation: Parameters<typeof orientationOf>[0]) =>
  letters(oriented(painted("ab/cd/ef"), orientationOf(orientation)));

for (const [flips, byTurn] of Object.entries(octoPrint)) {
  for (const [degrees, expected] of Object.entries(byTurn)) {
    Deno.test(`museum: 16 OctoPrint: flip [${flips}], ${degrees}° counter-clockwise is the right way up`, () => {
      const [flipH, flipV] = [flips.includes("horizontal"), flips.includes("vertical")];
      assert.equal(shownBy(octoPrintOrientation({ flipH, flipV, rotate90: degrees === "90" })), expected);
    });
  }
}

for (const [flips, byTurn] of Object.entries(moonraker)) {
  for (const [degrees, expected] of Object.entries(byTurn)) {
    Deno.test(`museum: 16 Moonraker: ${degrees}° clockwise, then flip [${flips}] is the right way up`, () => {
      const [flip_horizontal, flip_vertical] = [flips.includes("horizontal"), flips.includes("vertical")];
      const orientation = moonrakerOrientation({ flip_horizontal, flip_vertical, rotation: Number(degrees) });
      assert.equal(shownBy(orientation), expected);
    });
  }
}

Deno.test("EXIF orientations show what the standard says: which corner is stored first", () => {
  // CIPA DC-008: "the 0th row is at the visual … of the picture, and the 0th column is the visual …"
  const shown = {
    1: "ab/cd/ef", // top, left
    2: "ba/dc/fe", // top, right
    3: "fe/dc/ba", // bottom, right
    4: "ef/cd/ab", // bottom, left
    5: "ace/bdf", // left, top
    6: "eca/fdb", // right, top
    7: "fdb/eca", // right, bottom
    8: "bdf/ace", // left, bottom
  };
  for (const [tag, expected] of Object.entries(shown)) {
    const orientation = exifOrientations[Number(tag)];
    assert.ok(orientation);
    assert.equal(letters(oriented(painted("ab/cd/ef"), orientation)), expected, `orientation ${tag}`);
  }
});

const anyOrientation: fc.Arbitrary<Orientation> = fc.record({
  isMirrored: fc.boolean(),
  quarterTurns: fc.constantFrom(0, 1, 2, 3),
});

Deno.test("inTurn() is the same as one orientation after the other", () => {
  fc.assert(fc.property(anyOrientation, anyOrientation, (first, second) => {
    const picture = painted("abc/def");
    assert.deepEqual(oriented(picture, inTurn(first, second)), oriented(oriented(picture, first), second));
  }));
});
