/** The real command on the samples of the facts folder, against what was verified in them, and on files of its own. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { readPictureHeader } from "../../src/pictures/picture_header.ts";
import { painted, pngOf } from "../pictures/samples.ts";
import { prusaGcode, zipOf } from "../print_files/making.ts";
import { makeWorkshop } from "../support/filagram.ts";

interface Inspected extends Record<string, unknown> {
  readonly file: string;
  readonly slicer?: { readonly name: string; readonly version?: string };
  readonly thumbnails: readonly {
    readonly widthPixels: number;
    readonly heightPixels: number;
    readonly format: string;
    readonly bytes: number;
    readonly label: string;
  }[];
  readonly problems: readonly string[];
  readonly layerMarks?: readonly {
    readonly layer: number;
    readonly byteOffset: number;
    readonly heightMillimetres?: number;
  }[];
}

/** One entry of EXPECTED.json; its names are older than ours. */
interface Expected {
  readonly size: number;
  readonly thumbs: readonly string[];
  readonly meta: Readonly<Record<string, unknown>>;
}

const samples = new URL("../../../shared/facts/samples", import.meta.url).pathname;

function readExpected(): Record<string, Expected> | undefined {
  try {
    return JSON.parse(Deno.readTextFileSync(join(samples, "EXPECTED.json")));
  } catch {
    return undefined;
  }
}

const expectedFiles = readExpected();

Deno.test({
  name: `inspect says of every sample what was verified in it${expectedFiles ? "" : " (the samples are not there)"}`,
  ignore: !expectedFiles,
  async fn(t) {
    const expected = Object.entries(expectedFiles ?? {});
    await using workshop = await makeWorkshop();
    const paths = expected.map(([name]) => join(samples, name));
    const { code, stdout, stderr } = await workshop.run("inspect", "--json", "--layers", ...paths);
    assert.equal(code, 0, stderr);
    const inspected: Inspected[] = stdout.trim().split("\n").map((line) => JSON.parse(line));
    assert.deepEqual(inspected.map(({ file }) => file), paths);
    for (const [index, [name, { thumbs, meta }]] of expected.entries()) {
      await t.step(name, () => {
        const found = inspected[index];
        assert(found);
        assert.deepEqual(thumbnailsOf(found), thumbs.flatMap(expectedThumbnail));
        const { gcode, slice_info: _, ...others } = { ...meta, ...plateOf(meta) };
        checkFacts(found, { ...others, ...recordOf(gcode) });
      });
    }
  },
});

/** A 3MF's values stand under the name of its G-code. */
function plateOf(meta: Expected["meta"]): Record<string, unknown> {
  return recordOf(Object.entries(meta).find(([key]) => key.endsWith(".gcode"))?.[1]);
}

function recordOf(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? value as Record<string, unknown> : {};
}

function thumbnailsOf({ thumbnails }: Inspected): string[] {
  return thumbnails.map(({ widthPixels, heightPixels, format }) => `${format} ${widthPixels}x${heightPixels}`);
}

