/**
 * Answers that come bit by bit: nothing is made faster than the other side takes it, and everything ends with it.
 */

/** A body of these texts. The signal handed to `texts` aborts when the reader has gone or `ending` aborts. */
export function streamTexts(
  texts: (signal: AbortSignal) => AsyncIterable<string>,
  ending: AbortSignal,
): ReadableStream<Uint8Array> {
  const gone = new AbortController();
  const encoder = new TextEncoder();
  const iterator = texts(AbortSignal.any([gone.signal, ending]))[Symbol.asyncIterator]();
  return new ReadableStream({
    async pull(controller) {
      const next = await iterator.next();
      if (next.done) controller.close();
      else controller.enqueue(encoder.encode(next.value));
    },
    async cancel() {
      gone.abort();
      await iterator.return?.();
    },
  }, { highWaterMark: 0 });
}

/** How many may run at once; what comes beyond it is refused. */
export class Places {
  #taken = 0;

  constructor(private readonly most: number) {}

  get isFull(): boolean {
    return this.#taken >= this.most;
  }

  /** The items, one place taken from the first asked for to the last given. */
  async *during<T>(items: AsyncIterable<T>): AsyncGenerator<T> {
    this.#taken++;
    try {
      yield* items;
    } finally {
      this.#taken--;
    }
  }
}
