/** Names of print files. */
import assert from "node:assert/strict";
import { type FileRef, isSameFile, shownFileName } from "../../src/domain/print_file.ts";

const names: readonly (readonly [FileRef, string])[] = [
  [{ path: "cubes/benchy.gcode" }, "benchy"],
  [{ path: "BENCHY~1.GCO", displayName: "benchy big.gcode" }, "benchy big"],
  [{ path: "plate_1.gcode.3mf" }, "plate_1"],
  [{ path: "/usb/part.bgcode" }, "part"],
  [{ path: "c:\\prints\\part.GCODE" }, "part"],
  [{ path: "v1.2 part" }, "v1.2 part"],
  [{ path: ".gcode" }, ".gcode"],
  [{ path: "" }, ""],
];
for (const [file, shown] of names) {
  Deno.test(`shownFileName() of ${JSON.stringify(file.displayName ?? file.path)} is ${JSON.stringify(shown)}`, () => {
    assert.equal(shownFileName(file), shown);
  });
}

Deno.test("isSameFile() compares sizes, else names", () => {
  assert.ok(isSameFile({ path: "CUBE~1.GCO", sizeBytes: 9 }, { path: "cube big.gcode", sizeBytes: 9 }));
  assert.ok(!isSameFile({ path: "cube.gcode", sizeBytes: 9 }, { path: "cube.gcode", sizeBytes: 10 }));
  assert.ok(isSameFile({ path: "local/Cube.gcode" }, { path: "cube.gcode", sizeBytes: 9 }));
  assert.ok(isSameFile({ path: "CUBE~1.GCO", displayName: "cube big.gcode" }, { path: "cube big.gcode" }));
  assert.ok(!isSameFile({ path: "cube.gcode" }, { path: "benchy.gcode" }));
  assert.ok(!isSameFile({ path: "" }, { path: "" }));
});
