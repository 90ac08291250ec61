/** Zipped print files of every kind, made here; broken ones, and ones that mean harm. */
import assert from "node:assert/strict";
import { deflateRawSync } from "node:zlib";
import { readZipDirectory, readZipEntry } from "../../src/print_files/containers/zip_directory.ts";
import { limits } from "../../src/print_files/limits.ts";
import { type PrintFile, readPrintFile } from "../../src/print_files/print_file.ts";
import { painted, pngOf } from "../pictures/samples.ts";
import { CountingReader, never, prusaGcode, qoiHeader, utf8, zipOf, type ZipOptions } from "./making.ts";

const small = pngOf(painted("ab/cd", 8)); // 16 × 16
const large = pngOf(painted("abc/def", 40)); // 120 × 80

const read = (bytes: Uint8Array, options: { plate?: number; scanLayers?: boolean } = {}): Promise<PrintFile> =>
  readPrintFile(new CountingReader(bytes), { signal: never, ...options });

const sizes = ({ thumbnails }: PrintFile) =>
  thumbnails.map(({ label, widthPixels, heightPixels }) => `${label} ${widthPixels}x${heightPixels}`);

const slicers: readonly (readonly [what: string, options: ZipOptions])[] = [
  ["plain", {}],
  ["stored", { isStored: true }],
  ["with sizes behind the data", { hasDescriptors: true }],
  ["in zip64", { is64: true }],
  ["with a comment behind its end", { comment: "PK\x05\x06 by nobody" }],
];
for (const [what, options] of slicers) {
  Deno.test(`readZipDirectory() finds and reads the entries of a zip ${what}`, async () => {
    const source = new CountingReader(zipOf({ "/Metadata/a.txt": "first", "b/ü.txt": "second" }, options));
    const entries = await readZipDirectory(source, never);
    assert.deepEqual([...entries.keys()], ["Metadata/a.txt", "b/ü.txt"]);
    const texts = [];
    for (const entry of entries.values()) {
      texts.push(new TextDecoder().decode(await readZipEntry(source, entry, { signal: never, maxBytes: 100 })));
    }
    assert.deepEqual(texts, ["first", "second"]);
  });
}

const gcode = [
  "; HEADER_BLOCK_START",
  "; BambuStudio 02.04.00.70",
  "; model printing time: 11m 15s; total estimated time: 18m 15s",
  "; total layer number: 2",
  "; total filament length [mm] : 932.21,12.50",
  "; max_z_height: 0.40",
  "; HEADER_BLOCK_END",
  "M190 S65",
  "; CHANGE_LAYER",
  "; Z_HEIGHT: 0.2",
  "G1 X1 Y1 E1",
  "; CHANGE_LAYER",
  "; Z_HEIGHT: 0.4",
  "G1 X1 Y1 E1",
  "",
].join("\n");

const sliceInfo = (...plates: readonly number[]) =>
  `<?xml version="1.0"?><config><header><header_item key="X-BBL-Client-Version" value="02.04"/></header>${
    plates.map((index) =>
      `<plate><metadata key="index" value="${index}"/><metadata key="prediction" value='${1000 + index}'/>` +
      `<metadata key="weight" value="2.83"/><metadata key="printer_model_id" value="N1"/>` +
      `<metadata key="nozzle_diameters" value="0.4,0.6"/><object name="Cube &amp; &#67;o &lt;1>" skipped="false" />` +
      `<filament id="1" type="PLA" color="#00AE42" used_m="0.93" used_g="2.80"/>` +
      `<filament id="3" type="PETG" color="#112233FF" used_m="0.01" used_g="0.03"/></plate>`
    ).join("")
  }</config>`;

const project = {
  "[Content_Types].xml": "<Types/>",
  "3D/3dmodel.model": "<model/>",
  "Metadata/plate_1.png": large,
  "Metadata/plate_1_small.png": small,
  "Metadata/plate_2.png": large,
  "Metadata/pick_1.png": large,
  "Metadata/project_settings.config": JSON.stringify({
    layer_height: "0.2",
    printer_model: "Bambu Lab A1 mini",
    nozzle_temperature_initial_layer: ["220", "240", "230"],
    curr_bed_type: "Textured PEI Plate",
    textured_plate_temp_initial_layer: ["65", "70", "70"],
    filament_type: ["PLA", "ABS", "PETG"],
  }),
};

