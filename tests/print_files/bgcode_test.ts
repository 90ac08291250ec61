/** Binary G-code with every compression and encoding, made here; broken blocks; the vectors of the specifications. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { decodeHeatshrink } from "../../src/print_files/containers/bgcode/heatshrink.ts";
import { decodeMeatPack } from "../../src/print_files/containers/bgcode/meatpack.ts";
import { limits } from "../../src/print_files/limits.ts";
import { type PrintFile, readPrintFile } from "../../src/print_files/print_file.ts";
import { join, painted, pngOf } from "../pictures/samples.ts";
import {
  bgcodeOf,
  blockOf,
  CountingReader,
  heatshrunk,
  meatPacked,
  never,
  numbers,
  prusaGcode,
  qoiHeader,
  utf8,
} from "./making.ts";

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const hex = (digits: string) => Uint8Array.fromHex(digits.replaceAll(" ", ""));

Deno.test("decodeHeatshrink() decodes the vectors of the specification", () => {
  const options = { lookaheadBits: 4, sizeBytes: 5 };
  assert.equal(text(decodeHeatshrink(hex("a0 80 01 80"), { windowBits: 11, ...options })), "AAAAA");
  assert.equal(text(decodeHeatshrink(hex("a0 80 00 c0"), { windowBits: 12, ...options })), "AAAAA");
});

Deno.test("decodeHeatshrink() gives back what was compressed, whatever it was", () => {
  const letters = fc.array(fc.constantFrom(..."AB\n0"), { maxLength: 400 }).map((all) => utf8(all.join("")));
  fc.assert(
    fc.property(fc.oneof(letters, fc.uint8Array({ maxLength: 200 })), fc.constantFrom(11, 12), (bytes, windowBits) => {
      const options = { windowBits, lookaheadBits: 4, sizeBytes: bytes.length };
      assert.deepEqual(decodeHeatshrink(heatshrunk(bytes, windowBits), options), bytes);
    }),
  );
});

Deno.test("decodeHeatshrink() of anything is at most as long as it should be, and shorter where the data end", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(5000), (data, sizeBytes) => {
    const { length } = decodeHeatshrink(data, { windowBits: 12, lookaheadBits: 4, sizeBytes });
    assert.ok(length <= sizeBytes && length <= data.length * 8);
  }));
  assert.equal(decodeHeatshrink(new Uint8Array(), { windowBits: 12, lookaheadBits: 4, sizeBytes: 9 }).length, 0);
  const whole = heatshrunk(utf8("G1 X10 Y10\n".repeat(20)), 12);
  assert.ok(decodeHeatshrink(whole.subarray(0, 10), { windowBits: 12, lookaheadBits: 4, sizeBytes: 220 }).length < 220);
});

Deno.test("decodeMeatPack() decodes the vector of the specification", () => {
  assert.equal(text(decodeMeatPack(hex("FF FF FB FF FF F7 1D 1E CC"))), "G1 X1\n");
});

const packings: readonly (readonly [what: string, packed: string, expected: string])[] = [
  ["nothing switched on: bytes as they are", "47 31 0a", "G1\n"],
  ["packed with spaces", "FF FF FB 1D EB C1", "G1 X1\n"], // 11 is a space here
  ["reset in the middle", "FF FF FB 1D CC FF FF F9 4D 0a", "G1\nM\n"],
  ["a whole byte in the low half", "FF FF FB FF FF F7 1D 1F 59 CC", "G1 Y1\n"],
  ["a whole byte in the high half", "FF FF FB FF FF F7 F3 59 CC", "3Y\n"],
  ["two whole bytes", "FF FF FB FF FF F7 FF 4D 37 CC", "M7\n"],
  ["a command cut off", "FF FF FB 1D CC FF FF", "G1\n"],
  ["a whole byte cut off", "FF FF FB 1D 1F", "G1"],
  ["11 as E only within lines without spaces", "FF FF FB FF FF F7 1D 1B CC", "G1 E1\n"],
];
for (const [what, packed, expected] of packings) {
  Deno.test(`decodeMeatPack(): ${what}`, () => assert.equal(text(decodeMeatPack(hex(packed))), expected));
}

Deno.test("decodeMeatPack() gives back the G-code that was packed, but for empty lines", () => {
  const number = fc.integer({ min: -99_999, max: 99_999 }).map((value) => String(value / 1000));
  const move = fc.array(fc.tuple(fc.constantFrom(..."XYZEF"), number), { maxLength: 4 })
    .map((words) => ["G1", ...words.map(([letter, value]) => letter + value)].join(" "));
  const line = fc.oneof(move, fc.constantFrom("M73 P1 R2", ";LAYER_CHANGE", ";Z:0.2", "; ÿÿ", "T0"));
  fc.assert(fc.property(fc.array(line, { minLength: 1, maxLength: 30 }), (lines) => {
    const gcode = `${lines.join("\n")}\n`;
    assert.equal(text(decodeMeatPack(meatPacked(gcode))), gcode);
  }));
});

Deno.test("decodeMeatPack() of anything is text, never an error", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 500 }), (packed) => {
    assert.ok(decodeMeatPack(join([hex("FF FF FB FF FF F7"), packed])).length <= packed.length * 4 + 4);
  }));
});

const png = pngOf(painted("abc/def", 40)); // 120 × 80
const printer = "printer_model=MINI\nfilament used [mm]=986.61, 0.00\nno value\nmax_layer_z=18.05\n" +
  "estimated printing time (normal mode)=32m 6s\nlayer_height=0.15\nfilament_type=PETG;PLA\n";
const slicer = "first_layer_bed_temperature=85,90\nfirst_layer_temperature=230,240\nlayer_height=0.3\n";
const metadata = [
  blockOf("Producer=PrusaSlicer 2.6.0\n", { type: 0 }),
  blockOf(printer, { type: 3, compression: 1 }),
  blockOf(png, { type: 5, parameters: [0, 120, 80] }),
  blockOf("total filament used [g]=3.01\n", { type: 4 }),
  blockOf(slicer, { type: 2, compression: 3 }),
];
const gcode = prusaGcode(12, 30);

const read = (bytes: Uint8Array, options: { scanLayers?: boolean } = {}): Promise<PrintFile> =>
  readPrintFile(new CountingReader(bytes), { signal: never, ...options });

Deno.test("bgcode says what its blocks say, the first one of two being right", async () => {
  const source = new CountingReader(bgcodeOf(...metadata, ...Array(100).fill(blockOf(gcode, { type: 1 }))));
  const file = await readPrintFile(source, { signal: never });
  assert.deepEqual([file.container, file.problems], ["bgcode", []]);
  assert.deepEqual(file.facts, {
    slicer: { name: "PrusaSlicer", version: "2.6.0" },
    estimatedSeconds: 1926,
    filamentMillimetres: [986.61, 0],
    filamentGrams: [3.01],
    layerHeightMillimetres: 0.15,
    objectHeightMillimetres: 18.05,
    firstLayerBedCelsius: 85,
    firstLayerNozzleCelsius: 230,
    printerModel: "MINI",
    filamentTypes: ["PETG", "PLA"],
  });
  const [thumbnail] = file.thumbnails;
  assert.deepEqual([thumbnail?.format, thumbnail?.widthPixels, thumbnail?.sizeBytes], ["png", 120, png.length]);
  assert.deepEqual(await thumbnail?.read(never), { kind: "encoded", bytes: png });
  assert.ok(source.bytesRead <= 2 * limits.windowBytes, "the G-code is not read");
});

Deno.test("bgcode of newer libraries says its slicer's settings as JSON", async () => {
  const json = JSON.stringify({
    first_layer_bed_temperature: ["85", "90"],
    filament_colour: ["#FF8000", "#112233"],
    objects_info: { objects: [{ name: "Cube" }] },
    print: { layer_height: 0.15, deeper: { deeper: { deeper: { printer_model: "too deep" } } } },
    nothing: null,
    none: [],
  });
  const file = await read(bgcodeOf(...metadata.slice(0, 1), blockOf(json, { type: 2, parameters: [1] })));
  assert.deepEqual(file.facts, {
    slicer: { name: "PrusaSlicer", version: "2.6.0" },
    firstLayerBedCelsius: 85,
    filamentColours: ["#FF8000", "#112233"],
    layerHeightMillimetres: 0.15,
    objects: ["Cube"],
  });
  const broken = await read(bgcodeOf(...metadata, blockOf("{", { type: 2, parameters: [1] })));
  assert.deepEqual([broken.facts.printerModel, broken.problems], ["MINI", ["Its slicer's settings are no JSON"]]);
});

/** The same text in blocks of some lines each, as PrusaSlicer cuts them. */
function inBlocks(gcode: string, options: { compression: number; encoding: number }): Uint8Array[] {
  const lines = gcode.split("\n");
  const blocks: Uint8Array[] = [];
  for (let at = 0; at < lines.length; at += 50) {
    const part = `${lines.slice(at, at + 50).join("\n")}\n`;
    const content = options.encoding === 0 ? utf8(part) : meatPacked(part);
    blocks.push(blockOf(content, { type: 1, compression: options.compression, parameters: [options.encoding] }));
  }
  return blocks;
}

