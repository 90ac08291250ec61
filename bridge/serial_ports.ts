/**
 * The serial ports of this board that come and go.
 */
import { linkTarget, namesIn, realPath } from "./libc.ts";

export interface FoundSerialPort {
  /** The name that stays the same wherever it is plugged in, where udev gives one. */
  readonly path: string;
  /** `/dev/ttyUSB0` */
  readonly realPath: string;
}

/** USB serial ports: by their lasting names, then those that have none. `deviceFolder` is for tests. */
export function listSerialPorts({ deviceFolder = "/dev" } = {}): FoundSerialPort[] {
  const lasting = `${deviceFolder}/serial/by-id`;
  const ports: FoundSerialPort[] = [];
  for (const name of namesIn(lasting).sort()) {
    const path = `${lasting}/${name}`;
    const real = linkTarget(path) === undefined ? path : realPath(path);
    if (typeof real === "string") ports.push({ path, realPath: real });
  }
  const named = new Set(ports.map((port) => port.realPath));
  for (const name of namesIn(deviceFolder).sort()) {
    const path = `${deviceFolder}/${name}`;
    if (/^tty(USB|ACM)\d+$/.test(name) && !named.has(path)) ports.push({ path, realPath: path });
  }
  return ports;
}
