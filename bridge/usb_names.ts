/**
 * What hangs on a USB port, by vendor and product id (usb.ids, the vendors' own firmware, and pid.codes, November 2026).
 */

export type UsbKind =
  /** Nothing but a printer has this id. */
  | "printer"
  /** A plain converter or board: a printer, or anything else. */
  | "converter"
  /** Belongs to a Klipper host: nobody else may open it. */
  | "klipper"
  /** A part or tool that is no printer. */
  | "other";

export interface UsbName {
  readonly kind: UsbKind;
  readonly name: string;
}

const printer = (name: string): UsbName => ({ kind: "printer", name });
const converter = (name: string): UsbName => ({ kind: "converter", name });
const other = (name: string): UsbName => ({ kind: "other", name });

const names: Readonly<Record<string, UsbName>> = {
  "2c99:0001": printer("Prusa MK2"),
  "2c99:0002": printer("Prusa MK3"),
  "2c99:000c": printer("Prusa MINI"),
  "2c99:000d": printer("Prusa MK4"),
  "2c99:001a": printer("Prusa MK4S"),
  "2c99:0015": printer("Prusa MK3.9"),
  "2c99:001b": printer("Prusa MK3.9S"),
  "2c99:0017": printer("Prusa MK3.5"),
  "2c99:001c": printer("Prusa MK3.5S"),
  "2c99:0010": printer("Prusa iX"),
  "2c99:0011": printer("Prusa XL"),
  "2c99:001f": printer("Prusa CORE One"),
  "2c99:0003": other("Prusa MMU2"),
  "2c99:0004": other("Prusa MMU2"),
  "2c99:0007": other("Prusa CW1"),
  "2c99:0008": other("Prusa CW1"),
  "2c99:000e": other("Prusa CW1S"),
  "2c99:000f": other("Prusa CW1S"),
  "1d50:614e": { kind: "klipper", name: "Klipper board" },
  "1d50:6015": printer("Smoothieware board"),
  "1d50:60ec": printer("Duet board"),
  "1d50:60ed": printer("Duet board"),
  "1d50:60ee": printer("Duet board"),
  "1209:d3d8": printer("Duet board"),
  "1eaf:0004": printer("Malyan M200"),
  "27b1:0001": printer("UltiMachine RAMBo"),
  "1a86:7523": converter("CH340"),
  "1a86:55d4": converter("CH9102"),
  "0403:6001": converter("FTDI FT232R"),
  "0403:6015": converter("FTDI FT-X"),
  "10c4:ea60": converter("CP210x"),
  "0483:5740": converter("STM32 board"),
  "2341:0010": converter("Arduino Mega 2560"),
  "2341:0042": converter("Arduino Mega 2560"),
  "2a03:0042": converter("Arduino Mega 2560"),
  "16c0:0483": converter("Teensy"),
  "067b:2303": converter("PL2303"),
  "2e8a:000a": converter("RP2040 board"),
};

/** @param id `2c99:000d`, in any case */
export function usbName(id: string): UsbName | undefined {
  return names[id.toLowerCase()];
}
