import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import type { Day } from "../agent/month.ts";

const days = 30;

Deno.test("museum: 28 memory, timers and open files are flat over a month of prints", async () => {
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "-A",
      "--quiet",
      "--v8-flags=--expose-gc",
      fileURLToPath(new URL("../agent/month.ts", import.meta.url)),
      `${days}`,
    ],
    stderr: "inherit",
  });
  const { code, stdout } = await child.output();
  assert.equal(code, 0);
  const month: Day[] = new TextDecoder().decode(stdout).trim().split("\n").map((line) => JSON.parse(line));
  assert.equal(month.length, days);
  const [early, late] = [month[4], month[days - 1]];
  assert.ok(early && late);
  console.log(
    `${late.events} events, ${late.sent} messages; heap ${megabytes(early.heapBytes)} → ` +
      `${megabytes(late.heapBytes)} MB, RSS ${megabytes(early.residentBytes)} → ${megabytes(late.residentBytes)} MB`,
  );
  assert.ok(
    late.events >= days * 100 && late.sent > late.events,
    "a month in which too little happened proves nothing",
  );
  assert.ok(late.heapBytes < early.heapBytes + 2 ** 20, "the heap grew");
  assert.ok(late.residentBytes < early.residentBytes * 1.15, "the process grew");
  assert.equal(late.sleepers, early.sleepers, "timers are left behind");
  assert.ok(late.openFiles <= early.openFiles, "files are left open");
});

function megabytes(bytes: number): string {
  return (bytes / 2 ** 20).toFixed(1);
}
