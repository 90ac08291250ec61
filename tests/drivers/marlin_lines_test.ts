import { deepEqual, equal, ok } from "node:assert/strict";
import fc from "fast-check";
import { LineSplitter, maxLineBytes } from "../../src/drivers/marlin/lines.ts";
import { randomCuts } from "../support/random_cuts.ts";

const bytesOf = (text: string) => new TextEncoder().encode(text);

function split(...chunks: Uint8Array[]): string[] {
  const splitter = new LineSplitter();
  return chunks.flatMap((chunk) => splitter.split(chunk));
}

Deno.test("LineSplitter ends lines at LF, CRLF and a lone CR, and leaves empty ones out", () => {
  deepEqual(split(bytesOf("ok\nstart\r\nwait\r\n\nT:1\rrest")), ["ok", "start", "wait", "T:1"]);
});

Deno.test("LineSplitter reads UTF-8, and older encodings where it is none", () => {
  deepEqual(split(bytesOf("File opened: Würfel 立方体.gcode Size: 9\n")), ["File opened: Würfel 立方体.gcode Size: 9"]);
  deepEqual(split(new Uint8Array([...bytesOf("File: W"), 0xfc, ...bytesOf("rfel.gcode\n")])), ["File: Würfel.gcode"]);
});

Deno.test("LineSplitter leaves noise out, and finds the line behind it", () => {
  deepEqual(split(new Uint8Array([0xff, 0xfe, 0x80, 0x01, 0x99, 0x0a])), []);
  deepEqual(split(new Uint8Array([0xff, 0x00, ...bytesOf("start\n")])), ["start"]);
  deepEqual(split(new Uint8Array([...bytesOf("ok"), 0, 1, 2, 10])), []);
});

Deno.test("LineSplitter gives the same lines, however the bytes are cut", () => {
  const part = fc.oneof(
    fc.uint8Array({ maxLength: 60 }),
    fc.constantFrom("\n", "\r\n", "\r", "ok T:1 /2\n", "über").map(bytesOf),
  );
  fc.assert(
    fc.property(
      fc.array(part, { maxLength: 20 }),
      fc.infiniteStream(fc.integer({ min: 1, max: 9 })),
      (parts, sizes) => {
        const bytes = new Uint8Array(parts.flatMap((bytes) => [...bytes]));
        deepEqual(split(...randomCuts(sizes)(bytes)), split(bytes));
      },
    ),
  );
});

Deno.test("LineSplitter keeps the head of an endless line and no more", () => {
  const splitter = new LineSplitter();
  const chunk = bytesOf("x".repeat(4096));
  const before = Deno.memoryUsage().rss;
  for (let round = 0; round < 5000; round++) equal(splitter.split(chunk).length, 0);
  ok(Deno.memoryUsage().rss - before < 50_000_000);
  deepEqual(splitter.split(bytesOf("\nok\n")).map((line) => line.length), [maxLineBytes, 2]);
});
