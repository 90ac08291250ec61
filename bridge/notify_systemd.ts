/**
 * Tells systemd how the program is, without its library: one datagram of `KEY=value` lines to the socket it named.
 * https://www.freedesktop.org/software/systemd/man/latest/sd_notify.html
 */
import { sendDatagram } from "./libc.ts";

/** `Deno.env`, or a Map in tests. */
interface Environment {
  get(name: string): string | undefined;
}

/** What systemd is told. `ready`: the start is over; `alive`: the watchdog may wait on; `stopping`: the end has begun. */
export type Told =
  | { readonly kind: "ready" | "stopping"; readonly status: string }
  | { readonly kind: "alive" };

/** Whoever started the program and waits for its word; undefined where nobody does. */
export interface Supervisor {
  /** Never throws: a word that is not heard changes nothing here. */
  tell(told: Told): void;
  /** How often at least it wants to hear `alive`, if it does. */
  readonly watchdogMilliseconds?: number;
}

export function findSupervisor(env: Environment, pid: number): Supervisor | undefined {
  const socket = env.get("NOTIFY_SOCKET");
  if (!socket || !/^[/@]./.test(socket)) return undefined; // vsock and the like are for machines, not for services
  const microseconds = Number(env.get("WATCHDOG_USEC") ?? 0);
  const isMeant = (env.get("WATCHDOG_PID") ?? String(pid)) === String(pid);
  return {
    tell: (told) => void sendDatagram(socket, new TextEncoder().encode(lines(told))),
    ...(isMeant && microseconds > 0 ? { watchdogMilliseconds: microseconds / 1000 } : {}),
  };
}

function lines(told: Told): string {
  switch (told.kind) {
    case "ready":
      return `READY=1\nSTATUS=${told.status}\n`;
    case "stopping":
      return `STOPPING=1\nSTATUS=${told.status}\n`;
    case "alive":
      return "WATCHDOG=1\n";
  }
}
