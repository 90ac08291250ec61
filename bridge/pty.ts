/**
 * A pair of pseudo-terminals: the slave is a tty like a serial port, the master is what hangs on its other end. Tests and the demo
 * put a simulated printer there.
 */
import { Descriptor, descriptorLink } from "./descriptor_link.ts";
import {
  close,
  isHungUp,
  linkTarget,
  makeLink,
  open,
  openFlags,
  openPtyMaster,
  read,
  removeFile,
  watchOpening,
} from "./libc.ts";
import { type ByteLink, LinkLostError } from "./link.ts";
import { type LineSettings, lineSettings, makeRaw } from "./termios.ts";

export interface Pty extends AsyncDisposable {
  /** The printer's end. It lives while nobody has the slave open: what is written then is lost, as on a cable. */
  readonly master: ByteLink;
  /** `/dev/pts/7` */
  readonly slavePath: string;
  /** What whoever opened the slave has set: a simulated printer at another speed would talk garbage. */
  slaveSettings(): LineSettings | undefined;
}

/** How long to wait for an opening of the slave before looking whether one was missed. */
const missedOpeningMilliseconds = 1000;
/** Notices of openings are read in portions of this, and forgotten. */
const maxNoticesBytes = 4096;

/**
 * Opens a PTY whose slave is raw from the start, so that nothing is echoed to a printer that talks first.
 * With `linkPath`, a symbolic link leads to the slave: disposing removes it ("unplugged"), a new PTY under the same name is "plugged in
 * again".
 * @throws LinkLostError if there is no PTY to be had or the name is taken by something else than a link
 */
export function openPty({ linkPath, signal }: { linkPath?: string; signal?: AbortSignal } = {}): Pty {
  const opened = openPtyMaster();
  if (typeof opened === "number") {
    throw new LinkLostError(`Cannot open a pseudo-terminal: error ${-opened} of the system`, { problem: "other" });
  }
  const { fd, slavePath } = opened;
  makeRaw(fd);
  // Only a slave that was closed once counts as closed.
  close(open(slavePath, openFlags.readWrite | openFlags.noControllingTty));
  if (linkPath !== undefined && !placeLink(slavePath, linkPath)) {
    close(fd);
    throw new LinkLostError(`Cannot make the link "${linkPath}" to "${slavePath}"`, { problem: "other" });
  }
  const openingFd = watchOpening(slavePath);
  const descriptor = new Descriptor(fd, {
    beforeClose() {
      if (openingFd >= 0) close(openingFd);
      if (linkPath !== undefined && linkTarget(linkPath) === slavePath) removeFile(linkPath);
    },
  });
  const label = `pty:${linkPath ?? slavePath}`;
  const master = descriptorLink(descriptor, {
    label,
    signal,
    lost: () => new LinkLostError(`Lost ${label}`, { problem: "unplugged" }),
    peer: {
      isThere: () => !isHungUp(fd),
      wait: () => waitForOpening(descriptor, openingFd),
    },
  });
  return {
    master,
    slavePath,
    slaveSettings: () => descriptor.isClosed ? undefined : lineSettings(fd),
    [Symbol.asyncDispose]: () => master[Symbol.asyncDispose](),
  };
}

function placeLink(target: string, path: string): boolean {
  // One that a killed process left.
  if (linkTarget(path) !== undefined) removeFile(path);
  return makeLink(target, path) >= 0;
}

/** Returns when somebody may have opened the slave. While nobody has, `poll` reports a hangup without end: it must not be asked. */
async function waitForOpening(descriptor: Descriptor, openingFd: number): Promise<void> {
  await descriptor.wait(0, missedOpeningMilliseconds, openingFd < 0 ? undefined : openingFd);
  if (openingFd >= 0 && !descriptor.isClosed) read(openingFd, new Uint8Array(maxNoticesBytes));
}
