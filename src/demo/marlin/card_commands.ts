/**
 * The memory card: M20 to M33, M524, M1001. Proven by the recordings sd_list_and_print, sd_no_card and sd_upload_delete.
 */
import { hasParameter, readParameter } from "./command.ts";
import type { CommandTable } from "./commands.ts";
import { type Firmware, type Routine, shownName } from "./firmware.ts";

/** Homing X and Y after an abort, in machine seconds. */
const abortMoveSeconds = 8;
/** Marlin says the print time only of longer prints (SD print of 60 s and more). */
const leastToldSeconds = 60;

export const cardCommands: CommandTable = {
  M20: listFiles,
  M21: (firmware) => mount(firmware),
  M22: (firmware) => {
    firmware.isMounted = false;
    firmware.print = undefined;
    firmware.say("echo:SD card released");
  },
  M23: (firmware, { text }) => {
    selectFile(firmware, text);
  },
  M24: (firmware) => startOrResume(firmware),
  M26: (firmware, { line }) => {
    if (firmware.print) firmware.print.positionBytes = readParameter(line, "S") ?? 0;
  },
  M27: (firmware, { line, text }) => {
    if (text.startsWith("C")) return firmware.say(`Current file: ${currentFile(firmware)}`);
    const seconds = readParameter(line, "S");
    if (seconds !== undefined && firmware.build.hasCardReports) {
      firmware.cardReportSeconds = Math.min(60, Math.max(0, seconds));
      return;
    }
    firmware.say(firmware.cardText());
  },
  M28: (firmware, { text }) => startSaving(firmware, text),
  M29: (firmware) => stopSaving(firmware),
  M30: (firmware, { text }) => {
    if (!firmware.hasMedia) return;
    const name = text.replace(/^\//, "");
    firmware.say(firmware.card?.remove(name) ? `File deleted:${name}` : `Deletion failed, File: ${name}.`);
  },
  M32: (firmware, { text }) => {
    if (!firmware.hasMedia || !selectFile(firmware, text)) return;
    startPrinting(firmware);
    firmware.notifyStatus();
  },
  M33: (firmware, { text }) => {
    const file = firmware.hasMedia ? firmware.card?.find(text) : undefined;
    const folder = file?.path.slice(0, file.path.lastIndexOf("/") + 1) ?? "";
    firmware.say(file ? `/${folder}${shownName(file)}` : "/");
  },
  M524: (firmware) => abortPrint(firmware),
};

function listFiles(firmware: Firmware, { line }: { line: string }): void {
  if (!firmware.hasMedia) return firmware.say("echo:No media");
  const canBeLong = firmware.build.hasCardReports;
  const options = { isLong: canBeLong && hasParameter(line, "L"), isTimed: canBeLong && hasParameter(line, "T") };
  firmware.say("Begin file list");
  for (const row of firmware.card?.list(options) ?? []) firmware.say(row);
  firmware.say("End file list");
}

export function mount(firmware: Firmware): void {
  firmware.isMounted = firmware.card !== undefined;
  firmware.say(firmware.isMounted ? "echo:SD card ok" : "echo:No SD card");
}

/** True if the file could be opened. */
export function selectFile(firmware: Firmware, name: string): boolean {
  if (firmware.hasMedia) firmware.say(`echo:Now fresh file: ${name}`);
  const file = firmware.hasMedia ? firmware.card?.find(name) : undefined;
  if (!file) {
    firmware.say(`open failed, File: ${name}.`);
    return false;
  }
  firmware.print = { file, positionBytes: 0, kind: "selected" };
  firmware.say(`File opened: ${name.slice(name.lastIndexOf("/") + 1)} Size: ${file.bytes.length}`);
  firmware.say("File selected");
  firmware.notify(shownName(file));
  return true;
}

export function startPrinting(firmware: Firmware): void {
  if (!firmware.print) return;
  firmware.print.kind = "printing";
  firmware.startTimer();
  firmware.notifyStatus();
}

/** Says `resume` even with nothing to resume. */
export function startOrResume(firmware: Firmware): void {
  startPrinting(firmware);
  firmware.action("resume");
  firmware.promptIfFree("info", "Resuming SD", "Dismiss");
  firmware.notifyStatus();
}

function currentFile(firmware: Firmware): string {
  const file = firmware.print?.file;
  if (!file) return "(no file)";
  return file.longName && firmware.build.hasCardReports ? `${file.path} ${file.longName}` : file.path;
}

function startSaving(firmware: Firmware, name: string): void {
  if (!firmware.hasMedia) return;
  firmware.saving = { name, text: "" };
  firmware.say(`echo:Now fresh file: ${name}`);
  firmware.say(`Writing to file: ${name}`);
  firmware.notify(name);
}

function stopSaving(firmware: Firmware): void {
  if (!firmware.saving) return;
  firmware.card?.add(firmware.saving.name, new TextEncoder().encode(firmware.saving.text));
  firmware.saving = undefined;
  firmware.say("Done saving file.");
}

/** Nothing says `cancel`: the axes go home, and M27 knows no print any more. */
export function* abortPrint(firmware: Firmware): Routine {
  firmware.print = undefined;
  firmware.isAborting = false;
  firmware.motion.stop();
  firmware.nozzle.targetCelsius = 0;
  firmware.bed.targetCelsius = 0;
  firmware.timer.stop(firmware.milliseconds);
  firmware.percent = 0;
  yield* firmware.waitFor(1);
  if (firmware.build.hasHostActions) firmware.say("M106 P0 S0");
  yield* firmware.moveFor(abortMoveSeconds);
  firmware.motion.x = firmware.motion.y = 0;
  firmware.say(firmware.motion.report());
}

/** The file is read to its end. */
export function* finishPrint(firmware: Firmware): Routine {
  yield* firmware.waitForMoves();
  firmware.print = undefined;
  firmware.percent = 0;
  const { timer, milliseconds } = firmware;
  if (timer.seconds(milliseconds) >= leastToldSeconds) {
    firmware.notify(timer.text(milliseconds));
    firmware.say(`echo:Print time: ${timer.text(milliseconds)}`);
  }
  timer.stop(milliseconds);
  firmware.say("Done printing file");
}
