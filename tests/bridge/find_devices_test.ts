import assert from "node:assert/strict";
import { listSerialPorts } from "../../bridge/find_devices.ts";

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
