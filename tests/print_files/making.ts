/**
 * Small print files of every container, made by the tests; and a reader that counts.
 */
import { crc32, deflateRawSync, deflateSync } from "node:zlib";
import type { RangeReader } from "../../src/domain/print_file.ts";
import { join } from "../pictures/samples.ts";

export const never = new AbortController().signal;

export const utf8 = (text: string) => new TextEncoder().encode(text);

/** A file in memory that says how it is read. */
export class CountingReader implements RangeReader {
  bytesRead = 0;
  reads = 0;

  constructor(readonly bytes: Uint8Array, readonly sizeBytes = bytes.length) {}

  read(offsetBytes: number, lengthBytes: number, signal: AbortSignal): Promise<Uint8Array> {
    signal.throwIfAborted();
    const part = this.bytes.slice(offsetBytes, offsetBytes + lengthBytes);
    this.reads++;
    this.bytesRead += part.length;
    return Promise.resolve(part);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }
}

/** Numbers of this many bits, little-endian. */
export function numbers(...values: readonly (readonly [value: number, bits: 16 | 32 | 64])[]): Uint8Array {
  return join(values.map(([value, bits]) => {
    const view = new DataView(new ArrayBuffer(bits / 8));
    if (bits === 16) view.setUint16(0, value, true);
    else if (bits === 32) view.setUint32(0, value, true);
    else view.setBigUint64(0, BigInt(value), true);
    return new Uint8Array(view.buffer);
  }));
}

export interface ZipOptions {
  /** Local headers without sizes, which follow the data: as Bambu, Orca and Prusa write. */
  readonly hasDescriptors?: boolean;
  /** All numbers of the directory in the extra field, and a zip64 end. */
  readonly is64?: boolean;
  readonly isStored?: boolean;
  readonly isEncrypted?: boolean;
  /** What the directory says of each entry's size. */
  readonly saidBytes?: number;
  readonly method?: number;
  readonly comment?: string;
}

/** A zip with these entries. */
export function zipOf(entries: Readonly<Record<string, string | Uint8Array>>, options: ZipOptions = {}): Uint8Array {
  const { hasDescriptors = false, is64 = false, isStored = false, isEncrypted = false, comment = "" } = options;
  const parts: Uint8Array[] = [];
  const directory: Uint8Array[] = [];
  let offset = 0;
  for (const [name, content] of Object.entries(entries)) {
    const bytes = typeof content === "string" ? utf8(content) : content;
    const data = isStored ? bytes : new Uint8Array(deflateRawSync(bytes));
    const method = options.method ?? (isStored ? 0 : 8);
    const flags = 0x800 | (hasDescriptors ? 8 : 0) | (isEncrypted ? 1 : 0);
    const size = options.saidBytes ?? bytes.length;
    const sum = crc32(bytes);
    const nameBytes = utf8(name);
    const local = join([
      numbers([0x04034b50, 32], [20, 16], [flags, 16], [method, 16], [0, 32], [hasDescriptors ? 0 : sum, 32]),
      numbers([hasDescriptors ? 0 : data.length, 32], [hasDescriptors ? 0 : size, 32]),
      numbers([nameBytes.length, 16], [is64 ? 4 : 0, 16]),
      nameBytes,
      is64 ? numbers([0x9999, 16], [0, 16]) : new Uint8Array(), // the local extra field differs from the directory's
      data,
      hasDescriptors ? numbers([0x08074b50, 32], [sum, 32], [data.length, 32], [size, 32]) : new Uint8Array(),
    ]);
    const extra = is64 ? numbers([1, 16], [24, 16], [size, 64], [data.length, 64], [offset, 64]) : new Uint8Array();
    const in32 = (value: number) => is64 ? 0xffffffff : value;
    directory.push(
      numbers([0x02014b50, 32], [20, 16], [20, 16], [flags, 16], [method, 16], [0, 32], [sum, 32]),
      numbers([in32(data.length), 32], [in32(size), 32], [nameBytes.length, 16], [extra.length, 16], [0, 16]),
      numbers([0, 16], [0, 16], [0, 32], [in32(offset), 32]),
      nameBytes,
      extra,
    );
    parts.push(local);
    offset += local.length;
  }
  const central = join(directory);
  const count = Object.keys(entries).length;
  const end64 = is64
    ? join([
      numbers([0x06064b50, 32], [44, 64], [45, 16], [45, 16], [0, 32], [0, 32], [count, 64], [count, 64]),
      numbers([central.length, 64], [offset, 64]),
      numbers([0x07064b50, 32], [0, 32], [offset + central.length, 64], [1, 32]),
    ])
    : new Uint8Array();
  const in32 = (value: number) => is64 ? 0xffffffff : value;
  const end = join([
    numbers([0x06054b50, 32], [0, 16], [0, 16], [count, 16], [count, 16]),
    numbers([in32(central.length), 32], [in32(offset), 32], [comment.length, 16]),
    utf8(comment),
  ]);
  return join([...parts, central, end64, end]);
}

export interface BlockOptions {
  readonly type: number;
  /** 0 none, 1 zlib, 2 heatshrink 11/4, 3 heatshrink 12/4. */
  readonly compression?: number;
  readonly parameters?: readonly number[];
  readonly hasBadChecksum?: boolean;
  /** What the header says of the content's size. */
  readonly saidBytes?: number;
}

/** A block of bgcode with its checksum. */
export function blockOf(content: string | Uint8Array, options: BlockOptions): Uint8Array {
  const { type, compression = 0, parameters = [0], hasBadChecksum = false } = options;
  const bytes = typeof content === "string" ? utf8(content) : content;
  const data = compression === 0
    ? bytes
    : compression === 1
    ? new Uint8Array(deflateSync(bytes))
    : heatshrunk(bytes, compression === 2 ? 11 : 12);
  const whole = join([
    numbers([type, 16], [compression, 16], [options.saidBytes ?? bytes.length, 32]),
    compression === 0 ? new Uint8Array() : numbers([data.length, 32]),
    numbers(...parameters.map((value) => [value, 16] as const)),
    data,
  ]);
  return join([whole, numbers([hasBadChecksum ? 1 : crc32(whole), 32])]);
}

