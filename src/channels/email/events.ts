/**
 * Waiting for what emitters do.
 */
import type { EventEmitter } from "node:events";

/** Resolves at the event; rejects at `error` or `close` before it. */
export function event(emitter: EventEmitter, name: string): Promise<void> {
  return new Promise((resolve, reject) => {
    emitter.once(name, () => resolve());
    emitter.once("error", (error: Error) => reject(error));
    if (name !== "end") emitter.once("close", () => reject(new Error("The connection was closed")));
  });
}

/** The work's result, or the signal's reason if that comes first. */
export function ended<Value>(work: Promise<Value>, signal: AbortSignal): Promise<Value> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason);
    if (signal.aborted) onAbort();
    signal.addEventListener("abort", onAbort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
  });
}
