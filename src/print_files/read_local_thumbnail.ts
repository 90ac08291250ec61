/**
 * The thumbnail of a printer's file that also lies in a folder of this machine.
 */
import { type Clock, deadline } from "../clock.ts";
import type { FileRef } from "../domain/print_file.ts";
import { findLocalFile, openLocalFile } from "./local_file.ts";
import { readThumbnail, type Thumbnail } from "./thumbnail.ts";

/** Network folders hang; the text does not wait longer for its picture. */
const maxSeconds = 5;

/** Undefined: there is no such file, or no picture in it, or not in time. None of these is an error. */
export async function readLocalThumbnail(
  folder: string,
  file: FileRef,
  { clock, signal }: { clock: Clock; signal: AbortSignal },
): Promise<Thumbnail | undefined> {
  using limit = deadline(clock, maxSeconds * 1000, signal);
  const listening = new AbortController();
  const late = new Promise<undefined>((resolve) =>
    limit.addEventListener("abort", () => resolve(undefined), { signal: listening.signal })
  );
  const found = await Promise.race([findAndRead(folder, file, limit), late]);
  listening.abort(); // a listener left behind would keep the signal for as long as the agent runs
  return found;
}

async function findAndRead(folder: string, file: FileRef, signal: AbortSignal): Promise<Thumbnail | undefined> {
  try {
    const path = await findLocalFile(folder, file, signal);
    if (path === undefined) return undefined;
    await using reader = await openLocalFile(path);
    return await readThumbnail(reader, signal);
  } catch {
    return undefined; // unplugged, forbidden, gone: the message goes out without
  }
}
