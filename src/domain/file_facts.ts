/**
 * What the print file says, where the printer says nothing. It never contradicts the printer: what that has said, or
 * says later, stays.
 */
import { known } from "./optional.ts";
import type { PrintFileFacts } from "./print_file.ts";
import type { EventFacts } from "./printer_event.ts";
import { activeJob, type JobProgress, type PrinterState } from "./printer_state.ts";

type FileProgress = Pick<JobProgress, "estimatedSeconds" | "layers" | "filamentMillimetres" | "filamentGrams">;

/** The state with what the file of this job says; the same object where nothing is new or another job runs. */
export function withFileFacts(state: PrinterState, job: string, facts: PrintFileFacts): PrinterState {
  const present = activeJob(state);
  if (present?.id !== job) return state;
  const missing = missingIn(present, facts);
  return Object.keys(missing).length ? { ...state, job: { ...present, ...missing } } : state;
}

/** The facts of an event with what its file says. */
export function completed(event: EventFacts, facts: PrintFileFacts): EventFacts {
  const slicer = facts.slicer && [facts.slicer.name, facts.slicer.version].filter(Boolean).join(" ");
  return { ...event, ...missingIn(event, facts), ...known({ slicer }) };
}

function missingIn(present: FileProgress, facts: PrintFileFacts): FileProgress {
  const said: FileProgress = known({
    estimatedSeconds: facts.estimatedSeconds,
    layers: facts.layers,
    filamentMillimetres: sum(facts.filamentMillimetres),
    filamentGrams: sum(facts.filamentGrams),
  });
  return Object.fromEntries(Object.entries(said).filter(([name]) => present[name as keyof FileProgress] === undefined));
}

/** Of all tools; undefined where the file names none or nothing. */
function sum(perTool: readonly number[] | undefined): number | undefined {
  const total = perTool?.reduce((whole, part) => whole + part, 0);
  return total ? total : undefined;
}
