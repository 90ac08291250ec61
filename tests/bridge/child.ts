/**
 * Another process, for the tests beside it: `deno run … child.ts MODE PATH`. It imports nothing but the bridge, so that it runs under
 * narrow permissions and as another user.
 */
import process from "node:process";
import { flock, lockFlags, open, openFlags } from "../../bridge/libc.ts";
import { LinkLostError } from "../../bridge/link.ts";
import { openPty } from "../../bridge/pty.ts";
import { openSerialPort } from "../../bridge/serial_port.ts";

const [mode = "", path = ""] = Deno.args;

function say(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(line + "\n"));
}

/** Until the parent closes our standard input. */
async function untilToldToEnd(): Promise<void> {
  for await (const _ of Deno.stdin.readable);
}

const modes: Record<string, () => Promise<void>> = {
  /** Opens the port as a careless program does. */
  async hold() {
    say(open(path, openFlags.readWrite | openFlags.noControllingTty) >= 0 ? "ready" : "failed");
    await untilToldToEnd();
  },
  async lock() {
    const fd = open(path, openFlags.readWrite | openFlags.noControllingTty);
    say(flock(fd, lockFlags.exclusive | lockFlags.noWait) === 0 ? "ready" : "failed");
    await untilToldToEnd();
  },
  async open() {
    try {
      await using port = await openSerialPort(path, { baud: 115200 });
      say(JSON.stringify({ label: port.label }));
    } catch (error) {
      if (!(error instanceof LinkLostError)) throw error;
      say(JSON.stringify({ problem: error.problem, message: error.message }));
    }
  },
  /** Sends back what it hears; after "bye" it closes the port in the middle of a read and must end by itself. */
  async echo() {
    await using port = await openSerialPort(path, { baud: 250000 });
    const reader = port.readable.getReader();
    const writer = port.writable.getWriter();
    for (;;) {
      const { value } = await reader.read();
      if (!value) return;
      if (new TextDecoder().decode(value).startsWith("bye")) break;
      await writer.write(value);
    }
    reader.read();
  },
  /** Waits on a silent port and on a PTY whose slave nobody has open, and says what share of a core that took. */
  async idle() {
    await using pty = openPty();
    await using port = await openSerialPort(pty.slavePath, { baud: 115200 });
    await using lonely = openPty();
    const first = await openSerialPort(lonely.slavePath, { baud: 115200 });
    await first[Symbol.asyncDispose]();
    for (const link of [port, pty.master, lonely.master]) void link.readable.getReader().read();
    await new Promise((resolve) => setTimeout(resolve, 300));
    const before = process.cpuUsage();
    await new Promise((resolve) => setTimeout(resolve, 700));
    const after = process.cpuUsage();
    say(String((after.user + after.system - before.user - before.system) / 700_000));
  },
};
await modes[mode]?.();
