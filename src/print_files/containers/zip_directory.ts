/**
 * The directory of a zip file and its entries, read by ranges: one read of the end, at most two more for a long directory or zip64.
 * Only the directory is believed: Bambu, Orca and Prusa write local headers without sizes (flag bit 3).
 * APPNOTE.TXT 6.3.10: 4.3.7 local header, 4.3.12 directory, 4.3.14–16 its end, 4.5.3 zip64.
 */
import type { RangeReader } from "../../domain/print_file.ts";
import { limits } from "../limits.ts";
import { InflatedReader, inflateWhole } from "./inflate.ts";
import { PartReader } from "./readers.ts";
import { BrokenFileError } from "./reading.ts";

export interface ZipEntry {
  /** Without the leading slash that UFP writes. */
  readonly name: string;
  readonly method: number;
  readonly isEncrypted: boolean;
  readonly compressedBytes: number;
  readonly sizeBytes: number;
  readonly headerOffset: number;
}

const signature = { local: 0x04034b50, central: 0x02014b50, end: 0x06054b50, end64: 0x06064b50, locator64: 0x07064b50 };
const size = { local: 30, central: 46, end: 22, end64: 56, locator64: 20 };
const method = { stored: 0, deflated: 8 };
const maxCommentBytes = 0xffff;
const isIn64 = 0xffffffff;

/** All entries by name; of two with one name the last. @throws BrokenFileError */
export async function readZipDirectory(source: RangeReader, signal: AbortSignal): Promise<Map<string, ZipEntry>> {
  const tailStart = Math.max(0, source.sizeBytes - (size.end + size.locator64 + maxCommentBytes));
  const tail = await source.read(tailStart, source.sizeBytes - tailStart, signal);
  const { offset, bytes: length } = await findDirectory(source, { tail, tailStart, signal });
  if (length > limits.maxZipDirectoryBytes) throw new BrokenFileError(`Its directory is too long: ${length} bytes`);
  if (offset + length > source.sizeBytes) throw new BrokenFileError("Its directory lies beyond its end");
  const directory = offset >= tailStart
    ? tail.subarray(offset - tailStart, offset - tailStart + length)
    : await source.read(offset, length, signal);
  const entries = new Map<string, ZipEntry>();
  for (const entry of directoryEntries(directory)) {
    if (entries.size >= limits.maxZipEntries) break;
    entries.set(entry.name, entry);
  }
  return entries;
}

interface Place {
  readonly offset: number;
  readonly bytes: number;
}

async function findDirectory(
  source: RangeReader,
  { tail, tailStart, signal }: { tail: Uint8Array; tailStart: number; signal: AbortSignal },
): Promise<Place> {
  const view = viewOf(tail);
  for (let at = tail.length - size.end; at >= 0; at--) {
    if (tail[at] !== 0x50 || view.getUint32(at, true) !== signature.end) continue;
    const place = { offset: view.getUint32(at + 16, true), bytes: view.getUint32(at + 12, true) };
    const locator = at - size.locator64;
    if (locator >= 0 && view.getUint32(locator, true) === signature.locator64) {
      return await readEnd64(source, numberAt(view, locator + 8), signal);
    }
    if (place.offset + place.bytes <= tailStart + at) return place;
  }
  throw new BrokenFileError("It is cut off: the directory at the end of a zip is missing");
}

async function readEnd64(source: RangeReader, offset: number, signal: AbortSignal): Promise<Place> {
  const bytes = await source.read(offset, size.end64, signal);
  const view = viewOf(bytes);
  if (bytes.length < size.end64 || view.getUint32(0, true) !== signature.end64) {
    throw new BrokenFileError("Its zip64 directory is not where it says");
  }
  return { offset: numberAt(view, 48), bytes: numberAt(view, 40) };
}

