/**
 * Tells any number of lookers that something changed. It carries no payload: they read the tables.
 */
export class Changes {
  readonly #lookers = new Set<() => void>();
  #hasEnded = false;

  notify(): void {
    for (const look of this.#lookers) look();
  }

  end(): void {
    this.#hasEnded = true;
    this.notify();
  }

  /** Yields after every change since the last look; several are one. Ends with the signal. */
  async *watch(signal: AbortSignal): AsyncGenerator<void> {
    let hasChanged = false;
    let wake = () => {};
    const look = () => {
      hasChanged = true;
      wake();
    };
    this.#lookers.add(look);
    signal.addEventListener("abort", look, { once: true });
    try {
      while (!signal.aborted && !this.#hasEnded) {
        if (!hasChanged) await new Promise<void>((resolve) => wake = resolve);
        hasChanged = false;
        if (!signal.aborted && !this.#hasEnded) yield;
      }
    } finally {
      this.#lookers.delete(look);
      signal.removeEventListener("abort", look);
    }
  }
}
