/**
 * A heater and its thermometer: one body of heat that warms by power and cools by its distance to the room. The figures are
 * fitted to the recordings (heat_wait_busy, thermal_runaway_hotend); seconds here are the machine's own.
 */
const roomCelsius = 21;

export interface HeaterPhysics {
  /** At full power, without losses. */
  readonly celsiusPerSecond: number;
  /** Share of the distance to the room lost per second. */
  readonly lossPerSecond: number;
}

/** As the recorded board: everything is hot within seconds. */
export const labHeaters = {
  nozzle: { celsiusPerSecond: 15, lossPerSecond: 0.027 },
  bed: { celsiusPerSecond: 4.6, lossPerSecond: 0.025 },
} satisfies Record<string, HeaterPhysics>;

/** As a printer at home. */
export const homeHeaters = {
  nozzle: { celsiusPerSecond: 3.2, lossPerSecond: 0.008 },
  bed: { celsiusPerSecond: 0.6, lossPerSecond: 0.004 },
} satisfies Record<string, HeaterPhysics>;

/** Marlin's THERMAL_PROTECTION_PERIOD and _HYSTERESIS, WATCH_TEMP_PERIOD and _INCREASE. */
const protection = { periodSeconds: 40, hysteresisCelsius: 4, watchSeconds: 20, watchCelsius: 2, unwatchedCelsius: 6 };
/** So close to the target the power is less than full. */
const controlCelsius = 6;
const stepSeconds = 0.25;

export type HeaterFault = "Thermal Runaway" | "Heating failed" | "MINTEMP triggered" | "MAXTEMP triggered";

export class Heater {
  readonly #physics: HeaterPhysics;
  #celsius = roomCelsius;
  #targetCelsius = 0;
  #power = 0;
  #seconds = 0;
  #hasPower = true;
  #hasReachedTarget = false;
  #watchUntil = 0;
  #watchCelsius = 0;
  #belowSince: number | undefined;
  #fault: HeaterFault | undefined;

  constructor(physics: HeaterPhysics) {
    this.#physics = physics;
  }

  get celsius(): number {
    return this.#celsius;
  }

  get targetCelsius(): number {
    return this.#targetCelsius;
  }

  set targetCelsius(celsius: number) {
    if (celsius === this.#targetCelsius) return;
    this.#targetCelsius = celsius;
    this.#hasReachedTarget = false;
    this.#belowSince = undefined;
    this.#restartWatch();
  }

  /** As Marlin prints it: 0 to 127. */
  get shownPower(): number {
    return Math.round(this.#power * 127);
  }

  /** What the firmware's protection found, if anything. */
  get fault(): HeaterFault | undefined {
    return this.#fault;
  }

  get isIdle(): boolean {
    return this.#targetCelsius === 0;
  }

  /** The cartridge gives no heat from now on. */
  losePower(): void {
    this.#hasPower = false;
  }

  /** The thermistor reads nonsense from now on. */
  breakThermistor(fault: "MINTEMP triggered" | "MAXTEMP triggered"): void {
    this.#fault = fault;
  }

  /** After a reset of the board: cold settings, but the metal keeps its heat. */
  reset(): void {
    this.targetCelsius = 0;
    this.#power = 0;
    this.#fault = undefined;
    this.#hasPower = true;
  }

  /** Lets time pass up to `seconds` on the machine's clock. */
  passTimeTo(seconds: number): void {
    const limit = 4 * 3600; // beyond that everything has settled
    if (seconds - this.#seconds > limit) this.#seconds = seconds - limit;
    while (this.#seconds < seconds) {
      const step = Math.min(stepSeconds, seconds - this.#seconds);
      this.#seconds += step;
      this.#step(step);
    }
  }

  #step(seconds: number): void {
    const { celsiusPerSecond, lossPerSecond } = this.#physics;
    const lossCelsius = (this.#celsius - roomCelsius) * lossPerSecond;
    this.#power = this.#wantedPower(lossCelsius / celsiusPerSecond);
    const gain = this.#hasPower ? this.#power * celsiusPerSecond : 0;
    this.#celsius += (gain - lossCelsius) * seconds;
    if (this.#targetCelsius > 0) this.#protect();
  }

  #wantedPower(holdingPower: number): number {
    if (this.#targetCelsius === 0) return 0;
    const missing = this.#targetCelsius - this.#celsius;
    if (missing > controlCelsius) return 1;
    return Math.max(0, Math.min(1, holdingPower + missing / controlCelsius));
  }

  #protect(): void {
    const missing = this.#targetCelsius - this.#celsius;
    if (missing <= 1) this.#hasReachedTarget = true;
    if (!this.#hasReachedTarget) {
      if (this.#celsius >= this.#watchCelsius) this.#restartWatch();
      else if (this.#seconds > this.#watchUntil) this.#fault ??= "Heating failed";
      return;
    }
    if (missing <= protection.hysteresisCelsius) this.#belowSince = undefined;
    else if (this.#seconds - (this.#belowSince ??= this.#seconds) > protection.periodSeconds) {
      this.#fault ??= "Thermal Runaway";
    }
  }

  #restartWatch(): void {
    const isWatched = this.#targetCelsius - this.#celsius > protection.unwatchedCelsius;
    this.#watchUntil = isWatched ? this.#seconds + protection.watchSeconds : Infinity;
    this.#watchCelsius = Math.min(this.#celsius + protection.watchCelsius, this.#targetCelsius - 1);
  }
}
