/**
 * When the moves in the planner are done. No acceleration, no steps: only time and the place where the nozzle ends up.
 */
import { readParameter } from "./command.ts";

/** Marlin's BLOCK_BUFFER_SIZE: so many moves are accepted ahead. */
const plannedMoves = 16;

export class Motion {
  /** Ends of the planned moves, in machine seconds, oldest first. */
  #ends: number[] = [];
  #isRelative = false;
  #isExtrusionRelative = false;
  #millimetresPerSecond = 25;
  x = 0;
  y = 0;
  z = 0;
  e = 0;
  isHomed = false;

  /** When all planned moves are done, in machine seconds. */
  get endSeconds(): number {
    return this.#ends.at(-1) ?? 0;
  }

  /** When the planner has room for another move. */
  roomAtSeconds(now: number): number {
    while (this.#ends.length > 0 && (this.#ends[0] ?? 0) <= now) this.#ends.shift();
    return this.#ends.length < plannedMoves ? now : this.#ends[this.#ends.length - plannedMoves] ?? now;
  }

  /** Plans a G0 or G1; `now` in machine seconds. */
  move(line: string, now: number): void {
    const from = [this.x, this.y, this.z, this.e] as const;
    this.x = this.#aim(line, "X", this.x);
    this.y = this.#aim(line, "Y", this.y);
    this.z = this.#aim(line, "Z", this.z);
    const e = readParameter(line, "E");
    if (e !== undefined) this.e = this.#isExtrusionRelative ? this.e + e : e;
    const feed = readParameter(line, "F");
    if (feed !== undefined && feed > 0) this.#millimetresPerSecond = feed / 60;
    const travel = Math.hypot(this.x - from[0], this.y - from[1], this.z - from[2]);
    this.spend((travel > 0 ? travel : Math.abs(this.e - from[3])) / this.#millimetresPerSecond, now);
  }

  /** Something that takes the axes so long: homing, parking, loading filament. */
  spend(seconds: number, now: number): void {
    this.#ends.push(Math.max(now, this.endSeconds) + seconds);
  }

  setMode(code: string): void {
    if (code === "G90") this.#isRelative = this.#isExtrusionRelative = false;
    if (code === "G91") this.#isRelative = this.#isExtrusionRelative = true;
    if (code === "M82") this.#isExtrusionRelative = false;
    if (code === "M83") this.#isExtrusionRelative = true;
  }

  setPosition(line: string): void {
    this.x = readParameter(line, "X") ?? this.x;
    this.y = readParameter(line, "Y") ?? this.y;
    this.z = readParameter(line, "Z") ?? this.z;
    this.e = readParameter(line, "E") ?? this.e;
  }

  /** Drops what is planned, as after an abort or M410. */
  stop(): void {
    this.#ends = [];
  }

  /** The answer to M114. */
  report(): string {
    const shown = (value: number) => value.toFixed(2);
    const steps = (value: number, perMillimetre: number) => Math.round(value * perMillimetre);
    return `X:${shown(this.x)} Y:${shown(this.y)} Z:${shown(this.z)} E:${shown(this.e)} ` +
      `Count X:${steps(this.x, 80)} Y:${steps(this.y, 80)} Z:${steps(this.z, 400)}`;
  }

  #aim(line: string, letter: string, present: number): number {
    const value = readParameter(line, letter);
    return value === undefined ? present : this.#isRelative ? present + value : value;
  }
}
