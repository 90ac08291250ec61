/**
 * OctoPrint's webcams: all of them since 1.9, the one of before that.
 * https://docs.octoprint.org/en/master/api/datamodel.html#webcam
 */
import { octoPrintOrientation } from "../../domain/camera_orientation.ts";
import { known } from "../../domain/optional.ts";
import type { Camera } from "../../domain/print_file.ts";
import { fetchWithLogin } from "../../protocols/http_login.ts";
import type { DriverIo } from "../driver.ts";
import { type HostSettings, OctoPrintHost } from "./host.ts";
import { settingsShape, type Webcam, type WebcamSettings } from "./shapes.ts";

const maxPhotoBytes = 8 * 1024 * 1024;
/** OctoPrint fetches the picture of its own snapshot camera for us; the way to cameras that only its host can reach. */
const ownSnapshot = "/downloads/camera/current";
/** Its own port; the proxy beside it, to which camera addresses are relative, has the web's usual one. */
const ownPort = "5000";

/** Those that can give a single picture. */
export async function cameras(settings: HostSettings, io: DriverIo): Promise<Camera[]> {
  const host = new OctoPrintHost(settings);
  const webcam = (await host.json("/api/settings", settingsShape, io))?.webcam;
  if (!webcam || webcam.webcamEnabled === false) return [];
  return webcamsOf(webcam).flatMap((one): Camera[] => {
    const source = sourceOf(one, { webcam, host, io });
    const { flipH = false, flipV = false, rotate90 = false } = one;
    const name = one.displayName ?? one.name;
    return source ? [{ ...known({ name }), source, ...octoPrintOrientation({ flipH, flipV, rotate90 }) }] : [];
  });
}

/** Before 1.9 its fields stand beside each other. */
function webcamsOf(webcam: WebcamSettings): readonly Webcam[] {
  if (webcam.webcams) return webcam.webcams;
  const { snapshotUrl: snapshot, streamUrl: stream, flipH, flipV, rotate90 } = webcam;
  return [{
    name: undefined,
    displayName: undefined,
    canSnapshot: undefined,
    flipH,
    flipV,
    rotate90,
    compat: { snapshot, stream },
  }];
}

interface Place {
  readonly webcam: WebcamSettings;
  readonly host: OctoPrintHost;
  readonly io: Pick<DriverIo, "fetch">;
}

function sourceOf(one: Webcam, { webcam, host, io }: Place): Camera["source"] | undefined {
  const url = snapshotAddress(one.compat ?? {}, host.address);
  const isOnHost = url !== undefined && isLoopback(url.hostname) && !isLoopback(new URL(host.address).hostname);
  const isOwn = one.name !== undefined && one.name === webcam.snapshotWebcam;
  if (one.canSnapshot && isOwn && (!url || isOnHost)) {
    return { url: host.address + ownSnapshot, headers: host.headers };
  }
  if (!url) return undefined;
  if (isOnHost) url.hostname = new URL(host.address).hostname; // `127.0.0.1` is OctoPrint's host, not ours
  if (url.username === "" && url.password === "") return { url: url.href };
  const login = { user: unescaped(url.username), password: unescaped(url.password) };
  url.username = url.password = "";
  return { snapshot: (signal) => photo(url.href, { login, fetch: io.fetch, signal }) };
}

/** As OctoPrint's page would read it; undefined where there is no address of a picture. */
export function snapshotAddress(
  { snapshot, stream }: { snapshot?: string | undefined; stream?: string | undefined },
  address: string,
): URL | undefined {
  const written = snapshot?.trim() || mjpegSnapshot(stream?.trim());
  if (!written) return undefined;
  const base = new URL(address);
  if (base.port === ownPort) base.port = "";
  const url = URL.parse(written, base.origin);
  return url && /^https?:$/.test(url.protocol) ? url : undefined;
}

/** mjpg-streamer and its kin give one picture at the same address. */
function mjpegSnapshot(stream: string | undefined): string | undefined {
  return stream?.includes("action=stream") ? stream.replace("action=stream", "action=snapshot") : undefined;
}

/** A `%` that begins nothing stands for itself. */
function unescaped(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function isLoopback(hostname: string): boolean {
  return /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(hostname);
}

async function photo(
  url: string,
  { login, fetch, signal }: {
    login: { user: string; password: string };
    fetch: typeof globalThis.fetch;
    signal: AbortSignal;
  },
): Promise<Uint8Array> {
  const response = await fetchWithLogin(fetch, url, { login: { kind: "password", ...login }, signal });
  if (!response.ok) {
    await response.body?.cancel();
    throw new Error(`The camera answered ${response.status}`);
  }
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let size = 0;
  for await (const part of response.body ?? []) {
    size += part.length;
    if (size > maxPhotoBytes) throw new Error(`The camera sent more than ${maxPhotoBytes} bytes`);
    parts.push(part);
  }
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}
