/** One print, from its beginning or the first look at it to its end: its names and measures. */
import { known } from "../../domain/optional.ts";
import type { JobNames, JobProgress } from "../../domain/printer_state.ts";
import type { Metadata } from "./shapes.ts";
import type { Status } from "./status.ts";

/** A file without metadata, or a host that knows none: after this a start is told without an estimate … */
const beginSeconds = 1;
/** … and progress by file position alone. */
const metadataSeconds = 3;
/** Below these a straight line through the past says nothing about the future. */
const linear = { leastPercent: 2, leastSeconds: 60 };

export class Run {
  readonly filename: string;
  /** When it began, or was first seen. */
  readonly sinceSeconds: number;
  nativeId: string | undefined;
  /** Since when it stands still. */
  pausedAtSeconds: number | undefined;
  /** The newest value of Klipper's stopwatch. */
  stopwatchSeconds = 0;
  #metadata: Metadata | undefined;
  #hasNoMetadata = false;
  readonly #begins: boolean;
  /** Where its G-code begins, if it was seen to begin: before it are the slicer's comments and thumbnails. */
  readonly #firstByte: number | undefined;

  constructor(status: Status, { seconds, begins }: { seconds: number; begins: boolean }) {
    this.filename = status.print_stats?.filename ?? "";
    this.sinceSeconds = seconds;
    this.#begins = begins;
    this.#firstByte = begins ? status.virtual_sdcard?.file_position : undefined;
  }

  get names(): JobNames {
    return {
      ...(this.nativeId === undefined ? {} : { nativeId: this.nativeId }),
      ...(this.filename === "" ? {} : { file: { path: this.filename } }),
    };
  }

  learn(metadata: Metadata | undefined): void {
    this.#metadata ??= metadata;
    this.#hasNoMetadata ||= metadata === undefined;
  }

  /** It has begun, and its estimate is about to come. */
  isBeginning(seconds: number): boolean {
    return this.#begins && !this.#metadata && !this.#hasNoMetadata && seconds - this.sinceSeconds < beginSeconds;
  }

  progress(status: Status, seconds: number): JobProgress {
    const { print_stats: stats, virtual_sdcard: card } = status;
    const percent = this.percent(status, seconds);
    const { filament_total, filament_weight_total, estimated_time, layer_count } = this.#metadata ?? {};
    const [bytes, totalBytes] = [card?.file_position, card?.file_size];
    return known({
      percent,
      position: percent !== undefined && bytes !== undefined && totalBytes ? { bytes, totalBytes } : undefined,
      layer: stats?.info?.current_layer,
      layers: stats?.info?.total_layer ?? layer_count,
      elapsedSeconds: stats?.total_duration,
      remainingSeconds: remainingSeconds(stats?.print_duration, { percent, estimatedSeconds: estimated_time }),
      estimatedSeconds: estimated_time,
      filamentMillimetres: filament_total,
      filamentGrams: filament_weight_total,
    });
  }

  /** At its end: what was really used. */
  lastProgress({ print_stats: stats }: Status): JobProgress {
    const { filament_total, filament_weight_total } = this.#metadata ?? {};
    const used = stats?.filament_used;
    const grams = used !== undefined && filament_total && filament_weight_total !== undefined
      ? filament_weight_total * used / filament_total
      : undefined;
    return known({
      elapsedSeconds: stats?.total_duration,
      filamentMillimetres: used || undefined,
      filamentGrams: grams,
    });
  }

  /** By the place in the file, between the first and the last command, as the front ends count; 0 to 100. */
  percent({ virtual_sdcard: card }: Status, seconds: number): number | undefined {
    const isSettled = this.#metadata || this.#hasNoMetadata || seconds - this.sinceSeconds > metadataSeconds;
    if (!isSettled) return undefined;
    const first = this.#metadata?.gcode_start_byte ?? this.#firstByte ?? 0;
    const last = this.#metadata?.gcode_end_byte ?? card?.file_size ?? 0;
    const bytes = card?.file_position;
    const share = bytes !== undefined && last > first ? (bytes - first) / (last - first) : card?.progress;
    return share === undefined ? undefined : Math.min(100, Math.max(0, share * 100));
  }
}

/** By the slicer's estimate, and when that is used up, by what is left of the file. */
function remainingSeconds(
  printedSeconds: number | undefined,
  { percent, estimatedSeconds }: { percent: number | undefined; estimatedSeconds: number | undefined },
): number | undefined {
  if (printedSeconds === undefined) return undefined;
  if (estimatedSeconds !== undefined && estimatedSeconds > printedSeconds) return estimatedSeconds - printedSeconds;
  if (percent === undefined || percent < linear.leastPercent || printedSeconds < linear.leastSeconds) return undefined;
  return printedSeconds * (100 - percent) / percent;
}
