/**
 * The blocks of a binary G-code file: header, parameters, data, checksum. All numbers little-endian.
 * github.com/prusa3d/libbgcode doc/specifications.md.
 */
import { crc32 } from "node:zlib";
import type { RangeReader } from "../../../domain/print_file.ts";
import { inflateWhole } from "../inflate.ts";
import { BrokenFileError } from "../reading.ts";
import { decodeHeatshrink } from "./heatshrink.ts";

export const fileHeaderBytes = 10;

export type BlockKind = "fileMetadata" | "gcode" | "slicerMetadata" | "printerMetadata" | "printMetadata" | "thumbnail";

const kinds: readonly BlockKind[] = [
  "fileMetadata",
  "gcode",
  "slicerMetadata",
  "printerMetadata",
  "printMetadata",
  "thumbnail",
];

export interface BlockHeader {
  readonly kind: BlockKind;
  /** 0 none, 1 zlib, 2 heatshrink 11/4, 3 heatshrink 12/4. */
  readonly compression: number;
  /** Of the content, uncompressed. */
  readonly sizeBytes: number;
  readonly dataBytes: number;
  readonly offset: number;
  /** How far behind `offset` the data lie. */
  readonly dataAt: number;
  readonly endOffset: number;
}

export interface Block {
  /** The first parameter: encoding of texts and G-code, format of thumbnails. */
  readonly encoding: number;
  readonly data: Uint8Array;
  /** False: its checksum says that it was damaged. */
  readonly isIntact: boolean;
}

export interface BgcodeFile {
  readonly source: RangeReader;
  readonly hasChecksums: boolean;
}

/** @throws BrokenFileError if it is of another version or ends within its header */
export async function readFileHeader(source: RangeReader, signal: AbortSignal): Promise<BgcodeFile> {
  const bytes = await source.read(0, fileHeaderBytes, signal);
  if (bytes.length < fileHeaderBytes) throw new BrokenFileError("It is cut off within its header");
  const view = viewOf(bytes);
  const [version, checksum] = [view.getUint32(4, true), view.getUint16(8, true)];
  if (version !== 1) throw new BrokenFileError(`Its binary G-code is of a version that is not read (${version})`);
  if (checksum > 1) throw new BrokenFileError(`Its checksums are of a kind that is not known (${checksum})`);
  return { source, hasChecksums: checksum === 1 };
}

/** The block at an offset; undefined: the file ends here. @throws BrokenFileError if it ends within the block, or is none */
export async function readBlockHeader(
  { source, hasChecksums }: BgcodeFile,
  offset: number,
  signal: AbortSignal,
): Promise<BlockHeader | undefined> {
  if (offset >= source.sizeBytes) return undefined;
  const bytes = await source.read(offset, 12, signal);
  if (bytes.length < 12) throw cutOff(offset);
  const view = viewOf(bytes);
  const kind = kinds[view.getUint16(0, true)];
  const compression = view.getUint16(2, true);
  if (!kind || compression > 3) throw new BrokenFileError(`What stands at byte ${offset} is no block that is known`);
  const sizeBytes = view.getUint32(4, true);
  const dataBytes = compression === 0 ? sizeBytes : view.getUint32(8, true);
  const dataAt = (compression === 0 ? 8 : 12) + parameterBytes(kind);
  const endOffset = offset + dataAt + dataBytes + (hasChecksums ? 4 : 0);
  if (endOffset > source.sizeBytes) throw cutOff(offset);
  return { kind, compression, sizeBytes, dataBytes, offset, dataAt, endOffset };
}

/** Thumbnails say their size, too. */
function parameterBytes(kind: BlockKind): number {
  return kind === "thumbnail" ? 6 : 2;
}

function cutOff(offset: number): BrokenFileError {
  return new BrokenFileError(`It is cut off within the block at byte ${offset}`);
}

/** All of a block; the caller has looked at its size. @throws BrokenFileError if the file became shorter */
export async function readBlock(
  { source, hasChecksums }: BgcodeFile,
  { kind, offset, endOffset, dataAt, dataBytes }: BlockHeader,
  signal: AbortSignal,
): Promise<Block> {
  const bytes = await source.read(offset, endOffset - offset, signal);
  if (bytes.length < endOffset - offset) throw cutOff(offset);
  const dataEnd = dataAt + dataBytes;
  const view = viewOf(bytes);
  return {
    encoding: view.getUint16(dataAt - parameterBytes(kind), true),
    data: bytes.subarray(dataAt, dataEnd),
    isIntact: !hasChecksums || crc32(bytes.subarray(0, dataEnd)) === view.getUint32(dataEnd, true),
  };
}

/** The content of a block's data; the caller has looked at its size. @throws BrokenFileError if it is not as long as it says */
export function unpackBlock({ compression, sizeBytes }: BlockHeader, data: Uint8Array): Uint8Array {
  const content = unpack(data, { compression, sizeBytes });
  if (content.length < sizeBytes) throw new BrokenFileError("A block in it is shorter than it says");
  return content;
}

function unpack(data: Uint8Array, { compression, sizeBytes }: { compression: number; sizeBytes: number }): Uint8Array {
  if (compression === 0) return data;
  if (compression === 1) return inflateWhole(data, { compression: "zlib", maxBytes: sizeBytes });
  return decodeHeatshrink(data, { windowBits: compression === 2 ? 11 : 12, lookaheadBits: 4, sizeBytes });
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
