/** Where layers begin and what files tell of progress: each slicer's marks, files without any, and the traps of exhibit 12. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { LayerScan, type ScannedMarks } from "../../src/print_files/gcode/layer_scan.ts";
import { limits } from "../../src/print_files/limits.ts";
import { randomCuts } from "../support/random_cuts.ts";
import { utf8 } from "./making.ts";

function scan(text: string | Uint8Array): ScannedMarks {
  const layers = new LayerScan();
  layers.feed(typeof text === "string" ? utf8(text) : text, 0);
  return layers.finish();
}

/** `1 @0.2 ;LAYER_CHANGE`: the layer, its height if it is known, and the line at the offset. */
function told(text: string): string[] {
  return scan(text).layerMarks.map(({ layer, byteOffset, heightMillimetres }) => {
    const line = text.slice(byteOffset).split(/[\r\n]/, 1)[0];
    return `${layer}${heightMillimetres === undefined ? "" : ` @${heightMillimetres}`} ${line}`;
  });
}

const purge = "G28\nG1 Z0.3 F3000\nG1 X0.1 Y20 F5000\nG1 X0.1 Y200 E15 F1500 ; first line\nG92 E0\nG1 Z2\n";
const square = "G1 X10 Y0 E1\nG1 X10 Y10 E2\nG1 X0 Y10 E3\nG1 X0 Y0 E4\n".repeat(10);

interface Row {
  readonly what: string;
  readonly text: string;
  readonly expected: readonly string[];
}

