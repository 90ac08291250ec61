import assert from "node:assert/strict";
import { detectSpeed, type SpeedSearch } from "../../bridge/detect_speed.ts";
import { LinkLostError } from "../../bridge/link.ts";
import { openLink } from "../../bridge/open_link.ts";
import { openPty, type Pty } from "../../bridge/pty.ts";
import { openTty } from "../../bridge/serial_port.ts";

/**
 * A device that runs at one speed: at any other it hears nothing it understands, and what it says arrives as garbage.
 * A chatty one speaks every 10 ms, a silent one only when it hears M115.
 */
function startDevice(pty: Pty, { baud, isChatty = false }: { baud: number; isChatty?: boolean }) {
  const writer = pty.master.writable.getWriter();
  const heardAt: number[] = [];
  const say = (text: string) => {
    const bytes = new TextEncoder().encode(text);
    const isRight = pty.slaveSettings()?.baud === baud;
    writer.write(isRight ? bytes : bytes.map((byte) => (byte * 7 + 3) | 0x80)).catch(() => {});
  };
  const timer = isChatty ? setInterval(() => say("wait\n"), 10) : undefined;
  let rest = "";
  const listening = (async () => {
    const reader = pty.master.readable.getReader();
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      const speed = pty.slaveSettings()?.baud ?? 0;
      heardAt.push(speed);
      rest += speed === baud ? new TextDecoder().decode(value) : "?";
      if (rest.includes("M115\n")) say("FIRMWARE_NAME:Marlin 2.1.2\nCap:EEPROM:1\nok\n");
      rest = rest.slice(rest.lastIndexOf("\n") + 1);
    }
  })();
  return {
    heardAt,
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      await pty[Symbol.asyncDispose]();
      await listening;
    },
  };
}

function searchOptions(path: string, more: Partial<SpeedSearch> = {}): SpeedSearch {
  return {
    path,
    looksRight: (line) => /^(ok|wait$|FIRMWARE_NAME:)/.test(line),
    signal: new AbortController().signal,
    listenMilliseconds: 60,
    ...more,
  };
}

for (const baud of [115200, 250000, 1000000, 9600]) {
  Deno.test(`baud=auto finds a chatty device at ${baud} baud without writing a byte`, async () => {
    const pty = openPty();
    await using device = startDevice(pty, { baud, isChatty: true });
    await using tty = openTty(pty.slavePath);
    const found = await detectSpeed(tty, searchOptions(pty.slavePath));
    assert.equal(found.baud, baud);
    assert.deepEqual(device.heardAt, []);
  });
}

Deno.test("baud=auto wakes a silent device at each speed, and loses nothing of its answer", async () => {
  const pty = openPty();
  await using device = startDevice(pty, { baud: 230400 });
  await using tty = openTty(pty.slavePath);
  const found = await detectSpeed(tty, searchOptions(pty.slavePath, { wakeUp: "\nM115\n" }));
  assert.equal(found.baud, 230400);
  assert.deepEqual([...new Set(device.heardAt)], [115200, 250000, 230400]);
  const link = tty.link(found);
  assert.equal(link.label, `serial:${pty.slavePath} at 230400 baud`);
  let heard = "";
  for await (const chunk of link.readable) {
    heard += new TextDecoder().decode(chunk);
    if (heard.endsWith("\nok\n")) break;
  }
  assert.equal(heard, "FIRMWARE_NAME:Marlin 2.1.2\nCap:EEPROM:1\nok\n");
});

Deno.test("baud=auto tells a device that says nothing right as no answer", async () => {
  const pty = openPty();
  await using _device = startDevice(pty, { baud: 76800, isChatty: true });
  await using tty = openTty(pty.slavePath);
  await assert.rejects(detectSpeed(tty, searchOptions(pty.slavePath, { listenMilliseconds: 20 })), (error) => {
    assert(error instanceof LinkLostError);
    assert.equal(error.problem, "no answer");
    assert.match(error.message, /nothing it understands was heard at 115200, 250000, .* 9600 baud\. Is the printer/);
    return true;
  });
});

Deno.test("baud=auto bears a flood of noise without a line end", async () => {
  await using pty = openPty();
  await using tty = openTty(pty.slavePath);
  const noise = pty.master.writable.getWriter().write(new Uint8Array(1 << 20).fill(0xfe)).catch(() => {});
  await assert.rejects(detectSpeed(tty, searchOptions(pty.slavePath, { listenMilliseconds: 20 })), {
    problem: "no answer",
  });
  await pty[Symbol.asyncDispose]();
  await noise;
});

Deno.test("baud=auto ends at once when it is aborted, and when the device is pulled out", async () => {
  const pty = openPty();
  const controller = new AbortController();
  const aborted = openLink(`serial:${pty.slavePath}?baud=auto`, { signal: controller.signal, looksRight: () => false });
  const reason = new Error("enough");
  setTimeout(() => controller.abort(reason), 20);
  await assert.rejects(aborted, reason);

  const unplugged = openLink(`serial:${pty.slavePath}?baud=auto`, {
    signal: new AbortController().signal,
    looksRight: () => false,
  });
  setTimeout(() => pty[Symbol.asyncDispose](), 20);
  await assert.rejects(unplugged, { name: "LinkLostError", problem: "unplugged" });
});
