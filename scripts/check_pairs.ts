/**
 * Has each driver its transcript and each channel its row in the conformance suite? Lists what is missing, exits 1.
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

/** Whether the suite's code, comments left out, names the channel as a row. */
export function hasRow(channel: string, suite: string): boolean {
  const code = suite.replace(/\/\*[\s\S]*?\*\//g, "").replace(/(^|\s)\/\/.*$/gm, "");
  return code.includes(`"${channel}"`) || new RegExp(`\\b${channel}:`).test(code);
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
  const suite = Deno.readTextFileSync("tests/channels/conformance_test.ts");
  const problems = [
    ...drivers.filter(({ id }) => !withoutTranscript.includes(id))
      .flatMap(({ id }) => transcriptProblems(id, filesOf(`tests/transcripts/${id}`))),
    ...channels.filter(({ id }) => !hasRow(id, suite))
      .map(({ id }) => `channel ${id}: no row in tests/channels/conformance_test.ts`),
  ];
  for (const problem of problems) console.error(problem);
  const fine = `${drivers.length} drivers and ${channels.length} channels have their pairs`;
  console.log(problems.length ? `${problems.length} pairs are incomplete` : fine);
  Deno.exit(problems.length ? 1 : 0);
}
