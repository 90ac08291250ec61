/**
 * A serial port of Linux as a {@link ByteLink}, by libc (Deno has none of its own, and npm's does not work in it).
 *
 * Opening a port is not harmless: it may reset the board, and a second reader steals bytes from the first. So a port that somebody
 * holds is never opened, and one that is ours is locked in every way others look at.
 */
import { Descriptor, descriptorLink } from "./descriptor_link.ts";
import { listSerialPorts } from "./serial_ports.ts";
import { close, errno, flock, ioctl, lockFlags, open, openFlags, realPath, status, textFile } from "./libc.ts";
import { type ByteLink, LinkLostError, type LinkProblem } from "./link.ts";
import { findPortHolder, type PortHolder, type PortNode } from "./port_holder.ts";
import { makeRaw, setSpeed } from "./termios.ts";

const requests = { takeForOneself: 0x540C, giveBack: 0x540D, isTaken: 0x80045440, flush: 0x540B };
const flushInput = 0;

/** A speed that differs by more than this from what was asked for does not carry a byte. */
const maxSpeedErrorShare = 0.03;

export interface SerialPortOptions {
  /** Any speed, 250000 too. A PTY and a native USB port take every speed for granted. */
  readonly baud: number;
  /** Ends opening and, later, the link. */
  readonly signal?: AbortSignal;
}

/**
 * Opens a port as raw 8N1.
 * @throws LinkLostError whose `problem` says why; its text says what to do
 */
export async function openSerialPort(path: string, { baud, signal }: SerialPortOptions): Promise<ByteLink> {
  const tty = openTty(path, signal);
  try {
    tty.setSpeed(baud);
    return tty.link({ baud });
  } catch (error) {
    await tty[Symbol.asyncDispose]();
    throw error;
  }
}

/** An open port that is not yet a link: its speed can be changed without the edge on DTR that a new opening may cause. */
export interface OpenTty extends AsyncDisposable {
  readonly descriptor: Descriptor;
  /** @throws LinkLostError where the port does not do this speed */
  setSpeed(baud: number): void;
  /** Forgets what came in and was not read. */
  flushInput(): void;
  /** The port as a link, which starts with `heard`. Disposing it closes the port. */
  link(options: { baud: number; heard?: readonly Uint8Array<ArrayBuffer>[] }): ByteLink;
  /** The error for a port that is gone. */
  lost(): LinkLostError;
}

/** Opens and locks a port, raw. @throws LinkLostError */
export function openTty(path: string, signal?: AbortSignal): OpenTty {
  signal?.throwIfAborted();
  const port = findPort(path);
  const holder = findPortHolder(port);
  if (holder) throw busy(path, holder);
  const flags = openFlags.readWrite | openFlags.noControllingTty | openFlags.nonBlocking;
  const fd = open(port.realPath, flags);
  if (fd < 0) throw cannotOpen(path, -fd, port);
  const problem = takeForOurselves(fd, path, port);
  if (problem) {
    close(fd);
    throw problem;
  }
  // The mark outlives us where another process of root's has the port open too.
  const descriptor = new Descriptor(fd, { beforeClose: () => void ioctl(fd, requests.giveBack) });
  const lost = () =>
    new LinkLostError(`Lost serial port "${path}": it was unplugged or switched off`, { problem: "unplugged" });
  return {
    descriptor,
    lost,
    setSpeed(baud) {
      // The number of a closed descriptor may be another port's by now.
      if (descriptor.isClosed) throw lost();
      const actual = setSpeed(fd, baud);
      if (actual === -errno.EIO) throw lost();
      if (actual < 0 || Math.abs(actual - baud) > baud * maxSpeedErrorShare) {
        const fact = actual > 0 ? `it would run at ${actual}` : "it does not know this speed";
        throw new LinkLostError(`Cannot set serial port "${path}" to ${baud} baud: ${fact}`, { problem: "other" });
      }
    },
    flushInput() {
      if (!descriptor.isClosed) ioctl(fd, requests.flush, flushInput);
    },
    link: ({ baud, heard = [] }) =>
      descriptorLink(descriptor, {
        label: `serial:${path} at ${baud} baud`,
        signal,
        heard,
        lost,
        // Some drivers forget to hang up: then the name is gone, or means another device.
        stillThere: () => {
          const now = status(port.realPath);
          return typeof now !== "number" && now.device === port.status.device;
        },
      }),
    [Symbol.asyncDispose]: () => descriptor[Symbol.asyncDispose](),
  };
}

