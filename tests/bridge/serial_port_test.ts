import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import {
  close,
  flock,
  linkTarget,
  lockFlags,
  namesIn,
  open,
  openFlags,
  poll,
  watchOpening,
} from "../../bridge/libc.ts";
import { type ByteLink, LinkLostError, type LinkProblem } from "../../bridge/link.ts";
import { openPty } from "../../bridge/pty.ts";
import { openSerialPort } from "../../bridge/serial_port.ts";
import { narrowPermissions, runChild, startChild } from "./processes.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

async function write(link: ByteLink, text: string): Promise<void> {
  const writer = link.writable.getWriter();
  await writer.write(bytes(text));
  writer.releaseLock();
}

async function readText(link: ByteLink, length: number): Promise<string> {
  const reader = link.readable.getReader();
  let text = "";
  while (text.length < length) {
    const { value, done } = await reader.read();
    if (done) break;
    text += new TextDecoder().decode(value);
  }
  reader.releaseLock();
  return text;
}

/** Checks that opening fails, and says so to the owner. */
async function refused(path: string, problem: LinkProblem, text: RegExp): Promise<void> {
  await assert.rejects(openSerialPort(path, { baud: 115200 }), (error) => {
    assert(error instanceof LinkLostError, String(error));
    assert.equal(error.problem, problem);
    assert.match(error.message, text);
    return true;
  });
}

Deno.test("a serial port carries bytes both ways", async () => {
  await using pty = openPty();
  await using port = await openSerialPort(pty.slavePath, { baud: 115200 });
  await write(port, "M105\n");
  assert.equal(await readText(pty.master, 5), "M105\n");
  await write(pty.master, "ok T:20.0\r\n");
  assert.equal(await readText(port, 11), "ok T:20.0\r\n");
  assert.equal(port.label, `serial:${pty.slavePath} at 115200 baud`);
});

Deno.test("a serial port changes no byte", async () => {
  await using pty = openPty();
  await using port = await openSerialPort(pty.slavePath, { baud: 115200 });
  const all = Uint8Array.from({ length: 256 }, (_, value) => value);
  for (const [from, to] of [[port, pty.master], [pty.master, port]] as const) {
    await from.writable.getWriter().write(all);
    const { value } = await to.readable.getReader().read();
    assert.deepEqual(value, all);
  }
});

for (const baud of [9600, 115200, 250000, 1000000]) {
  Deno.test(`a serial port runs raw at ${baud} baud and leaves DTR up when it is closed`, async () => {
    await using pty = openPty();
    await using _port = await openSerialPort(pty.slavePath, { baud });
    assert.deepEqual(pty.slaveSettings(), { baud, hangsUpOnClose: false, isRaw: true });
  });
}

Deno.test("a serial port does not read ahead: bytes wait in the kernel until somebody wants them", async () => {
  await using pty = openPty();
  await using port = await openSerialPort(pty.slavePath, { baud: 115200 });
  await write(pty.master, "one");
  await write(pty.master, "two");
  assert.equal(await readText(port, 6), "onetwo");
});

Deno.test("a megabyte passes both ways at once without loss", async () => {
  await using pty = openPty();
  await using port = await openSerialPort(pty.slavePath, { baud: 115200 });
  const sent = Uint8Array.from({ length: 1 << 20 }, (_, at) => (at * 31 + (at >> 8)) & 0xff);
  const receive = async (link: ByteLink) => {
    const received = new Uint8Array(sent.length);
    let length = 0;
    // Leaving the loop must not close the link: the other direction may still be at work.
    for await (const chunk of link.readable.values({ preventCancel: true })) {
      received.set(chunk, length);
      length += chunk.byteLength;
      if (length === sent.length) break;
    }
    return received;
  };
  const send = (link: ByteLink) => link.writable.getWriter().write(sent);
  const [, , atMaster, atPort] = await Promise.all([send(port), send(pty.master), receive(pty.master), receive(port)]);
  assert.equal(Buffer.compare(atMaster, sent), 0);
  assert.equal(Buffer.compare(atPort, sent), 0);
});

