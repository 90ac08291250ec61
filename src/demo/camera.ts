/**
 * A webcam for the demo: answers every request with a JPEG of the print as it stands.
 */
import { cameraFrames } from "./camera_frames.ts";

export interface DemoCamera extends AsyncDisposable {
  /** For `camera: snapshot:`. */
  readonly snapshotUrl: string;
}

export interface DemoCameraOptions {
  /** How much is printed, 0 to 100; asked at each snapshot. */
  percent(): number;
  /** 0 or absent: any free one. */
  readonly port?: number;
}

/** Listens on 127.0.0.1. */
export function startDemoCamera({ percent, port = 0 }: DemoCameraOptions): DemoCamera {
  const server = Deno.serve(
    { hostname: "127.0.0.1", port, onListen: () => {} },
    () => new Response(frameAt(percent()), { headers: { "content-type": "image/jpeg", "cache-control": "no-store" } }),
  );
  return {
    snapshotUrl: `http://127.0.0.1:${server.addr.port}/snapshot.jpg`,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

/** The nearest frame: they show 0, 25, 50, 75 and 100 %. */
export function frameAt(percent: number): Uint8Array<ArrayBuffer> {
  const last = cameraFrames.length - 1;
  const index = Math.max(0, Math.min(last, Math.round(percent / 100 * last)));
  return Uint8Array.fromBase64(cameraFrames[index] ?? "");
}
