/**
 * The cameras of a PrusaLink on a Pi. A Buddy printer has none here: its camera talks to Prusa Connect.
 */
import { known } from "../../domain/optional.ts";
import type { Camera } from "../../domain/print_file.ts";
import type { DriverIo } from "../driver.ts";
import { type Answer, hostOf, type HostSettings } from "./host.ts";
import { camerasShape } from "./shapes.ts";

const maxPhotoBytes = 8 * 1024 * 1024;
/** It takes a picture every 10 to 60 s, or every layer; an older one shows another moment. */
const maxPhotoAgeSeconds = 90;

/** Those that are connected. Their rotation is set in PrusaLink and done already. */
export async function cameras(settings: HostSettings, io: DriverIo): Promise<Camera[]> {
  const host = hostOf(settings);
  const found = await host.json("/api/v1/cameras", camerasShape, io);
  return (found?.camera_list ?? []).flatMap(({ camera_id, connected, config }) => {
    if (camera_id === undefined || connected === false) return [];
    const snapshot = async (signal: AbortSignal) => {
      const path = `/api/v1/cameras/${encodeURIComponent(camera_id)}/snap`;
      return photoOf(await host.bytes(path, { ...io, signal }, { maxBytes: maxPhotoBytes }));
    };
    return [{ ...known({ name: config?.name }), source: { snapshot }, flip: [], rotateDegrees: 0 }];
  });
}

function photoOf({ status, headers, bytes }: Answer): Uint8Array {
  if (status === 204) throw new Error("PrusaLink has taken no picture yet");
  if (status !== 200) throw new Error("PrusaLink has lost this camera");
  // Both times are the host's own, so its clock may be wrong.
  const [now, taken] = [headers.get("date"), headers.get("last-modified")].map((time) => Date.parse(time ?? ""));
  const ageSeconds = ((now ?? NaN) - (taken ?? NaN)) / 1000;
  if (ageSeconds > maxPhotoAgeSeconds) throw new Error(`PrusaLink's last picture is ${Math.round(ageSeconds)} s old`);
  return bytes;
}
