/**
 * One picture from a camera, as it is, within a deadline and a size. A dead camera is a reason, never an error.
 */
import { type Clock, deadline } from "../clock.ts";
import type { Picture } from "../domain/message.ts";
import type { Camera } from "../domain/print_file.ts";
import { errorText } from "../log.ts";
import { fetchWithLogin, type HttpLogin } from "../protocols/http_login.ts";
import { isComplete, pictureType, readPictureHeader } from "./picture_header.ts";

export const maxSnapshotBytes = 8 * 1024 * 1024;

export type SnapshotResult =
  /** `flaw`: what is wrong with it, though it can be looked at. */
  | { readonly kind: "picture"; readonly picture: Omit<Picture, "hash">; readonly flaw?: string }
  | { readonly kind: "none"; readonly reason: string };

export interface SnapshotOptions {
  readonly clock: Clock;
  readonly fetch: typeof fetch;
  readonly deadlineSeconds: number;
  readonly login?: HttpLogin;
  /** What the picture shows. */
  readonly alt: string;
  readonly signal: AbortSignal;
}

export async function takeSnapshot(camera: Camera, options: SnapshotOptions): Promise<SnapshotResult> {
  using limit = deadline(options.clock, options.deadlineSeconds * 1000, options.signal);
  try {
    const bytes = "url" in camera.source
      ? await fetchLimited(camera.source, { ...options, signal: limit })
      : await camera.source.snapshot(limit);
    const mediaType = pictureType(bytes);
    if (!mediaType) return none(`it sent no picture but ${describe(bytes)}`);
    if (!readPictureHeader(bytes)) return none(`it sent a broken picture of ${bytes.length} bytes`);
    const picture = { mediaType, bytes, alt: options.alt };
    return { kind: "picture", picture, ...(isComplete(bytes) ? {} : { flaw: "the end of it is missing" }) };
  } catch (error) {
    if (limit.aborted) return none(`it did not answer within ${options.deadlineSeconds} s`);
    return none(errorText(error));
  }
}

function none(reason: string): SnapshotResult {
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
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of response.body) {
    size += part.length;
    if (size > maxSnapshotBytes) throw new Error(`its picture is larger than ${maxSnapshotBytes / 1024 / 1024} MB`);
    parts.push(part);
  }
  return concat(parts, size);
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

function concat(parts: readonly Uint8Array[], size: number): Uint8Array {
  const whole = new Uint8Array(size);
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}

function describe(bytes: Uint8Array): string {
  if (bytes.length === 0) return "nothing";
  const start = new TextDecoder().decode(bytes.subarray(0, 200)).trim().toLowerCase();
  return start.startsWith("<!doctype html") || start.startsWith("<html") ? "a web page" : `${bytes.length} other bytes`;
}
