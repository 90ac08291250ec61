/**
 * Print files in a folder of this machine: found by the names a printer gives them, read in parts.
 */
import { basename, join, sep } from "node:path";
import type { FileRef, RangeReader } from "../domain/print_file.ts";

/** Opens a file for reading in parts. @throws Deno.errors.NotFound and whatever else the file system says */
export async function openLocalFile(path: string): Promise<RangeReader> {
  const file = await Deno.open(path, { read: true });
  try {
    return new LocalFile(file, (await file.stat()).size);
  } catch (error) {
    file.close();
    throw error;
  }
}

/** One read at a time. */
class LocalFile implements RangeReader {
  readonly #file: Deno.FsFile;

  constructor(file: Deno.FsFile, readonly sizeBytes: number) {
    this.#file = file;
  }

  async read(offsetBytes: number, lengthBytes: number, signal: AbortSignal): Promise<Uint8Array> {
    signal.throwIfAborted();
    this.#file.seekSync(offsetBytes, Deno.SeekMode.Start); // no wait: a network folder is not asked either
    const bytes = new Uint8Array(Math.max(0, Math.min(lengthBytes, this.sizeBytes - offsetBytes)));
    let filled = 0;
    while (filled < bytes.length) {
      const count = await this.#file.read(bytes.subarray(filled));
      signal.throwIfAborted();
      if (count === null) break; // it became shorter
      filled += count;
    }
    return bytes.subarray(0, filled);
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#file.close();
    return Promise.resolve();
  }
}

/** How many folders below the owner's one are looked into. */
const maxDepth = 4;
/** More are not looked at: an owner who names `/` gets no answer rather than a busy card. */
const maxEntries = 20_000;

/**
 * The printer's file in the owner's folder: at its own path, else by one of its names anywhere below, the newest if
 * there are several. Never one outside of the folder, whatever path or link leads there; never one of another size.
 */
export async function findLocalFile(folder: string, file: FileRef, signal: AbortSignal): Promise<string | undefined> {
  const root = await realPath(folder);
  if (root === undefined) return undefined;
  const named = await candidate(join(root, ...pathParts(file.path)), { root, file });
  if (named) return named.path;
  const names = [file.path, file.displayName].flatMap((name) => name ? [nameKey(name)] : []);
  let newest: Candidate | undefined;
  for await (const path of filesBelow(root, signal)) {
    if (!names.includes(nameKey(path))) continue;
    const found = await candidate(path, { root, file });
    if (found && found.modifiedMilliseconds > (newest?.modifiedMilliseconds ?? -1)) newest = found;
  }
  return newest?.path;
}

interface Candidate {
  readonly path: string;
  readonly modifiedMilliseconds: number;
}

/** The real file behind a path, if it is one, lies within the folder and has the right size. */
async function candidate(
  path: string,
  { root, file }: { root: string; file: FileRef },
): Promise<Candidate | undefined> {
  const real = await realPath(path);
  if (real === undefined || !real.startsWith(root.endsWith(sep) ? root : root + sep)) return undefined;
  try {
    const { isFile, size, mtime } = await Deno.stat(real);
    if (!isFile || size === 0 || (file.sizeBytes !== undefined && file.sizeBytes !== size)) return undefined;
    return { path: real, modifiedMilliseconds: mtime?.getTime() ?? 0 };
  } catch {
    return undefined; // gone meanwhile
  }
}

async function* filesBelow(root: string, signal: AbortSignal): AsyncGenerator<string> {
  let entries = 0;
  let level = [root];
  for (let depth = 0; depth <= maxDepth && level.length > 0; depth++) {
    const next: string[] = [];
    for (const folder of level) {
      try {
        for await (const { name, isDirectory } of Deno.readDir(folder)) {
          if (signal.aborted || ++entries > maxEntries) return;
          if (isDirectory) next.push(join(folder, name)); // a linked folder is none: links may run in circles
          else yield join(folder, name);
        }
      } catch {
        continue; // a folder that cannot be read hides nothing from the others
      }
    }
    level = next;
  }
}

/** Hosts write `/`, some firmware `\`; neither leads out of the folder. */
function pathParts(path: string): string[] {
  return path.split(/[/\\]/).filter((part) => part !== "" && part !== "." && part !== "..");
}

/** The same for `/USB/Benchy.GCO` and `benchy.gcode`: cards know three letters after the point. */
function nameKey(path: string): string {
  return basename(pathParts(path).at(-1) ?? "").normalize("NFC").toLowerCase().replace(/\.(gcode|gco|g)$/, "");
}

async function realPath(path: string): Promise<string | undefined> {
  try {
    return await Deno.realPath(path);
  } catch {
    return undefined; // not there, or not readable: the same for us
  }
}
