/**
 * Has each driver its transcripts, and each driver and channel its row in its conformance suite? Lists what is missing, exits 1.
 */
import { channels } from "../src/channels/registry.ts";
import { drivers } from "../src/drivers/registry.ts";

/** Drivers that speak to nothing have no stream to record. */
const withoutTranscript = ["simulated"];

/** What is wrong with the transcripts of a driver: texts by file name. */
export function transcriptProblems(driver: string, files: ReadonlyMap<string, string>): string[] {
  const recordings = [...files.keys()].filter((name) => name.endsWith(".jsonl"));
  if (recordings.length === 0) return [`driver ${driver}: no transcript in tests/transcripts/${driver}/`];
  const expected = recordings.map((name) => parsed(files.get(name.replace(/\.jsonl$/, ".expected.json")) ?? ""));
  const problems = recordings.flatMap((name, index) => [
    ...(hasReceived(files.get(name) ?? "") ? [] : [`driver ${driver}: ${name} holds no line from the printer`]),
    ...(Array.isArray(expected[index]) ? [] : [`driver ${driver}: ${name} has no list of expected events beside it`]),
  ]);
  const hasEvents = expected.some((events) => Array.isArray(events) && events.length > 0);
  return hasEvents ? problems : [...problems, `driver ${driver}: no transcript expects any event`];
}

function hasReceived(recording: string): boolean {
  const lines = recording.split("\n").filter((line) => line.trim() !== "").map(parsed);
  return lines.every((line) => line !== undefined) &&
    lines.some((line) =>
      typeof line === "object" && line !== null && "dir" in line && (line.dir === "rx" || line.dir === "in")
    );
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Whether the suite's code, comments left out, names the piece as a row. */
export function hasRow(id: string, suite: string): boolean {
  const code = suite.replace(/\/\*[\s\S]*?\*\//g, "").replace(/(^|\s)\/\/.*$/gm, "");
  return code.includes(`"${id}"`) || new RegExp(`\\b${id}:`).test(code);
}

export function filesOf(folder: string): Map<string, string> {
  try {
    return new Map(
      Array.from(Deno.readDirSync(folder), ({ name }) => [name, Deno.readTextFileSync(`${folder}/${name}`)] as const),
    );
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return new Map();
    throw error;
  }
}

if (import.meta.main) {
  const recorded = drivers.filter(({ id }) => !withoutTranscript.includes(id));
  const missing = (kind: string, folder: string, pieces: readonly { readonly id: string }[]) => {
    const suite = `tests/${folder}/conformance_test.ts`;
    const text = Deno.readTextFileSync(suite);
    return pieces.filter(({ id }) => !hasRow(id, text)).map(({ id }) => `${kind} ${id}: no row in ${suite}`);
  };
  const problems = [
    ...recorded.flatMap(({ id }) => transcriptProblems(id, filesOf(`tests/transcripts/${id}`))),
    ...missing("driver", "drivers", recorded),
    ...missing("channel", "channels", channels),
  ];
  for (const problem of problems) console.error(problem);
  const fine = `${drivers.length} drivers and ${channels.length} channels have their pairs`;
  console.log(problems.length ? `${problems.length} pairs are incomplete` : fine);
  Deno.exit(problems.length ? 1 : 0);
}
