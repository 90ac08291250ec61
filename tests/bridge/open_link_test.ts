import assert from "node:assert/strict";
import fc from "fast-check";
import { LinkLostError } from "../../bridge/link.ts";
import { parseAddress } from "../../bridge/address.ts";
import { openLink, openMessages } from "../../bridge/open_link.ts";
import { openPty } from "../../bridge/pty.ts";

const { signal } = new AbortController();

for (
  const [address, expected] of [
    ["serial:/dev/ttyUSB0", { kind: "serial", path: "/dev/ttyUSB0", baud: 115200 }],
    ["serial:/dev/ttyUSB0?baud=250000", { kind: "serial", path: "/dev/ttyUSB0", baud: 250000 }],
    ["serial:/dev/ttyACM0?baud=auto", { kind: "serial", path: "/dev/ttyACM0", baud: "auto" }],
    [
      "serial:/dev/serial/by-path/platform-fd500000.pcie-pci-0000:01:00.0-usb-0:1.2:1.0-port0",
      {
        kind: "serial",
        path: "/dev/serial/by-path/platform-fd500000.pcie-pci-0000:01:00.0-usb-0:1.2:1.0-port0",
        baud: 115200,
      },
    ],
    ["serial:/dev/serial/by-id/usb-a%20b#c", { kind: "serial", path: "/dev/serial/by-id/usb-a%20b#c", baud: 115200 }],
    ["tcp://esp3d.local:8888", { kind: "tcp", hostname: "esp3d.local", port: 8888 }],
    ["tcp://192.168.1.7:23/", { kind: "tcp", hostname: "192.168.1.7", port: 23 }],
    ["tcp://[::1]:8888", { kind: "tcp", hostname: "::1", port: 8888 }],
  ] as const
) {
  Deno.test(`parseAddress() reads ${address}`, () => assert.deepEqual(parseAddress(address), expected));
}

for (
  const [address, text] of [
    ["/dev/ttyUSB0", /: write "serial:\/dev\/ttyUSB0"$/],
    ["COM3", /: allowed are serial:\/dev\/ttyUSB0, .*, tcp:\/\/host:8888$/],
    ["", /^Bad address "": allowed are/],
    ["ws://host/", /: allowed are/],
    ["serial:ttyUSB0", /full path of a port/],
    ["serial:", /full path of a port/],
    ["serial:/dev/", /full path of a port/],
    ["serial:/dev/ttyUSB0?baud=115200?", /full path of a port/],
    ["serial:/dev/ttyUSB0?baud=fast", /baud is one number, such as 115200 or 250000, or auto$/],
    ["serial:/dev/ttyUSB0?baud=", /baud is one number/],
    ["serial:/dev/ttyUSB0?baud=0", /baud is one number/],
    ["serial:/dev/ttyUSB0?baud=1e5", /baud is one number/],
    ["serial:/dev/ttyUSB0?baud=99999999999", /baud is one number/],
    ["serial:/dev/ttyUSB0?baud=9600&baud=auto", /baud is one number/],
    ["serial:/dev/ttyUSB0?baud=auto&baud=9600", /baud is one number/],
    ["serial:/dev/ttyUSB0?speed=9600", /"speed" is not known; only baud is/],
    ["tcp://host", /a host and a port, as in tcp:\/\/esp3d.local:8888$/],
    ["tcp://:23", /a host and a port/],
    ["tcp:host:23", /a host and a port/],
    ["tcp://host:0", /a host and a port/],
    ["tcp://host:70000", /a host and a port/],
    ["tcp://me:secret@host:23", /nothing may follow the port/],
    ["tcp://host:23/path", /nothing may follow the port/],
  ] as const
) {
  Deno.test(`parseAddress() refuses "${address}" and says what is allowed`, () => {
    assert.throws(() => parseAddress(address), (error) => {
      assert(error instanceof LinkLostError);
      assert.equal(error.problem, "bad address");
      assert.match(error.message, text);
      return true;
    });
  });
}

Deno.test("parseAddress() answers any text with an address or a bad address", () => {
  const texts = fc.oneof(
    fc.string(),
    fc.string().map((rest) => `serial:/${rest}`),
    fc.string().map((rest) => `tcp://${rest}`),
  );
  fc.assert(fc.property(texts, (text) => {
    try {
      parseAddress(text);
    } catch (error) {
      assert(error instanceof LinkLostError && error.problem === "bad address");
    }
  }));
});

Deno.test("openLink() opens a serial port at the speed of its address", async () => {
  await using pty = openPty();
  await using link = await openLink(`serial:${pty.slavePath}?baud=250000`, { signal });
  assert.equal(link.label, `serial:${pty.slavePath} at 250000 baud`);
  assert.equal(pty.slaveSettings()?.baud, 250000);
});

Deno.test("openLink() needs to know a right line before it searches for the speed", async () => {
  await assert.rejects(openLink("serial:/dev/ttyNONE7?baud=auto", { signal }), { problem: "bad address" });
});

Deno.test("openLink() with baud=auto hears a device that talks", async () => {
  await using pty = openPty();
  const writer = pty.master.writable.getWriter();
  const timer = setInterval(() => writer.write(new TextEncoder().encode("wait\n")).catch(() => {}), 10);
  await using link = await openLink(`serial:${pty.slavePath}?baud=auto`, {
    signal,
    looksRight: (line) => line === "wait",
  });
  clearInterval(timer);
  const { value } = await link.readable.getReader().read();
  assert.equal(new TextDecoder().decode(value).startsWith("wait\n"), true);
});

Deno.test("openMessages() says which transports there are", async () => {
  await assert.rejects(openMessages("mqtt://host/", signal), { name: "LinkLostError", problem: "bad address" });
});
