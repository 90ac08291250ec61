/**
 * What could be a printer: what is plugged in, and what announces itself in the network.
 */
import { realPath, textFile } from "./libc.ts";
import { type FoundSerialPort, listSerialPorts } from "./serial_ports.ts";
import { type UsbKind, usbName } from "./usb_names.ts";

export { type AnnouncedService, browseServices } from "./mdns.ts";

export interface FoundUsbDevice extends FoundSerialPort {
  /** `2c99:000d`, as the kernel knows it. */
  readonly usbId?: string;
  readonly kind: UsbKind;
  /** What it is, as far as its ids tell. */
  readonly name: string;
}

/** What is on the USB serial ports, without opening any. The folders are for tests. */
export function listUsbDevices({ deviceFolder = "/dev", systemFolder = "/sys" } = {}): FoundUsbDevice[] {
  return listSerialPorts({ deviceFolder }).map((port) => {
    const usbId = readUsbId(port.realPath, systemFolder);
    const known = usbId === undefined ? undefined : usbName(usbId);
    // boards with a serial number of their own vendor still say in their name that Klipper runs on them
    const isKlipper = /\/usb-klipper_/i.test(port.path);
    return {
      ...port,
      ...(usbId === undefined ? {} : { usbId }),
      kind: isKlipper ? "klipper" : known?.kind ?? "converter",
      name: isKlipper ? "Klipper board" : known?.name ?? "unknown USB device",
    };
  });
}

/** How far above the port its USB device may be: ttyACM hangs on an interface, ttyUSB on a port of an interface. */
const maxLevels = 4;

function readUsbId(devicePath: string, systemFolder: string): string | undefined {
  const name = devicePath.slice(devicePath.lastIndexOf("/") + 1);
  let folder = realPath(`${systemFolder}/class/tty/${name}/device`);
  for (let level = 0; level < maxLevels && typeof folder === "string"; level++) {
    const [vendor, product] = ["idVendor", "idProduct"].map((file) => textFile(`${folder}/${file}`)?.trim());
    if (vendor && product) return `${vendor}:${product}`;
    folder = folder.replace(/\/[^/]*$/, "");
  }
  return undefined;
}
