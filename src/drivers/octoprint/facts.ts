/** States, files and figures of OctoPrint in the domain's terms. */
import { known } from "../../domain/optional.ts";
import type { FileRef } from "../../domain/print_file.ts";
import type { JobProgress, Temperatures } from "../../domain/printer_state.ts";
import type { Current, JobFile } from "./shapes.ts";

/** `away`: OctoPrint has no connection to the printer. `active`: a job that changes its state just now. */
export type Phase = "away" | "idle" | "active" | "printing" | "paused";

type Flags = NonNullable<NonNullable<Current["state"]>["flags"]>;

/** By the flags of a state: several are set while it changes. */
export function phaseOf(flags: Flags): Phase {
  if (flags["paused"]) return "paused";
  if (flags["pausing"] || flags["resuming"] || flags["cancelling"] || flags["finishing"]) return "active";
  if (flags["printing"]) return "printing";
  return flags["operational"] ? "idle" : "away";
}

const phases: Readonly<Record<string, Phase>> = {
  OPERATIONAL: "idle",
  TRANSFERING_FILE: "idle",
  STARTING: "printing",
  PRINTING: "printing",
  PAUSING: "active",
  RESUMING: "active",
  CANCELLING: "active",
  FINISHING: "active",
  PAUSED: "paused",
  OFFLINE: "away",
  OFFLINE_AFTER_ERROR: "away",
  CLOSED: "away",
  CLOSED_WITH_ERROR: "away",
  ERROR: "away",
};

/** By the name of a state; undefined for names of other versions. */
export function phaseNamed(stateId: unknown): Phase | undefined {
  return typeof stateId === "string" ? phases[stateId] : undefined;
}

/** The file of a job; undefined while none is loaded. */
export function fileOf({ path, name, display, origin, size }: JobFile): FileRef | undefined {
  if (!path) return undefined;
  const shown = display?.replace(/^\//, "");
  return {
    path,
    ...known({ storage: origin, sizeBytes: size }),
    ...(shown && shown !== name && shown !== path ? { displayName: shown } : {}),
  };
}

export function progressOf({ job, progress }: Current): JobProgress {
  const bytes = progress?.filepos;
  const totalBytes = job?.file?.size;
  return known({
    percent: progress?.completion,
    position: bytes !== undefined && totalBytes ? { bytes, totalBytes } : undefined,
    elapsedSeconds: progress?.printTime,
    remainingSeconds: progress?.printTimeLeft,
    estimatedSeconds: job?.estimatedPrintTime,
    filamentMillimetres: sum(Object.values(job?.filament ?? {}).map((tool) => tool?.length)),
  });
}

function sum(numbers: readonly (number | undefined)[]): number | undefined {
  const all = numbers.filter((number) => number !== undefined);
  return all.length > 0 ? all.reduce((a, b) => a + b, 0) : undefined;
}

/** The newest. `tool0` is the nozzle. */
export function temperaturesOf({ temps }: Current): Temperatures | undefined {
  const found: Record<string, { celsius: number; targetCelsius?: number }> = {};
  for (const [name, value] of Object.entries(temps?.at(-1) ?? {})) {
    const key = /^(?:tool\d{1,2}|bed|chamber)$/.test(name)
      ? name.replace(/^tool0$/, "nozzle").replace("tool", "nozzle")
      : "";
    if (key === "" || typeof value !== "object" || value === null || !("actual" in value)) continue;
    const targetCelsius = "target" in value && typeof value.target === "number" ? value.target : undefined;
    if (typeof value.actual === "number") found[key] = { celsius: value.actual, ...known({ targetCelsius }) };
  }
  return Object.keys(found).length > 0 ? found : undefined;
}

/** How long it has heard temperatures: since the connection to the printer was opened, at most 30 minutes. */
export function connectedSeconds({ temps, serverTime }: Current): number | undefined {
  if (serverTime === undefined) return undefined;
  const first = temps?.[0]?.["time"];
  return typeof first === "number" ? serverTime - first : 0;
}
