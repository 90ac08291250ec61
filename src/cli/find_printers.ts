/**
 * Everything that could be a printer: on USB, and what announces itself in the network and answers as what it says.
 */
import { type AnnouncedService, browseServices, listUsbDevices } from "../../bridge/find_devices.ts";
import type { Clock } from "../clock.ts";
import { type FoundPrinter, probeAddress, type ProbeIo } from "../drivers/probe_address.ts";

export interface Candidate extends FoundPrinter {
  /** Its host's name, or what it was announced as. */
  readonly name: string;
  readonly foundBy: "usb" | "mdns" | "address";
  /** False: it may be something else; its owner knows. */
  readonly isCertain: boolean;
}

export interface FindOptions extends ProbeIo {
  readonly clock: Clock;
  /** Only on this network interface. */
  readonly interfaceName?: string;
}

/** A little longer than the last asking, for slow boards. */
const browseSeconds = 4;
const maxProbesAtOnce = 8;
const services = ["_octoprint._tcp.local", "_moonraker._tcp.local", "_prusalink._tcp.local"];

/** What is plugged in. Nothing is opened: that may reset a board; what belongs to Klipper is left out. */
export function plugged(): Candidate[] {
  return listUsbDevices().filter(({ kind }) => kind === "printer" || kind === "converter")
    .map(({ path, name, kind }) => ({
      driver: "marlin",
      address: `serial:${path}`,
      says: kind === "printer" ? name : `${name}: a printer, or anything else`,
      name,
      foundBy: "usb",
      isCertain: kind === "printer",
    }));
}

/** What announces itself, each asked before it is believed. @throws Error when there is no network to ask in */
export async function announced(options: FindOptions): Promise<Candidate[]> {
  const heard = await browseServices(services, {
    clock: options.clock,
    signal: options.signal,
    seconds: browseSeconds,
    ...(options.interfaceName === undefined ? {} : { interfaceName: options.interfaceName }),
  });
  const places = [...new Map(heard.map((service) => [place(service), service])).values()];
  const found: Candidate[] = [];
  for (let at = 0; at < places.length; at += maxProbesAtOnce) {
    const some = places.slice(at, at + maxProbesAtOnce);
    found.push(...(await Promise.all(some.map((service) => confirm(service, options)))).flat());
  }
  return found;
}

function place({ hostname, port }: AnnouncedService): string {
  return `${hostname.toLowerCase()}:${port}`;
}

/** By its name where this board can look that up, because addresses change; else by the first address that answers. */
async function confirm(service: AnnouncedService, options: FindOptions): Promise<Candidate[]> {
  const { hostname, port, addresses, txt } = service;
  const path = (txt["path"] ?? txt["route_prefix"] ?? "").replace(/^\/*/, "/").replace(/[^\w./~-]/g, "");
  const isName = /^[a-z\d-]+\.local\.?$/i.test(hostname);
  const hosts = [...(isName ? [hostname.replace(/\.$/, "")] : []), ...addresses.filter(isNear)];
  for (const host of hosts) {
    const found = await probeAddress(`http://${host}${port === 80 ? "" : `:${port}`}${path}`, options);
    if (found.length > 0) {
      return found.map((printer) => ({
        ...printer,
        name: hostname.replace(/\.local\.?$/i, ""),
        foundBy: "mdns",
        isCertain: true,
      }));
    }
  }
  return [];
}

/** Announcements are for the local network; one that names another place is not followed there. */
export function isNear(address: string): boolean {
  return Deno.networkInterfaces().some((one) =>
    one.family === "IPv4" && (number(one.address) & number(one.netmask)) === (number(address) & number(one.netmask))
  );
}

function number(address: string): number {
  return address.split(".").reduce((sum, part) => (sum << 8) | Number(part), 0);
}

/** What answers at the address somebody typed. @throws TypeError when it is none */
export async function typed(address: string, options: ProbeIo): Promise<Candidate[]> {
  const found = await probeAddress(address, options);
  const name = URL.parse(address.includes("://") ? address : `http://${address}`)?.hostname ?? address;
  return found.map((printer) => ({ ...printer, name, foundBy: "address", isCertain: true }));
}
