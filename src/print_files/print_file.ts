/**
 * What a print file says about itself, whatever slicer wrote it and whatever it is packed in: facts, thumbnails, where its layers
 * begin. Read by ranges; within the limits of {@link limits}; what kind of file it is, its first bytes say, never its name.
 */
import type { PrintFileFacts, RangeReader } from "../domain/print_file.ts";
import { readBgcode } from "./containers/bgcode/bgcode.ts";
import { feedPlain } from "./containers/feed.ts";
import { readGx } from "./containers/gx.ts";
import { readGzip } from "./containers/gzip.ts";
import { CountedReader, ReadAhead } from "./containers/readers.ts";
import {
  BrokenFileError,
  type Container,
  type ContainerReader,
  type FeedOptions,
  type Reading,
} from "./containers/reading.ts";
import { readZip } from "./containers/zip.ts";
import type { EmbeddedImage } from "./embedded_image.ts";
import { LayerScan, type ScannedMarks } from "./gcode/layer_scan.ts";
import { readGcodeText } from "./gcode/read_gcode_text.ts";
import { imageFormat, imageHeaderBytes, readImageHeader } from "./image_header.ts";
import type { FileMarks } from "./layer_marks.ts";
import { limits } from "./limits.ts";

export type { Container } from "./containers/reading.ts";

export interface PrintFile {
  readonly container: Container;
  readonly facts: PrintFileFacts;
  /** All that can be read, in the file's order; they are read lazily, as long as the reader is open. */
  readonly thumbnails: readonly EmbeddedImage[];
  /** What is wrong with it, in sentences for its owner. */
  readonly problems: readonly string[];
  /** How much of the source was read. */
  readonly bytesRead: number;
  /** Of a project with several plates: whose facts these are, and which are sliced. */
  readonly plates?: NonNullable<Reading["plates"]>;
  /** With `scanLayers`, and only if its G-code has layers. */
  readonly marks?: FileMarks;
}

export interface ReadPrintFileOptions {
  readonly signal: AbortSignal;
  /** Read all of its G-code, too, and find where its layers begin. */
  readonly scanLayers?: boolean;
  /** How far the scan is, between 0 and 1. */
  readonly onProgress?: (share: number) => void;
  /** Which plate of a sliced project; left out: the first that is sliced. */
  readonly plate?: number;
}

interface Kind {
  /** What it is called if it is too broken to say more. */
  readonly container: Container;
  readonly read: ContainerReader;
}

const magics: readonly (readonly [magic: string, kind: Kind])[] = [
  ["GCDE", { container: "bgcode", read: readBgcode }],
  ["xgcode 1.0\n", { container: "gx", read: readGx }],
  ["PK\x03\x04", { container: "zip", read: readZip }],
  ["PK\x05\x06", { container: "zip", read: readZip }], // an empty one
  ["\x1f\x8b", { container: "gzip", read: readGzip }],
];

/** Reads it. A broken file is a result with problems; what is thrown is what the source throws, or the abort's reason. */
export async function readPrintFile(source: RangeReader, options: ReadPrintFileOptions): Promise<PrintFile> {
  const { signal, scanLayers = false, onProgress } = options;
  const counted = new CountedReader(source);
  const reader = new ReadAhead(counted, imageHeaderBytes);
  const reading = await readContainer(reader, options);
  const { thumbnails, problems } = checkThumbnails(reading);
  const { marks, problems: scanProblems = [] } = scanLayers ? await scanMarks(reading, { signal, onProgress }) : {};
  return {
    container: reading.container,
    facts: { ...countedFacts(marks), ...reading.facts },
    thumbnails,
    problems: [...new Set([...reading.problems, ...problems, ...scanProblems])].slice(0, limits.maxProblems),
    bytesRead: counted.bytesRead,
    ...reading.plates && { plates: reading.plates },
    ...marks && { marks },
  };
}

