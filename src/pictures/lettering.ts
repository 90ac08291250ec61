/**
 * Words in pictures, in a hand of our own: each letter is a few strokes of a round pen, so that any size is smooth.
 * Small letters only: captions are numbers, times and a word or two.
 */
import type { Bitmap } from "./bitmap.ts";
import { blend, type Colour, type Place } from "./canvas.ts";

/**
 * Strokes on a grid: 0 is the top of a tall letter, 10 the line it stands on. `M x y` sets the pen down, `L x y` draws a line,
 * `Q x y x y` a bend towards its first point, `O x y rx ry from to` a part of an oval, in degrees, 0 to the right, 90 down.
 */
const letters: Readonly<Record<string, readonly [width: number, strokes: string]>> = {
  "0": [6, "O 3 2.8 2.7 2.8 180 360 O 3 7.2 2.7 2.8 0 180 L 0.3 2.8"],
  "1": [4, "M 0.6 2.2 L 2.9 0 L 2.9 10"],
  "2": [6, "O 3 2.8 2.6 2.8 190 395 L 0.4 10 L 5.7 10"],
  "3": [6, "O 2.9 2.35 2.35 2.35 200 450 O 2.9 7.35 2.7 2.65 270 520"],
  "4": [6.2, "M 4.5 10 L 4.5 0 L 0.2 7.1 L 6 7.1"],
  "5": [6, "M 5.3 0 L 1.2 0 L 0.9 4.8 O 2.9 6.9 2.7 3.1 225 505"],
  "6": [6, "M 4.5 0 Q 0.3 2.4 0.3 6.9 M 5.7 6.9 O 3 6.9 2.7 3.1 0 360"],
  "7": [5.8, "M 0.3 0 L 5.5 0 L 2 10"],
  "8": [6, "M 5.3 2.35 O 3 2.35 2.3 2.35 0 360 M 5.7 7.35 O 3 7.35 2.7 2.65 0 360"],
  "9": [6, "M 5.7 3.1 O 3 3.1 2.7 3.1 0 360 M 5.7 3.1 Q 5.7 7.6 1.5 10"],
  "%": [8.4, "M 3.1 2.2 O 1.7 2.2 1.4 2 0 360 M 8.2 7.8 O 6.8 7.8 1.4 2 0 360 M 6.5 0.2 L 2 9.8"],
  ":": [1.2, "M 0.6 4.2 L 0.6 4.5 M 0.6 9.1 L 0.6 9.4"],
  ".": [1.2, "M 0.6 9.1 L 0.6 9.4"],
  "·": [1.6, "M 0.7 6.2 L 0.9 6.2"],
  ",": [1.2, "M 0.8 9.4 L 0.3 11.2"],
  "-": [3.6, "M 0.4 6.4 L 3.2 6.4"],
  "/": [3.6, "M 0 11 L 3.6 -0.6"],
  a: [5.4, "M 5.1 6.6 O 2.7 6.6 2.4 3.4 0 360 M 5.1 3.2 L 5.1 10"],
  b: [5.4, "M 0.3 0 L 0.3 10 M 5.1 6.6 O 2.7 6.6 2.4 3.4 0 360"],
  c: [5, "O 2.8 6.6 2.5 3.4 48 312"],
  d: [5.4, "M 5.1 6.6 O 2.7 6.6 2.4 3.4 0 360 M 5.1 0 L 5.1 10"],
  e: [5.5, "M 0.4 6.6 L 5.3 6.6 O 2.8 6.6 2.5 3.4 0 -312"],
  f: [3.4, "O 3.1 1.9 1.7 1.9 280 180 L 1.4 10 M 0 3.3 L 3.2 3.3"],
  g: [5.4, "M 5.1 6.6 O 2.7 6.6 2.4 3.4 0 360 M 5.1 3.2 L 5.1 10.6 O 2.7 10.6 2.4 2.5 0 140"],
  h: [5.2, "M 0.3 0 L 0.3 10 M 0.3 6 O 2.6 5.8 2.3 2.6 180 360 L 4.9 10"],
  i: [1.2, "M 0.6 3.2 L 0.6 10 M 0.6 0.5 L 0.6 0.5"],
  j: [2, "M 1.4 3.2 L 1.4 11 O -0.1 11 1.5 1.8 0 90 M 1.4 0.5 L 1.4 0.5"],
  k: [4.9, "M 0.3 0 L 0.3 10 M 4.4 3.2 L 0.4 7.2 M 1.9 5.8 L 4.7 10"],
  l: [1.2, "M 0.6 0 L 0.6 10"],
  m: [8.2, "M 0.3 3.2 L 0.3 10 M 0.3 6 O 2.2 5.3 1.9 2.2 180 360 L 4.1 10 M 4.1 6 O 6 5.3 1.9 2.2 180 360 L 7.9 10"],
  n: [5.2, "M 0.3 3.2 L 0.3 10 M 0.3 6 O 2.6 5.8 2.3 2.6 180 360 L 4.9 10"],
  o: [5.6, "M 5.3 6.6 O 2.8 6.6 2.5 3.4 0 360"],
  p: [5.4, "M 0.3 3.2 L 0.3 13 M 5.1 6.6 O 2.7 6.6 2.4 3.4 0 360"],
  q: [5.4, "M 5.1 6.6 O 2.7 6.6 2.4 3.4 0 360 M 5.1 3.2 L 5.1 13"],
  r: [3.4, "M 0.3 3.2 L 0.3 10 M 0.3 6.4 O 2.8 6.1 2.5 2.9 180 285"],
  s: [4.6, "O 2.3 4.8 1.9 1.75 325 90 O 2.3 8.25 2 1.75 270 505"],
  t: [3.4, "M 1.4 1 L 1.4 8.2 O 3.1 8.2 1.7 1.8 180 75 M 0 3.3 L 3.2 3.3"],
  u: [5.2, "M 0.3 3.2 L 0.3 7.4 O 2.6 7.4 2.3 2.6 180 0 M 4.9 3.2 L 4.9 10"],
  v: [5.2, "M 0.2 3.2 L 2.6 10 L 5 3.2"],
  w: [7.6, "M 0.2 3.2 L 2 10 L 3.8 3.8 L 5.6 10 L 7.4 3.2"],
  x: [5, "M 0.3 3.2 L 4.7 10 M 4.7 3.2 L 0.3 10"],
  y: [5.2, "M 0.2 3.2 L 2.6 10 M 5 3.2 L 1.8 12.8"],
  z: [5, "M 0.4 3.2 L 4.6 3.2 L 0.3 10 L 4.8 10"],
};
/** In the units of the grid. */
const space = 3;
const gap = 1.75;
const penRadius = 0.66;
const tall = 10;
/** How far the pen goes above and below tall letters. */
const descent = 3.6;
const degreesPerStep = 15;