function findPort(path: string): PortNode {
  const real = realPath(path);
  if (typeof real === "number") throw cannotOpen(path, -real);
  const found = status(real);
  if (typeof found === "number") throw cannotOpen(path, -found);
  if (!found.isCharacterDevice || !isTtyDevice(found.device)) throw notATty(path);
  return { realPath: real, status: found };
}

/** Asked before opening, for there are devices (a watchdog) that act when they are opened. */
function isTtyDevice(device: string): boolean {
  const [major, minor] = device.split(":").map(Number);
  // `usbserial  /dev/ttyUSB  188 0-511 serial`
  const drivers = textFile("/proc/tty/drivers")?.trim().split("\n");
  return drivers === undefined || drivers.some((line) => {
    const words = line.split(/\s+/);
    const [first = NaN, last = first] = (words[3] ?? "").split("-").map(Number);
    return Number(words[2]) === major && minor !== undefined && first <= minor && minor <= last;
  });
}

/** Locks the open port, then makes it raw. @returns why that did not work, if so */
function takeForOurselves(fd: number, path: string, port: PortNode): LinkLostError | undefined {
  const locked = flock(fd, lockFlags.exclusive | lockFlags.noWait);
  if (locked === -errno.EAGAIN) return busy(path, findPortHolder(port));
  const taken = new Uint8Array(4);
  // To root even a port that somebody has taken for himself opens.
  const isTaken = !isPseudo(port) && ioctl(fd, requests.isTaken, taken) >= 0 && taken[0] !== 0;
  if (isTaken) return busy(path, findPortHolder(port));
  const raw = makeRaw(fd);
  if (raw < 0) return raw === -errno.ENOTTY || raw === -errno.EINVAL ? notATty(path) : cannotOpen(path, -raw, port);
  if (!isPseudo(port)) ioctl(fd, requests.takeForOneself);
  return undefined;
}

/**
 * A pseudo-terminal (majors 136 to 143) lives on while its master does, and so does the mark of a holder that was killed: it
 * would keep everybody out for ever. There the lock alone, which dies with its holder, says who has it.
 */
function isPseudo({ status }: PortNode): boolean {
  const major = Number(status.device.split(":")[0]);
  return major >= 136 && major <= 143;
}

function failure(path: string, text: string, problem: LinkProblem): LinkLostError {
  return new LinkLostError(`Cannot open serial port "${path}": ${text}`, { problem });
}

function busy(path: string, holder: PortHolder | undefined): LinkLostError {
  const who = holder
    ? `"${holder.processName ?? "another program"}" (process ${holder.processId}) has it open`
    : "another program, or another printer of these settings, has it open";
  return failure(path, `${who}. Stop that program, or let Filagram watch it instead of the port`, "busy");
}

function notATty(path: string): LinkLostError {
  return failure(path, "this is no serial port", "bad address");
}

function cannotOpen(path: string, code: number, port?: PortNode): LinkLostError {
  switch (code) {
    case errno.ENOENT:
    case errno.ENOTDIR:
    case errno.ENXIO:
    case errno.ENODEV:
    // What a PTY says whose other side is gone.
    case errno.EIO:
      return failure(path, `there is no such port. ${portsThatExist()}`, "missing");
    case errno.EACCES:
    case errno.EPERM: {
      const group = groupName(port?.status.groupId) ?? "dialout";
      const hint = `Add the user to group "${group}": sudo usermod -aG ${group} $USER`;
      return failure(path, `permission denied. ${hint} (and log in again)`, "no permission");
    }
    case errno.EBUSY:
      return busy(path, port && findPortHolder(port));
    case errno.ELOOP:
      return failure(path, "its links go round in a circle", "bad address");
    default:
      return failure(path, `error ${code} of the system`, "other");
  }
}

function portsThatExist(): string {
  const ports = listSerialPorts();
  if (ports.length === 0) return "No USB serial port is plugged in";
  return `Ports here: ${ports.map((port) => `"${port.path}"`).join(", ")}`;
}

/** The group that may open the port: dialout on Debian, uucp elsewhere. Root's own group would be no advice. */
function groupName(groupId: number | undefined): string | undefined {
  if (!groupId) return undefined;
  const line = textFile("/etc/group")?.split("\n").find((entry) => entry.split(":")[2] === String(groupId));
  return line?.split(":")[0];
}
