/**
 * Marlin's stopwatch of a print; counts real milliseconds, pauses excluded.
 */
export class JobTimer {
  #state: "stopped" | "running" | "paused" = "stopped";
  #startedAt = 0;
  #counted = 0;

  get isRunning(): boolean {
    return this.#state === "running";
  }

  get isPaused(): boolean {
    return this.#state === "paused";
  }

  /** Starts at zero, or goes on after a pause. */
  start(now: number): void {
    if (this.#state === "running") return;
    if (this.#state === "stopped") this.#counted = 0;
    this.#startedAt = now;
    this.#state = "running";
  }

  pause(now: number): void {
    if (this.#state !== "running") return;
    this.#counted += now - this.#startedAt;
    this.#state = "paused";
  }

  stop(now: number): void {
    this.pause(now);
    this.#state = "stopped";
  }

  seconds(now: number): number {
    const running = this.#state === "running" ? now - this.#startedAt : 0;
    return Math.floor((this.#counted + running) / 1000);
  }

  /** `1h 2m 3s`, as M31 says it. */
  text(now: number): string {
    const seconds = this.seconds(now);
    const [d, h, m, s] = [
      Math.floor(seconds / 86400),
      Math.floor(seconds / 3600) % 24,
      Math.floor(seconds / 60) % 60,
      seconds % 60,
    ];
    if (d > 0) return `${d}d ${h}h ${m}m ${s}s`;
    if (h > 0) return `${h}h ${m}m ${s}s`;
    return m > 0 ? `${m}m ${s}s` : `${s}s`;
  }
}
