import assert from "node:assert/strict";
import { isNear } from "../../src/cli/find_printers.ts";

Deno.test("isNear() follows an announcement only into this board's own networks", () => {
  assert.deepEqual(["127.0.0.1", "127.9.9.9"].map(isNear), [true, true]);
  assert.deepEqual(["8.8.8.8", "1.1.1.1", "0.0.0.0", "nonsense", "999.1.1.1"].map(isNear), [
    false,
    false,
    false,
    false,
    false,
  ]);
});
