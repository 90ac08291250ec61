import assert from "node:assert/strict";
import { listUsbDevices } from "../../bridge/find_devices.ts";
import { listSerialPorts } from "../../bridge/serial_ports.ts";

Deno.test("listSerialPorts() gives lasting names first, then ports without one", async () => {
  const deviceFolder = await Deno.makeTempDir();
  await Deno.mkdir(`${deviceFolder}/serial/by-id`, { recursive: true });
  for (const name of ["ttyUSB0", "ttyACM0", "ttyACM1", "ttyS0", "tty1", "ttyUSBx"]) {
    await Deno.writeTextFile(`${deviceFolder}/${name}`, "");
  }
  await Deno.symlink("../../ttyACM1", `${deviceFolder}/serial/by-id/usb-Prusa_Research_MK3S-if00`);
  await Deno.symlink("../../ttyGONE", `${deviceFolder}/serial/by-id/usb-gone`);
  assert.deepEqual(listSerialPorts({ deviceFolder }), [
    { path: `${deviceFolder}/serial/by-id/usb-Prusa_Research_MK3S-if00`, realPath: `${deviceFolder}/ttyACM1` },
    { path: `${deviceFolder}/ttyACM0`, realPath: `${deviceFolder}/ttyACM0` },
    { path: `${deviceFolder}/ttyUSB0`, realPath: `${deviceFolder}/ttyUSB0` },
  ]);
  await Deno.remove(deviceFolder, { recursive: true });
});

Deno.test("listSerialPorts() of a machine without any is empty", () => {
  assert.deepEqual(listSerialPorts({ deviceFolder: "/nowhere" }), []);
});

/** What is plugged in: the device's file, the name udev gives it, its ids, and how deep its port hangs below them. */
const plugged = [
  { tty: "ttyACM0", byId: "usb-Prusa_Research_Prusa_MK4_1234-if00", id: "2c99:000d", below: "1-1:1.0" },
  { tty: "ttyUSB0", byId: undefined, id: "1A86:7523", below: "1-2:1.0/ttyUSB0" },
  { tty: "ttyACM1", byId: "usb-Klipper_stm32f446xx_0042-if00", id: "1d50:614e", below: "1-3:1.0" },
  { tty: "ttyACM2", byId: "usb-Klipper_rp2040_4711-if00", id: "2e8a:000a", below: "1-4:1.0" },
  { tty: "ttyACM3", byId: "usb-Prusa_Research_MMU2-if00", id: "2c99:0004", below: "1-5:1.0" },
  { tty: "ttyUSB1", byId: undefined, id: undefined, below: "1-6:1.0/ttyUSB1" },
];

Deno.test("listUsbDevices() knows printers, converters, Klipper boards and parts by their ids, and opens nothing", async () => {
  const folder = await Deno.realPath(await Deno.makeTempDir());
  const [deviceFolder, systemFolder] = [`${folder}/dev`, `${folder}/sys`];
  await Deno.mkdir(`${deviceFolder}/serial/by-id`, { recursive: true });
  for (const [number, { tty, byId, id, below }] of plugged.entries()) {
    await Deno.writeTextFile(`${deviceFolder}/${tty}`, "");
    if (byId) await Deno.symlink(`../../${tty}`, `${deviceFolder}/serial/by-id/${byId}`);
    const usb = `${systemFolder}/devices/usb1/1-${number + 1}`;
    await Deno.mkdir(`${usb}/${below}`, { recursive: true });
    const [vendor = "", product = ""] = id?.split(":") ?? [];
    if (id) await Deno.writeTextFile(`${usb}/idVendor`, `${vendor}\n`);
    if (id) await Deno.writeTextFile(`${usb}/idProduct`, `${product}\n`);
    await Deno.mkdir(`${systemFolder}/class/tty/${tty}`, { recursive: true });
    await Deno.symlink(`${usb}/${below}`, `${systemFolder}/class/tty/${tty}/device`);
  }
  const found = listUsbDevices({ deviceFolder, systemFolder });
  assert.deepEqual(
    Object.fromEntries(
      found.map(({ realPath, kind, name }) => [realPath.slice(deviceFolder.length + 1), [kind, name]]),
    ),
    {
      ttyACM0: ["printer", "Prusa MK4"],
      ttyUSB0: ["converter", "CH340"],
      ttyACM1: ["klipper", "Klipper board"],
      ttyACM2: ["klipper", "Klipper board"],
      ttyACM3: ["other", "Prusa MMU2"],
      ttyUSB1: ["converter", "unknown USB device"],
    },
  );
  await Deno.remove(folder, { recursive: true });
});
