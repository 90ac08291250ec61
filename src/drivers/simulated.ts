/**
 * A printer that does not exist: for trying Filagram with one line of YAML and no hardware. It prints the same model again and
 * again; in the middle its filament runs out, and a minute later somebody has mended it.
 */
import { z } from "zod";
import type { Report, Temperatures } from "../domain/printer_state.ts";
import { defineDriver, type DriverIo, type SealedDriver } from "./driver.ts";

const settings = z.strictObject({
  minutes: z.number().positive().max(1440).default(10).describe("How many minutes one print takes"),
});

const model = {
  file: { path: "benchy.gcode", sizeBytes: 83_809 },
  layers: 48,
  filamentMillimetres: 4210,
  filamentGrams: 12.6,
};
const reportMilliseconds = 2000;
/** Shares of the print's time. */
const shares = { heating: 0.05, mending: 0.1, idling: 0.2 };
const room = { nozzle: { celsius: 21, targetCelsius: 0 }, bed: { celsius: 21, targetCelsius: 0 } };
const targets = { nozzle: 215, bed: 60 };

export const simulated: SealedDriver = defineDriver({
  id: "simulated",
  label: "A simulated printer, to try Filagram without one",
  settings,
  async *watch({ minutes }, io) {
    const printSeconds = minutes * 60;
    yield { link: { kind: "online" }, job: { kind: "none" }, temperatures: room };
    for (let number = 1; !io.signal.aborted; number++) {
      for await (const report of onePrint(io, { printSeconds, nativeId: `${number}` })) yield report;
      yield* passing(io, printSeconds * shares.idling, () => ({ job: { kind: "none" }, temperatures: room }));
    }
  },
});

async function* onePrint(
  io: DriverIo,
  { printSeconds, nativeId }: { printSeconds: number; nativeId: string },
): AsyncIterable<Report> {
  const names = { nativeId, file: model.file };
  const estimatedSeconds = printSeconds * (1 + shares.heating);
  const printing = (from: number, to: number) => (share: number): Report => {
    const done = from + (to - from) * share;
    return {
      job: { kind: "printing", ...names },
      progress: {
        percent: Math.round(done * 1000) / 10,
        layer: Math.max(1, Math.ceil(done * model.layers)),
        layers: model.layers,
        remainingSeconds: Math.round(printSeconds * (1 - done)),
      },
      temperatures: heated(1),
    };
  };

  if (io.signal.aborted) return;
  yield {
    job: { kind: "printing", ...names, begins: true },
    progress: {
      percent: 0,
      estimatedSeconds,
      filamentMillimetres: model.filamentMillimetres,
      filamentGrams: model.filamentGrams,
    },
  };
  yield* passing(io, printSeconds * shares.heating, (share) => ({ temperatures: heated(share) }));
  yield* passing(io, printSeconds / 2, printing(0, 0.5));
  if (io.signal.aborted) return;
  yield { job: { kind: "paused", ...names, reason: "filament_runout" }, progress: { percent: 50 } };
  yield* passing(io, printSeconds * shares.mending, () => ({ temperatures: heated(1) }));
  yield* passing(io, printSeconds / 2, printing(0.5, 1));
  if (io.signal.aborted) return;
  yield { job: { kind: "ended", ...names, outcome: "finished" }, temperatures: room };
}

/** A report every two seconds for so long; `share` grows to 1. */
async function* passing(io: DriverIo, seconds: number, report: (share: number) => Report): AsyncIterable<Report> {
  const startedAt = io.clock.now().monotonicMilliseconds;
  for (let share = 0; share < 1;) {
    await io.clock.sleep(Math.min(reportMilliseconds, seconds * 1000), io.signal);
    if (io.signal.aborted) return;
    share = Math.min(1, (io.clock.now().monotonicMilliseconds - startedAt) / 1000 / seconds);
    yield report(share);
  }
}

function heated(share: number): Temperatures {
  const warm = (target: number) => ({
    celsius: Math.round((21 + (target - 21) * share) * 10) / 10,
    targetCelsius: target,
  });
  return { nozzle: warm(targets.nozzle), bed: warm(targets.bed) };
}
