/**
 * Hands G-code to a scan from its first byte to its last.
 */
import type { RangeReader } from "../../domain/print_file.ts";
import type { MarkScan } from "../layer_marks.ts";
import { type Compression, inflated } from "./inflate.ts";
import { BrokenFileError, type FeedOptions } from "./reading.ts";

const chunkBytes = 1024 * 1024;

type Feed = FeedOptions & { readonly scan: MarkScan };

/** G-code as it stands. `startOffset`: where it begins in the file that a printer counts. */
export async function feedPlain(
  source: RangeReader,
  { scan, signal, onProgress, startOffset }: Feed & { startOffset: number },
): Promise<readonly string[]> {
  const { sizeBytes } = source;
  const chunkAt = (offset: number) =>
    offset < sizeBytes ? source.read(offset, chunkBytes, signal) : Promise.resolve(new Uint8Array());
  let next = chunkAt(0);
  for (let offset = 0; offset < sizeBytes;) {
    const chunk = await next;
    if (chunk.length === 0) return ["It became shorter while it was read"];
    next = chunkAt(offset + chunk.length); // read while this one is looked at
    next.catch(() => {}); // it is thrown where it is waited for
    scan.feed(chunk, startOffset + offset);
    offset += chunk.length;
    onProgress?.(offset / sizeBytes);
  }
  return [];
}

/** Compressed G-code; its offsets are those of the text. What cannot be read ends it with a problem. */
export async function feedInflated(
  packed: RangeReader,
  { scan, signal, onProgress, compression }: Feed & { compression: Compression },
): Promise<readonly string[]> {
  let offset = 0;
  const onRead = (bytes: number) => onProgress?.(bytes / packed.sizeBytes);
  try {
    for await (const piece of inflated(packed, { compression, signal, onRead })) {
      signal.throwIfAborted();
      scan.feed(piece, offset);
      offset += piece.length;
    }
    return [];
  } catch (error) {
    if (error instanceof BrokenFileError) return [error.message];
    throw error;
  }
}
