/**
 * A camera's picture, step by step: fetched over loopback, decoded, flipped and turned, shrunk, encoded, beside the same steps in
 * Pillow (C, where Debian's python3-pil is installed); then all of it through the worker as the agent does it, cold and warm; what is
 * drawn for messages; memory before and after 1,000 pictures.
 *
 *     deno run -A scripts/bench/pictures_bench.ts [PICTURES]
 */
import { systemClock } from "../../src/clock.ts";
import { type Bitmap, oriented, shrunk } from "../../src/pictures/bitmap.ts";
import { takeCameraPicture } from "../../src/pictures/camera_picture.ts";
import { orientationOf } from "../../src/pictures/orientation.ts";
import { Pixels } from "../../src/pictures/pixels.ts";
import type { Drawing } from "../../src/pictures/work.ts";
import { takeSnapshot } from "../../src/pictures/snapshot.ts";

const pictures = Number(Deno.args[0] ?? 1000);
const rounds = 15;
const clock = systemClock({ bootId: "bench" });
const turn = { flip: ["horizontal"], rotateDegrees: 90 } as const;
const signal = new AbortController().signal;

/** Like a webcam's: large shapes, some noise. */
function scene(widthPixels: number, heightPixels: number): Bitmap {
  const rgba = new Uint8Array(widthPixels * heightPixels * 4);
  let state = 1;
  for (let at = 0, pixel = 0; at < rgba.length; at += 4, pixel++) {
    const [x, y] = [pixel % widthPixels, Math.floor(pixel / widthPixels)];
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    const shade = 90 + 70 * Math.sin(x / 60) * Math.cos(y / 45) + (state >>> 28);
    rgba.set([shade, shade * 0.9, (x + y) % 200 < 100 ? shade : shade / 2, 255], at);
  }
  return { widthPixels, heightPixels, rgba };
}

async function median(work: () => unknown): Promise<string> {
  const times: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const start = performance.now();
    await work();
    times.push(performance.now() - start);
  }
  return `${(times.sort((a, b) => a - b)[rounds >> 1] ?? 0).toFixed(1)} ms`;
}

function say(what: string, ...values: string[]): void {
  console.log(what.padEnd(44), ...values.map((value) => value.padStart(12)));
}

const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(0)} MB`;
const resident = () => Deno.memoryUsage().rss;

let current = new Uint8Array();
await using camera = Deno.serve(
  { hostname: "127.0.0.1", port: 0, onListen: () => {} },
  () => new Response(current, { headers: { "content-type": "image/jpeg" } }),
);
const settings = { source: { url: `http://127.0.0.1:${camera.addr.port}/` }, deadlineSeconds: 10, ...turn };
const look = { clock, fetch, alt: "", signal };

// Memory first, before anything else has been loaded into this process; the picture is made by another one.
const small = await jpegOfAnotherProcess(1280, 720);
current = small;
await takeSnapshot(settings, { ...look, deadlineSeconds: 10 });
say("memory before the first picture", megabytes(resident()));
{
  using pixels = new Pixels(clock);
  let peak = 0;
  const start = performance.now();
  for (let count = 1; count <= pictures; count++) {
    await takeCameraPicture(settings, { ...look, pixels });
    peak = Math.max(peak, resident());
    if (count === 10 || count === pictures / 2 || count === pictures) {
      say(`memory after ${count} pictures of 1280 × 720`, megabytes(resident()));
    }
  }
  say("memory at its highest", megabytes(peak));
  say("each, fetched, flipped, turned", `${((performance.now() - start) / pictures).toFixed(1)} ms`);
}
await clock.sleep(3000);
say("memory after the worker has ended", megabytes(resident()));

