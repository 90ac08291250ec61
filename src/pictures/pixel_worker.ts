/**
 * The worker's side of `pixels.ts`: one task at a time, one answer each. It keeps nothing, so that it can be ended at
 * any moment.
 */
import { type PixelResult, type PixelTask, transform } from "./transform.ts";

self.addEventListener("message", async ({ data }: MessageEvent<{ bytes: Uint8Array; task: PixelTask }>) => {
  const result = await answer(data.bytes, data.task);
  const transfer = result.kind === "picture" && result.bytes.buffer instanceof ArrayBuffer ? [result.bytes.buffer] : [];
  self.postMessage(result, { transfer });
});

async function answer(bytes: Uint8Array, task: PixelTask): Promise<PixelResult> {
  try {
    return await transform(bytes, task);
  } catch (error) {
    return { kind: "failed", reason: `its pixels cannot be read (${error instanceof Error ? error.message : error})` };
  }
}
