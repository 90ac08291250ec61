/**
 * The two ends of a text file that say what it is: the head up to the first move that prints, and the tail. Some slicers write all of
 * it at one end, some at the other, some at both.
 */
import type { RangeReader } from "../../domain/print_file.ts";
import { limits } from "../limits.ts";

/** A move with X or Y and E, or a purge: behind it a slicer has introduced itself. */
const firstPrintMove = /^G[123] [^;\r\n]*E/m;
/** Cura says how many layers there are right behind the start codes. */
const behindFirstMoveBytes = 8 * 1024;

export async function readHead(reader: RangeReader, signal: AbortSignal): Promise<Uint8Array> {
  let head = new Uint8Array(0);
  let moveAt: number | undefined;
  const end = Math.min(limits.maxHeadBytes, reader.sizeBytes);
  while (head.length < end && (moveAt === undefined || head.length < moveAt + behindFirstMoveBytes)) {
    const wanted = Math.min(Math.max(limits.windowBytes, head.length), end - head.length); // doubles: a thumbnail of 400 KB is 4 reads
    const chunk = await reader.read(head.length, wanted, signal);
    if (chunk.length === 0) break; // shorter than it said
    const found = moveAt === undefined ? firstPrintMove.exec(latin1.decode(chunk)) : undefined;
    if (found) moveAt = head.length + found.index;
    head = joined(head, chunk);
  }
  return head;
}

/** Up to `lengthBytes` before `endByte`, nothing before `fromByte`. */
export async function readBefore(
  reader: RangeReader,
  { fromByte, endByte, lengthBytes }: { fromByte: number; endByte: number; lengthBytes: number },
  signal: AbortSignal,
): Promise<Uint8Array> {
  const from = Math.max(fromByte, endByte - lengthBytes);
  return endByte > from ? await reader.read(from, endByte - from, signal) : new Uint8Array(0);
}

export function joined(first: Uint8Array, second: Uint8Array): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(first.length + second.length);
  all.set(first);
  all.set(second, first.length);
  return all;
}

const latin1 = new TextDecoder("latin1");
const utf8 = new TextDecoder();

/** A head of 4 MiB with only ordinary lines has some 70,000. */
const maxLines = 500_000;

/** Without their ends, whichever of LF, CRLF and a lone CR those are; of moves in a row, which say nothing, only the first. */
export function linesOf(bytes: Uint8Array): string[] {
  const lines = utf8.decode(bytes).split(/\r\n|\r|\n/, maxLines);
  return lines.filter((line, index) => !isMove(line) || !isMove(lines[index - 1] ?? ""));
}

/** `G0 ` to `G3 ` */
function isMove(line: string): boolean {
  const digit = line.charCodeAt(1);
  return line.charCodeAt(0) === 0x47 && digit >= 0x30 && digit <= 0x33 && line.charCodeAt(2) === 0x20;
}
