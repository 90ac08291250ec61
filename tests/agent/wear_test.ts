import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import type { Wear } from "./wear.ts";

const megabyte = 1024 * 1024;

/** Whether files of the tests lie on a disk: on a tmpfs nothing is written to any. */
async function isOnDisk(): Promise<boolean> {
  const { stdout } = await new Deno.Command("stat", { args: ["-f", "-c", "%T", Deno.env.get("TMPDIR") ?? "/tmp"] })
    .output();
  return !/tmpfs|ramfs/.test(new TextDecoder().decode(stdout));
}

const isMeasurable = await isOnDisk();

Deno.test({
  name: `an idle hour writes nothing to the card, an hour of printing at most 5 MB${
    isMeasurable ? "" : " (temporary files lie in memory here)"
  }`,
  ignore: !isMeasurable,
  async fn() {
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--quiet", fileURLToPath(new URL("wear.ts", import.meta.url))],
      stderr: "inherit",
    });
    const { code, stdout } = await child.output();
    assert.equal(code, 0);
    const { idleBytes, printingBytes, messages, walBytes }: Wear = JSON.parse(new TextDecoder().decode(stdout));
    const kilobytes = (bytes: number) => `${Math.round(bytes / 1024)} KB`;
    console.log(`idle ${kilobytes(idleBytes)}, printing ${kilobytes(printingBytes)} with ${messages} messages`);
    assert.ok(messages >= 11, "a print that nobody heard of proves nothing");
    assert.ok(printingBytes > 100 * 1024, "nothing was measured");
    assert.ok(walBytes <= 4.5 * megabyte, `${walBytes} bytes in the journal: nobody brings it home`);
    assert.ok(idleBytes < megabyte, `${idleBytes} bytes while idle`);
    assert.ok(printingBytes < 5 * megabyte, `${printingBytes} bytes while printing`);
  },
});