Deno.test("a sliced project says what slice_info, its G-code and its settings know together", async () => {
  const bytes = zipOf({
    ...project,
    "Metadata/slice_info.config": sliceInfo(1),
    "Metadata/plate_1.gcode": gcode,
  }, { hasDescriptors: true });
  const file = await read(bytes, { scanLayers: true });
  assert.equal(file.container, "gcode.3mf");
  assert.deepEqual(file.problems, []);
  assert.deepEqual(file.facts, {
    slicer: { name: "BambuStudio", version: "02.04.00.70" },
    estimatedSeconds: 1001,
    filamentMillimetres: [932.21, 12.5],
    filamentGrams: [2.8, 0.03],
    filamentTypes: ["PLA", "PETG"],
    filamentColours: ["#00AE42", "#112233"],
    layers: 2,
    layerHeightMillimetres: 0.2,
    objectHeightMillimetres: 0.4,
    firstLayerBedCelsius: 65,
    firstLayerNozzleCelsius: 220,
    nozzleDiameterMillimetres: [0.4, 0.6],
    printerModel: "Bambu Lab A1 mini",
    objects: ["Cube & Co <1>"],
  });
  assert.deepEqual(sizes(file), [
    "Metadata/plate_1.png 120x80",
    "Metadata/plate_1_small.png 16x16",
    "Metadata/pick_1.png 120x80",
    "Metadata/plate_2.png 120x80",
  ]);
  assert.deepEqual(file.thumbnails.map(({ isAside = false }) => isAside), [false, false, true, true]);
  assert.deepEqual(await file.thumbnails[0]?.read(never), { kind: "encoded", bytes: large });
  assert.deepEqual(file.marks?.layerMarks.map(({ layer }) => layer), [1, 2]);
});

Deno.test("the plate of a project is the one asked for, else the first that slice_info names, else the first there is", async () => {
  const twoPlates = {
    ...project,
    "Metadata/plate_2.gcode": gcode,
    "Metadata/plate_7.gcode": gcode.replace("layer number: 2", "layer number: 9"),
  };
  const bytes = zipOf({ ...twoPlates, "Metadata/slice_info.config": sliceInfo(7, 2) });
  const first = await read(bytes);
  assert.deepEqual([first.plates, first.facts.estimatedSeconds, first.facts.layers], [
    { chosen: 7, sliced: [2, 7] },
    1007,
    9,
  ]);
  const second = await read(bytes, { plate: 2 });
  assert.deepEqual([second.plates?.chosen, second.facts.estimatedSeconds, second.facts.layers], [2, 1002, 2]);
  assert.equal(second.thumbnails[0]?.label, "Metadata/plate_2.png");
  const none = await read(bytes, { plate: 3 });
  assert.deepEqual([none.plates?.chosen, none.problems], [7, ["Plate 3 is not sliced in it"]]);
  assert.equal((await read(zipOf(twoPlates))).plates?.chosen, 2);
});

Deno.test("a sliced project of Orca Slicer says the rest at the end of its G-code", async () => {
  const text =
    `; HEADER_BLOCK_START\n; generated by OrcaSlicer 2.3.0 on 2025-01-01 at 00:00:00\n; total layer number: 40\n${
      "G1 X1 Y1 E.1\n".repeat(50_000)
    }; filament used [mm] = 1234.5\n; max_z_height: 8.00\n`;
  const file = await read(zipOf({ ...project, "Metadata/plate_1.gcode": text }));
  assert.deepEqual(
    [file.facts.slicer?.name, file.facts.layers, file.facts.filamentMillimetres, file.facts.objectHeightMillimetres],
    ["OrcaSlicer", 40, [1234.5], 8],
  );
});

