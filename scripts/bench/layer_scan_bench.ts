/**
 * How fast a file of G-code is scanned for its layers: against a loop that only looks at each byte (the floor), a search for line ends
 * by `indexOf`, and a split into strings. The text is held in memory and fed in pieces of a mebibyte, 300 MB in all.
 */
import { LayerScan } from "../../src/print_files/gcode/layer_scan.ts";
import { row } from "./support.ts";

const megabyte = 1_000_000;
const totalBytes = 300 * megabyte;
const pieceBytes = 1024 * 1024;
const runs = 3;

/** A body as PrusaSlicer writes it: moves, a comment in ten lines, `M73` now and then. */
function prusaLayer(layer: number): string {
  const moves = Array.from({ length: 200 }, (_, move) => {
    const [x, y] = [(90 + Math.sin(move) * 40).toFixed(3), (90 + Math.cos(move) * 40).toFixed(3)];
    return (move % 20 === 0 ? ";TYPE:External perimeter\n;WIDTH:0.449999\n" : "") +
      `G1 X${x} Y${y} E.0${1000 + move}\n`;
  });
  const z = (0.2 + layer * 0.15).toFixed(2);
  return `;LAYER_CHANGE\n;Z:${z}\n;HEIGHT:0.15\nM73 P${layer % 100} R${layer % 60}\nG1 Z${z} F720\n${moves.join("")}`;
}

/** The same without a single comment, as Slic3r 1.x writes it. */
const withoutComments = (text: string) => text.replace(/^;.*\n/gm, "");

const bodies = Array.from({ length: 300 }, (_, layer) => prusaLayer(layer)).join("");

function megabytesPerSecond(text: string, feed: (piece: Uint8Array, at: number) => void): number {
  const bytes = new TextEncoder().encode(text);
  let best = Infinity;
  for (let run = 0; run < runs; run++) {
    const began = performance.now();
    for (let fed = 0; fed < totalBytes; fed += bytes.length) {
      for (let at = 0; at < bytes.length; at += pieceBytes) feed(bytes.subarray(at, at + pieceBytes), fed + at);
    }
    best = Math.min(best, performance.now() - began);
  }
  return totalBytes / megabyte / (best / 1000);
}

let ends = 0;
const peers: Record<string, (piece: Uint8Array) => void> = {
  "the floor: a loop that counts line ends": (piece) => {
    for (let at = 0; at < piece.length; at++) if (piece[at] === 10) ends++;
  },
  "indexOf per line": (piece) => {
    for (let at = piece.indexOf(10); at >= 0; at = piece.indexOf(10, at + 1)) ends++;
  },
  "decode and split": (piece) => ends += new TextDecoder().decode(piece).split("\n").length,
};

let floor = NaN;
for (const [name, feed] of Object.entries(peers)) {
  const speed = megabytesPerSecond(bodies, feed);
  if (Number.isNaN(floor)) floor = speed;
  row(name, `${speed.toFixed(0)} MB/s`, `${(speed / floor).toFixed(2)} ×`);
}
for (
  const [name, text] of [["PrusaSlicer's marks", bodies], ["no marks: by moves", withoutComments(bodies)]] as const
) {
  let scan = new LayerScan();
  const speed = megabytesPerSecond(text, (piece, at) => {
    if (at === 0) scan = new LayerScan();
    scan.feed(piece, at);
  });
  row(
    `LayerScan, ${name}`,
    `${speed.toFixed(0)} MB/s`,
    `${(speed / floor).toFixed(2)} ×`,
    `${scan.finish().layerMarks.length} layers`,
  );
}
