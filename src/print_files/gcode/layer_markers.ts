/**
 * The comments by which slicers mark where a layer begins, one dialect each. A file may have two (a profile adds its own): the one
 * with most marks counts. A raft's layers are not the model's and are left out where the dialect tells them apart.
 */
import type { LayerMark } from "../layer_marks.ts";
import { limits } from "../limits.ts";

interface Dialect {
  readonly pattern: RegExp;
  /** What the first group is; absent: it says nothing and is counted. The second group is always the height. */
  readonly says?: "index" | "number" | "height";
}

const dialects: readonly Dialect[] = [
  { pattern: /^;\s?LAYER_CHANGE\s*$/ }, // PrusaSlicer, SuperSlicer, OrcaSlicer
  { pattern: /^; CHANGE_LAYER\s*$/ }, // Bambu Studio
  { pattern: /^;\s?LAYER:\s?(-?\d{1,7})\s*$/, says: "index" }, // Cura and its kin, ideaMaker: negative for a raft
  { pattern: /^; layer (\d{1,7}), Z = (\d{1,7}(?:\.\d{1,7})?)/, says: "number" }, // Simplify3D
  { pattern: /^;; --- layer (\d{1,7}) \((?:[\d.]+ @ )?(\d{1,7}(?:\.\d{1,7})?)\)/, says: "index" }, // Kiri:Moto
  {
    pattern: /^; BEGIN_LAYER_OBJECT z=(\d{1,7}(?:\.\d{1,7})?)(?: z_thickness=(\d{1,7}(?:\.\d{1,7})?))?/,
    says: "height",
  }, // KISSlicer
  { pattern: /^;layer:\d+\.\d+\s*$/ }, // FlashPrint; the number is the layer's thickness
  { pattern: /^; <layer>/ }, // IceSL
];

/** Of the layer whose mark came before. */
const heightLine = /^;\s?Z(?:_HEIGHT)?:\s?(\d{1,7}(?:\.\d{1,7})?)\s*$/;

/** Heights differ by more than this from layer to layer. */
const sameHeightMillimetres = 0.005;

interface Mark {
  layer: number;
  readonly byteOffset: number;
  heightMillimetres?: number;
}

export class LayerMarkers {
  readonly #found = new Map<Dialect, Mark[]>();
  #latest: Mark | undefined;
  /** No layer of a KISSlicer file was higher yet. */
  #topMillimetres = 0;

  /** True once a file is known to mark its layers: one mark may be a coincidence. */
  isTrusted = false;

  /** A comment line; most are none of these. */
  read(line: string, byteOffset: number): void {
    const height = heightLine.exec(line)?.[1];
    if (height !== undefined && this.#latest) this.#latest.heightMillimetres ??= Number(height);
    if (height !== undefined) return;
    for (const dialect of dialects) {
      const found = dialect.pattern.exec(line);
      if (found) return this.#add(dialect, found, byteOffset);
    }
  }

  #add(dialect: Dialect, found: RegExpExecArray, byteOffset: number): void {
    const marks = this.#found.get(dialect) ?? [];
    this.#found.set(dialect, marks);
    if (marks.length >= limits.maxLayerMarks) return;
    const [first, second] = [Number(found[1]), found[2] === undefined ? undefined : Number(found[2])];
    const layer = dialect.says === "height" ? this.#layerAt(first, second, marks.at(-1)?.layer ?? 0) : first;
    const height = dialect.says === "height" ? first : second;
    if (layer === undefined) return;
    this.#latest = {
      layer: dialect.says === undefined ? marks.length + 1 : layer,
      byteOffset,
      ...height !== undefined && { heightMillimetres: height },
    };
    marks.push(this.#latest);
    this.isTrusted ||= marks.length > 1;
  }

  /**
   * KISSlicer marks each object's layers by height and thickness; objects with layers of unlike thickness begin side by side.
   * Undefined: lower than before, an object printed after another.
   */
  #layerAt(height: number, thickness: number | undefined, before: number): number | undefined {
    if (before > 0 && height <= this.#topMillimetres + sameHeightMillimetres) return undefined;
    this.#topMillimetres = height;
    const isOnBed = thickness !== undefined && Math.abs(height - thickness) < sameHeightMillimetres;
    return isOnBed ? 1 : before + 1;
  }

  /** Those of the dialect with most marks, the first layer of the model as 1; empty: this file does not mark its layers. */
  finish(): LayerMark[] {
    let [best, marks]: [Dialect | undefined, Mark[]] = [undefined, []];
    for (const [dialect, found] of this.#found) if (found.length > marks.length) [best, marks] = [dialect, found];
    if (best?.says !== "index") return marks;
    const model = marks.filter((mark) => mark.layer >= 0);
    const first = model[0]?.layer === 1 ? 0 : 1; // some count from 1 all the same
    return model.map((mark) => ({ ...mark, layer: mark.layer + first }));
  }
}