type Point = readonly [x: number, y: number];
type Segment = readonly [from: Point, to: Point];

const drawn = new Map<string, Segment[]>();

/** The width of a text whose tall letters are so high; letters that nobody drew take no room. */
export function textWidthPixels(text: string, heightPixels: number): number {
  return Math.ceil(Math.max(0, placed(text).widthUnits) * heightPixels / tall);
}

export interface Lettering extends Place {
  /** Of tall letters. */
  readonly heightPixels: number;
  readonly colour: Colour;
}

/** Writes a text with its upper left corner at this place. */
export function write(canvas: Bitmap, text: string, { left, top, heightPixels, colour }: Lettering): void {
  const scale = heightPixels / tall;
  const margin = Math.ceil(penRadius * scale) + 1;
  const width = textWidthPixels(text, heightPixels) + 2 * margin;
  const height = Math.ceil((tall + descent) * scale) + 2 * margin;
  const ink = new Float32Array(width * height); // of several strokes the darkest counts: they do not add up
  for (const { strokes, offsetUnits } of placed(text).letters) {
    for (const segment of strokes) {
      const [from, to] = segment.map(([x, y]): Point => [(x + offsetUnits) * scale + margin, y * scale + margin]);
      if (from && to) drawStroke({ ink, width, height }, [from, to], penRadius * scale);
    }
  }
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const share = ink[y * width + x] ?? 0;
      const [column, row] = [Math.round(left) + x - margin, Math.round(top) + y - margin];
      const isInside = column >= 0 && row >= 0 && column < canvas.widthPixels && row < canvas.heightPixels;
      if (share > 0 && isInside) blend(canvas, (row * canvas.widthPixels + column) * 4, colour, share);
    }
  }
}