const { decodePicture, encodePicture } = await import("../../src/pictures/codec.ts");
for (const [width, height] of [[640, 480], [1280, 720], [1920, 1080], [4056, 3040]] as const) {
  const bitmap = scene(width, height);
  current = encodePicture(bitmap, { mediaType: "image/jpeg", quality: 85 }).slice();
  console.log(`\n${width} × ${height}, ${Math.round(current.length / 1000)} KB`);
  say("fetched", await median(() => takeSnapshot(settings, { ...look, deadlineSeconds: 10 })));
  const [decodes = "-", turns = "-", halves = "-", encodes = "-"] = await pillow(current);
  say("", "ours", "Pillow");
  say("decoded", await median(() => decodePicture(current, { mediaType: "image/jpeg" })), decodes);
  say("flipped and turned", await median(() => oriented(bitmap, orientationOf(turn))), turns);
  say("shrunk to half", await median(() => shrunk(bitmap, width >> 1, height >> 1)), halves);
  say("encoded", await median(() => encodePicture(bitmap, { mediaType: "image/jpeg", quality: 85 })), encodes);
  using pixels = new Pixels(clock);
  const start = performance.now();
  await pixels.transform(current, turn);
  say("flipped, turned by the worker: the first", `${(performance.now() - start).toFixed(1)} ms`);
  say("the next ones", await median(() => pixels.transform(current, turn)));
  say(
    "shrunk to 1280 by the worker",
    await median(() => pixels.transform(current, { ...turn, maxWidthPixels: 1280, maxHeightPixels: 1280 })),
  );
}

console.log("\nDrawn by the warm worker");
{
  using pixels = new Pixels(clock);
  const thumbnail = {
    kind: "encoded",
    bytes: encodePicture(scene(640, 480), { mediaType: "image/png", quality: 100 }).slice(),
  } as const;
  const frames = Array.from({ length: 40 }, (_, number) => {
    const bitmap = scene(400, 300);
    bitmap.rgba.fill(number * 6, 0, 400 * 4 * Math.round(number * 7)); // it grows
    const bytes = encodePicture(bitmap, { mediaType: "image/jpeg", quality: 70 }).slice();
    return { bytes, caption: `14:${10 + number} · ${number * 2} %` };
  });
  const snapshot = encodePicture(scene(1920, 1080), { mediaType: "image/jpeg", quality: 85 }).slice();
  const drawings: Record<string, Drawing> = {
    "a thumbnail of 640 × 480 on white": { kind: "thumbnail", content: thumbnail },
    "a progress picture of it": {
      kind: "progress",
      thumbnail,
      heightShare: 0.5,
      timeShare: 0.5,
      label: "50 %",
      detail: "34 min left",
    },
    "it beside a 1080p snapshot": { kind: "sideBySide", thumbnail, snapshot },
    "an animation of 40 frames of 400 × 300": { kind: "animation", frames, maxBytes: 2 * 1024 * 1024 },
  };
  for (const [what, work] of Object.entries(drawings)) {
    const drawn = await pixels.draw(work);
    const size = drawn.kind === "picture" ? `${Math.round(drawn.bytes.length / 1000)} KB` : drawn.reason;
    say(what, await median(() => pixels.draw(work)), size);
  }
}

/** The same steps in one process of Pillow, without its start: decode, flip and turn, halve, encode. */
async function pillow(jpeg: Uint8Array): Promise<string[]> {
  const program = `import io, sys, time
from PIL import Image
data = sys.stdin.buffer.read()
def median(work):
    times = []
    for _ in range(${rounds}):
        start = time.perf_counter(); work(); times.append(time.perf_counter() - start)
    return sorted(times)[${rounds} // 2] * 1000
image = Image.open(io.BytesIO(data)).convert("RGB")
print(median(lambda: Image.open(io.BytesIO(data)).load()))
print(median(lambda: image.transpose(Image.FLIP_LEFT_RIGHT).transpose(Image.ROTATE_270)))
print(median(lambda: image.resize((image.width // 2, image.height // 2), Image.BOX)))
print(median(lambda: image.save(io.BytesIO(), "JPEG", quality=85)))`;
  try {
    const child = new Deno.Command("/usr/bin/python3", { args: ["-c", program], stdin: "piped", stdout: "piped" })
      .spawn();
    const writer = child.stdin.getWriter();
    await writer.write(jpeg);
    await writer.close();
    const { success, stdout } = await child.output();
    return success
      ? new TextDecoder().decode(stdout).trim().split("\n").map((time) => `${Number(time).toFixed(1)} ms`)
      : [];
  } catch {
    return []; // no Pillow here
  }
}

async function jpegOfAnotherProcess(width: number, height: number): Promise<Uint8Array<ArrayBuffer>> {
  if (Deno.args[0] === "--make") {
    const codec = await import("../../src/pictures/codec.ts");
    await Deno.stdout.write(codec.encodePicture(scene(width, height), { mediaType: "image/jpeg", quality: 85 }));
    Deno.exit(0);
  }
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", new URL(import.meta.url).pathname, "--make"],
  }).output();
  return stdout;
}