async function readContainer(reader: RangeReader, { signal, plate }: ReadPrintFileOptions): Promise<Reading> {
  const start = await reader.read(0, imageHeaderBytes, signal);
  if (start.length === 0) return nothing("unknown", "It is empty");
  const kind = kindOf(start);
  if (!kind) return nothing("unknown", "It is no print file that is known");
  try {
    return await kind.read(reader, { signal, plate });
  } catch (error) {
    if (error instanceof BrokenFileError) return nothing(kind.container, error.message);
    throw error;
  }
}

function nothing(container: Container, problem: string): Reading {
  return { container, facts: {}, thumbnails: [], problems: [problem] };
}

function kindOf(start: Uint8Array): Kind | undefined {
  const found = magics.find(([magic]) => [...magic].every((letter, index) => start[index] === letter.charCodeAt(0)));
  if (found) return found[1];
  if (imageFormat(start) && readImageHeader(start)) return { container: "image", read: readImage };
  return isText(start) ? { container: "gcode", read: readText } : undefined;
}

/** Whatever the language of its comments, G-code holds no zeros; the files of programs do. */
function isText(start: Uint8Array): boolean {
  return !start.includes(0);
}

const readText: ContainerReader = async (reader, { signal }) => ({
  container: "gcode",
  ...await readGcodeText(reader, signal),
  feed: (scan, options) => feedPlain(reader, { ...options, scan, startOffset: 0 }),
});

/** A picture by itself is its own thumbnail. */
const readImage: ContainerReader = async (reader, { signal }) => {
  const header = readImageHeader(await reader.read(0, imageHeaderBytes, signal));
  if (!header) throw new BrokenFileError("It is no picture that can be read");
  const { sizeBytes } = reader;
  const read = async (signal: AbortSignal) =>
    ({ kind: "encoded", bytes: await reader.read(0, Math.min(sizeBytes, limits.maxThumbnailBytes), signal) }) as const;
  return { container: "image", facts: {}, thumbnails: [{ ...header, label: "file", sizeBytes, read }], problems: [] };
};

async function scanMarks(
  { feed }: Reading,
  options: FeedOptions,
): Promise<{ marks?: ScannedMarks; problems?: readonly string[] }> {
  if (!feed) return {};
  const scan = new LayerScan();
  try {
    const problems = await feed(scan, options);
    return { marks: scan.finish(), problems };
  } catch (error) {
    if (error instanceof BrokenFileError) return { marks: scan.finish(), problems: [error.message] };
    throw error;
  }
}

/** Leaves out those that are too large to be decoded, or too many. */
function checkThumbnails(reading: Reading): { thumbnails: readonly EmbeddedImage[]; problems: readonly string[] } {
  const isFine = ({ widthPixels, heightPixels, sizeBytes }: EmbeddedImage) =>
    widthPixels <= limits.maxImageSidePixels && heightPixels <= limits.maxImageSidePixels &&
    widthPixels * heightPixels <= limits.maxImagePixels && sizeBytes <= limits.maxThumbnailBytes;
  const problems = reading.thumbnails.filter((image) => !isFine(image)).map((image) =>
    `A picture in it is too large: ${image.widthPixels}x${image.heightPixels} pixels, ${image.sizeBytes} bytes`
  );
  return { thumbnails: reading.thumbnails.filter(isFine).slice(0, limits.maxThumbnails), problems };
}

/** What the scan knows where the file does not say it. */
function countedFacts(marks: ScannedMarks | undefined): PrintFileFacts {
  let [layers, height] = [0, 0]; // the most, not the last: objects may be printed one after the other
  for (const mark of marks?.layerMarks ?? []) {
    layers = Math.max(layers, mark.layer);
    height = Math.max(height, mark.heightMillimetres ?? 0);
  }
  return {
    ...layers > 0 && { layers },
    ...height > 0 && { objectHeightMillimetres: height },
    ...marks && marks.objects.length > 0 && { objects: marks.objects },
  };
}
