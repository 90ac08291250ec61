/**
 * The one door to the C library. Deno opens nothing below /dev, /proc and /sys without `--allow-all`, so everything there
 * goes through here: `--allow-ffi=/lib/aarch64-linux-gnu/libc.so.6` is enough.
 *
 * Calls answer as the kernel does: zero or more is the result, a negative number is minus `errno`. `errno` is read by a
 * call on the same thread right after the failed one; that is impossible for calls that wait on another thread, so only
 * `poll` (whose answer is in its buffer) and the last `close` of a port wait there, and neither needs it.
 *
 * Layouts and numbers are those of Linux on x86-64 and aarch64, which agree in all that is used here.
 */

/** Where the library may lie, Debian's places first: a narrow `--allow-ffi` names one of them. */
const debianPaths: Record<string, readonly string[]> = {
  x86_64: ["/lib/x86_64-linux-gnu/libc.so.6", "/usr/lib/x86_64-linux-gnu/libc.so.6"],
  aarch64: ["/lib/aarch64-linux-gnu/libc.so.6", "/usr/lib/aarch64-linux-gnu/libc.so.6"],
};
const commonPaths = ["/lib64/libc.so.6", "/usr/lib64/libc.so.6", "/usr/lib/libc.so.6", "/lib/libc.so.6"];

/** For a program that is made here and runs there: `x86_64`, `aarch64`. */
export function libcPathsOn(architecture: string): readonly string[] {
  return [...debianPaths[architecture] ?? [], ...commonPaths];
}
export const libcPaths = libcPathsOn(Deno.build.arch);

const symbols = {
  __errno_location: { parameters: [], result: "pointer" },
  memcpy: { parameters: ["buffer", "pointer", "usize"], result: "void" },
  open: { parameters: ["buffer", "i32", "i32"], result: "i32" },
  close: { parameters: ["i32"], result: "i32" },
  closeWaiting: { name: "close", parameters: ["i32"], result: "i32", nonblocking: true },
  // ssize_t, of which the lower half is enough: no call here moves 2 GiB.
  read: { parameters: ["i32", "buffer", "usize"], result: "i32" },
  write: { parameters: ["i32", "buffer", "usize"], result: "i32" },
  pollWaiting: { name: "poll", parameters: ["buffer", "usize", "i32"], result: "i32", nonblocking: true },
  pollNow: { name: "poll", parameters: ["buffer", "usize", "i32"], result: "i32" },
  ioctl: { parameters: ["i32", "usize", "buffer"], result: "i32" },
  ioctlNumber: { name: "ioctl", parameters: ["i32", "usize", "usize"], result: "i32" },
  clock_gettime: { parameters: ["i32", "buffer"], result: "i32" },
  flock: { parameters: ["i32", "i32"], result: "i32" },
  eventfd: { parameters: ["u32", "i32"], result: "i32" },
  socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
  sendto: { parameters: ["i32", "buffer", "usize", "i32", "buffer", "u32"], result: "i32" },
  inotify_init1: { parameters: ["i32"], result: "i32" },
  inotify_add_watch: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  statx: { parameters: ["i32", "buffer", "i32", "u32", "buffer"], result: "i32" },
  getdents64: { parameters: ["i32", "buffer", "usize"], result: "i32" },
  readlink: { parameters: ["buffer", "buffer", "usize"], result: "i32" },
  realpath: { parameters: ["buffer", "buffer"], result: "pointer" },
  symlink: { parameters: ["buffer", "buffer"], result: "i32" },
  unlink: { parameters: ["buffer"], result: "i32" },
  posix_openpt: { parameters: ["i32"], result: "i32" },
  grantpt: { parameters: ["i32"], result: "i32" },
  unlockpt: { parameters: ["i32"], result: "i32" },
  ptsname_r: { parameters: ["i32", "buffer", "usize"], result: "i32" },
} as const satisfies Deno.ForeignLibraryInterface;

