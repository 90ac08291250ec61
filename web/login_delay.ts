/**
 * Wrong passwords cost time: each one of an address twice as much as the last, and all addresses together have a bound.
 * Nobody is kept waiting on a connection: who comes too early is told when to come again.
 */
import { type Moment, secondsBetween } from "../src/domain/moment.ts";

const limits = {
  mostSeconds: 60,
  /** An address is forgiven after so long without a try. */
  forgetSeconds: 15 * 60,
  /** Wrong tries of all addresses together, per window. */
  mostTries: 30,
  windowSeconds: 60,
  mostAddresses: 1000,
} as const;

interface Tries {
  readonly count: number;
  readonly lastAt: Moment;
}

export class LoginDelay {
  readonly #byAddress = new Map<string, Tries>();
  #recent: Moment[] = [];

  /**
   * Seconds until this address may try. 0: now, and the try counts as wrong until it is {@link forgive}n, so that many
   * at once are no way around.
   */
  begin(address: string, now: Moment): number {
    const key = network(address);
    const tries = this.#byAddress.get(key);
    const since = tries ? secondsBetween(tries.lastAt, now) ?? Infinity : Infinity;
    const count = since >= limits.forgetSeconds ? 0 : tries?.count ?? 0;
    const wait = count === 0 ? 0 : Math.min(limits.mostSeconds, 2 ** (count - 1)) - since;
    if (wait > 0) return Math.ceil(wait);
    this.#recent = this.#recent.filter((at) => (secondsBetween(at, now) ?? Infinity) < limits.windowSeconds);
    const oldest = this.#recent[0];
    if (oldest && this.#recent.length >= limits.mostTries) {
      return Math.max(1, Math.ceil(limits.windowSeconds - (secondsBetween(oldest, now) ?? 0)));
    }
    this.#recent.push(now);
    this.#byAddress.delete(key); // the newest last, so that the first is the one to forget
    this.#byAddress.set(key, { count: count + 1, lastAt: now });
    const [first] = this.#byAddress.keys();
    if (this.#byAddress.size > limits.mostAddresses && first !== undefined) this.#byAddress.delete(first);
    return 0;
  }

  /** The password was right. */
  forgive(address: string): void {
    this.#byAddress.delete(network(address));
    this.#recent.pop();
  }
}

/** One household of IPv6 has 2^64 addresses: they count as one. */
function network(address: string): string {
  if (!address.includes(":") || address.includes(".")) return address;
  const [front = "", back] = address.split("::");
  const groups = front === "" ? [] : front.split(":");
  const rest = back === undefined || back === "" ? [] : back.split(":");
  const zeros = back === undefined ? 0 : Math.max(0, 8 - groups.length - rest.length);
  return [...groups, ...Array(zeros).fill("0"), ...rest].slice(0, 4).join(":");
}