Deno.test("an abort ends a pending read at once, with its reason", async () => {
  await using pty = openPty();
  const controller = new AbortController();
  await using port = await openSerialPort(pty.slavePath, { baud: 115200, signal: controller.signal });
  const pending = port.readable.getReader().read();
  const reason = new Error("enough");
  controller.abort(reason);
  await assert.rejects(pending, reason);
  await assert.rejects(port.writable.getWriter().write(bytes("x")), reason);
});

Deno.test("an aborted signal opens nothing", async () => {
  await using pty = openPty();
  await assert.rejects(openSerialPort(pty.slavePath, { baud: 115200, signal: AbortSignal.abort() }), {
    name: "AbortError",
  });
});

Deno.test("disposing ends a pending read and write, and may be done twice", async () => {
  await using pty = openPty();
  const port = await openSerialPort(pty.slavePath, { baud: 115200 });
  const read = port.readable.getReader().read();
  // More than the kernel keeps: it waits for a reader that never comes.
  const written = port.writable.getWriter().write(new Uint8Array(1 << 20));
  written.catch(() => {});
  await port[Symbol.asyncDispose]();
  await port[Symbol.asyncDispose]();
  assert.deepEqual(await read, { value: undefined, done: true });
});

Deno.test("leaving a loop over a port closes it", async () => {
  await using pty = openPty();
  const port = await openSerialPort(pty.slavePath, { baud: 115200 });
  await write(pty.master, "start\n");
  for await (const _ of port.readable) break;
  await using again = await openSerialPort(pty.slavePath, { baud: 115200 });
  assert(again);
});

Deno.test("a hundred openings leave no descriptor open", async () => {
  await using pty = openPty();
  const openDescriptors = () =>
    namesIn("/proc/self/fd").filter((fd) => linkTarget(`/proc/self/fd/${fd}`) === pty.slavePath).length;
  const all = () => namesIn("/proc/self/fd").length;
  const before = all();
  for (let count = 0; count < 100; count++) {
    const port = await openSerialPort(pty.slavePath, { baud: 115200 });
    const pending = port.readable.getReader().read();
    await port[Symbol.asyncDispose]();
    await pending;
  }
  assert.equal(openDescriptors(), 0);
  // Other tests of this process open and close files too.
  assert(all() < before + 50, `${before} descriptors before, ${all()} after`);
});

Deno.test("a port pulled out in mid-read is told as unplugged", async () => {
  const pty = openPty();
  await using port = await openSerialPort(pty.slavePath, { baud: 115200 });
  await write(pty.master, "ok\n");
  assert.equal(await readText(port, 3), "ok\n");
  const pending = assert.rejects(port.readable.getReader().read(), (error) => {
    assert(error instanceof LinkLostError);
    assert.equal(error.problem, "unplugged");
    assert.match(error.message, /^Lost serial port "\/dev\/pts\/\d+": it was unplugged or switched off$/);
    return true;
  });
  await pty[Symbol.asyncDispose]();
  await pending;
});

Deno.test("a port pulled out before a write is told as unplugged", async () => {
  const pty = openPty();
  await using port = await openSerialPort(pty.slavePath, { baud: 115200 });
  await pty[Symbol.asyncDispose]();
  await assert.rejects(port.writable.getWriter().write(bytes("M105\n")), {
    name: "LinkLostError",
    problem: "unplugged",
  });
});

Deno.test("a port plugged in again under the same name opens again", async () => {
  const folder = await Deno.makeTempDir();
  const linkPath = `${folder}/ttyPrinter`;
  for (const text of ["first", "again"]) {
    await using pty = openPty({ linkPath });
    await using port = await openSerialPort(linkPath, { baud: 115200 });
    await write(pty.master, text);
    assert.equal(await readText(port, 5), text);
  }
  await refused(linkPath, "missing", /there is no such port/);
  await Deno.remove(folder, { recursive: true });
});

