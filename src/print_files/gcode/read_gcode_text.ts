/**
 * What a text G-code file says about itself, from its two ends.
 */
import type { PrintFileFacts, RangeReader } from "../../domain/print_file.ts";
import type { EmbeddedImage } from "../embedded_image.ts";
import { limits } from "../limits.ts";
import { readAnkerPairs } from "./anker_lines.ts";
import { codeFacts, shownEstimate } from "./code_facts.ts";
import { readPairs } from "./comments.ts";
import { laterTemperatures, statedFacts } from "./config_facts.ts";
import { knownFacts } from "./known_facts.ts";
import { isByObject, lastLayerFacts, marksHeights } from "./last_layer.ts";
import { otherFacts } from "./other_facts.ts";
import { simplify3dFacts } from "./simplify3d_facts.ts";
import { readSlicerName } from "./slicer_name.ts";
import { joined, linesOf, readBefore, readHead } from "./text_windows.ts";
import { findThumbnails } from "./thumbnail_lines.ts";

export interface GcodeTextReading {
  readonly facts: PrintFileFacts;
  readonly thumbnails: readonly EmbeddedImage[];
  readonly problems: readonly string[];
}

/** Reads the head up to the first move that prints, and the tail; further back only if facts are missing. */
export async function readGcodeText(reader: RangeReader, signal: AbortSignal): Promise<GcodeTextReading> {
  const head = await readHead(reader, signal);
  const ends = { fromByte: head.length, endByte: reader.sizeBytes, lengthBytes: limits.windowBytes };
  let tail = await readBefore(reader, ends, signal);
  const reading = readEnds(head, tail, ends.endByte);
  const tailFrom = ends.endByte - tail.length;
  if (isComplete(reading) || tailFrom <= head.length) return reading;
  const further = { fromByte: head.length, endByte: tailFrom, lengthBytes: limits.maxTailBytes - tail.length };
  tail = joined(await readBefore(reader, further, signal), tail);
  return readEnds(head, tail, ends.endByte);
}

/** Time and filament stand together; where both are known, the rest of what a tail says is there, too. */
function isComplete({ facts, isCut, isHeightAhead }: EndsReading): boolean {
  return facts.estimatedSeconds !== undefined && facts.filamentMillimetres !== undefined && !isCut && !isHeightAhead;
}

interface EndsReading extends GcodeTextReading {
  /** A thumbnail ends in the tail that begins before it. */
  readonly isCut: boolean;
  /** The last layer is longer than the tail: what says how high it is stands before that. */
  readonly isHeightAhead: boolean;
}

function readEnds(head: Uint8Array, tail: Uint8Array, sizeBytes: number): EndsReading {
  const isWhole = head.length + tail.length >= sizeBytes;
  const headLines = linesOf(isWhole ? joined(head, tail) : head);
  const tailLines = isWhole ? [] : linesOf(tail);
  if (!isWhole) {
    headLines.pop(); // cut in the middle
    tailLines.shift();
  }
  const lines = [...headLines, "", ...tailLines];
  const { images, problems } = findThumbnails(lines);
  const facts = readFacts(lines, { headLines, tailLines: isWhole ? headLines : tailLines });
  const isHeightAhead = facts.objectHeightMillimetres === undefined && marksHeights(headLines) &&
    !tailLines.some(isByObject);
  return { facts, thumbnails: images, problems, isCut: hasCutBlock(tailLines), isHeightAhead };
}

function readFacts(
  lines: readonly string[],
  { headLines, tailLines }: { headLines: readonly string[]; tailLines: readonly string[] },
): PrintFileFacts {
  const pairs = new Map([...readAnkerPairs(lines), ...readPairs(lines)]);
  return knownFacts(
    { slicer: readSlicerName(lines, pairs) },
    statedFacts(pairs),
    simplify3dFacts(pairs, lines),
    otherFacts(pairs),
    lastLayerFacts(tailLines),
    codeFacts(headLines),
    laterTemperatures(pairs),
    shownEstimate(headLines),
  );
}

/** SuperSlicer can write its thumbnails to the end of the file. */
function hasCutBlock(tailLines: readonly string[]): boolean {
  const mark = tailLines.find((line) => /^;\s*(?:thumbnail\w*|png|jpe?g) (?:begin|end)/i.test(line));
  return mark !== undefined && / end/i.test(mark);
}
