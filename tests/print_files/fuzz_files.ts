/** Files as they come off a bad card or from somebody with bad intentions: seeds, their mutations, and what must hold for all. */
import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { UnreadableImageError } from "../../src/print_files/embedded_image.ts";
import { decodeImage } from "../../src/print_files/images/decode_image.ts";
import { limits } from "../../src/print_files/limits.ts";
import { readPrintFile } from "../../src/print_files/print_file.ts";
import { painted, pngOf } from "../pictures/samples.ts";
import { bgcodeOf, blockOf, CountingReader, gxOf, meatPacked, never, prusaGcode, utf8, zipOf } from "./making.ts";

const png = pngOf(painted("ab/cd", 8));
const gcode = prusaGcode(6);
const block = `; thumbnail begin 16x16 ${png.toBase64().length}\n; ${png.toBase64()}\n; thumbnail end\n`;

/** A small file of each kind. */
export const seeds: readonly Uint8Array[] = [
  utf8(block + gcode),
  new Uint8Array(gzipSync(block + gcode)),
  gxOf({ gcode, first: png, second: png, seconds: 9 }),
  bgcodeOf(
    blockOf("Producer=PrusaSlicer 2.6.0\n", { type: 0 }),
    blockOf("printer_model=MINI\nlayer_height=0.15\n", { type: 3, compression: 1 }),
    blockOf(png, { type: 5, parameters: [0, 16, 16] }),
    blockOf(`{"layer_height":["0.2"]}`, { type: 2, compression: 3, parameters: [1] }),
    blockOf(gcode, { type: 1, compression: 1 }),
    blockOf(meatPacked(gcode), { type: 1, compression: 3, parameters: [2] }),
  ),
  zipOf({
    "3D/3dmodel.model": "<model/>",
    "Metadata/plate_1.png": png,
    "Metadata/plate_1.gcode": gcode,
    "Metadata/project_settings.config": `{"layer_height":"0.2","filament_type":["PLA"]}`,
    "Metadata/slice_info.config": `<plate><metadata key="index" value="1"/><filament used_m="1" used_g="2"/></plate>`,
  }, { hasDescriptors: true }),
  zipOf({ "/3D/model.gcode": gcode, "/Cura/slicemetadata.json": `{"material":{"length":[1]}}` }, { is64: true }),
  zipOf({ "meta.json": `{"duration_s":1}`, "thumbnail_55x40.png": png }),
  zipOf({ "config.ini": "printTime = 1\n", "thumbnail/thumbnail400x400.png": png }, { isStored: true }),
];

/** A file with some bytes changed, a part cut out, doubled, or filled; the numbers that break readers are preferred. */
export function mutated(files: readonly Uint8Array[]): fc.Arbitrary<Uint8Array> {
  const byte = fc.oneof(fc.constantFrom(0, 1, 0x7f, 0x80, 0xff), fc.nat(255));
  const change = fc.record({
    kind: fc.constantFrom("set", "set", "set", "word", "cut", "double", "end"),
    place: fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
    length: fc.nat(64),
    byte,
  });
  return fc.tuple(fc.constantFrom(...files), fc.array(change, { minLength: 1, maxLength: 6 })).map(
    ([file, changes]) => {
      let bytes = file.slice();
      for (const { kind, place, length, byte } of changes) {
        const at = Math.floor(place * bytes.length);
        if (kind === "set") bytes[at] = byte;
        else if (kind === "word") bytes.fill(byte, at, at + 4);
        else if (kind === "end") bytes = bytes.slice(0, at);
        else {
          const rest = bytes.slice(kind === "cut" ? at + length : Math.max(0, at - length));
          bytes = Uint8Array.from([...bytes.subarray(0, at), ...rest]);
        }
      }
      return bytes;
    },
  );
}

/** Begins like something known and goes on as nothing known. */
export const monsters: fc.Arbitrary<Uint8Array> = fc.tuple(
  fc.constantFrom(
    "GCDE\x01\0\0\0\x01\0",
    "xgcode 1.0\n\0",
    "PK\x03\x04",
    "PK\x05\x06",
    "\x1f\x8b\x08",
    "; thumbnail begin ",
    "",
  ),
  fc.uint8Array({ maxLength: 300 }),
).map(([start, rest]) => Uint8Array.from([...start].map((letter) => letter.charCodeAt(0)).concat([...rest])));

/** Reads everything there is in a file: no error but the declared one, no more than its bounds. */
export async function survives(bytes: Uint8Array): Promise<void> {
  const source = new CountingReader(bytes);
  const { thumbnails, facts } = await readPrintFile(source, { signal: never, scanLayers: true });
  const most = 8 * bytes.length + 2 * limits.windowBytes;
  assert.ok(source.bytesRead <= most, `${source.bytesRead} bytes read of ${bytes.length}`);
  JSON.stringify(facts);
  for (const value of Object.values(facts).flat()) assert.ok(typeof value !== "number" || Number.isFinite(value));
  for (const image of thumbnails) {
    try {
      const content = await image.read(never);
      if (content.kind === "encoded") decodeImage(content.bytes);
    } catch (error) {
      assert.ok(error instanceof UnreadableImageError, String(error));
    }
  }
}
