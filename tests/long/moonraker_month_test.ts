import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import type { MoonrakerDay } from "../drivers/moonraker_month.ts";

const days = 30;

Deno.test("museum: 28 memory and timers are flat over a month of a Moonraker's updates on one connection", async () => {
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "-A",
      "--quiet",
      "--v8-flags=--expose-gc",
      fileURLToPath(new URL("../drivers/moonraker_month.ts", import.meta.url)),
      `${days}`,
    ],
    stderr: "inherit",
  });
  const { code, stdout } = await child.output();
  assert.equal(code, 0);
  const month: MoonrakerDay[] = new TextDecoder().decode(stdout).trim().split("\n").map((line) => JSON.parse(line));
  assert.equal(month.length, days);
  const [early, late] = [month[4], month[days - 1]];
  assert.ok(early && late);
  const megabytes = (bytes: number) => (bytes / 2 ** 20).toFixed(2);
  console.log(
    `${late.messages} messages, ${late.events} events; heap ${megabytes(early.heapBytes)} → ${
      megabytes(late.heapBytes)
    } MB`,
  );
  assert.ok(
    late.messages > 5_000_000 && late.events > days * 40,
    "a month in which too little happened proves nothing",
  );
  assert.ok(late.heapBytes < early.heapBytes + 2 ** 19, "the heap grew");
  assert.equal(late.sleepers, early.sleepers, "timers are left behind");
});