for (const compression of [0, 1, 2, 3]) {
  for (const encoding of [0, 1, 2]) {
    Deno.test(`bgcode with compression ${compression} and encoding ${encoding} has the layers of its text`, async () => {
      const blocks = inBlocks(gcode, { compression, encoding });
      const file = await read(bgcodeOf(...metadata, ...blocks), { scanLayers: true });
      const plain = await read(utf8(gcode), { scanLayers: true });
      const layers = ({ marks }: PrintFile) => marks?.layerMarks.map((mark) => [mark.layer, mark.heightMillimetres]);
      const progress = ({ marks }: PrintFile) =>
        marks?.progressMarks.map((mark) => [mark.percent, mark.remainingSeconds]);
      assert.deepEqual(file.problems, []);
      assert.equal(layers(plain)?.length, 12);
      assert.deepEqual(layers(file), layers(plain));
      assert.deepEqual(progress(file), progress(plain));
      assert.equal(file.facts.layers, 12);

      const starts = blocks.map((_, index) => join([...metadata, ...blocks.slice(0, index)]).length + 10);
      const offsets = file.marks?.layerMarks.map(({ byteOffset }) => byteOffset) ?? [];
      assert.deepEqual(offsets, offsets.toSorted((a, b) => a - b));
      assert.ok(offsets.every((offset) => offset >= starts[0]!) && offsets.at(-1)! < file.bytesRead);
    });
  }
}

