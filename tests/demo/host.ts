/**
 * A host for a simulated printer, in memory: sends lines, keeps what comes with the millisecond of its coming.
 */
import type { BytePipe } from "../../src/demo/marlin_simulator.ts";
import { type FakeClock, settled } from "../support/fake_clock.ts";

export interface HeardLine {
  readonly milliseconds: number;
  readonly text: string;
}

export class MemoryHost {
  /** The printer's end. */
  readonly pipe: BytePipe;
  readonly heard: HeardLine[] = [];
  readonly #clock: FakeClock;
  readonly #startedAt: number;
  #readTo = 0;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;

  constructor(clock: FakeClock) {
    this.#clock = clock;
    this.#startedAt = clock.now().monotonicMilliseconds;
    const toPrinter = new TransformStream<Uint8Array, Uint8Array>();
    const toHost = new TransformStream<Uint8Array, Uint8Array>();
    this.pipe = { readable: toPrinter.readable, writable: toHost.writable };
    this.#writer = toPrinter.writable.getWriter();
    this.#listen(toHost.readable);
  }

  get milliseconds(): number {
    return this.#clock.now().monotonicMilliseconds - this.#startedAt;
  }

  get texts(): string[] {
    return this.heard.map((line) => line.text);
  }

  async send(line: string): Promise<void> {
    await this.#writer.write(new TextEncoder().encode(`${line}\n`));
    await settled();
  }

  /** Lets time pass until a line matches, among those not returned before; returns them up to it. */
  async until(pattern: RegExp, { withinSeconds = 300 } = {}): Promise<string[]> {
    const from = this.#readTo;
    for (let waited = 0; waited <= withinSeconds * 10; waited++) {
      const at = this.texts.findIndex((text, index) => index >= from && pattern.test(text));
      if (at >= 0) return this.texts.slice(from, this.#readTo = at + 1);
      await this.#clock.advance(100);
    }
    throw new Error(
      `No line like ${pattern} within ${withinSeconds} s; last: ${JSON.stringify(this.texts.slice(-10))}`,
    );
  }

  /** What was heard so far is of no more interest. */
  skip(): void {
    this.#readTo = this.heard.length;
  }

  async close(): Promise<void> {
    await this.#writer.close().catch(() => {});
  }

  async #listen(readable: ReadableStream<Uint8Array>): Promise<void> {
    let rest = "";
    const decoder = new TextDecoder();
    try {
      for await (const bytes of readable) {
        const lines = (rest + decoder.decode(bytes, { stream: true })).split("\n");
        rest = lines.pop() ?? "";
        for (const text of lines) this.heard.push({ milliseconds: this.milliseconds, text });
      }
    } catch {
      // The simulator hung up.
    }
  }
}
