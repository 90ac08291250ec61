/**
 * Draws what the demo's camera sees, a boat growing on a printer's bed, and what its slicer drew of it; writes both, as JPEG and PNG,
 * into src/demo/camera_frames.ts and src/demo/slicer_drawing.ts. Run it again only to change the look:
 * `deno run -A scripts/make_demo_frames.ts [FOLDER]` (FOLDER: the pictures as files, too).
 */
import { Image } from "npm:imagescript@1.3.1";

type Point = readonly [x: number, y: number];
type Colour = readonly [red: number, green: number, blue: number];

const width = 320;
const height = 240;
const oversampling = 3;
const jpegQuality = 32;
const frameCount = 11;
const boatMillimetres = 46;

class Canvas {
  readonly width = width * oversampling;
  readonly height = height * oversampling;
  readonly pixels = new Float32Array(this.width * this.height * 3);

  /** Fills a polygon; the colour may depend on the place, in picture pixels. */
  fill(points: readonly Point[], colour: Colour | ((x: number, y: number) => Colour), opacity = 1): void {
    const scaled = points.map(([x, y]) => [x * oversampling, y * oversampling] as const);
    const top = Math.max(0, Math.floor(Math.min(...scaled.map(([, y]) => y))));
    const bottom = Math.min(this.height - 1, Math.ceil(Math.max(...scaled.map(([, y]) => y))));
    for (let y = top; y <= bottom; y++) {
      const crossings = crossingsAt(scaled, y + 0.5);
      for (let index = 0; index + 1 < crossings.length; index += 2) {
        const [from, to] = [crossings[index] ?? 0, crossings[index + 1] ?? 0];
        for (let x = Math.max(0, Math.ceil(from - 0.5)); x < Math.min(this.width, to - 0.5); x++) {
          const shade = typeof colour === "function" ? colour(x / oversampling, y / oversampling) : colour;
          this.#blend(x, y, shade, opacity);
        }
      }
    }
  }

  box(x: number, y: number, w: number, h: number, colour: Colour | ((x: number, y: number) => Colour)): void {
    this.fill([[x, y], [x + w, y], [x + w, y + h], [x, y + h]], colour);
  }

  toImage(): Image {
    const image = new Image(width, height);
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const [red, green, blue] = [0, 1, 2].map((channel) => this.#average(x, y, channel));
        image.setPixelAt(x + 1, y + 1, Image.rgbaToColor(red ?? 0, green ?? 0, blue ?? 0, 255));
      }
    }
    return image;
  }

  #average(x: number, y: number, channel: number): number {
    let sum = 0;
    for (let dy = 0; dy < oversampling; dy++) {
      for (let dx = 0; dx < oversampling; dx++) {
        const at = ((y * oversampling + dy) * this.width + x * oversampling + dx) * 3 + channel;
        sum += this.pixels[at] ?? 0;
      }
    }
    return Math.max(0, Math.min(255, Math.round(sum / oversampling ** 2)));
  }

  #blend(x: number, y: number, colour: Colour, opacity: number): void {
    const at = (y * this.width + x) * 3;
    for (let channel = 0; channel < 3; channel++) {
      this.pixels[at + channel] = (this.pixels[at + channel] ?? 0) * (1 - opacity) + (colour[channel] ?? 0) * opacity;
    }
  }
}

function crossingsAt(points: readonly Point[], y: number): number[] {
  const crossings: number[] = [];
  for (const [index, [x1, y1]] of points.entries()) {
    const [x2, y2] = points[(index + 1) % points.length] ?? [0, 0];
    if ((y1 <= y) !== (y2 <= y)) crossings.push(x1 + (y - y1) / (y2 - y1) * (x2 - x1));
  }
  return crossings.sort((a, b) => a - b);
}

