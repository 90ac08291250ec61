/**
 * A report every so many seconds, from the moment it was asked for.
 */
export class Repeater {
  #seconds = 0;
  #at = Infinity;

  /** When the next one falls due; a changed interval counts from now. */
  dueAt(seconds: number, now: number): number {
    if (seconds !== this.#seconds) {
      this.#seconds = seconds;
      this.#at = seconds > 0 ? now + seconds * 1000 : Infinity;
    }
    return this.#at;
  }

  done(): void {
    this.#at += this.#seconds * 1000;
  }
}