/** `…: QOI decoded 48x48 RGBA bytes=…`, `… -> PNG decoded (16, 16)`, `….png=PNG 256x256`, `QOI 2x2`; nothing of those that fail. */
function expectedThumbnail(words: string): string[] {
  const [, format = "", size = ""] = /\b(PNG|JPG|QOI|BMP) (?:decoded )?\(?(\d+(?:x|, )\d+)/.exec(words) ?? [];
  return words.includes("FAIL")
    ? []
    : [`${format === "JPG" ? "jpeg" : format.toLowerCase()} ${size.replace(", ", "x")}`];
}

/** The first number of a list is that of the first tool. */
const first = (value: unknown) => Number(String(value).split(",")[0]);
const texts = (value: unknown) => String(value).split(";");
const all = (value: unknown) => String(value).split(",").map(Number);

/** How the values are called here. */
const names: Readonly<Record<string, readonly [ours: string, value: (value: unknown) => unknown]>> = {
  time_s: ["estimatedSeconds", Number],
  gx_time_s: ["estimatedSeconds", Number],
  filament_mm: ["filamentMillimetres", (value) => value],
  filament_g: ["filamentGrams", (value) => value],
  layers_stated: ["layers", Number],
  height_stated: ["objectHeightMillimetres", Number],
  max_layer_z_counted: ["objectHeightMillimetres", Number],
  layer_height: ["layerHeightMillimetres", Number],
  gx_layer_um: ["layerHeightMillimetres", (value) => Number(value) / 1000],
  gx_nozzle_right: ["firstLayerNozzleCelsius", Number],
  nozzle_diameter: ["nozzleDiameterMillimetres", all],
  printer_model: ["printerModel", String],
  filament_type: ["filamentTypes", texts],
};

function checkFacts(found: Inspected, meta: Record<string, unknown>): void {
  for (const [key, value] of Object.entries(meta)) {
    const [ours, convert] = names[key] ?? [];
    if (ours !== undefined && convert) assert.deepEqual(found[ours], convert(value), key);
  }
  if (meta.slicer !== undefined) checkSlicer(found, String(meta.slicer));
  const bed = meta.first_layer_bed_temperature ?? meta.bed_M190;
  if (bed !== undefined) assert.equal(found.firstLayerBedCelsius, first(bed));
  const nozzle = meta.first_layer_temperature ?? meta.nozzle_M109;
  if (nozzle !== undefined) assert.equal(found.firstLayerNozzleCelsius, first(nozzle));
  if (meta.gx_filament_right_mm !== undefined) {
    assert.deepEqual(found.filamentMillimetres, [meta.gx_filament_right_mm, meta.gx_filament_left_mm]);
  }
  const [[kind, counted] = []] = Object.entries(recordOf(meta.layers_counted));
  // KISSlicer marks the end of each object in a layer; what it counts are not layers.
  if (counted !== undefined && kind !== "END_LAYER_OBJECT") assert.equal(found.layerMarks?.length, counted, kind);
  if (/badCRC=\[\(/.test(String(meta.blocks))) assert.match(found.problems.join("\n"), /checksum/);
}

function checkSlicer({ slicer }: Inspected, words: string): void {
  const plain = words.replace(/ on \d{4}-.*| \d\d\/\d\d\/\d\d .*|[<>]|\(R\) Version/g, "").replace(/\s+/g, " ");
  assert.equal([slicer?.name, slicer?.version].filter(Boolean).join(" ").replace(/\s+/g, " "), plain);
}

Deno.test("inspect shows a table for people, several files one after the other, and nothing that a terminal obeys", async () => {
  await using workshop = await makeWorkshop();
  const cube = join(workshop.folder, "cube.gcode");
  const evil = join(workshop.folder, "evil.gcode");
  await Deno.writeTextFile(cube, prusaGcode(4));
  await Deno.writeTextFile(evil, prusaGcode(4).replace("MINI", "MI\x1b[2J\u202eNI"));
  const { code, stdout, stderr } = await workshop.run("inspect", cube, evil);
  assert.deepEqual([code, stderr], [0, ""]);
  assert.match(
    stdout,
    /cube\.gcode\n {2}container +gcode\n {2}slicer +PrusaSlicer 2\.6\.0\n {2}estimated time +32 min/,
  );
  assert.match(stdout, /\n\n\S+evil\.gcode\n/);
  assert.match(stdout, /printer +MI\S*NI\n/);
  // deno-lint-ignore no-control-regex
  assert.doesNotMatch(stdout, /[\x1b\u202e]/);
  const json = await workshop.run("inspect", "--json", cube, evil);
  assert.deepEqual(json.stdout.trim().split("\n").map((line) => JSON.parse(line).layers), [undefined, undefined]);
});

Deno.test("inspect says which file it cannot read and goes on with the next one", async () => {
  await using workshop = await makeWorkshop();
  const cube = join(workshop.folder, "cube.gcode");
  await Deno.writeTextFile(cube, prusaGcode(4));
  await Deno.writeFile(join(workshop.folder, "program"), new Uint8Array(1000));
  const missing = join(workshop.folder, "none.gcode");
  const { code, stdout, stderr } = await workshop.run("inspect", missing, workshop.folder, cube);
  assert.equal(code, 1);
  assert.match(stderr, /Cannot read ".*none\.gcode": .*\nCannot read ".*": it is no file\n/);
  assert.match(stdout, /PrusaSlicer/);
  const json = await workshop.run("inspect", "--json", missing, join(workshop.folder, "program"), cube);
  const lines = json.stdout.trim().split("\n").map((line) => JSON.parse(line));
  assert.equal(json.code, 1);
  assert.deepEqual(lines.map(({ container, problems }) => [container, problems.length]), [
    [undefined, 1],
    ["unknown", 1],
    ["gcode", 0],
  ]);
  assert.deepEqual((await workshop.run("inspect")).code, 2);
  assert.deepEqual((await workshop.run("inspect", cube, cube, "--thumbnail", "x.png")).code, 2);
  assert.deepEqual((await workshop.run("inspect", cube, "--plate", "one")).code, 2);
});

Deno.test("inspect --thumbnail writes the best one that is whole, as PNG", async () => {
  await using workshop = await makeWorkshop();
  const out = join(workshop.folder, "out.png");
  const project = join(workshop.folder, "project.3mf");
  const broken = pngOf(painted("abc/def", 90)).subarray(0, 200);
  const whole = pngOf(painted("ab/cd", 40));
  const entries = { "3D/3dmodel.model": "", "Metadata/plate_1.png": broken, "Metadata/plate_1_small.png": whole };
  await Deno.writeFile(project, zipOf(entries));
  assert.equal((await workshop.run("inspect", project, "--thumbnail", out)).code, 0);
  assert.deepEqual(await Deno.readFile(out), whole);

  const none = join(workshop.folder, "none.gcode");
  await Deno.writeTextFile(none, prusaGcode(2));
  const { code, stderr } = await workshop.run("inspect", none, "--thumbnail", out);
  assert.deepEqual([code, stderr], [1, `"${none}" has no thumbnail that can be read\n`]);
});

const qoi = join(samples, "kchapelier__qoijs/testcard_rgba.qoi");
Deno.test({
  name: `inspect --thumbnail turns a QOI into PNG${expectedFiles ? "" : " (the samples are not there)"}`,
  ignore: !expectedFiles,
  async fn() {
    await using workshop = await makeWorkshop();
    const out = join(workshop.folder, "out.png");
    assert.equal((await workshop.run("inspect", qoi, "--thumbnail", out)).code, 0);
    const header = readPictureHeader(await Deno.readFile(out));
    assert.deepEqual([header?.mediaType, header?.widthPixels, header?.heightPixels], ["image/png", 256, 256]);
  },
});
