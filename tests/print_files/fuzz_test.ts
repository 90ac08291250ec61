/** A little of what tests/long/print_files_fuzz_test.ts does a lot of. */
import fc from "fast-check";
import { monsters, mutated, seeds, survives } from "./fuzz_files.ts";

Deno.test("readPrintFile() survives what a bad card makes of small files of every kind", async () => {
  await fc.assert(fc.asyncProperty(mutated(seeds), survives), { numRuns: 300 });
});

Deno.test("readPrintFile() survives files that only begin like something known", async () => {
  await fc.assert(fc.asyncProperty(monsters, survives), { numRuns: 200 });
});
