import assert from "node:assert/strict";
import { marlin } from "../../src/drivers/marlin/marlin.ts";

for (
  const address of [
    "usb:/dev/ttyUSB0",
    "serial:/dev/x?baud=abc",
    "serial:/dev/x?bauds=9600",
    "tcp://host",
    "/dev/ttyUSB0",
  ]
) {
  Deno.test(`the address ${address} is refused by the settings, with what is allowed`, () => {
    assert.throws(() => marlin.bind({ address }), /Bad address/);
  });
}

Deno.test("addresses of ports and serial bridges are taken", () => {
  for (const address of ["serial:/dev/ttyUSB0", "serial:/dev/ttyUSB0?baud=auto", "tcp://esp3d.local:8888"]) {
    marlin.bind({ address });
  }
});
