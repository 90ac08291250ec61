import assert from "node:assert/strict";
import { bootId, errno, linkTarget, namesIn, open, openFlags, realPath, status, textFile } from "../../bridge/libc.ts";

Deno.test("failures are minus errno, one after the other", () => {
  assert.equal(open("/nowhere", openFlags.readOnly), -errno.ENOENT);
  assert.equal(open("/dev/null/x", openFlags.readOnly), -errno.ENOTDIR);
  assert.equal(realPath("/nowhere"), -errno.ENOENT);
  assert.equal(status("/nowhere"), -errno.ENOENT);
  assert.equal(linkTarget("/nowhere"), undefined);
  assert.equal(textFile("/nowhere"), undefined);
});

Deno.test("folders and files are read as Deno reads them", async () => {
  const folder = await Deno.makeTempDir();
  const names = Array.from({ length: 2000 }, (_, index) => `a file with a long name, and umlauts äöü, number ${index}`);
  await Promise.all(names.map((name) => Deno.writeTextFile(`${folder}/${name}`, "")));
  assert.deepEqual(namesIn(folder).sort(), names.sort());
  const text = "äöü€\n".repeat(5000);
  await Deno.writeTextFile(`${folder}/text`, text);
  assert.equal(textFile(`${folder}/text`), text);
  const found = status(`${folder}/text`);
  assert(typeof found !== "number");
  assert.equal(found.inode, (await Deno.stat(`${folder}/text`)).ino);
  assert.equal(found.isCharacterDevice, false);
  await Deno.remove(folder, { recursive: true });
});

Deno.test("status() knows a character device and its number", () => {
  const found = status("/dev/null");
  assert(typeof found !== "number" && found.isCharacterDevice);
  assert.equal(found.device, "1:3");
});

Deno.test("bootId() is the kernel's, the same each time", () => {
  assert.match(bootId(), /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  assert.equal(bootId(), bootId());
});
