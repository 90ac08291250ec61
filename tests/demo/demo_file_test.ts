import assert from "node:assert/strict";
import { demoFile } from "../../src/demo/demo_story.ts";
import { slicerDrawing } from "../../src/demo/slicer_drawing.ts";
import { readPrintFile } from "../../src/print_files/print_file.ts";

Deno.test("the demo's file shows its boat and promises the time that the demo takes", async () => {
  for (const isFast of [true, false]) {
    const bytes = demoFile({ isFast });
    await using reader = {
      sizeBytes: bytes.length,
      read: (offset: number, length: number) => Promise.resolve(bytes.slice(offset, offset + length)),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
    const { signal } = new AbortController();
    const { facts, thumbnails: [thumbnail], problems } = await readPrintFile(reader, { signal });
    assert.deepEqual(problems, []);
    assert.deepEqual(await thumbnail?.read(signal), {
      kind: "encoded",
      bytes: Uint8Array.fromBase64(slicerDrawing.base64),
    });
    assert.equal(facts.estimatedSeconds, isFast ? 16 : 90);
    assert.equal(facts.layers, 48);
  }
});