const rows: readonly Row[] = [
  {
    what: "PrusaSlicer and OrcaSlicer",
    text: `${purge};LAYER_CHANGE\n;Z:0.2\n;HEIGHT:0.2\n${square};LAYER_CHANGE\n;Z:0.35\n;HEIGHT:0.15\n${square}`,
    expected: ["1 @0.2 ;LAYER_CHANGE", "2 @0.35 ;LAYER_CHANGE"],
  },
  {
    what: "Bambu Studio, whose wipe follows the mark",
    text: `${purge}; CHANGE_LAYER\n; Z_HEIGHT: 0.2\n; LAYER_HEIGHT: 0.2\nG1 E-.8 F1800
; layer num/total_layer_count: 1/2\nM73 L1\n${square}; CHANGE_LAYER\n; Z_HEIGHT: 0.4\n; WIPE_START\n${square}`,
    expected: ["1 @0.2 ; CHANGE_LAYER", "2 @0.4 ; CHANGE_LAYER"],
  },
  {
    what: "Cura, which counts from 0",
    text: `;LAYER_COUNT:2\n${purge};LAYER:0\nM107\n${square};TIME_ELAPSED:10.5\n;LAYER:1\n${square};TIME_ELAPSED:21\n`,
    expected: ["1 ;LAYER:0", "2 ;LAYER:1"],
  },
  {
    what: "a raft by Cura",
    text: `;LAYER:-2\n${square};LAYER:-1\n${square};LAYER:0\n${square};LAYER:1\n${square}`,
    expected: ["1 ;LAYER:0", "2 ;LAYER:1"],
  },
  {
    what: "a raft by ideaMaker, with heights",
    text:
      `;LAYER:-2\n;Z:0.500\n;LAYER:-2\n;Z:1.000\n;LAYER:-1\n;Z:1.380\n;LAYER:0\n;Z:2.320\n${square};LAYER:1\n;Z:2.270\n${square}`,
    expected: ["1 @2.32 ;LAYER:0", "2 @2.27 ;LAYER:1"],
  },
  {
    what: "a slicer that counts LAYER from 1",
    text: `;LAYER:1\n${square};LAYER:2\n${square}`,
    expected: ["1 ;LAYER:1", "2 ;LAYER:2"],
  },
  { what: "MatterSlice", text: `; LAYER:0\n${square}; LAYER:1\n${square}`, expected: ["1 ; LAYER:0", "2 ; LAYER:1"] },
  {
    what: "Simplify3D",
    text: `${purge}; layer 1, Z = 0.480\n${square}; layer 2, Z = 0.720\n${square}; layer end\n`,
    expected: ["1 @0.48 ; layer 1, Z = 0.480", "2 @0.72 ; layer 2, Z = 0.720"],
  },
  {
    what: "Kiri:Moto",
    text:
      `; --- startup ---\n;; --- layer 0 (0.250 @ 0.255) ---\n${square};; --- layer 1 (0.200 @ 0.45) ---\n${square}`,
    expected: ["1 @0.255 ;; --- layer 0 (0.250 @ 0.255) ---", "2 @0.45 ;; --- layer 1 (0.200 @ 0.45) ---"],
  },
  {
    what: "KISSlicer: two objects with layers of unlike thickness begin side by side",
    text: [
      "z=0.263 z_thickness=0.263",
      "z=0.278 z_thickness=0.278",
      "z=0.526 z_thickness=0.263",
      "z=0.556 z_thickness=0.278",
    ]
      .map((z) => `; BEGIN_LAYER_OBJECT ${z}\n${square}; END_LAYER_OBJECT ${z.split(" ")[0]}\n`).join(""),
    expected: [
      "1 @0.263 ; BEGIN_LAYER_OBJECT z=0.263 z_thickness=0.263",
      "1 @0.278 ; BEGIN_LAYER_OBJECT z=0.278 z_thickness=0.278",
      "2 @0.526 ; BEGIN_LAYER_OBJECT z=0.526 z_thickness=0.263",
      "3 @0.556 ; BEGIN_LAYER_OBJECT z=0.556 z_thickness=0.278",
    ],
  },
  {
    what: "KISSlicer 1.6, raft and all",
    text:
      `; BEGIN_LAYER_RAFT z=0.2\n${square}; BEGIN_LAYER_OBJECT z=0.50\n${square}; BEGIN_LAYER_OBJECT z=0.75\n${square}`,
    expected: ["1 @0.5 ; BEGIN_LAYER_OBJECT z=0.50", "2 @0.75 ; BEGIN_LAYER_OBJECT z=0.75"],
  },
  {
    what: "IceSL",
    text: `; <layer>\n${square}; </layer>\n; <layer>\n${square}; </layer>\n`,
    expected: ["1 ; <layer>", "2 ; <layer>"],
  },
  {
    what: "FlashPrint, which says how thick each layer is",
    text:
      `;layer_height: 0.18\n;layer_count: 2\n;preExtrude:0.20\n${square};layer:0.28\n${square};layer:0.18\n${square}`,
    expected: ["1 ;layer:0.28", "2 ;layer:0.18"],
  },
  {
    what: "PrusaSlicer with a profile that adds marks of its own",
    text: `;LAYER_CHANGE\n;Z:0.2\n;LAYER:0\n${square};LAYER_CHANGE\n;Z:0.4\n;LAYER:1\n${square}`,
    expected: ["1 @0.2 ;LAYER_CHANGE", "2 @0.4 ;LAYER_CHANGE"],
  },
  {
    what: "a single mark that is none, in front of PrusaSlicer's",
    text: `;LAYER:0\n; image\n;LAYER_CHANGE\n;Z:0.2\n${square};LAYER_CHANGE\n;Z:0.4\n${square}`,
    expected: ["1 @0.2 ;LAYER_CHANGE", "2 @0.4 ;LAYER_CHANGE"],
  },
  {
    what: "start codes quoted in settings",
    text:
      `; before_layer_gcode = ;LAYER_CHANGE\\n;Z:9\n; x = ;LAYER:7\n;LAYER_CHANGE\n;Z:0.2\n${square};LAYER_CHANGE\n;Z:0.4\n`,
    expected: ["1 @0.2 ;LAYER_CHANGE", "2 @0.4 ;LAYER_CHANGE"],
  },
  {
    what: "museum: 12 a purge line higher than the first layer, in a file without marks",
    text: `G90\nM82\n${purge}G1 X5 Y5\nG1 Z0.2\n${square}G92 E0\nG1 Z0.4\n${square}`,
    expected: ["1 @0.2 G1 X10 Y0 E1", "2 @0.4 G1 X10 Y0 E1"],
  },
  {
    what: "museum: 12 a purge line lower than the first layer",
    text: `G90\nM82\n${purge.replace("Z0.3", "Z0.1")}G1 Z0.2\n${square}G92 E0\nG1 Z0.4\n${square}`,
    expected: ["1 @0.2 G1 X10 Y0 E1", "2 @0.4 G1 X10 Y0 E1"],
  },
  {
    what: "museum: 12 a purge high in the air",
    text:
      `G90\nM82\nG1 Z15 F300\nG92 E0\nG1 F140 E29\nG1 X20 Y0 F140 E30\nG92 E0\nG1 Z0.2\n${square}G92 E0\nG1 Z0.4\n${square}`,
    expected: ["1 @0.2 G1 X10 Y0 E1", "2 @0.4 G1 X10 Y0 E1"],
  },
  {
    what: "museum: 12 lifts between moves, relative extrusion",
    text:
      `G90\nM83\nG1 Z0.2\n${square}G1 Z0.8 F9000\nG1 X50 Y50\nG1 Z0.2\n${square}G1 E-2\nG1 Z1\nG0 X1 Y1\nG1 Z0.4\nG1 E2\n${square}`,
    expected: ["1 @0.2 G1 X10 Y0 E1", "2 @0.4 G1 X10 Y0 E1"],
  },
  {
    what: "relative lifts and a parked nozzle at the end",
    text: `G90\nM83\nG1 Z0.2\n${square}G91\nG1 Z0.2\nG90\n${square}M83\nG91\nG1 Z10\nG90\nG1 X0 Y200\n`,
    expected: ["1 @0.2 G1 X10 Y0 E1", "2 @0.4 G1 X10 Y0 E1"],
  },
  {
    what: "objects one after the other without marks: it only counts upwards",
    text: `M83\nG1 Z0.2\n${square}G1 Z0.4\n${square}G1 Z5\nG1 X9\nG1 Z0.2\n${square}G1 Z0.4\n${square}`,
    expected: ["1 @0.2 G1 X10 Y0 E1", "2 @0.4 G1 X10 Y0 E1"],
  },
  { what: "no G-code", text: "hello\n\n;\n; world\n", expected: [] },
  { what: "nothing", text: "", expected: [] },
];