Deno.test("a project that is not sliced has pictures, and says so", async () => {
  const file = await read(zipOf({ ...project, "Metadata/slice_info.config": "<config><header/></config>" }));
  assert.equal(file.container, "3mf");
  assert.deepEqual([file.facts, file.problems], [{}, ["It is a project: it holds no G-code"]]);
  assert.equal(file.thumbnails[0]?.label, "Metadata/plate_1.png");
  const prusa = await read(zipOf({ "3D/3dmodel.model": "<model/>", "Metadata/thumbnail.png": large }));
  assert.deepEqual([prusa.container, sizes(prusa)], ["3mf", ["Metadata/thumbnail.png 120x80"]]);
});

const griffin = [
  ";START_OF_HEADER",
  ";HEADER_VERSION:0.1",
  ";FLAVOR:Griffin",
  ";GENERATOR.NAME:Cura_SteamEngine",
  ";GENERATOR.VERSION:5.10.2",
  ";EXTRUDER_TRAIN.0.INITIAL_TEMPERATURE:200",
  ";BUILD_PLATE.INITIAL_TEMPERATURE:60",
  ";PRINT.TIME:480",
  ";PRINT.SIZE.MAX.Z:5.04",
  ";END_OF_HEADER",
  ";LAYER_COUNT:1",
  ";LAYER:0",
  "G1 X1 Y1 E1",
  "",
].join("\n");

for (const slash of ["/", ""]) {
  Deno.test(`a package of Ultimaker's, ${slash ? "with slashes" : "without a slash"} before its names`, async () => {
    const file = await read(
      zipOf({
        [`${slash}3D/model.gcode`]: griffin,
        [`${slash}Metadata/thumbnail.png`]: large,
        [`${slash}Cura/slicemetadata.json`]: JSON.stringify({
          material: { length: [1.25, 0], weight: [3.7, 0] },
          global: { all_settings: { layer_height: "0.15" } },
        }),
        [`${slash}Materials/pla.xml.fdm_material`]: "<material/>",
      }, { is64: true }),
      { scanLayers: true },
    );
    assert.equal(file.container, "ufp");
    assert.deepEqual(file.facts, {
      slicer: { name: "Cura_SteamEngine", version: "5.10.2" },
      estimatedSeconds: 480,
      filamentMillimetres: [1250, 0],
      filamentGrams: [3.7, 0],
      layers: 1,
      layerHeightMillimetres: 0.15,
      objectHeightMillimetres: 5.04,
      firstLayerBedCelsius: 60,
      firstLayerNozzleCelsius: 200,
    });
    assert.deepEqual(sizes(file), ["Metadata/thumbnail.png 120x80"]);
    assert.deepEqual(file.marks?.layerMarks.map(({ layer, byteOffset }) => [layer, byteOffset]), [
      [1, griffin.indexOf(";LAYER:0")],
    ]);
  });
}

Deno.test("a MakerBot package says everything in its JSON", async () => {
  const meta = {
    bot_type: "replicator_b",
    duration_s: 1234.5,
    extrusion_distances_mm: [0, 1000.5],
    extrusion_masses_g: [0, 3.1],
    extruder_temperatures: [180, 215],
    platform_temperature: 60,
    build_plane_temperature: 100,
    bounding_box: { x_min: -9, x_max: 9, z_min: 0, z_max: 5.05 },
    materials: ["pla", "abs"],
    num_z_layers: 25,
  };
  const file = await read(zipOf({
    "meta.json": JSON.stringify(meta),
    "print.jsontoolpath": "[]",
    "isometric_thumbnail_120x120.png": large,
    "thumbnail_55x40.png": small,
  }));
  assert.deepEqual([file.container, sizes(file)], [
    "makerbot",
    ["isometric_thumbnail_120x120.png 120x80", "thumbnail_55x40.png 16x16"],
  ]);
  assert.deepEqual(file.facts, {
    estimatedSeconds: 1234.5,
    filamentMillimetres: [0, 1000.5],
    filamentGrams: [0, 3.1],
    firstLayerBedCelsius: 60,
    firstLayerNozzleCelsius: 215,
    layers: 25,
    objectHeightMillimetres: 5.05,
    printerModel: "replicator_b",
    filamentTypes: ["pla", "abs"],
  });
});

