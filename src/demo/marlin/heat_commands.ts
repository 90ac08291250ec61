/**
 * Temperatures: M104 M105 M109 M140 M155 M190. Proven by the recordings heat_wait_busy and plain_board.
 */
import { readParameter } from "./command.ts";
import type { CommandTable } from "./commands.ts";
import type { Firmware, Routine } from "./firmware.ts";
import type { Heater } from "./heater.ts";

/** Marlin's TEMP_WINDOW and TEMP_RESIDENCY_TIME. */
const residency = { celsius: 1, seconds: 10 };
const reportMilliseconds = 1000;

export const heatCommands: CommandTable = {
  M104: (firmware, { line }) => setTarget(firmware, "nozzle", readParameter(line, "S")),
  M140: (firmware, { line }) => setTarget(firmware, "bed", readParameter(line, "S")),
  M109: (firmware, { line }) => heatAndWait(firmware, "nozzle", line),
  M190: (firmware, { line }) => heatAndWait(firmware, "bed", line),
  M105: (firmware) => {
    firmware.say(`ok ${firmware.temperatureText()}`);
    return "answered";
  },
  M155: (firmware, { line }) => {
    firmware.temperatureReportSeconds = Math.min(60, Math.max(0, readParameter(line, "S") ?? 0));
  },
};

type HeaterName = "nozzle" | "bed";

function setTarget(firmware: Firmware, name: HeaterName, celsius: number | undefined): void {
  if (celsius === undefined) return;
  const heater = firmware[name];
  firmware.passHeat();
  heater.targetCelsius = celsius;
  if (name === "nozzle" && celsius > 0) firmware.notifyStatus();
  if (celsius > 0) firmware.notify(heatingText(heater, name));
  else if (name === "bed") firmware.notify("Bed Cooling...");
  controlTimer(firmware, { isOff: celsius === 0 });
}

function controlTimer(firmware: Firmware, { isOff }: { isOff: boolean }): void {
  if (firmware.isHotForPrinting) return firmware.startTimer();
  if (!isOff || firmware.print?.kind === "printing") return;
  firmware.timer.stop(firmware.milliseconds);
  firmware.notifyStatus();
}

function heatingText(heater: Heater, name: HeaterName): string {
  const verb = heater.celsius < heater.targetCelsius ? "Heating" : "Cooling";
  return name === "nozzle" ? `E1 ${verb}...` : `Bed ${verb}...`;
}

/** M109 and M190: with S only heating is waited for, with R cooling too. A report every second, `W:` counts the residency. */
function* heatAndWait(firmware: Firmware, name: HeaterName, line: string): Routine {
  const [onlyHeating, either] = [readParameter(line, "S"), readParameter(line, "R")];
  const celsius = onlyHeating ?? either;
  if (celsius === undefined) return;
  const heater = firmware[name];
  firmware.passHeat();
  heater.targetCelsius = celsius;
  if (name === "nozzle") firmware.notifyStatus();
  if (firmware.isHotForPrinting) firmware.startTimer();
  firmware.notify(heatingText(heater, name));
  const isCooling = heater.celsius > celsius + residency.celsius;
  if (celsius > 0 && !(isCooling && either === undefined)) yield* waitForHeat(firmware, heater);
  firmware.notifyStatus();
}

function* waitForHeat(firmware: Firmware, heater: Heater): Routine {
  firmware.isWaitingForHeat = true;
  let residesSince: number | undefined;
  let nextReport = firmware.milliseconds;
  while (firmware.isWaitingForHeat) {
    firmware.passHeat();
    if (Math.abs(heater.celsius - heater.targetCelsius) < residency.celsius) residesSince ??= firmware.seconds;
    else residesSince = undefined;
    const left = residesSince === undefined
      ? undefined
      : Math.ceil(residency.seconds - (firmware.seconds - residesSince) - 1e-6);
    if (firmware.milliseconds >= nextReport) {
      const shown = left === undefined ? "?" : String(Math.max(0, Math.min(9, left - 1)));
      firmware.say(` ${firmware.temperatureText()} W:${shown}`);
      nextReport += reportMilliseconds;
    }
    if (left !== undefined && left <= 0) break;
    yield Math.min(nextReport, firmware.milliseconds + 100);
  }
  firmware.isWaitingForHeat = false;
}
