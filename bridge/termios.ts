/**
 * The line settings of a tty: raw bytes at any speed.
 *
 * termios2 (asm-generic/termbits.h) takes speeds as plain numbers, 250000 too. Where the kernel or an emulator does not know it
 * (qemu-user 7.2), plain termios with the speeds that have a B constant.
 */
import { errno, ioctl } from "./libc.ts";

const requests = { TCGETS: 0x5401, TCSETS: 0x5402, TCGETS2: 0x802C542A, TCSETS2: 0x402C542B };

/** c_iflag@0 c_oflag@4 c_cflag@8 c_lflag@12 c_line@16 c_cc@17 (VTIME 5, VMIN 6) c_ispeed@36 c_ospeed@40 */
const termios2Bytes = 44;

const control = { size8: 0o60, read: 0o200, hangUpOnClose: 0o2000, local: 0o4000 };
const speedMask = 0o010017;
const numericSpeed = 0o010000;
const inputSpeedShift = 16;

/** Speeds that plain termios can say. */
const speedConstants: Record<number, number> = {
  1200: 0o11,
  2400: 0o13,
  4800: 0o14,
  9600: 0o15,
  19200: 0o16,
  38400: 0o17,
  57600: 0o10001,
  115200: 0o10002,
  230400: 0o10003,
  460800: 0o10004,
  500000: 0o10005,
  576000: 0o10006,
  921600: 0o10007,
  1000000: 0o10010,
  1500000: 0o10012,
  2000000: 0o10013,
};

export interface LineSettings {
  readonly baud: number | undefined;
  readonly hangsUpOnClose: boolean;
  readonly isRaw: boolean;
}

interface Termios {
  readonly view: DataView<ArrayBuffer>;
  readonly isNumeric: boolean;
}

function isUnknownRequest(result: number): boolean {
  return result === -errno.ENOSYS || result === -errno.ENOTTY || result === -errno.EINVAL;
}

function load(fd: number): Termios | number {
  const bytes = new Uint8Array(termios2Bytes);
  const view = new DataView(bytes.buffer);
  const result = ioctl(fd, requests.TCGETS2, bytes);
  if (result >= 0) return { view, isNumeric: true };
  if (!isUnknownRequest(result)) return result;
  const plain = ioctl(fd, requests.TCGETS, bytes);
  return plain < 0 ? plain : { view, isNumeric: false };
}

function save(fd: number, { view, isNumeric }: Termios): number {
  return ioctl(fd, isNumeric ? requests.TCSETS2 : requests.TCSETS, new Uint8Array(view.buffer));
}

/** Raw, 8N1, no flow control, no modem lines, and DTR stays up when the port is closed. @returns 0 or minus errno */
export function makeRaw(fd: number): number {
  const termios = load(fd);
  if (typeof termios === "number") return termios;
  const { view } = termios;
  const speed = view.getUint32(8, true) & (speedMask | speedMask << inputSpeedShift);
  view.setUint32(0, 0, true);
  view.setUint32(4, 0, true);
  // Without HUPCL the next opening causes no edge on DTR, which would reset an AVR board and kill its print.
  view.setUint32(8, speed | control.size8 | control.read | control.local, true);
  view.setUint32(12, 0, true);
  // With at least one byte to wait for, a read of nothing means "hung up", never "nothing came".
  view.setUint8(17 + 5, 0);
  view.setUint8(17 + 6, 1);
  return save(fd, termios);
}

/** @returns the speed the port has now, or minus errno; `-EINVAL` for a speed that this system cannot say */
export function setSpeed(fd: number, baud: number): number {
  const termios = load(fd);
  if (typeof termios === "number") return termios;
  const { view, isNumeric } = termios;
  const constant = isNumeric ? numericSpeed : speedConstants[baud];
  if (constant === undefined) return -errno.EINVAL;
  const others = view.getUint32(8, true) & ~(speedMask | speedMask << inputSpeedShift);
  view.setUint32(8, others | constant | (isNumeric ? numericSpeed << inputSpeedShift : 0), true);
  view.setUint32(36, baud, true);
  view.setUint32(40, baud, true);
  const result = save(fd, termios);
  if (result < 0) return result;
  return lineSettings(fd)?.baud ?? -errno.EINVAL;
}

/** What the tty is set to; on the master of a PTY: what its slave is set to. Undefined where it is no tty. */
export function lineSettings(fd: number): LineSettings | undefined {
  const termios = load(fd);
  if (typeof termios === "number") return undefined;
  const { view, isNumeric } = termios;
  const flags = view.getUint32(8, true);
  const constant = flags & speedMask;
  const named = Object.entries(speedConstants).find(([, value]) => value === constant)?.[0];
  return {
    baud: isNumeric ? view.getUint32(40, true) : named === undefined ? undefined : Number(named),
    hangsUpOnClose: (flags & control.hangUpOnClose) !== 0,
    isRaw: view.getUint32(0, true) === 0 && view.getUint32(4, true) === 0 && view.getUint32(12, true) === 0,
  };
}
