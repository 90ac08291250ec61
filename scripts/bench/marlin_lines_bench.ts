/**
 * Marlin lines parsed per second on one core, beside a bare split of the same bytes into lines. A 250000-baud line brings about 2,000.
 */
import { LineSplitter } from "../../src/drivers/marlin/lines.ts";
import { parseLine } from "../../src/drivers/marlin/parse_line.ts";
import { row } from "./support.ts";

const lines = Array.from(Deno.readDirSync("tests/transcripts/marlin"), ({ name }) => name)
  .filter((name) => name.endsWith(".jsonl"))
  .flatMap((name) => Deno.readTextFileSync(`tests/transcripts/marlin/${name}`).trim().split("\n"))
  .map((line): { dir: string; text: string } => JSON.parse(line)).filter(({ dir }) => dir === "rx").map(({ text }) =>
    text
  );
const rounds = Math.ceil(1_000_000 / lines.length);
const bytes = new TextEncoder().encode(lines.join("\n") + "\n");

function perSecond(work: () => void): number {
  work();
  const start = performance.now();
  for (let round = 0; round < rounds; round++) work();
  return rounds * lines.length / (performance.now() - start) * 1000;
}

let known = 0;
const floor = perSecond(() => new TextDecoder().decode(bytes).split("\n").length);
const parsed = perSecond(() => {
  for (const line of lines) if (parseLine(line)) known++;
});
const whole = perSecond(() => {
  for (const line of new LineSplitter().split(bytes)) if (parseLine(line)) known++;
});
const millions = (value: number) => `${(value / 1e6).toFixed(2)} M/s`;
row("bare decode and split into lines (floor)", millions(floor));
row("parseLine", millions(parsed), `${(parsed / floor).toFixed(2)} of the floor`);
row("bytes → lines → parseLine", millions(whole), `${(whole / floor).toFixed(2)} of the floor`);
if (known === 0) throw new Error("It recognised nothing");