export function bgcodeOf(...blocks: readonly Uint8Array[]): Uint8Array {
  return join([utf8("GCDE"), numbers([1, 32], [1, 16]), ...blocks]);
}

/** Heatshrink with 4 bits for lengths: at each place the longest match within the window that a search finds. */
export function heatshrunk(bytes: Uint8Array, windowBits: number): Uint8Array {
  const bits: number[] = [];
  const put = (value: number, count: number) => {
    for (let bit = count - 1; bit >= 0; bit--) bits.push(value >> bit & 1);
  };
  for (let at = 0; at < bytes.length;) {
    let [best, back] = [0, 0];
    for (let distance = 1; distance <= Math.min(at, 2 ** windowBits) && best < 16; distance++) {
      let length = 0;
      while (length < 16 && at + length < bytes.length && bytes[at + length - distance] === bytes[at + length]) {
        length++;
      }
      if (length > best) [best, back] = [length, distance];
    }
    if (best < 2) {
      put(1, 1);
      put(bytes[at++]!, 8);
    } else {
      put(0, 1);
      put(back - 1, windowBits);
      put(best - 1, 4);
      at += best;
    }
  }
  const packed = new Uint8Array(Math.ceil(bits.length / 8));
  bits.forEach((bit, index) => packed[index >> 3]! |= bit << (7 - (index & 7)));
  return packed;
}

const halves = "0123456789.E\nGX";

/** MeatPack as PrusaSlicer writes it: G lines packed without spaces, other lines as they are with packing off. */
export function meatPacked(text: string): Uint8Array {
  const packed: number[] = [0xff, 0xff, 251, 0xff, 0xff, 247];
  for (const line of text.split("\n").filter((line) => line !== "")) {
    if (!line.startsWith("G")) {
      packed.push(0xff, 0xff, 250, ...utf8(`${line}\n`), 0xff, 0xff, 251);
      continue;
    }
    const letters = utf8(`${line.replaceAll(" ", "")}\n`);
    for (let at = 0; at < letters.length; at += 2) {
      const pair = [letters[at]!, letters[at + 1] ?? 10].map((letter) => {
        const half = halves.indexOf(String.fromCharCode(letter));
        return { letter, half: half < 0 ? 15 : half };
      });
      packed.push(
        pair[0]!.half | pair[1]!.half << 4,
        ...pair.filter(({ half }) => half === 15).map(({ letter }) => letter),
      );
    }
  }
  return Uint8Array.from(packed);
}

export interface GxOptions {
  readonly gcode: string;
  readonly first?: Uint8Array;
  readonly second?: Uint8Array;
  readonly seconds?: number;
  readonly right?: number;
  readonly left?: number;
  readonly layerMicrometres?: number;
  readonly bed?: number;
  readonly nozzle?: number;
}

export function gxOf(options: GxOptions): Uint8Array {
  const { gcode, first = new Uint8Array(), second = new Uint8Array(), seconds = 0, right = 0, left = 0 } = options;
  const { layerMicrometres = 0, bed = 0, nozzle = 0 } = options;
  const secondAt = 58 + first.length;
  return join([
    utf8("xgcode 1.0\n\0"),
    numbers([0, 32], [58, 32], [secondAt, 32], [secondAt + second.length, 32], [seconds, 32], [right, 32], [left, 32]),
    numbers([1, 16], [layerMicrometres, 16], [0, 16], [2, 16], [60, 16], [bed, 16], [nozzle, 16], [0, 16], [0, 16]),
    first,
    second,
    utf8(gcode),
  ]);
}

/** An image's header and nothing behind it. */
export function qoiHeader(widthPixels: number, heightPixels: number): Uint8Array {
  const view = new DataView(new ArrayBuffer(14));
  view.setUint32(0, 0x716f6966);
  view.setUint32(4, widthPixels);
  view.setUint32(8, heightPixels);
  view.setUint16(12, 0x0400);
  return new Uint8Array(view.buffer);
}

/** What PrusaSlicer says at the end of a file. */
export const prusaTail = [
  "; filament used [mm] = 986.61",
  "; filament used [g] = 3.01",
  "; estimated printing time (normal mode) = 32m 6s",
  "; prusaslicer_config = begin",
  "; first_layer_bed_temperature = 85",
  "; first_layer_temperature = 230",
  "; layer_height = 0.15",
  "; nozzle_diameter = 0.4",
  "; printer_model = MINI",
  "; prusaslicer_config = end",
  "",
].join("\n");

/** So many layers as PrusaSlicer marks them, with moves and progress in each. */
export function prusaGcode(layers: number, movesPerLayer = 3): string {
  const lines = ["; generated by PrusaSlicer 2.6.0 on 2023-06-21 at 07:34:41 UTC", "", "M73 P0 R32", "G28"];
  for (let layer = 1; layer <= layers; layer++) {
    const z = (layer * 0.2).toFixed(1);
    lines.push(";LAYER_CHANGE", `;Z:${z}`, ";HEIGHT:0.2", `G1 Z${z} F720`);
    for (let move = 0; move < movesPerLayer; move++) lines.push(`G1 X${move % 97}.5 Y${layer} E.0${move % 10}`);
    lines.push(`M73 P${Math.floor(layer * 100 / layers)} R${layers - layer}`);
  }
  return `${lines.join("\n")}\n${prusaTail}`;
}
