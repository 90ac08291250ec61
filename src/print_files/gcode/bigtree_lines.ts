/**
 * BIGTREETECH's touch screens: `;WWWWHHHH` in hexadecimal, then a line of hexadecimal RGB565 for each row, several sizes after
 * another, `; bigtree thumbnail end`. OrcaSlicer writes it as the very first bytes of a file, others behind their blocks, SuperSlicer
 * within a thumbnail block, with red and blue swapped. UNVERIFIED on a real file.
 */
import { decodeRgb565 } from "../images/rgb565.ts";
import { limits } from "../limits.ts";
import { pixelImage, type TextImage, unreadable } from "./text_image.ts";
import type { LinesRead } from "./thumbnail_lines.ts";

const header = /^;\s?([0-9a-f]{4})([0-9a-f]{4})\s*$/i;
const ending = /^;\s*(?:bigtree thumbnail|thumbnail\w*) end/i;

/** Eight digits alone may be anything; a first row of the right length behind them is not chance. */
export function isBigtreeHeader(lines: readonly string[], index: number): boolean {
  const width = header.exec(lines[index] ?? "")?.[1];
  return width !== undefined && rowOf(lines[index + 1])?.length === parseInt(width, 16) * 4;
}

function rowOf(line: string | undefined): string | undefined {
  return /^;\s?([0-9a-f]+)\s*$/i.exec(line ?? "")?.[1];
}

export function readBigtree(
  lines: readonly string[],
  index: number,
  { label, blueFirst }: { label: string; blueFirst: boolean },
): LinesRead {
  const images: TextImage[] = [];
  let next = index;
  while (images.length < limits.maxThumbnails) {
    const [, width, height] = header.exec(lines[next] ?? "") ?? [];
    if (width === undefined || height === undefined) break;
    const size = { widthPixels: parseInt(width, 16), heightPixels: parseInt(height, 16) };
    const rows: string[] = [];
    for (next++; rows.length < size.heightPixels; next++) {
      const row = rowOf(lines[next]);
      if (row?.length !== size.widthPixels * 4) break;
      rows.push(row);
    }
    images.push(
      rows.length === size.heightPixels
        ? image(rows, { ...size, label, blueFirst })
        : unreadable(label, "it is cut off"),
    );
  }
  while (ending.test(lines[next] ?? "")) next++;
  return { next: Math.max(next, index + 1), images };
}

interface BigtreeLayout {
  readonly widthPixels: number;
  readonly heightPixels: number;
  readonly label: string;
  readonly blueFirst: boolean;
}

function image(rows: readonly string[], { label, blueFirst, ...size }: BigtreeLayout): TextImage {
  const text = rows.join("");
  if (text.length > limits.maxThumbnailBytes * 2) return unreadable(label, "it is too long");
  const bytes = Uint8Array.fromHex(text);
  const facts = { format: "rgb565", ...size, sizeBytes: bytes.length, label } as const;
  return pixelImage(facts, () => decodeRgb565(bytes, { ...size, lowByteFirst: false, blueFirst }));
}
