/**
 * The marks of the last layers, in the end of a file: how high the model is and how many layers it has, for slicers that do not say.
 * The highest `G1 Z` will not do: it is where the nozzle parks.
 */
import type { PrintFileFacts } from "../../domain/print_file.ts";
import { knownFacts } from "./known_facts.ts";

const height = String.raw`(\d+(?:\.\d+)?)`;
const marks = [
  new RegExp(`^;Z:(?<height>${height})\\s*$`), // PrusaSlicer, OrcaSlicer
  new RegExp(`^; Z_HEIGHT: (?<height>${height})`), // Bambu Studio
  new RegExp(`^; layer (?<last>\\d+), Z = (?<height>${height})`), // Simplify3D, from 1
  new RegExp(`^;; --- layer (?<lastIndex>\\d+) \\([\\d.]+ @ (?<height>${height})\\)`), // Kiri:Moto, from 0
  new RegExp(`^; END_LAYER_OBJECT z=(?<height>${height})`), // KISSlicer
];

/** From the lines of the tail; nothing, if objects are printed one after the other: the last one may be the smallest. */
export function lastLayerFacts(tailLines: readonly string[]): PrintFileFacts {
  let [highest, layers] = [0, 0];
  for (const line of tailLines) {
    if (line.charCodeAt(0) !== 0x3b) continue;
    if (isByObject(line)) return {};
    for (const mark of marks) {
      const found = mark.exec(line)?.groups;
      if (!found) continue;
      highest = Math.max(highest, Number(found["height"]));
      layers = Math.max(
        layers,
        Number(found["last"] ?? 0),
        found["lastIndex"] === undefined ? 0 : Number(found["lastIndex"]) + 1,
      );
    }
  }
  return knownFacts({ objectHeightMillimetres: highest || undefined, layers: layers || undefined });
}

export function isByObject(line: string): boolean {
  return /^; (?:complete_objects = 1|print_sequence = by object)/.test(line);
}

/** Whether a file marks how high its layers are: then the mark of the last one is worth looking for. */
export function marksHeights(headLines: readonly string[]): boolean {
  return headLines.some((line) => line.charCodeAt(0) === 0x3b && marks.some((mark) => mark.test(line)));
}
