/**
 * Pictures as files beside the database, named by the SHA-256 of their bytes: the same picture is kept once, and a
 * damaged one is noticed.
 */
import { createHash } from "node:crypto";
import { removeIfThere } from "./database.ts";

/** A larger picture is not kept; its message goes out without it. */
export const maxPictureBytes = 20 * 1024 * 1024;

const hashShape = /^[0-9a-f]{64}$/;

export class PictureFolder {
  constructor(readonly path: string) {}

  /** Writes the picture durably; returns its hash. @throws RangeError when too large, and what the file system throws */
  put(bytes: Uint8Array): string {
    if (bytes.length > maxPictureBytes) throw new RangeError(`A picture of ${bytes.length} bytes is too large to keep`);
    const hash = sha256(bytes);
    if (this.#bytesOf(hash) === bytes.length) return hash;
    Deno.mkdirSync(this.path, { recursive: true, mode: 0o700 });
    const unfinished = `${this.path}/${hash}.tmp`;
    try {
      removeIfThere(unfinished); // left by a power cut
      writeDurably(unfinished, bytes);
      Deno.renameSync(unfinished, `${this.path}/${hash}`);
    } catch (error) {
      removeIfThere(unfinished);
      throw error;
    }
    syncFolder(this.path);
    return hash;
  }

  /** The picture's bytes; undefined when the file is gone, damaged or unreadable. */
  async read(hash: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
    if (!hashShape.test(hash)) return undefined;
    try {
      const bytes = await Deno.readFile(`${this.path}/${hash}`);
      return sha256(bytes) === hash ? bytes : undefined;
    } catch {
      return undefined; // a message without its picture is better than none
    }
  }

  /** Whatever lies in the folder, left-overs of a power cut too. */
  *files(): Generator<{ name: string; bytes: number }> {
    try {
      for (const { name, isFile } of Deno.readDirSync(this.path)) {
        if (isFile) yield { name, bytes: this.#bytesOf(name) ?? 0 };
      }
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error; // no picture was ever kept
    }
  }

  remove(name: string): void {
    removeIfThere(`${this.path}/${name}`);
  }

  #bytesOf(name: string): number | undefined {
    try {
      return Deno.statSync(`${this.path}/${name}`).size;
    } catch {
      return undefined;
    }
  }
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

function writeDurably(path: string, bytes: Uint8Array): void {
  using file = Deno.openSync(path, { createNew: true, write: true, mode: 0o600 });
  for (let written = 0; written < bytes.length;) written += file.writeSync(bytes.subarray(written));
  file.syncSync();
}

/** Makes new names in a folder survive a power cut. */
export function syncFolder(path: string): void {
  using folder = Deno.openSync(path, { read: true });
  folder.syncSync();
}