/** The boat from its side, in millimetres above the bed, as far as it is printed. */
const boat: readonly (readonly Point[])[] = [
  [[5, 0], [48, 0], [56, 8], [63, 20], [50, 15.5], [38, 14], [4, 14], [-1, 16], [1, 7]], // hull
  [[13, 14], [36, 14], [34.5, 31], [14, 31]], // cabin
  [[10.5, 31], [38, 31], [37, 34.5], [11.5, 34.5]], // roof
  [[18, 34.5], [24, 34.5], [23.5, 45], [18.5, 45]], // chimney
];
const windows: readonly (readonly Point[])[] = [
  [[16.5, 19], [22.5, 19], [22.5, 28], [16.5, 28]],
  [[26, 14], [32, 14], [31.6, 28], [26, 28]],
];
const pixelsPerMillimetre = 2.35;
const keel: Point = [92, 188];

function placed([x, y]: Point): Point {
  return [keel[0] + x * pixelsPerMillimetre, keel[1] - y * pixelsPerMillimetre];
}

/** The part of a polygon that is not higher than the print. */
function printed(points: readonly Point[], millimetres: number): Point[] {
  return points.flatMap((point, index): Point[] => {
    const next = points[(index + 1) % points.length] ?? point;
    const kept = point[1] <= millimetres ? [point] : [];
    if ((point[1] <= millimetres) === (next[1] <= millimetres)) return kept;
    const x = point[0] + (millimetres - point[1]) / (next[1] - point[1]) * (next[0] - point[0]);
    return [...kept, [x, millimetres]];
  });
}

function draw(share: number): Image {
  const canvas = new Canvas();
  const grown = boatMillimetres * share;
  canvas.box(0, 0, width, height, (x, y) => {
    const light = 1 - Math.hypot((x - 150) / 260, (y - 90) / 200) * 0.75;
    return [46 * light + 8, 54 * light + 9, 68 * light + 12];
  });
  const metal = (x: number): Colour => x % 13 < 2 ? [78, 84, 94] : [106, 113, 124];
  canvas.box(26, 0, 13, 196, (x) => metal(x - 26));
  canvas.box(281, 0, 13, 196, (x) => metal(x - 281));
  drawBed(canvas);
  drawBoat(canvas, grown);
  drawGantry(canvas, { grown, share });
  return canvas.toImage();
}

function drawBed(canvas: Canvas): void {
  canvas.fill([[62, 166], [258, 166], [306, 222], [14, 222]], (_, y) => {
    const light = (y - 166) / 56;
    return [38 + 22 * light, 42 + 22 * light, 48 + 24 * light];
  });
  canvas.fill([[14, 222], [306, 222], [304, 229], [16, 229]], [28, 31, 36]);
  for (let line = 1; line < 8; line++) {
    const [top, bottom] = [62 + 196 * line / 8, 14 + 292 * line / 8];
    canvas.fill([[top, 166], [top + 0.8, 166], [bottom + 1.2, 222], [bottom, 222]], [92, 98, 108], 0.6);
  }
  for (const y of [177, 190, 205]) {
    const inset = (222 - y) / 56 * 48;
    canvas.fill([[14 + inset, y], [306 - inset, y], [306 - inset, y + 0.9], [14 + inset, y + 0.9]], [92, 98, 108], 0.6);
  }
}

function drawBoat(canvas: Canvas, grown: number): void {
  if (grown <= 0) return;
  const shadow = Array.from({ length: 40 }, (_, index): Point => {
    const angle = index / 40 * 2 * Math.PI;
    return [keel[0] + 72 + 78 * Math.cos(angle), keel[1] + 3 + 7 * Math.sin(angle)];
  });
  canvas.fill(shadow, [12, 13, 16], 0.55);
  for (const part of boat) {
    canvas.fill(printed(part, grown).map(placed), (x, y) => {
      const layer = Math.floor((keel[1] - y) / 2.3) % 2 === 0 ? 1 : 0.92;
      const round = 1.05 - Math.abs(x - (keel[0] + 62)) / 190;
      return [238 * layer * round, 118 * layer * round, 36 * layer * round];
    });
  }
  for (const hole of windows) canvas.fill(printed(hole, grown).map(placed), [92, 42, 18]);
  // The rail along the hull, where it is printed.
  canvas.fill(printed([[2, 10.5], [53, 10.5], [55, 12], [2, 12]], grown).map(placed), [255, 160, 80], 0.8);
}

