/**
 * Prusa's binary G-code: facts and thumbnails stand in blocks before the first G-code, which is as far as is read.
 */
import type { RangeReader } from "../../../domain/print_file.ts";
import type { EmbeddedImage } from "../../embedded_image.ts";
import { factsFromConfig } from "../../gcode/config_facts.ts";
import { readImageHeader } from "../../image_header.ts";
import type { MarkScan } from "../../layer_marks.ts";
import { limits } from "../../limits.ts";
import { iniEntries } from "../ini.ts";
import { configEntries } from "../json_values.ts";
import { ReadAhead } from "../readers.ts";
import { BrokenFileError, type FeedOptions, type Reading, type ReadOptions } from "../reading.ts";
import {
  type BgcodeFile,
  type BlockHeader,
  fileHeaderBytes,
  readBlock,
  readBlockHeader,
  readFileHeader,
  unpackBlock,
} from "./blocks.ts";
import { decodeMeatPack } from "./meatpack.ts";

const scanWindowBytes = 1024 * 1024;
const encodings = { ini: 0, json: 1, text: 0 } as const;

/** What the blocks say, collected. */
interface Found {
  readonly settings: Map<string, string>;
  readonly thumbnails: EmbeddedImage[];
  readonly problems: string[];
}

/** @throws BrokenFileError if its header cannot be read */
export async function readBgcode(source: RangeReader, { signal }: ReadOptions): Promise<Reading> {
  const file = await readFileHeader(new ReadAhead(source, limits.windowBytes), signal);
  const found: Found = { settings: new Map(), thumbnails: [], problems: [] };
  let offset = fileHeaderBytes;
  try {
    for (let blocks = 0; blocks < limits.maxMetadataBlocks; blocks++) {
      const header = await readBlockHeader(file, offset, signal);
      if (!header || header.kind === "gcode") break;
      await readMetadata(file, header, { found, signal });
      offset = header.endOffset;
    }
  } catch (error) {
    if (!(error instanceof BrokenFileError)) throw error;
    found.problems.push(error.message);
  }
  const { settings, thumbnails, problems } = found;
  const feed = (scan: MarkScan, options: FeedOptions) => feedBlocks(source, { ...options, scan, offset });
  return { container: "bgcode", facts: factsFromConfig(settings), thumbnails, problems, feed };
}

async function readMetadata(
  file: BgcodeFile,
  header: BlockHeader,
  { found, signal }: { found: Found; signal: AbortSignal },
): Promise<void> {
  const { kind, dataBytes, sizeBytes, offset } = header;
  if (Math.max(dataBytes, sizeBytes) > limits.maxMetadataBytes) {
    found.problems.push(`The block at byte ${offset} is too long: ${Math.max(dataBytes, sizeBytes)} bytes`);
    return;
  }
  const { data, encoding, isIntact } = await readBlock(file, header, signal);
  if (!isIntact) found.problems.push(`The checksum of the block at byte ${offset} (${kind}) is wrong`);
  try {
    const content = unpackBlock(header, data);
    if (kind === "thumbnail") addThumbnail(found, content.slice()); // not the whole window
    else addSettings(found, { content, encoding });
  } catch (error) {
    if (!(error instanceof BrokenFileError)) throw error;
    found.problems.push(error.message);
  }
}

/** What the first block says of a setting is believed. */
function addSettings(
  { settings, problems }: Found,
  { content, encoding }: { content: Uint8Array; encoding: number },
): void {
  const text = new TextDecoder().decode(content);
  for (const [key, value] of encoding === encodings.json ? jsonEntries(text, problems) : iniEntries(text)) {
    if (!settings.has(key)) settings.set(key, value);
  }
}

function jsonEntries(text: string, problems: string[]): Iterable<[string, string]> {
  try {
    return configEntries(JSON.parse(text));
  } catch {
    problems.push("Its slicer's settings are no JSON");
    return [];
  }
}

function addThumbnail({ thumbnails, problems }: Found, bytes: Uint8Array): void {
  const header = readImageHeader(bytes);
  if (!header) problems.push("A thumbnail in it is no picture that is known");
  else if (thumbnails.length < limits.maxThumbnails) {
    const read = () => Promise.resolve({ kind: "encoded", bytes } as const);
    thumbnails.push({ ...header, label: "thumbnail", sizeBytes: bytes.length, read });
  }
}

/** Everything from the first block with G-code on. A mark within a block gets its share of the block's bytes. */
async function feedBlocks(
  source: RangeReader,
  { scan, signal, onProgress, offset }: FeedOptions & { scan: MarkScan; offset: number },
): Promise<readonly string[]> {
  const problems: string[] = [];
  let textBytes = 0;
  try {
    const file = await readFileHeader(new ReadAhead(source, scanWindowBytes), signal);
    for (let header; (header = await readBlockHeader(file, offset, signal)); offset = header.endOffset) {
      signal.throwIfAborted();
      onProgress?.(header.endOffset / source.sizeBytes);
      if (header.kind !== "gcode") continue;
      if (Math.max(header.sizeBytes, header.dataBytes) > limits.maxGcodeBlockBytes) {
        throw new BrokenFileError(`The block at byte ${offset} is too long: ${header.sizeBytes} bytes`);
      }
      const { data, encoding, isIntact } = await readBlock(file, header, signal);
      if (!isIntact && problems.length < limits.maxProblems) {
        problems.push(`The checksum of the block at byte ${offset} (gcode) is wrong`);
      }
      const content = unpackBlock(header, data);
      const text = encoding === encodings.text ? content : decodeMeatPack(content);
      textBytes += text.length;
      if (textBytes > limits.freeExpansionBytes + header.endOffset * limits.maxExpansion) {
        throw new BrokenFileError(`Its blocks grow more than ${limits.maxExpansion} times: no G-code does`);
      }
      scan.feed(text, offset, (header.endOffset - offset) / Math.max(1, text.length));
    }
  } catch (error) {
    if (!(error instanceof BrokenFileError)) throw error;
    problems.push(error.message);
  }
  return problems;
}
