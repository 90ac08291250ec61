/**
 * Who has a serial port open. Two readers of one tty each get a random share of its bytes, and opening it may reset the board:
 * so this is asked before a port is opened, never by opening it.
 */
import { type FileStatus, linkTarget, namesIn, status, textFile } from "./libc.ts";

export interface PortHolder {
  readonly processId: number;
  /** `octoprint`; absent where the process may not be looked at. */
  readonly processName?: string;
}

/** A tty as it is named on the file system, and what it is. */
export interface PortNode {
  readonly realPath: string;
  readonly status: FileStatus;
}

/** Another process that has the port open or locked, as far as this user may see. Our own do not count: `flock` finds those. */
export function findPortHolder(port: PortNode): PortHolder | undefined {
  const processId = lockHolder(port) ?? uucpLockHolder(port) ?? openHolder(port);
  return processId === undefined ? undefined : describeProcess(processId);
}

function describeProcess(processId: number): PortHolder {
  const processName = textFile(`/proc/${processId}/comm`)?.trim();
  return processName ? { processId, processName } : { processId };
}

/** `/proc/locks` shows every user's locks: `1: FLOCK  ADVISORY  WRITE 812 00:05:93 0 EOF`, device in hex, inode in decimal. */
function lockHolder({ status: { fileSystem, inode } }: PortNode): number | undefined {
  const hex = (number: number) => number.toString(16).padStart(2, "0");
  const file = `${hex(fileSystem.major)}:${hex(fileSystem.minor)}:${inode}`;
  for (const line of textFile("/proc/locks")?.split("\n") ?? []) {
    const words = line.trim().split(/\s+/);
    // Somebody who only waits for a lock ("->") has the file open too, and shows up as an opener.
    if (words[5] === file && words[1] !== "->") {
      const processId = Number(words[4]);
      if (processId !== Deno.pid) return processId;
    }
  }
  return undefined;
}

/** ser2net and minicom leave a file with their process id; a stale one counts for nothing. */
function uucpLockHolder({ realPath }: PortNode): number | undefined {
  const name = realPath.slice(realPath.lastIndexOf("/") + 1);
  const processId = Number(textFile(`/var/lock/LCK..${name}`)?.trim());
  const isAlive = processId > 0 && typeof status(`/proc/${processId}`) !== "number";
  return isAlive && processId !== Deno.pid ? processId : undefined;
}

/** Looks through the open files of all processes, which as an ordinary user are only one's own. */
function openHolder(port: PortNode): number | undefined {
  for (const name of namesIn("/proc")) {
    const processId = Number(name);
    if (!Number.isInteger(processId) || processId === Deno.pid) continue;
    const folder = `/proc/${name}/fd`;
    for (const fd of namesIn(folder)) {
      const target = linkTarget(`${folder}/${fd}`);
      // A container may have the device under another name, or another device under this one: what counts is what it is.
      // A pseudo-terminal that is gone may be held open still, and its number be another's by now.
      if (target?.startsWith("/dev/") && !target.endsWith(" (deleted)") && isSameDevice(`${folder}/${fd}`, port)) {
        return processId;
      }
    }
  }
  return undefined;
}

function isSameDevice(path: string, port: PortNode): boolean {
  const found = status(path);
  if (typeof found === "number" || !found.isCharacterDevice || found.device !== port.status.device) return false;
  // Each container numbers its own pseudo-terminals (majors 136 to 143): there the file system decides too.
  const isPseudo = /^1(3[6-9]|4[0-3]):/.test(found.device);
  const { major, minor } = port.status.fileSystem;
  return !isPseudo || (found.fileSystem.major === major && found.fileSystem.minor === minor);
}