function drawGantry(canvas: Canvas, { grown, share }: { grown: number; share: number }): void {
  const tip = share >= 1 ? placed([0, boatMillimetres + 14])[1] : placed([0, grown])[1] - 1;
  const x = share >= 1 ? 66 : share === 0 ? 110 : placed([10 + 26 * ((share * 7.3) % 1), 0])[0];
  const bar = tip - 44;
  canvas.box(20, bar, 280, 11, (_, y) => y - bar < 3 ? [150, 157, 168] : [96, 103, 114]);
  canvas.box(x - 19, bar - 10, 38, 34, (_, y) => y - bar < -6 ? [64, 70, 80] : [36, 40, 47]);
  canvas.box(x - 12, bar - 4, 24, 22, [52, 58, 67]);
  canvas.box(x - 4, bar + 24, 8, 6, [168, 174, 182]);
  canvas.box(x - 8, bar + 30, 16, 8, [186, 128, 60]);
  canvas.fill([[x - 4, bar + 38], [x + 4, bar + 38], [x + 1, tip], [x - 1, tip]], [214, 176, 92]);
}

/** As slicers do: the whole boat, from a little above, on nothing. Drawn on green, which nothing of it has, then cut out. */
function drawForSlicer(): Image {
  const side = 256;
  const canvas = new Canvas();
  const depth: Point = [16, -7];
  const key: Colour = [0, 255, 0];
  canvas.box(0, 0, width, height, key);
  const centre = (y: number) => 1.08 - y / 700;
  for (let step = 12; step >= 0; step--) { // from the far side to the near one
    const shift = ([x, y]: Point): Point => [x + depth[0] * step / 12, y + depth[1] * step / 12];
    for (const part of boat) {
      canvas.fill(part.map((point) => shift(placed(point))), (_, y) => {
        const light = step === 0 ? centre(y) : step === 12 ? 0.62 : 0.8 + 0.2 * (1 - step / 12);
        return [242 * light, 128 * light, 48 * light];
      });
    }
  }
  for (const hole of windows) canvas.fill(hole.map(placed), [112, 52, 24]);
  canvas.fill(([[2, 10.5], [53, 10.5], [55, 12], [2, 12]] as const).map(placed), [255, 176, 104], 0.8);
  const image = canvas.toImage();
  for (let at = 0; at < image.bitmap.length; at += 4) {
    const [red = 0, green = 0, blue = 0] = image.bitmap.subarray(at, at + 3);
    const greenness = Math.max(0, Math.min(255, green - Math.max(red * 0.62, blue)));
    if (greenness > 30) image.bitmap.set([242, 128, 48, 255 - greenness], at);
  }
  return image.crop(70, 52, 205, 148).resize(side, Math.round(side * 148 / 205));
}

const folder = Deno.args[0];
const frames: string[] = [];
for (let frame = 0; frame < frameCount; frame++) {
  const share = frame / (frameCount - 1);
  const jpeg = await draw(share).encodeJPEG(jpegQuality);
  if (folder) await Deno.writeFile(`${folder}/frame${frame}.jpg`, jpeg);
  frames.push(jpeg.toBase64());
}
const rows = frames.map((base64) => `  "${base64}",`).join("\n");
await Deno.writeTextFile(
  new URL("../src/demo/camera_frames.ts", import.meta.url),
  `// deno-fmt-ignore-file -- made by scripts/make_demo_frames.ts
/** JPEG, base64: what the demo's camera sees, from the empty bed to the finished boat. */
export const cameraFrames: readonly string[] = [
${rows}
];
`,
);
const drawing = drawForSlicer();
const drawingBytes = await drawing.encode(9);
const drawingBase64 = drawingBytes.toBase64();
if (folder) await Deno.writeFile(`${folder}/slicer.png`, drawingBytes);
await Deno.writeTextFile(
  new URL("../src/demo/slicer_drawing.ts", import.meta.url),
  `// deno-fmt-ignore-file -- made by scripts/make_demo_frames.ts
/** PNG, base64: what the demo's slicer drew of the boat, on nothing. */
export const slicerDrawing = {
  widthPixels: ${drawing.width},
  heightPixels: ${drawing.height},
  base64: "${drawingBase64}",
};
`,
);
