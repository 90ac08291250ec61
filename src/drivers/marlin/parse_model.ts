/**
 * RepRapFirmware's answers in JSON: `M409` gives parts of the object model, `M408 S2` (version 2) a flat summary.
 * https://docs.duet3d.com/en/User_manual/Reference/Gcodes#m409-query-object-model
 */
import { z } from "zod";
import type { JobProgress } from "../../domain/printer_state.ts";
import type { MarlinLine } from "./marlin_line.ts";

const number = z.number().nonnegative().nullish().catch(undefined);
const text = z.string().nullish().catch(undefined);

const jobReply = z.object({
  key: z.literal("job"),
  result: z.object({
    duration: number,
    file: z.object({
      fileName: text,
      size: number,
      numLayers: number,
      printTime: number,
      simulatedTime: number,
      filament: z.array(z.number()).nullish().catch(undefined),
    }).nullish().catch(undefined),
    filePosition: number,
    layer: number,
    timesLeft: z.object({ slicer: number, filament: number, file: number }).nullish().catch(undefined),
  }),
});

const statusReply = z.object({ key: z.literal("state.status"), result: z.string() });

const summary = z.object({
  status: z.string().length(1),
  fraction_printed: number,
  currentLayer: number,
  printDuration: number,
  timesLeft: z.union([z.array(z.number()), z.object({ slicer: number, filament: number, file: number })])
    .nullish().catch(undefined),
});

/** Status letters of `M408`, in the words of the object model. */
const statusOfLetter: Readonly<Record<string, string>> = {
  C: "starting",
  F: "updating",
  H: "halted",
  S: "halted",
  O: "off",
  D: "pausing",
  R: "resuming",
  A: "paused",
  M: "simulating",
  P: "processing",
  T: "changingTool",
  B: "busy",
  I: "idle",
};

/** A line that begins with `{`. */
export function parseModel(line: string): MarlinLine | undefined {
  let json: unknown;
  try {
    json = JSON.parse(line);
  } catch {
    return undefined;
  }
  const job = jobReply.safeParse(json);
  if (job.success) return jobLine(job.data.result);
  const status = statusReply.safeParse(json);
  if (status.success) return { kind: "model", model: { status: status.data.result, progress: {} } };
  const flat = summary.safeParse(json);
  if (flat.success) return summaryLine(flat.data);
  return typeof json === "object" && json !== null && "key" in json ? { kind: "chatter" } : undefined;
}

function jobLine(job: z.infer<typeof jobReply>["result"]): MarlinLine {
  const file = job.file;
  const millimetres = file?.filament?.reduce((sum, length) => sum + length, 0);
  const total = file?.size ?? 0;
  const progress: JobProgress = known({
    position: total > 0 && job.filePosition ? { bytes: job.filePosition, totalBytes: total } : undefined,
    layer: job.layer || undefined,
    layers: file?.numLayers || undefined,
    elapsedSeconds: job.duration,
    remainingSeconds: job.timesLeft?.slicer ?? job.timesLeft?.filament ?? job.timesLeft?.file,
    estimatedSeconds: file?.printTime || file?.simulatedTime || undefined,
    filamentMillimetres: millimetres || undefined,
  });
  return {
    kind: "model",
    model: {
      ...(file?.fileName ? { path: withoutVolume(file.fileName) } : {}),
      ...(total > 0 ? { sizeBytes: total } : {}),
      progress,
    },
  };
}

function summaryLine(flat: z.infer<typeof summary>): MarlinLine {
  const status = statusOfLetter[flat.status];
  const times = flat.timesLeft;
  const remaining = Array.isArray(times) ? times.find((time) => time > 0) : times?.filament ?? times?.file;
  return {
    kind: "model",
    model: {
      ...(status ? { status } : {}),
      progress: known({
        percent: flat.fraction_printed ? Math.min(100, flat.fraction_printed * 100) : undefined,
        layer: flat.currentLayer || undefined,
        elapsedSeconds: flat.printDuration || undefined,
        remainingSeconds: remaining,
      }),
    },
  };
}

/** `0:/gcodes/a.gcode` without its volume and folder of all print files. */
export function withoutVolume(path: string): string {
  return path.replace(/^\d:\/?(?:gcodes\/)?/, "");
}

function known(progress: { [K in keyof JobProgress]: JobProgress[K] | null | undefined }): JobProgress {
  return Object.fromEntries(
    Object.entries(progress).filter(([, value]) => value !== undefined && value !== null),
  ) as JobProgress;
}
