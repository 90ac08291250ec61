import { deepEqual } from "node:assert/strict";
import fc from "fast-check";
import { marlin } from "../../src/drivers/marlin/marlin.ts";
import { readRecording, replay, type ToldEvent } from "../support/replay.ts";
import { randomCuts } from "../support/random_cuts.ts";

const folders = ["tests/transcripts/marlin", "tests/transcripts/klipper-tty"];

const recordings = folders.flatMap((folder) =>
  [...Deno.readDirSync(folder)].filter(({ name }) => name.endsWith(".jsonl")).map(({ name }) => {
    const path = `${folder}/${name}`;
    const expected = JSON.parse(Deno.readTextFileSync(path.replace(/\.jsonl$/, ".expected.json"))) as ToldEvent[];
    return { name: name.replace(/\.jsonl$/, ""), lines: readRecording(path), expected };
  })
);

for (const { name, lines, expected } of recordings) {
  Deno.test(`transcript ${name}: what its owner is told`, async () => {
    deepEqual((await replay(marlin, lines)).told, expected);
  });

  Deno.test(`transcript ${name}: the same, and not a byte written, where the watch is passive`, async () => {
    const { told, written } = await replay(marlin, lines, { settings: { passive: true } });
    deepEqual(told, expected);
    deepEqual(written, []);
  });

  Deno.test(`transcript ${name}: the same, however the bytes are cut`, async () => {
    await fc.assert(
      fc.asyncProperty(fc.infiniteStream(fc.integer({ min: 1, max: 40 })), async (sizes) => {
        const { told } = await replay(marlin, lines, { cut: randomCuts(sizes) });
        deepEqual(told, expected);
      }),
      { numRuns: 4 },
    );
  });
}