/** Numbers of `errno` that decisions are made on (asm-generic/errno-base.h). */
export const errno = {
  EPERM: 1,
  ENOENT: 2,
  EINTR: 4,
  EIO: 5,
  ENXIO: 6,
  EAGAIN: 11,
  EACCES: 13,
  EBUSY: 16,
  ENODEV: 19,
  ENOTDIR: 20,
  EINVAL: 22,
  ENOTTY: 25,
  ENOSYS: 38,
  ELOOP: 40,
} as const;

/** Flags of `open` (asm-generic/fcntl.h). */
export const openFlags = {
  readOnly: 0,
  readWrite: 2,
  noControllingTty: 0o400,
  nonBlocking: 0o4000,
  closeOnExec: 0o2000000,
};

/** Events of `poll`. */
export const pollEvents = { readable: 1, writable: 4, error: 8, hangup: 16, invalid: 32 };

const maxPathBytes = 4096;
const encoder = new TextEncoder();
const decoder = new TextDecoder();

type Library = Deno.DynamicLibrary<typeof symbols>["symbols"];
interface Loaded {
  readonly c: Library;
  readonly errnoAt: Deno.PointerValue;
}

let loaded: Loaded | undefined;
const errnoBuffer = new Int32Array(1);

/** Opens the library at the first use, so that commands which touch no device need no permission. */
function library(): Loaded {
  if (loaded) return loaded;
  let cause: unknown;
  for (const path of Deno.build.os === "linux" ? libcPaths : []) {
    try {
      const c = Deno.dlopen(path, symbols).symbols;
      // Each isolate keeps to one thread, and errno has one place per thread.
      return loaded = { c, errnoAt: c.__errno_location() };
    } catch (error) {
      // The first path is the one a narrow permission names: its error says most.
      cause ??= error;
    }
  }
  throw new Error(
    `Cannot open the C library "${
      libcPaths[0]
    }": serial ports need Linux with glibc on x86-64 or aarch64, and --allow-ffi`,
    { cause },
  );
}

/** `result`, or minus errno if it is -1. Nothing may call into libc in between. */
function answer(result: number): number {
  if (result !== -1) return result;
  const { c, errnoAt } = library();
  c.memcpy(errnoBuffer, errnoAt, 4n);
  return -(errnoBuffer[0] ?? 0) || -errno.EIO;
}

function cString(text: string): Uint8Array<ArrayBuffer> {
  return encoder.encode(text.replaceAll("\0", "") + "\0");
}

export function open(path: string, flags: number): number {
  return answer(library().c.open(cString(path), flags | openFlags.closeOnExec, 0));
}

export function close(fd: number): number {
  return answer(library().c.close(fd));
}

/** Closes on another thread: the last close of a serial port waits until the kernel has sent its rest. */
export async function closeWaiting(fd: number): Promise<void> {
  await library().c.closeWaiting(fd);
}

export function read(fd: number, buffer: Uint8Array<ArrayBuffer>): number {
  return answer(library().c.read(fd, buffer, BigInt(buffer.byteLength)));
}

export function write(fd: number, bytes: Uint8Array<ArrayBuffer>): number {
  return answer(library().c.write(fd, bytes, BigInt(bytes.byteLength)));
}

export interface PollEntry {
  readonly fd: number;
  /** Of {@link pollEvents}. */
  readonly events: number;
}

/**
 * Waits on another thread until one of the entries is ready.
 * @returns what is ready, one number per entry; all 0 after the time, or when a signal interrupted
 */
export async function poll(entries: readonly PollEntry[], milliseconds: number): Promise<number[]> {
  // struct pollfd { int fd; short events; short revents; }
  const view = new DataView(new ArrayBuffer(entries.length * 8));
  entries.forEach(({ fd, events }, index) => {
    view.setInt32(index * 8, fd, true);
    view.setInt16(index * 8 + 4, events, true);
  });
  const bytes = new Uint8Array(view.buffer);
  const ready = await library().c.pollWaiting(bytes, BigInt(entries.length), milliseconds);
  return entries.map((_, index) => ready > 0 ? view.getInt16(index * 8 + 6, true) : 0);
}