function placed(text: string): { letters: { strokes: Segment[]; offsetUnits: number }[]; widthUnits: number } {
  const found: { strokes: Segment[]; offsetUnits: number }[] = [];
  let offsetUnits = 0;
  for (const letter of text.toLowerCase()) {
    if (/\s/.test(letter)) offsetUnits += space;
    const shape = letters[letter];
    if (!shape) continue;
    found.push({ strokes: strokesOf(letter, shape[1]), offsetUnits });
    offsetUnits += shape[0] + gap;
  }
  return { letters: found, widthUnits: offsetUnits - (found.length ? gap : 0) };
}

function strokesOf(letter: string, path: string): Segment[] {
  const known = drawn.get(letter);
  if (known) return known;
  const segments: Segment[] = [];
  let pen: Point | undefined;
  const to = (point: Point) => {
    if (pen) segments.push([pen, point]);
    pen = point;
  };
  for (const [, command, rest = ""] of path.matchAll(/([MLQO])([^MLQO]*)/g)) {
    const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = rest.trim().split(/\s+/).map(Number);
    if (command === "M") pen = [a, b];
    else if (command === "L") to([a, b]);
    else if (command === "Q") { for (const point of bend(pen ?? [a, b], [a, b], [c, d])) to(point); }
    else for (const point of oval([a, b], [c, d], [e, f])) to(point);
  }
  drawn.set(letter, segments);
  return segments;
}

function bend([x0, y0]: Point, [x1, y1]: Point, [x2, y2]: Point): Point[] {
  return Array.from({ length: 8 }, (_, index): Point => {
    const [t, rest] = [(index + 1) / 8, 1 - (index + 1) / 8];
    return [
      rest * rest * x0 + 2 * rest * t * x1 + t * t * x2,
      rest * rest * y0 + 2 * rest * t * y1 + t * t * y2,
    ];
  });
}

function oval([x, y]: Point, [radiusX, radiusY]: Point, [from, to]: Point): Point[] {
  const steps = Math.max(1, Math.ceil(Math.abs(to - from) / degreesPerStep));
  return Array.from({ length: steps + 1 }, (_, index): Point => {
    const angle = (from + (to - from) * index / steps) * Math.PI / 180;
    return [x + radiusX * Math.cos(angle), y + radiusY * Math.sin(angle)];
  });
}

function drawStroke(
  { ink, width, height }: { ink: Float32Array; width: number; height: number },
  [[x1, y1], [x2, y2]]: Segment,
  radius: number,
): void {
  const [dx, dy] = [x2 - x1, y2 - y1];
  const squared = dx * dx + dy * dy;
  const reach = radius + 1;
  for (let y = Math.max(0, Math.floor(Math.min(y1, y2) - reach)); y < Math.min(height, Math.max(y1, y2) + reach); y++) {
    for (
      let x = Math.max(0, Math.floor(Math.min(x1, x2) - reach));
      x < Math.min(width, Math.max(x1, x2) + reach);
      x++
    ) {
      const [px, py] = [x + 0.5 - x1, y + 0.5 - y1];
      const along = squared === 0 ? 0 : Math.max(0, Math.min(1, (px * dx + py * dy) / squared));
      const share = Math.min(1, radius + 0.5 - Math.hypot(px - along * dx, py - along * dy));
      const at = y * width + x;
      if (share > (ink[at] ?? 0)) ink[at] = share;
    }
  }
}
