import assert from "node:assert/strict";
import { Descriptor, descriptorLink } from "../../bridge/descriptor_link.ts";
import { namesIn, open, openFlags } from "../../bridge/libc.ts";
import { LinkLostError } from "../../bridge/link.ts";
import { openPty } from "../../bridge/pty.ts";

Deno.test("a silent device whose name is gone is lost, even if its driver forgot to hang up", async () => {
  await using pty = openPty();
  const fd = open(pty.slavePath, openFlags.readWrite | openFlags.noControllingTty | openFlags.nonBlocking);
  let asked = 0;
  await using link = descriptorLink(new Descriptor(fd), {
    label: "test",
    lost: () => new LinkLostError("gone", { problem: "unplugged" }),
    stillThere: () => ++asked < 3,
    waitMilliseconds: 5,
  });
  await assert.rejects(link.readable.getReader().read(), { problem: "unplugged" });
  assert.equal(asked, 3);
});

Deno.test("a descriptor is closed after the waits on it have returned", async () => {
  await using pty = openPty();
  const fd = open(pty.slavePath, openFlags.readWrite | openFlags.noControllingTty | openFlags.nonBlocking);
  let isReturned = false;
  const descriptor = new Descriptor(fd, {
    beforeClose() {
      assert.equal(isReturned, true);
      assert(namesIn("/proc/self/fd").includes(String(fd)));
    },
  });
  const waiting = descriptor.wait(1, 60_000).then(() => void (isReturned = true));
  await descriptor[Symbol.asyncDispose]();
  await waiting;
  assert.equal(await descriptor.wait(1, 60_000), 0);
  assert.equal(descriptor.read(), 0);
});
