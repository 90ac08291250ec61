/**
 * Print files that were damaged: small ones of every kind and the real ones of the facts folder, for a bounded time each. Whatever is
 * changed in them, reading ends within its bounds and says what it can.
 */
import fc from "fast-check";
import { monsters, mutated, seeds, survives } from "../print_files/fuzz_files.ts";

const bounded = { interruptAfterTimeLimit: 20_000, markInterruptAsFailure: false, numRuns: 1_000_000 };
const folder = new URL("../../../shared/facts/samples", import.meta.url).pathname;
/** Larger ones take so long that fewer damages are tried. */
const maxSampleBytes = 250_000;

function realFiles(): Uint8Array[] {
  try {
    const folders = [...Deno.readDirSync(folder)].filter(({ isDirectory }) => isDirectory).map(({ name }) =>
      `${folder}/${name}`
    );
    const paths = folders.flatMap((path) => Array.from(Deno.readDirSync(path), ({ name }) => `${path}/${name}`)).sort();
    return paths.filter((path) => Deno.statSync(path).size <= maxSampleBytes).map((path) => Deno.readFileSync(path));
  } catch {
    return [];
  }
}

const real = realFiles();

Deno.test("fuzz: damaged print files of every kind", async () => {
  await fc.assert(fc.asyncProperty(mutated(seeds), survives), bounded);
});

Deno.test("fuzz: files that only begin like something known", async () => {
  await fc.assert(fc.asyncProperty(monsters, survives), bounded);
});

Deno.test({
  name: `fuzz: damaged real print files${real.length > 0 ? "" : " (the samples are not there)"}`,
  ignore: real.length === 0,
  fn: () => fc.assert(fc.asyncProperty(mutated(real), survives), bounded),
});
