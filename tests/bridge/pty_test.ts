import assert from "node:assert/strict";
import { linkTarget } from "../../bridge/libc.ts";
import { openPty } from "../../bridge/pty.ts";
import { openSerialPort } from "../../bridge/serial_port.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const text = (chunk: Uint8Array | undefined) => new TextDecoder().decode(chunk);

Deno.test("the master of a PTY outlives its slave's readers", async () => {
  await using pty = openPty();
  const reader = pty.master.readable.getReader();
  for (const words of ["first", "second", "third"]) {
    const heard = reader.read();
    await using port = await openSerialPort(pty.slavePath, { baud: 115200 });
    await port.writable.getWriter().write(bytes(words));
    assert.equal(text((await heard).value), words);
  }
});

Deno.test("the master of a PTY hears a slave opened while it was waiting for one", async () => {
  await using pty = openPty();
  const first = await openSerialPort(pty.slavePath, { baud: 115200 });
  await first[Symbol.asyncDispose]();
  const heard = pty.master.readable.getReader().read();
  // Long enough for the reader to find that nobody is there.
  await new Promise((resolve) => setTimeout(resolve, 20));
  await using port = await openSerialPort(pty.slavePath, { baud: 115200 });
  await port.writable.getWriter().write(bytes("M115\n"));
  assert.equal(text((await heard).value), "M115\n");
});

Deno.test("what a printer says while nobody listens is lost, and holds it up no more than a cable would", async () => {
  await using pty = openPty();
  const writer = pty.master.writable.getWriter();
  for (let line = 0; line < 100; line++) await writer.write(bytes(`echo:line ${line}\n`.repeat(100)));
  await using port = await openSerialPort(pty.slavePath, { baud: 115200 });
  await writer.write(bytes("now\n"));
  assert.equal(text((await port.readable.getReader().read()).value), "now\n");
});

Deno.test("a printer that talks first hears no echo of itself", async () => {
  await using pty = openPty();
  const writer = pty.master.writable.getWriter();
  await using port = await openSerialPort(pty.slavePath, { baud: 115200 });
  await writer.write(bytes("start\n"));
  await port.writable.getWriter().write(bytes("M115\n"));
  assert.equal(text((await pty.master.readable.getReader().read()).value), "M115\n");
});

Deno.test("a link leads to the slave until the PTY is gone, and replaces one left behind", async () => {
  const folder = await Deno.makeTempDir();
  const linkPath = `${folder}/ttyPrinter`;
  await Deno.symlink("/dev/pts/99999", linkPath);
  const pty = openPty({ linkPath });
  assert.equal(linkTarget(linkPath), pty.slavePath);
  await pty[Symbol.asyncDispose]();
  assert.equal(linkTarget(linkPath), undefined);
  await Deno.writeTextFile(linkPath, "a file of somebody's");
  assert.throws(() => openPty({ linkPath }), { name: "LinkLostError" });
  assert.equal(await Deno.readTextFile(linkPath), "a file of somebody's");
  await Deno.remove(folder, { recursive: true });
});

Deno.test("a disposed PTY ends a pending read and has no settings", async () => {
  const pty = openPty();
  const pending = pty.master.readable.getReader().read();
  await pty[Symbol.asyncDispose]();
  assert.deepEqual(await pending, { value: undefined, done: true });
  assert.equal(pty.slaveSettings(), undefined);
});