/** Whether the other end of a PTY or a line is gone, without waiting. */
export function isHungUp(fd: number): boolean {
  const view = new DataView(new ArrayBuffer(8));
  view.setInt32(0, fd, true);
  library().c.pollNow(new Uint8Array(view.buffer), 1n, 0);
  return (view.getInt16(6, true) & pollEvents.hangup) !== 0;
}

/** The clock that `poll` waits by, in whole milliseconds; for nothing but the rest of a wait. */
export function pollClockMilliseconds(): number {
  const monotonic = 1;
  const view = new DataView(new ArrayBuffer(16));
  library().c.clock_gettime(monotonic, new Uint8Array(view.buffer));
  return Number(view.getBigInt64(0, true)) * 1000 + Math.floor(Number(view.getBigInt64(8, true)) / 1e6);
}

export function ioctl(fd: number, request: number, argument: Uint8Array<ArrayBuffer> | number = 0): number {
  const { c } = library();
  return answer(
    typeof argument === "number"
      ? c.ioctlNumber(fd, BigInt(request), BigInt(argument))
      : c.ioctl(fd, BigInt(request), argument),
  );
}

export const lockFlags = { exclusive: 2, noWait: 4, unlock: 8 };

export function flock(fd: number, operation: number): number {
  return answer(library().c.flock(fd, operation));
}

/** A descriptor that becomes readable, for good, with {@link signalEvent}. */
export function eventDescriptor(): number {
  return answer(library().c.eventfd(0, openFlags.closeOnExec | openFlags.nonBlocking));
}

export function signalEvent(fd: number): void {
  const one = new Uint8Array(8);
  one[0] = 1;
  write(fd, one);
}

const maxSocketPathBytes = 108;

/** Sends one datagram to a Unix socket: a path, or `@name` without a file. @returns the bytes sent, or minus errno */
export function sendDatagram(path: string, bytes: Uint8Array<ArrayBuffer>): number {
  const [unix, datagram] = [1, 2];
  const name = encoder.encode(path.replace(/^@/, "\0"));
  if (name.byteLength >= maxSocketPathBytes) return -errno.EINVAL;
  // struct sockaddr_un { u16 family; char path[108]; }; an abstract name ends with the length, a path with a zero
  const address = new Uint8Array(2 + maxSocketPathBytes);
  new DataView(address.buffer).setUint16(0, unix, true);
  address.set(name, 2);
  const length = 2 + name.byteLength + (path.startsWith("@") ? 0 : 1);
  const fd = answer(library().c.socket(unix, datagram | openFlags.closeOnExec | openFlags.nonBlocking, 0));
  if (fd < 0) return fd;
  const sent = answer(library().c.sendto(fd, bytes, BigInt(bytes.byteLength), 0, address, length));
  close(fd);
  return sent;
}

/** A descriptor that becomes readable whenever somebody opens `path`, or minus errno. */
export function watchOpening(path: string): number {
  const opened = 0x20;
  const fd = answer(library().c.inotify_init1(openFlags.closeOnExec | openFlags.nonBlocking));
  if (fd < 0) return fd;
  const watch = answer(library().c.inotify_add_watch(fd, cString(path), opened));
  if (watch >= 0) return fd;
  close(fd);
  return watch;
}

/** A file as `statx` sees it; `inode` beyond 2^53 does not occur on devices. */
export interface FileStatus {
  readonly isCharacterDevice: boolean;
  readonly inode: number;
  readonly groupId: number;
  /** `major:minor` of the device that the file is. */
  readonly device: string;
  /** `major:minor` of the file system that the file lies on. */
  readonly fileSystem: { readonly major: number; readonly minor: number };
}

