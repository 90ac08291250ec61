/**
 * G-code in gzip (RFC 1952). How long it is stands in its last four bytes, unless it has several members or was cut off.
 */
import type { RangeReader } from "../../domain/print_file.ts";
import { readGcodeText } from "../gcode/read_gcode_text.ts";
import { limits } from "../limits.ts";
import { feedInflated } from "./feed.ts";
import { inflated, InflatedReader } from "./inflate.ts";
import { BrokenFileError, type Reading, type ReadOptions } from "./reading.ts";

/** Files of programs and archives have zeros in their first bytes. */
const lookedAtBytes = 512;
const noText = "What is compressed in it is no text";

/** Deflate cannot make it smaller. */
const maxRatio = 1032;

export async function readGzip(source: RangeReader, { signal }: ReadOptions): Promise<Reading> {
  const said = await saidSize(source, signal);
  const found = said === undefined ? undefined : await readContent(source, { sizeBytes: said }, signal);
  return found && !found.isLonger ? found.reading : await readCounted(source, signal);
}

async function readCounted(source: RangeReader, signal: AbortSignal): Promise<Reading> {
  return (await readContent(source, await countedSize(source, signal), signal)).reading;
}

interface ContentSize {
  readonly sizeBytes: number;
  readonly problem?: string;
}

async function readContent(
  source: RangeReader,
  { sizeBytes, problem }: ContentSize,
  signal: AbortSignal,
): Promise<{ reading: Reading; isLonger: boolean }> {
  await using content = new InflatedReader(source, { compression: "gzip", sizeBytes, signal });
  const isText = !(await content.read(0, lookedAtBytes, signal)).includes(0);
  const found = isText ? await readGcodeText(content, signal) : { facts: {}, thumbnails: [], problems: [noText] };
  const problems = new Set([problem, content.problem].filter((one) => one !== undefined));
  const reading: Reading = {
    container: "gzip",
    ...found,
    problems: [...found.problems, ...problems],
    feed: (scan, options) => feedInflated(source, { ...options, scan, compression: "gzip" }),
  };
  return { reading, isLonger: isText && content.isLonger };
}

/** What the file says in its end, if that can be: it is true of the last member. */
async function saidSize(source: RangeReader, signal: AbortSignal): Promise<number | undefined> {
  const end = await source.read(source.sizeBytes - 4, 4, signal);
  const said = end.length < 4 ? 0 : new DataView(end.buffer, end.byteOffset, 4).getUint32(0, true);
  return said >= source.sizeBytes && said <= source.sizeBytes * maxRatio ? said : undefined;
}

/** All of it is counted, as far as is bearable. */
async function countedSize(source: RangeReader, signal: AbortSignal): Promise<ContentSize> {
  let sizeBytes = 0;
  try {
    for await (const piece of inflated(source, { compression: "gzip", signal })) {
      signal.throwIfAborted();
      sizeBytes += piece.length;
      if (sizeBytes >= limits.maxInflatedForFactsBytes) break;
    }
    return { sizeBytes };
  } catch (error) {
    if (error instanceof BrokenFileError) return { sizeBytes, problem: error.message };
    throw error;
  }
}
