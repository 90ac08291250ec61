/** The pictures of a print under way, by the whole agent: taken now and then, kept over restarts, told as an animation. */
import assert from "node:assert/strict";
import type { Report } from "../../src/domain/printer_state.ts";
import { defaultRule } from "../../src/domain/rule.ts";
import { decoded, jpegOf, letters, painted } from "../pictures/samples.ts";
import { TestChannel, TestHouse, TestPrinter } from "./house.ts";

const camera = {
  source: { url: "http://camera.local/shot" },
  flip: [],
  rotateDegrees: 90,
  deadlineSeconds: 60,
} as const;
const jpeg = jpegOf(painted("ab/cd", 300));
const file = { path: "benchy.gcode" };
const idle: Report = { link: { kind: "online" }, job: { kind: "none" } };
const begins: Report = { job: { kind: "printing", file, begins: true }, progress: { percent: 0 } };
const at = (percent: number): Report => ({ job: { kind: "printing", file }, progress: { percent } });
const finished: Report = { job: { kind: "ended", file, outcome: "finished" } };

/** A tick passes, then it is waited for. */
async function until(house: TestHouse, what: string, isSo: () => boolean): Promise<void> {
  await house.pass(1);
  await house.waitFor(what, isSo);
}

function houseWith(picture: "animation" | "camera", answer = () => new Response(jpeg.slice())) {
  const printer = new TestPrinter();
  const channel = new TestChannel();
  let shots = 0;
  const house: TestHouse = new TestHouse({
    printers: [printer.settings({ camera })],
    channels: [channel],
    rules: [{ ...defaultRule, when: ["finished"], picture }],
    fetch: () => {
      shots++;
      return Promise.resolve(answer());
    },
  });
  const frames = () => {
    const job = house.agent.printerState(printer.name)?.job;
    return job && job.kind !== "none" ? house.store.frames.list({ printer: printer.name, job: job.id }) : [];
  };
  return { printer, channel, house, frames, shots: () => shots };
}

Deno.test("a print is looked at once for each share of it, also over a restart; its end is told with all of it", async () => {
  const { printer, channel, house, frames } = houseWith("animation");
  await using _house = house;
  printer.report(idle, begins);
  await until(house, "the empty bed is kept", () => frames().length === 1);
  printer.report(at(26));
  await until(house, "a quarter is kept", () => frames().length === 2);
  printer.report(at(26.4), at(25.9), at(26.8)); // the same share of it
  await house.pass(5);
  await house.restart();
  printer.report(at(26.9), at(60));
  await until(house, "the next share is kept", () => frames().length === 3);
  assert.deepEqual(frames().map(({ number, percent }) => [number, percent]), [[0, 0], [10, 26], [24, 60]]);
  printer.report(finished);
  await until(house, "the end is told", () => channel.sent.length === 1);
  assert.deepEqual(channel.sent[0]?.pictures.map(({ mediaType }) => mediaType), ["image/gif"]);
  assert.deepEqual(frames(), []);
});

Deno.test("frames are small, and the right way up", async () => {
  const { printer, house, frames } = houseWith("animation");
  await using _house = house;
  printer.report(idle, begins);
  await until(house, "one is kept", () => frames().length === 1);
  const [frame] = frames();
  assert.ok(frame);
  const bytes = await house.store.frames.read(frame) ?? new Uint8Array();
  assert.ok(bytes.length <= 40_000, `${bytes.length} bytes`);
  assert.equal(letters(await decoded(bytes), 200), "ca/db");
});

Deno.test("nobody looks at a print of which no animation is wanted", async () => {
  const { printer, house, shots } = houseWith("camera");
  await using _house = house;
  printer.report(idle, begins, at(30), at(60));
  await house.pass(10);
  assert.equal(shots(), 0);
});

Deno.test("a camera that fails holds up nothing: without frames the end has what picture there is", async () => {
  const { printer, channel, house } = houseWith("animation", () => new Response("no", { status: 500 }));
  await using _house = house;
  printer.report(idle, begins, at(30));
  await house.pass(5);
  printer.report(finished);
  await until(house, "the end is told", () => channel.sent.length === 1);
  assert.deepEqual(channel.sent[0]?.pictures, []);
  assert.deepEqual(channel.sent[0]?.message.notes, ["No picture from the camera: it answered 500."]);
});