/** Follows links. @returns the status, or minus errno */
export function status(path: string): FileStatus | number {
  const currentFolder = -100;
  const basicFields = 0x7ff;
  // struct statx, the same on every architecture.
  const view = new DataView(new ArrayBuffer(256));
  const result = answer(
    library().c.statx(currentFolder, cString(path), 0, basicFields, new Uint8Array(view.buffer)),
  );
  if (result < 0) return result;
  const mode = view.getUint16(28, true);
  return {
    isCharacterDevice: (mode & 0o170000) === 0o020000,
    inode: Number(view.getBigUint64(32, true)),
    groupId: view.getUint32(24, true),
    device: `${view.getUint32(128, true)}:${view.getUint32(132, true)}`,
    fileSystem: { major: view.getUint32(136, true), minor: view.getUint32(140, true) },
  };
}

/** Names in a folder, without `.` and `..`; none if it cannot be read. */
export function namesIn(folder: string): string[] {
  const fd = open(folder, openFlags.readOnly);
  if (fd < 0) return [];
  const names: string[] = [];
  const bytes = new Uint8Array(32 * 1024);
  const view = new DataView(bytes.buffer);
  for (;;) {
    const length = answer(library().c.getdents64(fd, bytes, BigInt(bytes.byteLength)));
    if (length <= 0) break;
    // struct linux_dirent64: ino 8, off 8, reclen 2, type 1, name.
    for (let at = 0; at < length; at += view.getUint16(at + 16, true)) {
      const name = decoder.decode(bytes.subarray(at + 19, bytes.indexOf(0, at + 19)));
      if (name !== "." && name !== "..") names.push(name);
    }
  }
  close(fd);
  return names;
}

const linkBuffer = new Uint8Array(maxPathBytes);

/** What a symbolic link says, or undefined. */
export function linkTarget(path: string): string | undefined {
  const length = answer(library().c.readlink(cString(path), linkBuffer, BigInt(maxPathBytes)));
  return length < 0 ? undefined : decoder.decode(linkBuffer.subarray(0, length));
}

/** The path without links, or minus errno. */
export function realPath(path: string): string | number {
  const found = library().c.realpath(cString(path), linkBuffer);
  if (found === null) return answer(-1);
  return decoder.decode(linkBuffer.subarray(0, linkBuffer.indexOf(0)));
}

export function makeLink(target: string, path: string): number {
  return answer(library().c.symlink(cString(target), cString(path)));
}

export function removeFile(path: string): number {
  return answer(library().c.unlink(cString(path)));
}

/** A small text file below /proc or /sys, cut at `maxBytes`; undefined if it cannot be read. */
export function textFile(path: string, { maxBytes = 256 * 1024 } = {}): string | undefined {
  const fd = open(path, openFlags.readOnly | openFlags.nonBlocking);
  if (fd < 0) return undefined;
  const bytes = new Uint8Array(4096);
  const streaming = new TextDecoder();
  let text = "";
  for (let total = 0; total < maxBytes;) {
    const length = read(fd, bytes);
    if (length <= 0) break;
    total += length;
    text += streaming.decode(bytes.subarray(0, length), { stream: true });
  }
  close(fd);
  return text;
}

/** Opens the master of a new PTY whose slave may be opened. @returns the descriptor and the slave's path, or minus errno */
export function openPtyMaster(): { fd: number; slavePath: string } | number {
  const { c } = library();
  const flags = openFlags.readWrite | openFlags.noControllingTty | openFlags.nonBlocking | openFlags.closeOnExec;
  const fd = answer(c.posix_openpt(flags));
  if (fd < 0) return fd;
  const name = new Uint8Array(128);
  let failed = answer(c.grantpt(fd)) || answer(c.unlockpt(fd));
  failed ||= -c.ptsname_r(fd, name, BigInt(name.byteLength));
  if (failed < 0) {
    close(fd);
    return failed;
  }
  return { fd, slavePath: decoder.decode(name.subarray(0, name.indexOf(0))) };
}

/** Names the present boot, so that times since boot are never compared across two; random where the kernel does not say. */
export function bootId(): string {
  try {
    const id = textFile("/proc/sys/kernel/random/boot_id")?.trim();
    if (id) return id;
  } catch {
    // No FFI (a test, another system): an id of its own only makes times of two runs incomparable.
  }
  return crypto.randomUUID();
}
