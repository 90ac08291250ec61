/** Whether a pause is a runout: https://www.klipper3d.org/Status_Reference.html#filament_switch_sensor */
import type { Status } from "./status.ts";

/** A sensor or a line of the console may speak a moment after the pause. */
const afterPauseSeconds = 5;
/** A line that speaks of a runout belongs to a pause so soon after it. */
const lineSeconds = 5;

export class FilamentWatch {
  /** When each empty sensor lost its filament before our eyes. */
  readonly #lostAt = new Map<string, number>();
  #lineAt = -Infinity;

  /** What is found on connecting raises no alarm: sensors read "empty" for a second after a restart of Klipper. */
  forget(): void {
    this.#lostAt.clear();
    this.#lineAt = -Infinity;
  }

  look(before: Status, changes: Status, seconds: number): void {
    for (const [name, { filament_detected }] of Object.entries(changes.devices)) {
      if (filament_detected === true) this.#lostAt.delete(name);
      if (filament_detected === false && before.devices[name]?.filament_detected) this.#lostAt.set(name, seconds);
    }
  }

  heardOfRunout(seconds: number): void {
    this.#lineAt = seconds;
  }

  /** It ran out during this print, before the pause or with it; who takes it out later is changing it. */
  isRunout(
    status: Status,
    { pausedAtSeconds, sinceSeconds }: { pausedAtSeconds: number; sinceSeconds: number },
  ): boolean {
    const latest = pausedAtSeconds + afterPauseSeconds;
    if (this.#lineAt >= pausedAtSeconds - lineSeconds && this.#lineAt <= latest) return true;
    return [...this.#lostAt].some(([name, at]) =>
      status.devices[name]?.enabled !== false && at >= sinceSeconds && at <= latest
    );
  }
}
