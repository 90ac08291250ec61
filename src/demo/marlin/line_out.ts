/**
 * Lines on their way to a host. Like a wire: what nobody takes is lost.
 */
const maxWaitingBytes = 16 * 1024;

export class LineOut {
  #writer: WritableStreamDefaultWriter<Uint8Array> | undefined;
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  #isWriting = false;
  readonly #encoder = new TextEncoder();

  /** Connects the wire; what was said before is gone. */
  connect(writable: WritableStream<Uint8Array>): void {
    this.disconnect();
    this.#writer = writable.getWriter();
  }

  disconnect(): void {
    this.#writer?.abort().catch(() => {}); // whoever took the other end away has closed it already
    this.#writer = undefined;
    this.#clear();
    this.#isWriting = false;
  }

  say(line: string): void {
    this.write(this.#encoder.encode(`${line}\n`));
  }

  /** Bytes as they are; they go with the next flush. */
  write(bytes: Uint8Array): void {
    if (!this.#writer || this.#waitingBytes > maxWaitingBytes) return;
    this.#waiting.push(bytes);
    this.#waitingBytes += bytes.length;
  }

  /** Sends what waits, in one piece. */
  flush(): void {
    const writer = this.#writer;
    if (!writer || this.#isWriting || this.#waitingBytes === 0) return;
    const piece = new Uint8Array(this.#waitingBytes);
    let at = 0;
    for (const bytes of this.#waiting) {
      piece.set(bytes, at);
      at += bytes.length;
    }
    this.#clear();
    this.#isWriting = true;
    writer.write(piece).then(() => {
      if (this.#writer !== writer) return;
      this.#isWriting = false;
      this.flush();
    }, () => {
      if (this.#writer === writer) this.disconnect();
    });
  }

  #clear(): void {
    this.#waiting = [];
    this.#waitingBytes = 0;
  }
}
