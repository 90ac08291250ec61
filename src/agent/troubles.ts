/**
 * Troubles that come again at every round: each is said once, until it is over or has become another one. A full disk
 * must not fill the log, too.
 */
import { errorText, type Log } from "../log.ts";

export class Troubles {
  readonly #said = new Map<string, string>();

  constructor(private readonly log: Log) {}

  /** What does not work now, one sentence each. */
  get sentences(): string[] {
    return [...this.#said].map(([what, text]) => `Cannot ${what}: ${text}`);
  }

  /** Does it and says whether it worked; `what` completes the sentence "Cannot …". */
  tryTo(what: string, action: () => void): boolean {
    try {
      action();
    } catch (error) {
      const text = errorText(error);
      if (this.#said.get(what) !== text) this.log.error(`Cannot ${what}`, { error: text });
      this.#said.set(what, text);
      return false;
    }
    if (this.#said.delete(what)) this.log.info(`Can ${what} again`);
    return true;
  }
}
