/**
 * Reads the two files as they are: at most so long, and with the question who else can read them.
 */
import { dirname, join } from "node:path";

/** The secrets file that belongs to a settings file. */
export function secretsPathOf(settingsPath: string): string {
  return join(dirname(settingsPath), "secrets.yaml");
}

/** One and a half times what 400 printers need; the worst file of this size is refused within a second or so on a Pi. */
export const maxFileBytes = 256 * 2 ** 10;

export type TextFile =
  | { readonly kind: "text"; readonly text: string; readonly isPrivate: boolean }
  | { readonly kind: "missing" }
  /** `text`: a sentence for the owner. */
  | { readonly kind: "unreadable"; readonly text: string };

/** The file's text. Expected troubles are values; anything else throws. */
export async function readTextFile(path: string): Promise<TextFile> {
  try {
    const named = await Deno.stat(path); // before opening: the reader of a FIFO waits for its writer
    if (!named.isFile) return { kind: "unreadable", text: "is no file" };
    using file = await Deno.open(path);
    const { mode } = await file.stat();
    const bytes = await readLimited(file);
    if (bytes === undefined) return { kind: "unreadable", text: `is larger than ${maxFileBytes / 2 ** 10} KiB` };
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return { kind: "text", text, isPrivate: mode === null || (mode & 0o077) === 0 };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return { kind: "missing" };
    if (error instanceof Deno.errors.PermissionDenied) {
      return { kind: "unreadable", text: `cannot be read: permission denied. ${permissionAdvice(path)}` };
    }
    if (error instanceof TypeError) return { kind: "unreadable", text: "is no UTF-8 text: save it as UTF-8" };
    throw error;
  }
}

async function readLimited(file: Deno.FsFile): Promise<Uint8Array | undefined> {
  const bytes = new Uint8Array(maxFileBytes + 1);
  let length = 0;
  for (;;) {
    const count = await file.read(bytes.subarray(length));
    if (count === null) return bytes.subarray(0, length);
    length += count;
    if (length > maxFileBytes) return undefined;
  }
}

function permissionAdvice(path: string): string {
  return `Give it to the user Filagram runs as: sudo chown USER ${shellWord(path)}`;
}

/** What to type when others can read secrets. */
export function chmodAdvice(path: string): string {
  return `chmod 600 ${shellWord(path)}`;
}

function shellWord(text: string): string {
  return /^[\w./:@+-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