for (const { what, text, expected } of rows) {
  Deno.test(`LayerScan marks the layers of ${what}`, () => assert.deepEqual(told(text), expected));
}

Deno.test("LayerScan reads LF, CRLF and lone CR alike", () => {
  for (const { what, text, expected } of rows) {
    for (const end of ["\r\n", "\r"]) assert.deepEqual(told(text.replaceAll("\n", end)), expected, what);
  }
});

Deno.test("LayerScan gives the same marks however the bytes are cut", () => {
  const texts = [...rows.map(({ text }) => text), "M73 P0 R5\n;TIME_ELAPSED:5\n;MESH:größe.stl\nM73 P50 R2"].map(utf8);
  fc.assert(
    fc.property(
      fc.constantFrom(...texts),
      fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1 }),
      (bytes, sizes) => {
        const layers = new LayerScan();
        let offset = 0;
        const endless = function* () {
          for (;;) yield* sizes;
        };
        for (const piece of randomCuts(endless())(bytes)) {
          layers.feed(piece, offset);
          offset += piece.length;
        }
        assert.deepEqual(layers.finish(), scan(bytes));
      },
    ),
    { numRuns: 300 },
  );
});

Deno.test("LayerScan places marks within compressed blocks by their share", () => {
  const layers = new LayerScan();
  const block = utf8(`;LAYER_CHANGE\n${square}`);
  layers.feed(block, 1000, 0.25);
  layers.feed(utf8("\n".repeat(100)), 2000, 0.25);
  layers.feed(block, 3000, 0);
  assert.deepEqual(layers.finish().layerMarks.map((mark) => mark.byteOffset), [1000, 3000]);
  const later = new LayerScan();
  later.feed(utf8(`${"\n".repeat(400)};LAYER_CHANGE\n`), 1000, 0.25);
  assert.equal(later.finish().layerMarks[0]?.byteOffset, 1100);
});