function* directoryEntries(bytes: Uint8Array): Generator<ZipEntry> {
  const view = viewOf(bytes);
  for (let at = 0; at + size.central <= bytes.length && view.getUint32(at, true) === signature.central;) {
    const [nameBytes, extraBytes] = [view.getUint16(at + 28, true), view.getUint16(at + 30, true)];
    const nameAt = at + size.central;
    const flags = view.getUint16(at + 8, true);
    const numbers = {
      sizeBytes: view.getUint32(at + 24, true),
      compressedBytes: view.getUint32(at + 20, true),
      headerOffset: view.getUint32(at + 42, true),
    };
    yield {
      name: utf8.decode(bytes.subarray(nameAt, nameAt + nameBytes)).replace(/^\/+/, ""),
      method: view.getUint16(at + 10, true),
      isEncrypted: (flags & 1) === 1,
      ...in64(numbers, bytes.subarray(nameAt + nameBytes, nameAt + nameBytes + extraBytes)),
    };
    at = nameAt + nameBytes + extraBytes + view.getUint16(at + 32, true);
  }
}

/** The numbers that do not fit into 32 bits stand in an extra field, in this order, only those. */
function in64<T extends Record<"sizeBytes" | "compressedBytes" | "headerOffset", number>>(
  numbers: T,
  extra: Uint8Array,
): T {
  const view = viewOf(extra);
  for (let at = 0; at + 4 <= extra.length; at += 4 + view.getUint16(at + 2, true)) {
    if (view.getUint16(at, true) !== 1) continue;
    const found: Record<string, number> = {};
    let value = at + 4;
    for (const [key, number] of Object.entries(numbers)) {
      if (number !== isIn64 || value + 8 > extra.length) continue;
      found[key] = numberAt(view, value);
      value += 8;
    }
    return { ...numbers, ...found };
  }
  return numbers;
}

/** The content of an entry, by ranges. @throws BrokenFileError if it cannot be read */
export async function openZipEntry(
  source: RangeReader,
  entry: ZipEntry,
  signal: AbortSignal,
): Promise<PartReader | InflatedReader> {
  const packed = await packedEntry(source, entry, signal);
  return entry.method === method.stored
    ? packed
    : new InflatedReader(packed, { compression: "deflate-raw", sizeBytes: entry.sizeBytes, signal });
}

/** The whole content of a small entry. @throws BrokenFileError */
export async function readZipEntry(
  source: RangeReader,
  entry: ZipEntry,
  { signal, maxBytes }: { signal: AbortSignal; maxBytes: number },
): Promise<Uint8Array> {
  if (Math.max(entry.sizeBytes, entry.compressedBytes) > maxBytes) {
    throw new BrokenFileError(`${shownName(entry.name)} in it is too long: ${entry.sizeBytes} bytes`);
  }
  const packed = await packedEntry(source, entry, signal);
  const bytes = await packed.read(0, packed.sizeBytes, signal);
  return entry.method === method.stored ? bytes : inflateWhole(bytes, { compression: "deflate-raw", maxBytes });
}

/** Its compressed data: {@link ZipEntry.method} says how. @throws BrokenFileError */
async function packedEntry(source: RangeReader, entry: ZipEntry, signal: AbortSignal): Promise<PartReader> {
  if (entry.isEncrypted) throw new BrokenFileError(`${shownName(entry.name)} in it is encrypted`);
  if (entry.method !== method.stored && entry.method !== method.deflated) {
    throw new BrokenFileError(
      `${shownName(entry.name)} in it is compressed in a way that is not read (${entry.method})`,
    );
  }
  const header = await source.read(entry.headerOffset, size.local, signal);
  const view = viewOf(header);
  if (header.length < size.local || view.getUint32(0, true) !== signature.local) {
    throw new BrokenFileError(`${shownName(entry.name)} is not where its directory says`);
  }
  const start = entry.headerOffset + size.local + view.getUint16(26, true) + view.getUint16(28, true);
  return new PartReader(source, { start, sizeBytes: entry.compressedBytes });
}

/** A name from a file has up to 65,535 bytes. */
export function shownName(name: string): string {
  return `"${name.slice(0, limits.maxTextLength)}"`;
}

const utf8 = new TextDecoder();

/** Beyond 2^53 it is nowhere in a file. */
function numberAt(view: DataView, at: number): number {
  return Number(view.getBigUint64(at, true));
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