Deno.test("a missing port is told with the ports that exist", async () => {
  await refused(
    "/dev/ttyNONE7",
    "missing",
    /^Cannot open serial port "\/dev\/ttyNONE7": there is no such port\. (Ports here: "|No USB serial port is plugged in$)/,
  );
  await refused("/dev/null/tty", "missing", /there is no such port/);
});

Deno.test("what is no tty is refused", async () => {
  const file = await Deno.makeTempFile();
  for (const path of [file, "/dev", "/dev/null"]) await refused(path, "bad address", /: this is no serial port$/);
  await Deno.remove(file);
});

Deno.test("a port that this program has open is not opened a second time", async () => {
  await using pty = openPty();
  await using _first = await openSerialPort(pty.slavePath, { baud: 115200 });
  await refused(pty.slavePath, "busy", /another printer of these settings, has it open/);
});

Deno.test("a port locked by flock is refused, and left as it was", async () => {
  await using pty = openPty();
  const fd = open(pty.slavePath, openFlags.readWrite | openFlags.noControllingTty);
  flock(fd, lockFlags.exclusive | lockFlags.noWait);
  const before = pty.slaveSettings();
  await refused(pty.slavePath, "busy", /has it open/);
  assert.deepEqual(pty.slaveSettings(), before);
  close(fd);
});

for (const mode of ["hold", "lock"]) {
  Deno.test(`a port that another process has open (${mode}) is never opened; the process is named`, async () => {
    await using pty = openPty();
    {
      await using holder = await startChild([mode, pty.slavePath]);
      assert.equal(holder.firstLine, "ready");
      const openings = watchOpening(pty.slavePath);
      await refused(
        pty.slavePath,
        "busy",
        new RegExp(`: "deno" \\(process ${holder.pid}\\) has it open\\. Stop that program`),
      );
      assert.deepEqual(await poll([{ fd: openings, events: 1 }], 0), [0], "it was opened");
      close(openings);
    }
    await using port = await openSerialPort(pty.slavePath, { baud: 115200 });
    assert(port);
  });
}

Deno.test("the lock of another user's process is seen without opening the port", async () => {
  await using pty = openPty();
  await using _port = await openSerialPort(pty.slavePath, { baud: 115200 });
  await Deno.chmod(pty.slavePath, 0o666);
  const openings = watchOpening(pty.slavePath);
  const answer = JSON.parse(await runChild(["open", pty.slavePath], { isNobody: true }));
  assert.equal(answer.problem, "busy");
  assert.match(answer.message, new RegExp(`\\(process ${Deno.pid}\\) has it open`));
  assert.deepEqual(await poll([{ fd: openings, events: 1 }], 0), [0], "it was opened");
  close(openings);
});

Deno.test("a port without permission is told with the group to join", async () => {
  await using pty = openPty();
  await Deno.chmod(pty.slavePath, 0o000);
  const answer = JSON.parse(await runChild(["open", pty.slavePath], { isNobody: true }));
  assert.equal(answer.problem, "no permission");
  assert.match(
    answer.message,
    /: permission denied\. Add the user to group "(\w+)": sudo usermod -aG \1 \$USER \(and log in again\)$/,
  );
});

Deno.test("narrow permissions are enough, and a closed port keeps no process alive", async () => {
  await using pty = openPty();
  const child = runChild(["echo", pty.slavePath], { permissions: narrowPermissions() });
  // Until the child has opened the port, what is written is lost.
  const reader = pty.master.readable.getReader();
  const answer = reader.read();
  const asking = setInterval(() => void write(pty.master, "ping\n"), 50);
  assert.match(new TextDecoder().decode((await answer).value), /^(ping\n)+$/);
  clearInterval(asking);
  assert.equal(pty.slaveSettings()?.baud, 250000);
  const drained = (async () => {
    while (!(await reader.read()).done);
  })();
  await new Promise((resolve) => setTimeout(resolve, 60));
  await write(pty.master, "bye\n");
  await child;
  await pty[Symbol.asyncDispose]();
  await drained;
});

Deno.test("waiting costs nothing: no busy loop on a silent port, nor on a PTY without a peer", async () => {
  const share = Number(await runChild(["idle"]));
  assert(share < 0.5, `waiting took ${Math.round(share * 100)} % of a core`);
});
