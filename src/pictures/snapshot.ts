/**
 * One picture from a camera, as it is, within a deadline and a size. A dead camera is a reason, never an error.
 */
import { type Clock, deadline } from "../clock.ts";
import type { Picture } from "../domain/message.ts";
import type { Camera } from "../domain/print_file.ts";
import { errorText } from "../log.ts";
import { fetchWithLogin, type HttpLogin } from "../protocols/http_login.ts";
import { mayBeBlack } from "./darkness.ts";
import { isStream, readFirstPicture } from "./mjpeg.ts";
import { isComplete, pictureType, readPictureHeader } from "./picture_header.ts";
import type { Pixels } from "./pixels.ts";

export const maxSnapshotBytes = 8 * 1024 * 1024;

export type SnapshotResult =
  /** `flaw`: what is wrong with it, though it can be looked at: `is black`. */
  | { readonly kind: "picture"; readonly picture: Omit<Picture, "hash">; readonly flaw?: string }
  /** `isBroken`: the next one may be whole. */
  | { readonly kind: "none"; readonly reason: string; readonly isBroken?: true };

export interface SnapshotOptions {
  readonly clock: Clock;
  readonly fetch: typeof fetch;
  readonly deadlineSeconds: number;
  readonly login?: HttpLogin;
  /** What the picture shows. */
  readonly alt: string;
  readonly signal: AbortSignal;
  /** Finds out whether there is anything to be seen; without it every picture is taken for one. */
  readonly pixels?: Pick<Pixels, "isBlack">;
}

/** A camera that was asleep needs about so long to see something. */
const wakeMilliseconds = 1000;

/** Asks a second time, within the same deadline, where the first picture is broken or black; the better one counts. */
export async function takeSnapshot(camera: Camera, options: SnapshotOptions): Promise<SnapshotResult> {
  using limit = deadline(options.clock, options.deadlineSeconds * 1000, options.signal);
  const first = await look(camera, options, limit);
  if (first.kind === "none" ? !first.isBroken : first.flaw === undefined) return first;
  if (first.kind === "picture" && first.flaw === blackFlaw) await options.clock.sleep(wakeMilliseconds, limit);
  const second = await look(camera, options, limit);
  return second.kind === "none" || first.kind === "picture" && second.flaw !== undefined ? first : second;
}

const blackFlaw = "is black";

async function look(
  { source }: Camera,
  options: SnapshotOptions,
  limit: AbortSignal,
): Promise<SnapshotResult> {
  try {
    const bytes = "url" in source
      ? await fetchLimited(source, { ...options, signal: limit })
      : await source.snapshot(limit);
    const mediaType = pictureType(bytes);
    if (!mediaType) {
      if (bytes.length === 0) return { ...none("it sent no picture but nothing"), isBroken: true };
      return none(`it sent no picture but ${isWebPage(bytes) ? "a web page" : `${bytes.length} other bytes`}`);
    }
    const header = readPictureHeader(bytes);
    if (!header) return { ...none(`it sent a broken picture of ${bytes.length} bytes`), isBroken: true };
    const picture = { mediaType, bytes, alt: options.alt };
    if (!isComplete(bytes)) return { kind: "picture", picture, flaw: "is damaged: the end of it is missing" };
    const isDark = mayBeBlack(header, bytes.length) && await options.pixels?.isBlack(bytes, limit);
    return { kind: "picture", picture, ...(isDark ? { flaw: blackFlaw } : {}) };
  } catch (error) {
    if (limit.aborted) return none(`it did not answer within ${options.deadlineSeconds} s`);
    return none(errorText(error));
  }
}

function none(reason: string): { kind: "none"; reason: string } {
  return { kind: "none", reason };
}

async function fetchLimited(
  { url, headers }: { url: string; headers?: Readonly<Record<string, string>> },
  { fetch, signal, login }: SnapshotOptions,
): Promise<Uint8Array> {
  let response: Response;
  try {
    response = await fetchWithLogin(fetch, url, {
      signal,
      ...(login ? { login } : {}),
      ...(headers ? { headers } : {}),
    });
  } catch (error) {
    throw new Error("it cannot be reached", { cause: signal.aborted ? error : withoutAddresses(error) });
  }
  if (!response.ok || !response.body) {
    await response.body?.cancel();
    throw new Error(
      response.status === 401
        ? "it wants a login: set camera.user and camera.password"
        : `it answered ${response.status} ${response.statusText}`.trim(),
    );
  }
  const body = limited(response.body);
  if (isStream(response.headers.get("content-type"))) return await readFirstPicture(body);
  const parts = await Array.fromAsync(body);
  return concat(parts);
}

async function* limited(body: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  let size = 0;
  for await (const part of body) {
    size += part.length;
    if (size > maxSnapshotBytes) throw new Error(`its picture is larger than ${maxSnapshotBytes / 1024 / 1024} MB`);
    yield part;
  }
}

/** The innermost reason, which says most; addresses may hold a password. */
function withoutAddresses(error: unknown): string {
  let innermost = error;
  while (innermost instanceof Error && innermost.cause !== undefined) innermost = innermost.cause;
  return errorText(innermost).replace(/^error sending request for url \(.*?\): /, "").replace(
    /\b\w+:\/\/[^\s)"']*/g,
    "…",
  );
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}

function isWebPage(bytes: Uint8Array): boolean {
  const start = new TextDecoder().decode(bytes.subarray(0, 200)).trim().toLowerCase();
  return start.startsWith("<!doctype html") || start.startsWith("<html");
}
