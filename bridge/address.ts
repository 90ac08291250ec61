/**
 * Where a link leads, as settings write it: `serial:/dev/ttyUSB0?baud=250000`, `tcp://host:port`.
 */
import { LinkLostError } from "./link.ts";

const defaultBaud = 115200;
const maxBaud = 20_000_000;
const allowed = "serial:/dev/ttyUSB0, serial:/dev/ttyUSB0?baud=250000, serial:/dev/ttyUSB0?baud=auto, tcp://host:8888";

export type LinkAddress =
  | { readonly kind: "serial"; readonly path: string; readonly baud: number | "auto" }
  | { readonly kind: "tcp"; readonly hostname: string; readonly port: number };

/** Reads an address of the settings. @throws LinkLostError with problem "bad address" and a text that says what is allowed */
export function parseAddress(address: string): LinkAddress {
  if (address.startsWith("serial:")) return parseSerial(address);
  if (address.startsWith("tcp:")) return parseTcp(address);
  if (address.startsWith("/dev/")) throw badAddress(address, `write "serial:${address}"`);
  throw badAddress(address, `allowed are ${allowed}`);
}

/** The error that says what an address should be. */
export function badAddress(address: string, fact: string): LinkLostError {
  return new LinkLostError(`Bad address "${address}": ${fact}`, { problem: "bad address" });
}

/** Taken apart by hand: names of devices are not percent-encoded. */
function parseSerial(address: string): LinkAddress {
  const [path = "", query, ...more] = address.slice("serial:".length).split("?");
  if (!/^\/[^/\0]/.test(path) || path.endsWith("/") || more.length > 0) {
    throw badAddress(address, "it needs the full path of a port, as in serial:/dev/ttyUSB0?baud=115200");
  }
  const parameters = new URLSearchParams(query);
  for (const name of parameters.keys()) {
    if (name !== "baud") throw badAddress(address, `"${name}" is not known; only baud is, as in ?baud=250000`);
  }
  const [baud = String(defaultBaud), ...others] = parameters.getAll("baud");
  if (baud === "auto" && others.length === 0) return { kind: "serial", path, baud };
  const speed = /^[1-9]\d*$/.test(baud) ? Number(baud) : NaN;
  if (!(speed <= maxBaud) || others.length > 0) {
    throw badAddress(address, "baud is one number, such as 115200 or 250000, or auto");
  }
  return { kind: "serial", path, baud: speed };
}

function parseTcp(address: string): LinkAddress {
  const url = URL.parse(address);
  const port = Number(url?.port);
  if (!url?.hostname || !address.startsWith("tcp://") || !(port > 0)) {
    throw badAddress(address, "it needs a host and a port, as in tcp://esp3d.local:8888");
  }
  if (url.username || url.password || url.search || url.hash || !["", "/"].includes(url.pathname)) {
    throw badAddress(address, "nothing may follow the port, as in tcp://esp3d.local:8888");
  }
  return { kind: "tcp", hostname: url.hostname.replace(/^\[|\]$/g, ""), port };
}
