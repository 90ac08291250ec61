/** Thumbnails of real print files become pictures for messages, whatever they are coded as. */
import assert from "node:assert/strict";
import { readPictureHeader } from "../../src/pictures/picture_header.ts";
import { doWork } from "../../src/pictures/work.ts";
import { openLocalFile } from "../../src/print_files/local_file.ts";
import { readPrintFile } from "../../src/print_files/print_file.ts";

const samples = new URL("../../../shared/facts/samples/", import.meta.url).pathname;
const hasSamples = await Deno.stat(samples).then(() => true, () => false);
const { signal } = new AbortController();

async function* filesBelow(folder: string): AsyncGenerator<string> {
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    if (isDirectory) yield* filesBelow(`${folder}${name}/`);
    else yield `${folder}${name}`;
  }
}

Deno.test({
  name: `every thumbnail of the samples is drawn in its own size${hasSamples ? "" : " (../shared is not there)"}`,
  ignore: !hasSamples,
  async fn() {
    const formats = new Set<string>();
    for await (const path of filesBelow(samples)) {
      await using reader = await openLocalFile(path);
      const { thumbnails } = await readPrintFile(reader, { signal });
      for (const thumbnail of thumbnails) {
        const drawn = await doWork({ kind: "thumbnail", content: await thumbnail.read(signal) });
        assert.ok(drawn.kind === "picture", `${path}, ${thumbnail.label}: ${JSON.stringify(drawn)}`);
        const { widthPixels, heightPixels } = readPictureHeader(drawn.bytes) ?? {};
        assert.deepEqual([widthPixels, heightPixels], [thumbnail.widthPixels, thumbnail.heightPixels], path);
        formats.add(thumbnail.format);
      }
    }
    for (const format of ["png", "jpeg", "qoi", "bmp"]) assert.ok(formats.has(format), format);
  },
});
