/** What a print file says becomes part of what is known of its print. */
import assert from "node:assert/strict";
import { activeJob, type Report } from "../../src/domain/printer_state.ts";
import { sliceModel } from "../../src/demo/sliced_file.ts";
import { temporaryFolder } from "../outbox/samples.ts";
import { progressRule, TestChannel, TestHouse, TestPrinter } from "./house.ts";

const file = { path: "benchy.gcode" };
const idle: Report = { link: { kind: "online" }, job: { kind: "none" } };

Deno.test("where the printer says nothing, its file says how long the print takes, and messages know it", async () => {
  using folder = temporaryFolder();
  Deno.writeFileSync(`${folder.path}/benchy.gcode`, sliceModel({ minutes: 72, layers: 10 }));
  const printer = new TestPrinter();
  const channel = new TestChannel();
  await using house = new TestHouse({
    printers: [printer.settings({ filesFolder: folder.path })],
    channels: [channel],
    rules: [progressRule(25, { when: ["started", "progress"], picture: "none" })],
  });
  const job = () => {
    const state = house.agent.printerState(printer.name);
    return state && activeJob(state);
  };
  printer.report(idle, { job: { kind: "printing", file, begins: true }, progress: { percent: 0 } });
  await house.waitFor("the file is read", () => job()?.estimatedSeconds !== undefined);
  assert.deepEqual([job()?.estimatedSeconds, job()?.layers], [4320, 10]);
  await house.passQuietly(1080);
  printer.report({ progress: { percent: 25, layers: 11 } });
  await house.waitFor("the progress is told", () => channel.sent.length === 2);
  assert.deepEqual(channel.lines, ["MK3S: benchy started, about 1 h 12 min", "MK3S: benchy 25 %, 54 min left"]);
  assert.equal(job()?.layers, 11, "what the printer says counts");
});
