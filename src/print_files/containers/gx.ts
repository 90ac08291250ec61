/**
 * FlashForge's `.gx`: a header of fixed form, one or two pictures, text G-code. All numbers little-endian.
 * The offsets are believed, not the usual sizes: converters put a PNG into the place of the BMP.
 */
import type { PrintFileFacts, RangeReader } from "../../domain/print_file.ts";
import type { EmbeddedImage } from "../embedded_image.ts";
import { readGcodeText } from "../gcode/read_gcode_text.ts";
import { imageHeaderBytes, readImageHeader } from "../image_header.ts";
import { limits } from "../limits.ts";
import { feedPlain } from "./feed.ts";
import { PartReader } from "./readers.ts";
import { BrokenFileError, mergeFacts, type Reading, type ReadOptions } from "./reading.ts";

const headerBytes = 0x3a;

interface Span {
  readonly label: string;
  readonly start: number;
  readonly end: number;
}

/** @throws BrokenFileError if it ends within its header */
export async function readGx(source: RangeReader, { signal }: ReadOptions): Promise<Reading> {
  const header = await source.read(0, headerBytes, signal);
  if (header.length < headerBytes) throw new BrokenFileError("It is cut off within its header");
  const view = new DataView(header.buffer, header.byteOffset, header.length);
  const [first, second, start] = [view.getUint32(0x10, true), view.getUint32(0x14, true), view.getUint32(0x18, true)];
  const problems: string[] = [];
  const thumbnails: EmbeddedImage[] = [];
  for (const span of imageSpans({ first, second, start })) {
    const image = await readImage(source, span, signal);
    if (typeof image === "string") problems.push(image);
    else thumbnails.push(image);
  }
  const facts = headerFacts(view);
  if (start < headerBytes || start >= source.sizeBytes) {
    return { container: "gx", facts, thumbnails, problems: [...problems, "Its G-code is missing: it is cut off"] };
  }
  const gcode = new PartReader(source, { start, sizeBytes: source.sizeBytes - start });
  const text = await readGcodeText(gcode, signal);
  return {
    container: "gx",
    facts: mergeFacts(text.facts, facts), // converters write the temperatures to wrong places
    thumbnails: [...thumbnails, ...text.thumbnails],
    problems: [...problems, ...text.problems],
    feed: (scan, options) => feedPlain(gcode, { ...options, scan, startOffset: start }),
  };
}

/** The second offset is that of the G-code where there is no second picture. */
function imageSpans({ first, second, start }: { first: number; second: number; start: number }): Span[] {
  const hasSecond = second > first && second < start;
  return [
    { label: "first picture", start: first, end: hasSecond ? second : start },
    ...hasSecond ? [{ label: "second picture", start: second, end: start }] : [],
  ].filter(({ start, end }) => start >= headerBytes && end > start);
}

async function readImage(
  source: RangeReader,
  { label, start, end }: Span,
  signal: AbortSignal,
): Promise<EmbeddedImage | string> {
  const sizeBytes = end - start;
  if (end > source.sizeBytes) return `Its ${label} is cut off`;
  if (sizeBytes > limits.maxThumbnailBytes) return `Its ${label} is too large: ${sizeBytes} bytes`;
  const header = readImageHeader(await source.read(start, Math.min(imageHeaderBytes, sizeBytes), signal));
  if (!header) return `Its ${label} is none that is known`;
  const read = async (signal: AbortSignal) =>
    ({ kind: "encoded", bytes: await source.read(start, sizeBytes, signal) }) as const;
  return { ...header, label, sizeBytes, read };
}

/** A zero means that the machine has no such thing, or that nobody filled it in. The right extruder is the first. */
function headerFacts(view: DataView): PrintFileFacts {
  const seconds = view.getUint32(0x1c, true);
  const [right, left] = [view.getUint32(0x20, true), view.getUint32(0x24, true)];
  const layerMicrometres = view.getUint16(0x2a, true);
  const bed = view.getUint16(0x32, true);
  const nozzle = view.getUint16(0x34, true) || view.getUint16(0x36, true);
  return {
    ...seconds > 0 && { estimatedSeconds: seconds },
    ...right + left > 0 && { filamentMillimetres: [right, left] },
    ...layerMicrometres > 0 && { layerHeightMillimetres: layerMicrometres / 1000 },
    ...bed > 0 && { firstLayerBedCelsius: bed },
    ...nozzle > 0 && { firstLayerNozzleCelsius: nozzle },
  };
}
