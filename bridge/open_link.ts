/**
 * From an address to a link: the only place that knows which transports there are.
 */
import { badAddress, parseAddress } from "./address.ts";
import { detectSpeed, type SpeedSearch } from "./detect_speed.ts";
import type { ByteLink, MessageLink, OpenLinkOptions } from "./link.ts";
import { openSerialPort, openTty } from "./serial_port.ts";
import { openTcp } from "./tcp.ts";
import { openWebSocket } from "./web_socket.ts";

/**
 * Opens what an address leads to.
 * @throws LinkLostError whose `problem` says why; the signal's reason when it aborts
 */
export async function openLink(address: string, options: OpenLinkOptions): Promise<ByteLink> {
  options.signal.throwIfAborted();
  const parsed = parseAddress(address);
  switch (parsed.kind) {
    case "tcp":
      return await openTcp(parsed, { signal: options.signal });
    case "serial":
      if (parsed.baud === "auto") return await openAtFoundSpeed(parsed.path, options);
      return await openSerialPort(parsed.path, { baud: parsed.baud, signal: options.signal });
  }
}

async function openAtFoundSpeed(path: string, { signal, looksRight, wakeUp }: OpenLinkOptions): Promise<ByteLink> {
  if (!looksRight) {
    throw badAddress(`serial:${path}?baud=auto`, "this driver cannot find the speed by itself; write ?baud=115200");
  }
  const search: SpeedSearch = { looksRight, signal, path, ...(wakeUp === undefined ? {} : { wakeUp }) };
  const tty = openTty(path, signal);
  try {
    return tty.link(await detectSpeed(tty, search));
  } catch (error) {
    await tty[Symbol.asyncDispose]();
    throw error;
  }
}

/**
 * Opens a pipe of messages: `ws://…` or `wss://…`.
 * @throws LinkLostError whose `problem` says why; the signal's reason when it aborts
 */
export async function openMessages(address: string, signal: AbortSignal): Promise<MessageLink> {
  signal.throwIfAborted();
  if (/^wss?:/.test(address)) return await openWebSocket(address, { signal });
  throw badAddress(address, "allowed are ws://host:port/path and wss://host/path");
}
