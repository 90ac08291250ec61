/** The program as a few files, run with nothing but Deno and its own permissions. */
import assert from "node:assert/strict";
import { bundleProgram } from "../../scripts/compile/bundle.ts";
import { runFlags } from "../../scripts/compile/flags.ts";
import { targets } from "../../scripts/compile/target.ts";
import { readPictureHeader } from "../../src/pictures/picture_header.ts";
import { jpegOf, painted } from "../pictures/samples.ts";

Deno.test("the bundled program runs without its sources and packages, and has what changes pictures", async () => {
  const folder = await Deno.makeTempDir({ prefix: "filagram-bundled-" });
  try {
    const target = targets.find(({ machine }) => machine === Deno.build.arch);
    assert.ok(target);
    await bundleProgram(folder, target);
    const jpeg = jpegOf(painted("ab/cd", 16)).toBase64();
    await Deno.writeTextFile(
      `${folder}/a.gcode`,
      `; thumbnail_JPG begin 32x32 ${jpeg.length}\n; ${jpeg}\n; thumbnail_JPG end\nG28\n`,
    );
    const flags = runFlags.map((flag) => flag.replace("$folder", folder));
    const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [
        ...flags,
        `${folder}/code/mod.js`,
        "inspect",
        `${folder}/a.gcode`,
        "--json",
        "--thumbnail",
        `${folder}/a.png`,
      ],
      clearEnv: true,
      env: { DENO_DIR: `${folder}/cache` },
      cwd: folder,
    }).output();
    const said = new TextDecoder().decode(stderr);
    assert.equal(JSON.parse(new TextDecoder().decode(stdout)).thumbnails[0].format, "jpeg", said);
    const { mediaType, widthPixels } = readPictureHeader(await Deno.readFile(`${folder}/a.png`)) ?? {};
    assert.deepEqual([mediaType, widthPixels], ["image/png", 32], said);
    assert.deepEqual(Array.from(Deno.readDirSync(`${folder}/any`), ({ name }) => name).sort(), [
      "gif.wasm",
      "jpeg.wasm",
      "png.wasm",
    ]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("the bundle knows all files that the sources look for beside themselves", async () => {
  const found: string[] = [];
  for (const folder of ["src", "bridge", "web"]) await collect(new URL(`../../${folder}/`, import.meta.url), found);
  assert.deepEqual(found.sort(), [
    'new URL("./pixel_worker.ts", import.meta.url)',
    'new URL("static/", import.meta.url)',
  ]);
});

async function collect(folder: URL, found: string[]): Promise<void> {
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    if (isDirectory) await collect(new URL(`${name}/`, folder), found);
    if (!/\.tsx?$/.test(name)) continue;
    const source = await Deno.readTextFile(new URL(name, folder));
    found.push(...source.match(/new URL\("[^"]*", import\.meta\.url\)|import\.meta\.\w+/g) ?? []);
  }
}