const bad = { type: 5, parameters: [0, 120, 80], hasBadChecksum: true };
const huge = { type: 3, saidBytes: 4_000_000_000, compression: 1 };
const broken: readonly { what: string; bytes: Uint8Array; problem: RegExp; model?: string; thumbnails?: number }[] = [
  {
    what: "a thumbnail whose checksum is wrong",
    bytes: bgcodeOf(...metadata.slice(0, 2), blockOf(png, bad)),
    problem: /checksum of the block at byte \d+ \(thumbnail\) is wrong/,
    model: "MINI",
    thumbnails: 1,
  },
  {
    what: "a thumbnail of 40,000 × 40,000 pixels",
    bytes: bgcodeOf(...metadata, blockOf(qoiHeader(40_000, 40_000), { type: 5, parameters: [2, 9, 9] })),
    problem: /too large: 40000x40000/,
    model: "MINI",
    thumbnails: 1,
  },
  {
    what: "a thumbnail that is none",
    bytes: bgcodeOf(...metadata, blockOf("nothing", { type: 5, parameters: [0, 9, 9] })),
    problem: /no picture that is known/,
    model: "MINI",
    thumbnails: 1,
  },
  {
    what: "a text that says to be huge",
    bytes: bgcodeOf(...metadata, blockOf("a=1", huge)),
    problem: /too long: 4000000000 bytes/,
    model: "MINI",
    thumbnails: 1,
  },
  {
    what: "a text that is longer than it says",
    bytes: bgcodeOf(...metadata, blockOf("a=1\n".repeat(1000), { type: 3, compression: 1, saidBytes: 10 })),
    problem: /longer than it says/,
    model: "MINI",
    thumbnails: 1,
  },
  {
    what: "a text that is shorter than it says",
    bytes: bgcodeOf(...metadata, blockOf("a=1\n", { type: 3, compression: 2, saidBytes: 1000 })),
    problem: /shorter than it says/,
    model: "MINI",
    thumbnails: 1,
  },
  {
    what: "data that are not compressed at all",
    bytes: bgcodeOf(...metadata, join([numbers([3, 16], [1, 16], [9, 32], [3, 32], [0, 16]), utf8("abc\0\0\0\0")])),
    problem: /broken or cut off/,
    model: "MINI",
    thumbnails: 1,
  },
  {
    what: "a block that is none",
    bytes: bgcodeOf(...metadata, utf8("no block, really")),
    problem: /What stands at byte \d+ is no block/,
    model: "MINI",
    thumbnails: 1,
  },
  {
    what: "its end within a thumbnail",
    bytes: bgcodeOf(...metadata).subarray(0, 400),
    problem: /cut off within the block at byte \d+/,
    model: "MINI",
    thumbnails: 0,
  },
  { what: "its end within its header", bytes: utf8("GCDE\x01"), problem: /cut off within its header/ },
  { what: "another version", bytes: join([utf8("GCDE"), numbers([2, 32], [1, 16])]), problem: /not read \(2\)/ },
  { what: "other checksums", bytes: join([utf8("GCDE"), numbers([1, 32], [7, 16])]), problem: /not known \(7\)/ },
];
for (const { what, bytes, problem, model, thumbnails = 0 } of broken) {
  Deno.test(`bgcode with ${what}: a clear problem, and the rest of what it says`, async () => {
    const file = await read(bytes);
    assert.match(file.problems.join("\n"), problem);
    assert.equal(file.facts.printerModel, model);
    assert.equal(file.thumbnails.length, thumbnails);
  });
}