const progress: readonly { readonly what: string; readonly text: string; readonly expected: readonly string[] }[] = [
  {
    what: "PrusaSlicer's normal mode, not its silent one",
    text: "M73 P0 R32\nM73 Q0 S35\nM73 C12\nM73 P50 R16 ; half\nM73 P100 R0\n",
    expected: ["0 0% 1920s", "30 50% 960s", "49 100% 0s"],
  },
  {
    what: "Bambu's, without its layers",
    text: "M73 P0 R18\nM73 L1\nM73.2 R1.0\nM73 P8 R16\n",
    expected: ["0 0% 1080s", "29 8% 960s"],
  },
  { what: "Klipper's, which only knows percent", text: "M73 P0\nM73 P7\n", expected: ["0 0%", "7 7%"] },
  {
    what: "percent and minutes on lines of their own",
    text: "M73 P0\nM73 R7\nM73 P1\nM73 P2\nM73 R6\n",
    expected: ["0 0% 420s", "14 1%", "21 2% 360s"],
  },
  {
    what: "Cura's time per layer",
    text: ";LAYER:0\n;TIME_ELAPSED:25.0\n;LAYER:1\n;TIME_ELAPSED:100.4\n",
    expected: ["9 24% 75s", "37 100% 0s"],
  },
  {
    what: "ideaMaker's time per layer",
    text: ";PRINTING_TIME: 0\n;REMAINING_TIME: 744\n;LAYER:0\n;PRINTING_TIME: 186\n;REMAINING_TIME: 558\n",
    expected: ["18 0% 744s", "68 25% 558s"],
  },
  { what: "a file that says nothing of it", text: "G1 X1\nM730 P5\nM7 P3\nM117 M73 P5\n;M73 P5 R5\n", expected: [] },
];

for (const { what, text, expected } of progress) {
  Deno.test(`LayerScan tells the progress of ${what}`, () => {
    const marks = scan(text).progressMarks.map(({ byteOffset, percent, remainingSeconds }) =>
      `${byteOffset} ${percent}%${remainingSeconds === undefined ? "" : ` ${remainingSeconds}s`}`
    );
    assert.deepEqual(marks, expected);
  });
}

Deno.test("LayerScan names the objects that are marked, each once", () => {
  const text =
    "; printing object Shape-Box id:0 copy 0\n; stop printing object Shape-Box id:0 copy 0\n;MESH:größe 1.stl\n" +
    ";MESH:NONMESH\n;MESH:größe 1.stl\n;PRINTING: part(1).3mf\n; printing object Shape-Box id:0 copy 1\n";
  assert.deepEqual(scan(text).objects, ["Shape-Box", "größe 1.stl", "part(1).3mf"]);
});

Deno.test("LayerScan keeps no more marks than its limits, and no endless line", () => {
  const many = scan(
    `;LAYER:0\n`.repeat(limits.maxLayerMarks + 10) + "M73 P1 R1\n".repeat(limits.maxProgressMarks + 10),
  );
  assert.equal(many.layerMarks.length, limits.maxLayerMarks);
  assert.equal(many.progressMarks.length, limits.maxProgressMarks);
  const moves = scan(
    Array.from({ length: limits.maxLayerMarks + 10 }, (_, z) => `G1 Z${z + 1}\nG1 X${z} E1\nG92 E0\n${"\n".repeat(4)}`)
      .join(""),
  );
  assert.ok(moves.layerMarks.length <= limits.maxLayerMarks);
  const layers = new LayerScan();
  const piece = new Uint8Array(1_000_000).fill(0x3b);
  for (let part = 0; part < 20; part++) layers.feed(piece, part * piece.length);
  assert.deepEqual(layers.finish(), { layerMarks: [], progressMarks: [], objects: [] });
});

Deno.test("LayerScan is total: any bytes, and any lines that look like marks", () => {
  const number = fc.oneof(fc.double().map(String), fc.stringMatching(/^[0-9.]{0,12}$/));
  const line = fc.tuple(
    fc.constantFrom(
      ";LAYER:",
      ";Z:",
      "; layer ",
      "; BEGIN_LAYER_OBJECT z=",
      ";layer:",
      "G1 Z",
      "G92 E",
      "M73 P",
      "M73 R",
      ";TIME_ELAPSED:",
    ),
    number,
    fc.constantFrom("", " E1 X1", ", Z = 1", " z_thickness=1"),
  ).map((parts) => parts.join(""));
  const sane = ({ layerMarks, progressMarks }: ScannedMarks) => {
    for (const { layer, byteOffset, heightMillimetres = 0 } of layerMarks) {
      assert.ok(Number.isInteger(layer) && Number.isInteger(byteOffset) && Number.isFinite(heightMillimetres));
    }
    for (const { percent, remainingSeconds = 0 } of progressMarks) {
      assert.ok(percent >= 0 && percent <= 100 && Number.isFinite(remainingSeconds));
    }
  };
  fc.assert(fc.property(fc.uint8Array({ maxLength: 500 }), (bytes) => sane(scan(bytes))));
  fc.assert(fc.property(fc.array(line, { maxLength: 40 }), (lines) => sane(scan(lines.join("\n")))), { numRuns: 500 });
});
