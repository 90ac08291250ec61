/**
 * More of what the quick tests do a little of: bytes that no printer says, settings that no owner writes. Each property runs for
 * a bounded time.
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import { LineSplitter } from "../../src/drivers/marlin/lines.ts";
import { parseLine } from "../../src/drivers/marlin/parse_line.ts";
import { loadSettings } from "../../src/config/load_settings.ts";
import { channels } from "../../src/channels/registry.ts";
import { drivers } from "../../src/drivers/registry.ts";
import { smallestSettings } from "../../src/config/find_settings.ts";
import { Secrets } from "../../src/log.ts";

const bounded = { interruptAfterTimeLimit: 12_000, markInterruptAsFailure: false, numRuns: 1_000_000 };
const folder = "tests/transcripts/marlin";
const said = Array.from(Deno.readDirSync(folder), ({ name }) => name).filter((name) => name.endsWith(".jsonl"))
  .flatMap((name) => Deno.readTextFileSync(`${folder}/${name}`).trim().split("\n"))
  .map((line): { text: string } => JSON.parse(line)).map(({ text }) => text);

/** A text with some of its characters changed, doubled or left out. */
const damaged = (texts: fc.Arbitrary<string>) =>
  fc.tuple(
    texts,
    fc.array(fc.tuple(fc.nat(), fc.constantFrom("cut", "double", "change"), fc.string({ maxLength: 3 })), {
      maxLength: 8,
    }),
  )
    .map(([text, damages]) =>
      damages.reduce((now, [place, kind, more]) => {
        const at = place % (now.length + 1);
        const rest = now.slice(kind === "double" ? at : at + 1);
        return now.slice(0, at) + (kind === "cut" ? "" : more) + rest;
      }, text)
    );

Deno.test("fuzz: no line that a printer could garble makes the parser throw", () => {
  fc.assert(fc.property(damaged(fc.constantFrom(...said)), (line) => void parseLine(line)), bounded);
});

Deno.test("fuzz: the lines do not depend on how their bytes are cut, whatever the bytes", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), fc.array(fc.nat(400), { maxLength: 6 }), (bytes, cuts) => {
      const whole = new LineSplitter();
      const cut = new LineSplitter();
      const places = [0, ...cuts.map((place) => Math.min(place, bytes.length)).sort((a, b) => a - b), bytes.length];
      const pieces = places.slice(1).flatMap((end, index) => [...cut.split(bytes.slice(places[index], end))]);
      assert.deepEqual(pieces, [...whole.split(bytes)]);
    }),
    bounded,
  );
});

Deno.test("fuzz: settings are fine or have problems, never an exception", async () => {
  const path = await Deno.makeTempFile({ suffix: ".yaml" });
  try {
    await fc.assert(
      fc.asyncProperty(
        damaged(fc.constantFrom(smallestSettings, `${smallestSettings}rules: [{ when: [progress], every: 10 % }]\n`)),
        async (text) => {
          await Deno.writeTextFile(path, text);
          const loaded = await loadSettings({
            path,
            drivers,
            channels,
            secrets: new Secrets(),
            hostname: "x",
            timezone: "UTC",
          });
          assert.ok(loaded.kind === "ok" || loaded.problems.length > 0);
        },
      ),
      bounded,
    );
  } finally {
    await Deno.remove(path);
  }
});
