/**
 * Plays what a printer once said into a real driver, through a link in memory, the domain and a fake clock, and lists
 * what its owner is told of it. The steps are those of the agent's watch loop.
 */
import { type ByteLink, LinkLostError } from "../../bridge/link.ts";
import { applyReport, passTime, restoreState } from "../../src/domain/apply_report.ts";
import { deriveEvents, type PrinterEvent } from "../../src/domain/printer_event.ts";
import { emptyState, type PrinterState, type Report } from "../../src/domain/printer_state.ts";
import type { DriverIo, SealedDriver } from "../../src/drivers/driver.ts";
import { createLog, Secrets } from "../../src/log.ts";
import { FakeClock, settled } from "./fake_clock.ts";

/** One line of a recording; `tx` is what the host of then sent. Times are milliseconds since its begin. */
export interface RecordedLine {
  readonly t: number;
  readonly dir: "rx" | "tx" | "note";
  readonly text: string;
}

/** An event as the expectations beside the recordings write it. */
export interface ToldEvent {
  readonly kind: PrinterEvent["kind"];
  readonly reason?: string;
  readonly text?: string;
  /** As the printer names it; the long name where there is one. */
  readonly file?: string;
}

export interface Replay {
  readonly told: readonly ToldEvent[];
  readonly events: readonly PrinterEvent[];
  readonly state: PrinterState;
  readonly reports: readonly Report[];
  /** What the driver wrote, line by line. */
  readonly written: readonly string[];
}

export interface ReplayOptions {
  /** Beside the address. */
  readonly settings?: Record<string, unknown>;
  /** Cuts what comes at one moment into pieces. */
  readonly cut?: (bytes: Uint8Array) => Uint8Array[];
  /** Time goes on so long after the last line. */
  readonly tailSeconds?: number;
  /** What the printer answers to a command, if it shall. */
  readonly answer?: (command: string) => readonly string[];
  /** What an earlier process has stored of this printer. */
  readonly stored?: PrinterState;
}

/** A link whose other end is the test. */
export class MemoryLink implements ByteLink {
  readonly label = "memory";
  readonly readable: ReadableStream<Uint8Array>;
  readonly writable: WritableStream<Uint8Array>;
  readonly written: string[] = [];
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  #unfinished = "";

  constructor(onLine?: (line: string) => void) {
    this.readable = new ReadableStream({ start: (controller) => void (this.#controller = controller) });
    this.writable = new WritableStream({
      write: (bytes) => {
        const lines = (this.#unfinished + new TextDecoder().decode(bytes)).split("\n");
        this.#unfinished = lines.pop() ?? "";
        this.written.push(...lines);
        for (const line of lines) onLine?.(line);
      },
    });
  }

  say(bytes: Uint8Array | string): void {
    this.#controller?.enqueue(typeof bytes === "string" ? new TextEncoder().encode(bytes) : bytes);
  }

  break(message: string): void {
    this.#controller?.error(new LinkLostError(message, { problem: "unplugged" }));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }
}

/** The lines of a recording. */
export function readRecording(path: string): RecordedLine[] {
  return Deno.readTextFileSync(path).split("\n").filter((line) => line !== "").map((line) =>
    JSON.parse(line) as RecordedLine
  );
}

/** What happens when the driver hears these lines. */
export async function replay(
  driver: SealedDriver,
  lines: readonly RecordedLine[],
  options: ReplayOptions = {},
): Promise<Replay> {
  const clock = new FakeClock();
  const begin = clock.now().monotonicMilliseconds;
  const owner = new Owner(clock, options.stored);
  const link = new MemoryLink((command) => {
    for (const line of options.answer?.(command) ?? []) link.say(`${line}\n`);
  });
  const stop = new AbortController();
  const io: DriverIo = {
    clock,
    log: createLog({ level: "error", secrets: new Secrets(), write: () => {} }),
    signal: stop.signal,
    fetch: () => Promise.reject(new Error("no network here")),
    openLink: () => Promise.resolve(link),
    openMessages: () => Promise.reject(new Error("no messages here")),
  };
  const watching = watch(driver, { io, owner, settings: options.settings });
  const ticking = tick({ clock, owner, signal: stop.signal });
  await settled();
  for (const [t, text] of momentsOf(lines)) {
    await clock.advanceTo(begin + t);
    const bytes = new TextEncoder().encode(text);
    for (const piece of options.cut?.(bytes) ?? [bytes]) link.say(piece);
    await settled();
  }
  await clock.advance((options.tailSeconds ?? 30) * 1000);
  stop.abort();
  await Promise.all([watching, ticking]);
  const { events, state, reports } = owner;
  return { told: owner.told, events, state, reports, written: link.written };
}

/** The agent, as far as a printer is concerned. */
export class Owner {
  readonly events: PrinterEvent[] = [];
  readonly reports: Report[] = [];
  state: PrinterState;

  constructor(private readonly clock: FakeClock, stored: PrinterState | undefined) {
    this.state = stored ? restoreState(stored, clock.now()) : emptyState;
  }

  /** As the expectations beside the recordings write it. */
  get told(): ToldEvent[] {
    return this.events.filter(isTold).map(toldEvent);
  }

  step(report?: Report): void {
    const now = this.clock.now();
    if (report && passTime(this.state, now) !== this.state) this.step();
    const before = this.state;
    this.state = report ? applyReport(before, report, now) : passTime(before, now);
    if (report) this.reports.push(report);
    this.events.push(...deriveEvents(before, this.state, now));
  }
}

async function watch(
  driver: SealedDriver,
  { io, owner, settings }: { io: DriverIo; owner: Owner; settings: Record<string, unknown> | undefined },
): Promise<void> {
  try {
    for await (const report of driver.bind({ address: "serial:/dev/memory", ...settings }).watch(io)) {
      owner.step(report);
    }
  } catch (error) {
    if (!(error instanceof LinkLostError)) throw error;
    owner.step({ link: { kind: "lost", reason: error.message } });
  }
}

/** The agent's own tick, until the signal aborts. */
export async function tick(
  { clock, owner, signal }: { clock: FakeClock; owner: Owner; signal: AbortSignal },
): Promise<void> {
  while (!signal.aborted) {
    await clock.sleep(500, signal);
    owner.step();
  }
}

/** What was heard at each moment. */
function momentsOf(lines: readonly RecordedLine[]): [number, string][] {
  const moments = new Map<number, string>();
  for (const { t, dir, text } of lines) {
    if (dir === "rx") moments.set(t, `${moments.get(t) ?? ""}${text}\n`);
  }
  return [...moments];
}

/** Texts of the display are told only to those who ask for them. */
function isTold(event: PrinterEvent): boolean {
  return !(event.kind === "message" && !event.marked);
}

function toldEvent(event: PrinterEvent): ToldEvent {
  const file = event.kind === "uploaded" ? event.file : event.job?.file;
  const name = file?.displayName ?? file?.path;
  const text = "text" in event ? event.text : undefined;
  return {
    kind: event.kind,
    ...("reason" in event ? { reason: event.reason } : {}),
    ...(text === undefined ? {} : { text }),
    ...(name === undefined ? {} : { file: name }),
  };
}

/** What is said at which second. */
export type Script = readonly (readonly [seconds: number, ...lines: string[]])[];

/** Lines as a printer says them, for constructed transcripts. */
export function said(...script: Script): RecordedLine[] {
  return script.flatMap(([seconds, ...lines]) =>
    lines.map((text): RecordedLine => ({ t: seconds * 1000, dir: "rx", text }))
  );
}
