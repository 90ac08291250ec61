/**
 * The webcams that Moonraker lists for its front ends.
 * https://moonraker.readthedocs.io/en/latest/external_api/webcams/
 */
import { moonrakerOrientation } from "../../domain/camera_orientation.ts";
import { known } from "../../domain/optional.ts";
import type { Camera } from "../../domain/print_file.ts";
import type { DriverIo } from "../driver.ts";
import { hostOf, type HostSettings } from "./host.ts";
import { webcamsShape } from "./shapes.ts";

/** Moonraker's own ports; the front end beside it, to which camera addresses are relative, has the web's usual one. */
const ownPorts = { first: 7125, last: 7199 };

/** Those that are enabled and can give a single picture. */
export async function cameras(settings: HostSettings, io: DriverIo): Promise<Camera[]> {
  const found = await hostOf(settings).json("/server/webcams/list", webcamsShape, io);
  return (found?.webcams ?? []).flatMap((camera): Camera[] => {
    const { enabled, name, flip_horizontal = false, flip_vertical = false, rotation = 0 } = camera;
    const url = snapshotAddress(camera, settings.address);
    if (enabled === false || url === undefined) return [];
    return [{
      ...known({ name }),
      source: { url },
      ...moonrakerOrientation({ flip_horizontal, flip_vertical, rotation }),
    }];
  });
}

/** As the front end would read it, from where we are: `127.0.0.1` in it is the printer's host, not ours. */
export function snapshotAddress(
  { snapshot_url, stream_url }: { snapshot_url?: string | undefined; stream_url?: string | undefined },
  address: string,
): string | undefined {
  const written = snapshot_url?.trim() || mjpegSnapshot(stream_url);
  if (!written) return undefined;
  const host = new URL(address);
  const port = Number(host.port);
  if (port >= ownPorts.first && port <= ownPorts.last) host.port = "";
  const url = URL.parse(written, host.origin);
  if (!url || !/^https?:$/.test(url.protocol)) return undefined;
  if (/^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(url.hostname)) url.hostname = host.hostname;
  return url.href;
}

/** mjpg-streamer and its kin give one picture at the same address. */
function mjpegSnapshot(streamAddress: string | undefined): string | undefined {
  return streamAddress?.includes("action=stream")
    ? streamAddress.replace("action=stream", "action=snapshot")
    : undefined;
}
