/**
 * Transfers become uploads: one that was seen running and is gone, and whose file is there in full.
 */
import type { FileRef } from "../../domain/print_file.ts";
import { fileAddress, fileRef } from "./files.ts";
import { fileShape, type Status, type TransferDetails, transferShape } from "./shapes.ts";
import type { z } from "zod";

/** Asks the host; undefined where it has no answer of this shape. */
export type Ask = <T>(path: string, shape: z.ZodType<T>) => Promise<T | undefined>;

/** The host sees a new file some seconds after its last byte; a cancelled or cut one is never there in full. */
const maxFileQuestions = 3;

export class Uploads {
  #running: { readonly id: string; details: TransferDetails | undefined } | undefined;
  #arriving: { readonly file: FileRef; readonly address: string; questions: number } | undefined;

  /** Whether the next answer matters soon. */
  get isBusy(): boolean {
    return this.#running !== undefined || this.#arriving !== undefined;
  }

  /** The file that has arrived since the last look. */
  async look({ transfer, storage }: Status, ask: Ask): Promise<FileRef | undefined> {
    if (this.#running && this.#running.id !== transfer?.id) {
      this.#arriving = arriving(this.#running.details, storage);
      this.#running = undefined;
    }
    if (transfer?.id !== undefined) {
      this.#running ??= { id: transfer.id, details: undefined };
      this.#running.details ??= await ask("/api/v1/transfer", transferShape);
    }
    if (!this.#arriving) return undefined;
    const { file, address } = this.#arriving;
    const found = await ask(address, fileShape);
    const isThere = found !== undefined && found.size === file.sizeBytes;
    if (isThere || ++this.#arriving.questions >= maxFileQuestions) this.#arriving = undefined;
    return isThere ? file : undefined;
  }
}

function arriving(details: TransferDetails | undefined, storages: Status["storage"]) {
  const file = details && fileOf(details, storages);
  const address = file && fileAddress(file);
  return file && address !== undefined ? { file, address, questions: 0 } : undefined;
}

/** Its path is the folder, or the whole. */
function fileOf({ display_name, path, size }: TransferDetails, storages: Status["storage"]): FileRef | undefined {
  if (path === undefined || size === undefined) return undefined;
  const last = path.split("/").at(-1) ?? "";
  const isWhole = last === display_name || /\.(b?gcode|gco|g)$/i.test(last);
  const name = isWhole ? last : display_name;
  return name === undefined || name === ""
    ? undefined
    : fileRef({ name, path, size, display_name, refs: undefined, meta: undefined }, storages);
}
