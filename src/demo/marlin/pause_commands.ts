/**
 * Waiting for the user: M0 M1 M25 M108 M125 M600 M876 and the runout sensor. Proven by the recordings m0_m1_wait_user,
 * m600_filament_change, filament_runout_sd_print and sd_list_and_print.
 */
import { readParameter } from "./command.ts";
import type { CommandTable } from "./commands.ts";
import type { Firmware, Routine } from "./firmware.ts";

/** In machine seconds, as measured. */
const moveSeconds = { park: 2, unload: 28, load: 18, purge: 17, unpark: 1 };
/** Marlin's PAUSE_PARK_NOZZLE_TIMEOUT; a user's own time, so it is not scaled. */
const heaterTimeoutMilliseconds = 45_000;
/** How long somebody at the printer looks before pressing a button. */
const userMilliseconds = 1500;

export const pauseCommands: CommandTable = {
  M0: (firmware, { line, text }) => waitAtM0(firmware, line, text),
  M1: (firmware, { line, text }) => waitAtM0(firmware, line, text),
  M25: (firmware) => firmware.build.parksOnPause ? parkAndWait(firmware) : pauseInPlace(firmware),
  M125: (firmware) => parkAndWait(firmware),
  M600: (firmware) => changeFilament(firmware),
  // Both were obeyed when they came in; in the queue they only earn their `ok`.
  M108: () => {},
  M876: () => {},
};

/** What the sensor makes the firmware say; the M600 it injects follows when the planned moves are done. */
export function reportRunout(firmware: Firmware): void {
  firmware.prompt("filamentChange", "FilamentRunout T0");
  firmware.action("paused filament_runout 0");
  firmware.injected.push("M600");
}

function pauseInPlace(firmware: Firmware): void {
  if (firmware.print?.kind === "printing") firmware.print.kind = "paused";
  firmware.timer.pause(firmware.milliseconds);
  firmware.promptIfFree("pauseResume", "Pause SD", "Resume");
  firmware.action("pause");
}

function* waitAtM0(firmware: Firmware, line: string, text: string): Routine {
  yield* firmware.waitForMoves();
  const seconds = readParameter(line, "S") ?? (readParameter(line, "P") ?? 0) / 1000;
  const shown = text.replace(/^[SP]\d+\s*/, "");
  if (!firmware.build.hasDisplay && shown) firmware.say(`echo:${shown}`);
  firmware.prompt("userContinue", shown || `${line.slice(0, 2)} Stop`, ["Continue"]);
  yield* waitForUser(firmware, { atMostMilliseconds: seconds > 0 ? seconds * 1000 : Infinity });
}

/** M125, and M25 where it parks: waits even if nothing prints. */
function* parkAndWait(firmware: Firmware): Routine {
  yield* startPause(firmware);
  yield* firmware.moveFor(moveSeconds.park);
  firmware.say("echo:Send M108 to resume");
  yield* waitParked(firmware);
  yield* purgeAndResume(firmware);
}

function* changeFilament(firmware: Firmware): Routine {
  yield* startPause(firmware);
  yield* firmware.moveFor(moveSeconds.park + moveSeconds.unload);
  firmware.say("echo:Insert filament and send M108");
  yield* waitParked(firmware);
  yield* firmware.moveFor(moveSeconds.load);
  yield* purgeAndResume(firmware);
}

function* startPause(firmware: Firmware): Routine {
  yield* firmware.waitForMoves();
  if (firmware.print?.kind === "printing") firmware.print.kind = "paused";
  firmware.timer.pause(firmware.milliseconds);
  firmware.action("paused");
  firmware.promptIfFree("info", "Pause", "Dismiss");
}

/** `Nozzle Parked`, until somebody continues; the nozzle goes cold meanwhile and is heated again on demand. */
function* waitParked(firmware: Firmware): Routine {
  const target = firmware.nozzle.targetCelsius;
  firmware.prompt("userContinue", "Nozzle Parked", ["Continue"]);
  for (;;) {
    const isAnswered = yield* waitForUser(firmware, { atMostMilliseconds: heaterTimeoutMilliseconds });
    if (isAnswered || target === 0) break;
    firmware.passHeat();
    firmware.nozzle.targetCelsius = 0;
    firmware.say("echo:Send M108 to heat nozzle");
    firmware.prompt("userContinue", "Heater Timeout", ["Reheat"]);
    yield* waitForUser(firmware);
    firmware.prompt("info", "Reheating...");
    firmware.passHeat();
    firmware.nozzle.targetCelsius = target;
    while (firmware.nozzle.celsius < target - 3) {
      yield firmware.milliseconds + 100;
      firmware.passHeat();
    }
    firmware.say("echo:Insert filament and send M108");
    firmware.prompt("userContinue", "Reheat Done", ["Continue"]);
  }
}

function* purgeAndResume(firmware: Firmware): Routine {
  for (;;) {
    firmware.purgeAnswer = undefined;
    firmware.prompt("filamentChange", "Paused", ["PurgeMore", "Continue"]);
    yield* waitForUser(firmware);
    if (firmware.purgeAnswer !== "purge") break;
    yield* firmware.moveFor(moveSeconds.purge);
  }
  firmware.promptReason = "none";
  firmware.userConfirmsAll = false;
  firmware.action("prompt_end");
  firmware.notify("Print Paused");
  yield* firmware.moveFor(moveSeconds.unpark);
  firmware.action("resumed");
  firmware.promptIfFree("info", "Resuming", "Dismiss");
  if (firmware.print?.kind === "paused") firmware.print.kind = "printing";
  if (firmware.timer.isPaused) firmware.startTimer();
  firmware.notifyStatus();
}

/** True if somebody continued, false if the time was over first. */
function* waitForUser(
  firmware: Firmware,
  { atMostMilliseconds = Infinity }: { atMostMilliseconds?: number } = {},
): Generator<number, boolean, void> {
  const [startedAt, until] = [firmware.milliseconds, firmware.milliseconds + atMostMilliseconds];
  firmware.isWaitingForUser = true;
  while (firmware.isWaitingForUser) {
    const confirmsAt = firmware.userConfirmsAll ? startedAt + userMilliseconds : Infinity;
    if (firmware.milliseconds >= confirmsAt) break;
    if (firmware.milliseconds >= until) {
      firmware.isWaitingForUser = false;
      return false;
    }
    yield Math.min(until, confirmsAt);
  }
  firmware.isWaitingForUser = false;
  return true;
}