Deno.test("bgcode with thousands of blocks before its G-code: as many as the limit are looked at", async () => {
  const source = new CountingReader(bgcodeOf(...Array(5000).fill(blockOf("a=1\n".repeat(1000), { type: 3 }))));
  await readPrintFile(source, { signal: never });
  assert.ok(source.bytesRead < (limits.maxMetadataBlocks + 32) * 4100, `${source.bytesRead} bytes`);
});

Deno.test("bgcode whose G-code is cut off or damaged: the layers up to there, and problems", async () => {
  const blocks = inBlocks(gcode, { compression: 2, encoding: 2 });
  const whole = bgcodeOf(...metadata, ...blocks);
  const cut = await read(whole.subarray(0, whole.length - 1000), { scanLayers: true });
  assert.match(cut.problems.join("\n"), /cut off within the block/);
  assert.ok((cut.marks?.layerMarks.length ?? 0) > 5);
  const damaged = whole.slice();
  damaged[whole.length - 10]! ^= 1;
  const problems = (await read(damaged, { scanLayers: true })).problems.join("\n");
  assert.match(problems, /checksum of the block at byte \d+ \(gcode\) is wrong/);
});

Deno.test("bgcode whose blocks grow a thousand times ends at its bounds", async () => {
  const bomb = blockOf(new Uint8Array(limits.maxGcodeBlockBytes), { type: 1, compression: 1 });
  const file = await read(bgcodeOf(...metadata, ...Array(40).fill(bomb)), { scanLayers: true });
  assert.match(file.problems.join("\n"), /grow more than 100 times/);
});

Deno.test("a scan of bgcode says how far it is and ends when it is aborted", async () => {
  const source = new CountingReader(
    bgcodeOf(...metadata, ...inBlocks(prusaGcode(200), { compression: 1, encoding: 0 })),
  );
  const shares: number[] = [];
  await readPrintFile(source, { signal: never, scanLayers: true, onProgress: (share) => shares.push(share) });
  assert.deepEqual([shares.at(-1), shares.every((share, index) => share > (shares[index - 1] ?? 0))], [1, true]);
  const aborting = new AbortController();
  const aborted = readPrintFile(source, {
    signal: aborting.signal,
    scanLayers: true,
    onProgress: (share) => share > 0.5 && aborting.abort(),
  });
  await assert.rejects(aborted, { name: "AbortError" });
});