Deno.test("a MakerBot package with G-code in it has its layers, too", async () => {
  const entries = { "meta.json": JSON.stringify({ duration_s: 60, bot_type: "sketch" }), "print.gcode": prusaGcode(4) };
  const file = await read(zipOf(entries), { scanLayers: true });
  const { facts, marks } = file;
  assert.deepEqual([facts.estimatedSeconds, facts.printerModel, facts.layers], [60, "sketch", 4]);
  assert.equal(marks?.layerMarks.length, 4);
});

for (
  const [name, text] of [
    ["config.json", JSON.stringify({ printTime: 3600.4, layerHeight: 0.05, numFast: 90, materialName: "Tough" })],
    [
      "config.ini",
      "printTime = 3600.4\nlayerHeight = 0.05\nnumFast = 80\nnumSlow = 10\nmaterialName = Tough\nno value\n",
    ],
  ] as const
) {
  Deno.test(`a resin printer's archive says what its ${name} says, and none of its layers is a thumbnail`, async () => {
    const file = await read(zipOf({
      [name]: text,
      "prusaslicer.ini": "",
      "thumbnail/thumbnail400x400.png": large,
      "thumbnail/thumbnail800x480.png": small,
      "cube00000.png": large,
      "cube00001.png": large,
    }));
    assert.deepEqual([file.container, file.facts, sizes(file)], [
      "sl1",
      { estimatedSeconds: 3600, layers: 90, layerHeightMillimetres: 0.05, filamentTypes: ["Tough"] },
      ["thumbnail/thumbnail400x400.png 120x80", "thumbnail/thumbnail800x480.png 16x16"],
    ]);
  });
}

Deno.test("one G-code in an ordinary zip is read; anything else in one is nothing known", async () => {
  const one = await read(zipOf({ "readme.txt": "hello", "cube.gcode": prusaGcode(4) }), { scanLayers: true });
  assert.deepEqual([one.container, one.facts.estimatedSeconds, one.facts.layers], ["zip", 1926, 4]);
  const two = await read(zipOf({ "a.gcode": prusaGcode(4), "b.gcode": prusaGcode(4) }));
  assert.deepEqual([two.container, two.facts, two.problems], ["zip", {}, [
    "This zip holds no print file that is known",
  ]]);
  assert.deepEqual((await read(zipOf({}))).problems, ["This zip holds no print file that is known"]);
});

const sliced = { ...project, "Metadata/slice_info.config": sliceInfo(1), "Metadata/plate_1.gcode": gcode };

const broken: readonly { what: string; bytes: Uint8Array; problem: RegExp; stays?: string }[] = [
  { what: "cut off", bytes: zipOf(sliced).slice(0, -300), problem: /cut off: the directory/ },
  {
    what: "encrypted",
    bytes: zipOf(sliced, { isEncrypted: true }),
    problem: /"Metadata\/\S+" in it is encrypted/,
  },
  { what: "compressed in an unknown way", bytes: zipOf(sliced, { method: 93 }), problem: /not read \(93\)/ },
  {
    what: "with settings that are no JSON",
    bytes: zipOf({ ...sliced, "Metadata/project_settings.config": "{" }),
    problem: /is no JSON/,
    stays: "BambuStudio",
  },
  {
    what: "with a picture that is none",
    bytes: zipOf({ ...sliced, "Metadata/plate_1.png": "no picture" }),
    problem: /"Metadata\/plate_1.png" in it is no picture/,
    stays: "BambuStudio",
  },
  {
    what: "with a picture of 40,000 × 40,000 pixels",
    bytes: zipOf({ ...sliced, "Metadata/plate_1.png": qoiHeader(40_000, 40_000) }),
    problem: /too large: 40000x40000/,
    stays: "BambuStudio",
  },
  {
    what: "with texts that say to be huge",
    bytes: zipOf(sliced, { saidBytes: 3_000_000_000 }),
    problem: /too long: 3000000000 bytes/,
    stays: "BambuStudio",
  },
];
for (const { what, bytes, problem, stays } of broken) {
  Deno.test(`a project ${what}: a clear problem, and the rest of the facts`, async () => {
    const file = await read(bytes);
    assert.match(file.problems.join("\n"), problem);
    assert.equal(file.facts.slicer?.name, stays);
  });
}

