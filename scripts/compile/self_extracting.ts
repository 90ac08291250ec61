/**
 * An executable without the compiler's help: `header.sh`, and behind it an archive of the stock Deno and the program.
 */
import { createHash } from "node:crypto";
import { runToEnd } from "./run_to_end.ts";
import type { Build } from "./target.ts";

/** All files of an archive get this time: a header can name it, and the same sources make the same file. */
const fileSeconds = Date.UTC(2026, 0, 1) / 1000;

/** What unpacking takes beside the files themselves. */
const spareKib = 4096;

/** Makes the executable of a folder with the program's files and, as `filagram`, Deno. */
export async function makeSelfExtracting(
  folder: string,
  { version, target, output, flags }: SelfExtracting,
): Promise<void> {
  const files = await listFiles(folder);
  const archive = await packed(folder, files.map(({ name }) => name));
  const header = await headerText({ version, machine: target.machine, flags, files, archive });
  await Deno.writeFile(output, new Uint8Array(await new Blob([header, archive]).arrayBuffer()), { mode: 0o755 });
  await Deno.chmod(output, 0o755);
}

export interface SelfExtracting extends Build {
  /** For Deno; `$folder` is where the program was unpacked. */
  readonly flags: readonly string[];
}

interface PackedFile {
  /** Below the folder. */
  readonly name: string;
  readonly mode: number;
  readonly size: number;
  readonly sha256: string;
}

async function listFiles(folder: string, below = ""): Promise<PackedFile[]> {
  const files: PackedFile[] = [];
  for await (const { name: own, isDirectory } of Deno.readDir(folder + below)) {
    const name = `${below}/${own}`;
    if (isDirectory) {
      files.push(...await listFiles(folder, name));
      continue;
    }
    const path = folder + name;
    const mode = own === "filagram" ? 0o755 : 0o644;
    await Deno.chmod(path, mode);
    await Deno.utime(path, fileSeconds, fileSeconds);
    const bytes = await Deno.readFile(path);
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    files.push({ name: name.slice(1), mode, size: bytes.length, sha256 });
  }
  return files.sort((a, b) => a.name < b.name ? -1 : 1);
}

/** gzip, because every system has it; xz would save a quarter. */
async function packed(folder: string, names: readonly string[]): Promise<Uint8Array<ArrayBuffer>> {
  const settings = ["--format=ustar", "--owner=0", "--group=0", "--numeric-owner", "--no-recursion"];
  return await runToEnd("sh", ["-c", 'cd "$0" && tar -cf - "$@" | gzip -9n', folder, ...settings, ...names]);
}

interface HeaderFacts {
  readonly version: string;
  readonly machine: string;
  readonly flags: readonly string[];
  readonly files: readonly PackedFile[];
  readonly archive: Uint8Array;
}

const regularFile = 0o100000;

async function headerText({ version, machine, flags, files, archive }: HeaderFacts): Promise<string> {
  const template = await Deno.readTextFile(new URL("header.sh", import.meta.url));
  const total = files.reduce((sum, { size }) => sum + size, 0);
  const values: Record<string, string> = {
    VERSION: version,
    MACHINE: machine,
    ID: createHash("sha256").update(archive).digest("hex").slice(0, 12),
    NEEDED_KIB: String(Math.ceil(total / 1024) + spareKib),
    FILES: files.map(({ name }) => name).join(" "),
    LISTING: files.map(({ name, mode, size }) =>
      `$2 ${(regularFile | mode).toString(16)} ${size} ${fileSeconds} ${name}`
    ).join("\n"),
    SUMS: files.map(({ name, sha256 }) => `${sha256}  ${name}`).join("\n"),
    FLAGS: flags.map((flag) => `"${flag}"`).join(" "),
    ARCHIVE_AT: "000000",
  };
  const filled = template.replace(/@([A-Z_]+)@/g, (all, key: string) => values[key] ?? all);
  const at = String(new TextEncoder().encode(filled).length + 1).padStart(6, "0");
  return filled.replace("tail -c +000000", `tail -c +${at}`);
}
