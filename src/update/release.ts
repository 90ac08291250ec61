/** The newest release, as its signed manifest `release.json` tells it, and its files. */
import { createHash } from "node:crypto";
import { z } from "zod";
import { type Clock, deadline } from "../clock.ts";
import { errorText } from "../log.ts";
import { type MinisignKey, verify } from "./minisign.ts";

/** Where releases lie unless the owner names another place; beside each file its name alone follows. */
export const releaseAddress = "https://github.com/filagram/filagram/releases/latest/download";

/**
 * The minisign public key of the releases. Empty until the maintainers have made theirs (CONTRIBUTING.md, "Release"); the release
 * workflow stops where its secret key does not fit this one.
 */
export const releaseKey = "";

const maxFileBytes = 300 * 1024 * 1024;

const file = z.object({
  name: z.string().regex(/^[\w.+-]+$/),
  bytes: z.number().int().positive().max(maxFileBytes),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});
const manifest = z.object({
  version: z.string().regex(/^\d+\.\d+\.\d+$/),
  files: z.object({ "linux-x64": file.optional(), "linux-arm64": file.optional() }),
});

export type Release = z.infer<typeof manifest>;
export type ReleaseFile = z.infer<typeof file>;

export interface ReleaseIo {
  /** Where the releases lie, without a slash at the end. */
  readonly from: string;
  readonly key: MinisignKey;
  readonly fetch: typeof fetch;
  readonly clock: Clock;
  readonly signal?: AbortSignal;
}

/** What the owner is told when a release cannot be had or believed. */
export class ReleaseError extends Error {
  override readonly name = "ReleaseError";
}

const maxManifestBytes = 64 * 1024;
const maxSignatureBytes = 4 * 1024;
const answerMilliseconds = 30_000;
/** So long may a download stand still. */
const stallMilliseconds = 60_000;

/** The manifest, believed only with the signature of the key. @throws ReleaseError */
export async function fetchRelease(io: ReleaseIo): Promise<Release> {
  const content = await fetchSmall("release.json", maxManifestBytes, io);
  const signature = await fetchSmall("release.json.minisig", maxSignatureBytes, io);
  const verdict = await verify(content, new TextDecoder().decode(signature), io.key);
  if (verdict.kind === "refused") throw new ReleaseError(`The release at "${io.from}" is not believed: ${verdict.why}`);
  try {
    return manifest.parse(JSON.parse(new TextDecoder().decode(content)));
  } catch (error) {
    throw new ReleaseError(
      `Cannot read the release at "${io.from}": its manifest is of a kind this version does not know`,
      {
        cause: error,
      },
    );
  }
}

/** The file for this machine. @throws ReleaseError */
export function fileFor({ version, files }: Release, arch: typeof Deno.build.arch): ReleaseFile {
  const found = files[arch === "x86_64" ? "linux-x64" : "linux-arm64"];
  if (!found) throw new ReleaseError(`Release ${version} has no file for this machine (${arch})`);
  return found;
}

/** Whether `a` is newer than `b`; both like 1.2.3. */
export function isNewer(a: string, b: string): boolean {
  const numbers = (version: string) => version.split(".").map(Number);
  const [left, right] = [numbers(a), numbers(b)];
  const different = left.findIndex((value, index) => value !== right[index]);
  return different >= 0 && (left[different] ?? 0) > (right[different] ?? 0);
}

/** Downloads the file to `path`, which is gone again unless every byte is right. @throws ReleaseError */
export async function download(wanted: ReleaseFile, path: string, io: ReleaseIo): Promise<void> {
  try {
    using file = await Deno.open(path, { create: true, truncate: true, write: true, mode: 0o600 });
    const hash = createHash("sha256");
    let bytes = 0;
    for await (const part of parts(wanted.name, io)) {
      bytes += part.byteLength;
      if (bytes > wanted.bytes) break;
      hash.update(part);
      for (let written = 0; written < part.byteLength;) written += await file.write(part.subarray(written));
    }
    const what = `Cannot use "${wanted.name}" of "${io.from}"`;
    if (bytes !== wanted.bytes) {
      const came = bytes < wanted.bytes ? `only ${bytes}` : "more than";
      throw new ReleaseError(`${what}: ${came} of its ${wanted.bytes} bytes came`);
    }
    if (hash.digest("hex") !== wanted.sha256) throw new ReleaseError(`${what}: it is not the file that was released`);
    await file.sync();
  } catch (error) {
    await Deno.remove(path).catch(() => {});
    if (error instanceof ReleaseError) throw error;
    const todo = error instanceof Deno.errors.PermissionDenied ? ". Run this with sudo" : "";
    throw new ReleaseError(`Cannot write "${path}": ${errorText(error)}${todo}`, { cause: error });
  }
}

async function fetchSmall(name: string, maxBytes: number, io: ReleaseIo): Promise<Uint8Array<ArrayBuffer>> {
  const all: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of parts(name, io)) {
    bytes += part.byteLength;
    if (bytes > maxBytes) {
      throw new ReleaseError(`Cannot read "${io.from}/${name}": it is larger than ${maxBytes} bytes`);
    }
    all.push(part);
  }
  return new Uint8Array(await new Blob(all as BlobPart[]).arrayBuffer());
}

/** The body of a file of the release, part by part; none may let the next wait too long. @throws ReleaseError */
async function* parts(name: string, { from, fetch, clock, signal }: ReleaseIo): AsyncGenerator<Uint8Array> {
  const address = `${from}/${name}`;
  const ending = new AbortController();
  const within = async <T>(milliseconds: number, work: Promise<T>): Promise<T> => {
    using limit = deadline(clock, milliseconds, signal);
    const end = () => ending.abort(limit.reason);
    limit.addEventListener("abort", end, { once: true });
    try {
      return await work;
    } finally {
      limit.removeEventListener("abort", end);
    }
  };
  try {
    const response = await within(answerMilliseconds, fetch(address, { signal: ending.signal }));
    if (!response.ok || !response.body) throw new ReleaseError(`Cannot fetch "${address}": status ${response.status}`);
    const reader = response.body.getReader();
    for (;;) {
      const { done, value } = await within(stallMilliseconds, reader.read());
      if (done) return;
      yield value;
    }
  } catch (error) {
    if (error instanceof ReleaseError) throw error;
    throw new ReleaseError(`Cannot fetch "${address}": ${errorText(error)}`, { cause: error });
  } finally {
    ending.abort();
  }
}
