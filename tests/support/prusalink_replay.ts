/**
 * Plays what a PrusaLink once answered into the real driver: its `fetch` gives the newest recorded answer of that address at the
 * present of a fake clock. Recordings: `{t, dir: "in" | "out" | "note", method, path, status, headers, body}`, answers only when
 * they changed; `status: null` = nothing answered.
 */
import type { PrinterState } from "../../src/domain/printer_state.ts";
import type { DriverIo, SealedDriver } from "../../src/drivers/driver.ts";
import { createLog, errorText, Secrets } from "../../src/log.ts";
import { FakeClock } from "./fake_clock.ts";
import { Owner, type Replay, tick } from "./replay.ts";

export interface RecordedAnswer {
  readonly t: number;
  readonly dir: "in" | "out" | "note";
  readonly method?: string;
  readonly path?: string;
  readonly status?: number | null;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

export interface PollReplayOptions {
  /** What was true at first stays so long before the recording goes on: the polls meet other moments. */
  readonly phaseMilliseconds?: number;
  readonly tailSeconds?: number;
  readonly stored?: PrinterState;
  /** Fails a request, as a busy server does: called with how many were made before. */
  readonly fails?: (request: number) => boolean;
}

export interface PollReplay extends Replay {
  /** `GET /api/v1/status`, each at its millisecond. */
  readonly asked: readonly { readonly t: number; readonly request: string }[];
}

export function readAnswers(path: string): RecordedAnswer[] {
  return Deno.readTextFileSync(path).split("\n").filter((line) => line !== "").map((line) => JSON.parse(line));
}

export async function replayPolls(
  driver: SealedDriver,
  recording: readonly RecordedAnswer[],
  { phaseMilliseconds = 0, tailSeconds = 30, stored, fails = () => false }: PollReplayOptions = {},
): Promise<PollReplay> {
  const clock = new FakeClock();
  const begin = clock.now().monotonicMilliseconds;
  const owner = new Owner(clock, stored);
  const stop = new AbortController();
  const asked: { t: number; request: string }[] = [];
  const io: DriverIo = {
    clock,
    log: createLog({ level: "error", secrets: new Secrets(), write: () => {} }),
    signal: stop.signal,
    fetch: (input, init) => {
      const { pathname, search } = new URL(String(input));
      const t = clock.now().monotonicMilliseconds - begin;
      asked.push({ t, request: `${init?.method ?? "GET"} ${pathname}${search}` });
      if (fails(asked.length - 1)) return Promise.reject(new TypeError("connection reset"));
      const answer = answerAt(recording, { path: pathname + search, t: Math.max(0, t - phaseMilliseconds) });
      return answer ? Promise.resolve(answer) : Promise.reject(new TypeError("connection refused"));
    },
    openLink: () => Promise.reject(new Error("no link here")),
    openMessages: () => Promise.reject(new Error("no messages here")),
  };
  const bound = driver.bind({ address: "http://prusa.test", apiKey: "key" });
  const watching = (async () => {
    while (!stop.signal.aborted) {
      try {
        for await (const report of bound.watch(io)) owner.step(report);
      } catch (error) {
        owner.step({ link: { kind: "lost", reason: errorText(error) } });
      }
      await clock.sleep(1000, stop.signal);
    }
  })();
  const ticking = tick({ clock, owner, signal: stop.signal });
  await clock.advance((recording.at(-1)?.t ?? 0) + phaseMilliseconds + tailSeconds * 1000);
  stop.abort();
  await Promise.all([watching, ticking]);
  const { events, state, reports, told } = owner;
  return { told, events, state, reports, asked, written: [] };
}

/** The first round of questions took the client of then some milliseconds. */
const firstRoundMilliseconds = 30;

export function answerAt(
  recording: readonly RecordedAnswer[],
  { path, t }: { path: string; t: number },
): Response | undefined {
  const until = recording.filter((one) => one.t <= Math.max(t, firstRoundMilliseconds));
  const given = until.findLast((one) => one.dir === "in" && one.method === "GET" && one.path === path);
  if (given?.status === null) return undefined;
  if (given) return responseOf(given);
  return uploadedFile(recording, { path, t }) ?? new Response("Not Found", { status: 404 });
}

/** A file that was uploaded is there, though the client of then did not ask for it. */
function uploadedFile(recording: readonly RecordedAnswer[], { path, t }: { path: string; t: number }) {
  const isIt = (one: RecordedAnswer) => one.dir === "in" && one.path === path && one.status === 201 && one.t <= t;
  if (!recording.some(isIt)) return undefined;
  const name = decodeURIComponent(path.slice(path.lastIndexOf("/") + 1));
  const size = recording.flatMap(({ body }) => isTransfer(body) && body.display_name === name ? [body.size] : []).at(
    -1,
  );
  return Response.json({ type: "PRINT_FILE", name, size });
}

function isTransfer(body: unknown): body is { display_name: string; size: number } {
  return typeof body === "object" && body !== null && "transferred" in body && "display_name" in body;
}

function responseOf({ status, headers, body }: RecordedAnswer): Response {
  const given = typeof body === "string" ? body : JSON.stringify(body);
  return new Response(status === 204 ? null : given, { status: status ?? 200, headers: { ...headers } });
}
