/**
 * The worker's side of `pixels.ts`: one task at a time, one answer each. It keeps nothing, so that it can be ended at
 * any moment.
 */
import { doWork, type PixelResult, type PixelWork } from "./work.ts";

self.addEventListener("message", async ({ data }: MessageEvent<PixelWork>) => {
  const result = await answer(data);
  const transfer = result.kind === "picture" && result.bytes.buffer instanceof ArrayBuffer ? [result.bytes.buffer] : [];
  self.postMessage(result, { transfer });
});

async function answer(work: PixelWork): Promise<PixelResult> {
  try {
    return await doWork(work);
  } catch (error) {
    return { kind: "failed", reason: `its pixels cannot be read (${error instanceof Error ? error.message : error})` };
  }
}
