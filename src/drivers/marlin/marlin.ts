/**
 * Printers that speak G-code over a serial line: Marlin and its relatives, Klipper's pseudo-tty, Smoothieware,
 * Repetier, RepRapFirmware. https://marlinfw.org/docs/gcode/M115.html and the pages beside it; what real boards say is
 * in `tests/transcripts/marlin`.
 */
import { z } from "zod";
import type { Clock } from "../../clock.ts";
import { Wake } from "../../clock.ts";
import type { Report } from "../../domain/printer_state.ts";
import { parseAddress } from "../../../bridge/link.ts";
import { errorText } from "../../log.ts";
import { defineDriver, type DriverIo } from "../driver.ts";
import { CommandWriter, wakeUp } from "./commands.ts";
import { LineSplitter } from "./lines.ts";
import { parseLine } from "./parse_line.ts";
import { nextCommand, noticeSilence } from "./polling.ts";
import { interpret, passSessionTime } from "./session.ts";
import { openSession } from "./session_state.ts";

const settings = z.object({
  address: z.string().min(1).superRefine(checkAddress).describe("serial:/dev/ttyUSB0?baud=115200 or tcp://host:port"),
  passive: z.boolean().default(false).describe("Never write a byte to the printer"),
});

export type MarlinSettings = z.infer<typeof settings>;

function checkAddress(address: string, context: z.RefinementCtx): void {
  try {
    parseAddress(address);
  } catch (error) {
    context.addIssue({ code: "custom", message: errorText(error) });
  }
}

/** Graces and questions are looked at this often. */
const tickMilliseconds = 500;
/** Lines that were read and not yet looked at; beyond it, reading waits. */
const maxQueuedLines = 1000;

export const marlin = defineDriver<MarlinSettings>({
  id: "marlin",
  label: "G-code over USB or network: Marlin, Prusa, Klipper tty, Smoothieware, Repetier, RepRapFirmware",
  settings,
  watch,
});

async function* watch({ address, passive }: MarlinSettings, io: DriverIo): AsyncGenerator<Report> {
  await using link = await io.openLink(address, {
    signal: io.signal,
    looksRight: (line) => parseLine(line) !== undefined,
    ...(passive ? {} : { wakeUp }),
  });
  await using writer = passive ? undefined : new CommandWriter(link);
  await using incoming = new IncomingLines(link.readable, io.clock);
  const session = openSession({ isPassive: passive, now: secondsOf(io.clock) });
  while (!io.signal.aborted) {
    for (const line of incoming.take()) yield* interpret(session, line, secondsOf(io.clock));
    const now = secondsOf(io.clock);
    yield* passSessionTime(session, now);
    const reason = noticeSilence(session, now);
    if (reason !== undefined) yield { link: { kind: "lost", reason } };
    const command = writer && nextCommand(session, now);
    if (command) writer.send(command).catch((error) => incoming.end(error)); // a stalled line must not stall the watch
    if (incoming.hasEnded) return;
    await incoming.wait(tickMilliseconds, io.signal);
  }
}

function secondsOf(clock: Clock): number {
  return clock.now().monotonicMilliseconds / 1000;
}

/** Reads ahead of the watch loop, so that it can wait for lines and for time at once. */
class IncomingLines implements AsyncDisposable {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #clock: Clock;
  readonly #splitter = new LineSplitter();
  readonly #came = new Wake();
  readonly #taken = new Wake();
  readonly #done: Promise<void>;
  #lines: string[] = [];
  #end: { error?: unknown } | undefined;

  constructor(readable: ReadableStream<Uint8Array>, clock: Clock) {
    this.#reader = readable.getReader();
    this.#clock = clock;
    this.#done = this.#read();
  }

  /** The lines that came since, in order. @throws LinkLostError after the last line of a link that broke */
  take(): string[] {
    const lines = this.#lines;
    this.#lines = [];
    this.#taken.wake();
    if (lines.length === 0 && this.#end && "error" in this.#end) throw this.#end.error;
    return lines;
  }

  /** True when all lines of an ended link were taken. */
  get hasEnded(): boolean {
    return this.#end !== undefined && !("error" in this.#end) && this.#lines.length === 0;
  }

  /** The link broke elsewhere. */
  end(error: unknown): void {
    this.#end ??= { error };
    this.#came.wake();
  }

  async wait(milliseconds: number, signal: AbortSignal): Promise<void> {
    if (this.#lines.length === 0 && !this.#end) await this.#came.wait(this.#clock, milliseconds, signal);
  }

  async #read(): Promise<void> {
    try {
      for (;;) {
        const { done, value } = await this.#reader.read();
        if (done) break;
        this.#lines.push(...this.#splitter.split(value));
        this.#came.wake();
        while (this.#lines.length > maxQueuedLines && !this.#end) await this.#taken.wait(this.#clock, tickMilliseconds);
      }
      this.#end ??= {};
      this.#came.wake();
    } catch (error) {
      this.end(error);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#end ??= {};
    await this.#reader.cancel().catch(() => {}); // the link may have broken already
    this.#taken.wake();
    await this.#done;
    this.#reader.releaseLock();
  }
}