Deno.test("a project whose G-code is damaged keeps what the rest of it says", async () => {
  const zip = zipOf(sliced);
  const entry = (await readZipDirectory(new CountingReader(zip), never)).get("Metadata/plate_1.gcode");
  zip[entry?.headerOffset ?? 0] = 0;
  const { container, facts, thumbnails, problems, marks } = await read(zip, { scanLayers: true });
  assert.deepEqual([container, facts.estimatedSeconds, facts.printerModel, thumbnails.length, marks], [
    "gcode.3mf",
    1001,
    "Bambu Lab A1 mini",
    4,
    undefined,
  ]);
  assert.deepEqual(problems, ['"Metadata/plate_1.gcode" is not where its directory says']);
});

Deno.test("a zip bomb ends at its bounds, with the other facts in hand", async () => {
  const bomb = new Uint8Array(deflateRawSync(new Uint8Array(100 * 1024 * 1024)));
  const entries = { ...project, "Metadata/slice_info.config": sliceInfo(1), "Metadata/plate_1.gcode": bomb };
  // Its deflated data under a header that says "deflated": the entry is 100 MB of zeros.
  const zip = zipOf(entries, { isStored: true, saidBytes: 100 * 1024 * 1024 });
  markDeflated(zip, "Metadata/plate_1.gcode");
  const source = new CountingReader(zip);
  const file = await readPrintFile(source, { signal: never, scanLayers: true });
  assert.match(file.problems.join("\n"), /grows more than 100 times/);
  assert.ok(source.bytesRead < 512 * 1024, `${source.bytesRead} bytes`);
});

/** Says in the directory that an entry is deflated. */
function markDeflated(zip: Uint8Array, name: string): void {
  const wanted = utf8(name);
  for (let at = zip.length - wanted.length; at >= 46; at--) {
    if (wanted.every((byte, index) => zip[at + index] === byte)) {
      zip[at - 46 + 10] = 8;
      return;
    }
  }
}

Deno.test("a directory of a million entries, or of gigabytes, is not walked through", async () => {
  const one = zipOf({ "00000.png": "" });
  const directoryAt = one.length - 22 - 46 - 9;
  const many = new Uint8Array(30_000 * (46 + 9) + 22);
  for (let index = 0, at = 0; index < 30_000; index++, at += 46 + 9) {
    many.set(one.subarray(directoryAt, directoryAt + 46));
    many.copyWithin(at, 0, 46);
    many.set(utf8(`${String(index).padStart(5, "0")}.png`), at + 46);
  }
  many.set(one.subarray(-22), many.length - 22);
  new DataView(many.buffer).setUint32(many.length - 10, many.length - 22, true);
  new DataView(many.buffer).setUint32(many.length - 6, 0, true);
  const source = new CountingReader(many);
  assert.equal((await readZipDirectory(source, never)).size, limits.maxZipEntries);
  assert.ok(source.bytesRead <= limits.maxZipDirectoryBytes + 100_000);

  const lying = zipOf(sliced);
  new DataView(lying.buffer).setUint32(lying.length - 22 + 12, 0xfffffff0, true);
  const liar = new CountingReader(lying);
  assert.match((await readPrintFile(liar, { signal: never })).problems.join(), /cut off: the directory/);
  assert.ok(liar.bytesRead < 200_000);
});

Deno.test("hundreds of pictures: as many as the limit are looked at", async () => {
  const many: Record<string, Uint8Array> = { "3D/3dmodel.model": utf8("<model/>") };
  for (let plate = 1; plate <= 300; plate++) many[`Metadata/plate_${plate}.png`] = small;
  const source = new CountingReader(zipOf(many));
  const file = await readPrintFile(source, { signal: never });
  assert.equal(file.thumbnails.length, limits.maxThumbnails);
  assert.match(file.problems.join("\n"), /300 pictures/);
  assert.ok(source.reads < 10 + 2 * limits.maxThumbnails, `${source.reads} reads`);
});
