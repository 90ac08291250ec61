/**
 * `deno bench -A tests/bridge/serial_bench.ts`: what a line needs from one end of a PTY to the reader at the other, and what opening costs.
 */
import { openPty } from "../../bridge/pty.ts";
import { findPortHolder } from "../../bridge/port_holder.ts";
import { status } from "../../bridge/libc.ts";
import { openSerialPort } from "../../bridge/serial_port.ts";

const line = new TextEncoder().encode("SD printing byte 123456/4567890\n");

{
  const pty = openPty();
  const port = await openSerialPort(pty.slavePath, { baud: 250000 });
  const reader = port.readable.getReader();
  const writer = pty.master.writable.getWriter();
  Deno.bench("a line from the tty to a reader that waits", async () => {
    const heard = reader.read();
    await writer.write(line);
    await heard;
  });
  Deno.bench("a line from the tty to a reader asleep in poll", async (bench) => {
    const heard = reader.read();
    // The reader has gone to sleep by then.
    await new Promise((resolve) => setTimeout(resolve, 3));
    bench.start();
    await writer.write(line);
    await heard;
    bench.end();
  });
}

{
  const pty = openPty();
  Deno.bench("opening and closing a port", async () => {
    await using _port = await openSerialPort(pty.slavePath, { baud: 115200 });
  });
  const found = status(pty.slavePath);
  if (typeof found !== "number") {
    Deno.bench("looking for the holder of a port", () => {
      findPortHolder({ realPath: pty.slavePath, status: found });
    });
  }
}
