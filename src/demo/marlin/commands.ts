/**
 * The commands a simulated Marlin knows, and what it answers. Proven by the recordings m117_m118_m73, home_and_moves and
 * plain_board.
 */
import { identityLines } from "./build.ts";
import { cardCommands } from "./card_commands.ts";
import { type Command, readCommand, readParameter } from "./command.ts";
import type { Firmware, Routine } from "./firmware.ts";
import { heatCommands } from "./heat_commands.ts";
import { pauseCommands } from "./pause_commands.ts";
import { answerAsPrusa } from "./prusa.ts";

/** `answered`: it has said its own `ok`. */
export type CommandFunction = (firmware: Firmware, command: Command) => Routine | "answered" | void;
export type CommandTable = Readonly<Record<string, CommandFunction>>;

/** Seconds of machine time per homed axis. */
const homingSeconds = { X: 5.5, Y: 4.6, Z: 6.6 };

/** Obeyed without a word. */
const silent =
  "G2 G3 G21 M17 M18 M42 M75 M77 M82 M83 M84 M85 M92 M201 M203 M204 M205 M206 M211 M220 M221 M301 M302 M304 M412 M413 M502 M503"
    .split(" ");

const motionCommands: CommandTable = {
  G0: move,
  G1: move,
  G4: (firmware, { line }) => dwell(firmware, line),
  G28: (firmware, { line }) => home(firmware, line),
  G90: (firmware) => firmware.motion.setMode("G90"),
  G91: (firmware) => firmware.motion.setMode("G91"),
  M82: (firmware) => firmware.motion.setMode("M82"),
  M83: (firmware) => firmware.motion.setMode("M83"),
  G92: (firmware, { line }) => {
    firmware.motion.setPosition(line);
    firmware.say(firmware.motion.report());
  },
  M84: (firmware) => firmware.waitForMoves(),
  M400: (firmware) => firmware.waitForMoves(),
  M410: (firmware) => firmware.motion.stop(),
  T0: () => {},
};

const tellingCommands: CommandTable = {
  M31: (firmware) => {
    const time = firmware.timer.text(firmware.milliseconds);
    firmware.notify(time);
    firmware.say(`echo:Print time: ${time}`);
  },
  M73: (firmware, { line }) => {
    firmware.percent = readParameter(line, "P") ?? firmware.percent;
    firmware.remainingMinutes = readParameter(line, "R") ?? firmware.remainingMinutes;
    if (firmware.build.m73 !== "reports") return;
    const left = firmware.remainingMinutes === undefined ? "" : ` Time left: ${firmware.remainingMinutes}m;`;
    firmware.say(`echo: M73 Progress: ${firmware.percent}%;${left}`);
  },
  M75: (firmware) => firmware.startTimer(),
  M76: (firmware) => {
    firmware.timer.pause(firmware.milliseconds);
    firmware.action("pause");
  },
  M77: (firmware) => firmware.timer.stop(firmware.milliseconds),
  M106: (firmware, { line }) => {
    if (firmware.build.hasHostActions) firmware.say(`M106 P0 S${readParameter(line, "S") ?? 255}`);
  },
  M107: (firmware) => {
    if (firmware.build.hasHostActions) firmware.say("M106 P0 S0");
  },
  M110: () => {},
  M113: (firmware, { line }) => {
    const seconds = readParameter(line, "S");
    if (seconds === undefined) firmware.say(`echo:M113 S${firmware.keepAliveSeconds}`);
    else firmware.keepAliveSeconds = Math.max(0, Math.min(60, seconds));
  },
  M114: (firmware) => firmware.say(firmware.motion.report()),
  M115: (firmware) => identityLines(firmware.build, firmware.machine).forEach((line) => firmware.say(line)),
  M117: (firmware, { text }) => text ? firmware.notify(text) : firmware.notifyStatus(),
  M118: (firmware, { text }) => firmware.say(messageToHost(text)),
  M119: (firmware) => {
    const states = ["x_min: open", "y_min: open", "z_min: open"];
    if (firmware.build.hasRunoutSensor) states.push("filament: TRIGGERED");
    for (const line of ["Reporting endstop status", ...states]) firmware.say(line);
  },
  M154: (firmware, { line }) => {
    firmware.positionReportSeconds = Math.min(60, Math.max(0, readParameter(line, "S") ?? 0));
  },
  M999: (firmware) => firmware.say("ok"),
};

/** Runs one line; what it does not know it says so. */
export function runCommand(firmware: Firmware, line: string): Routine | "answered" | void {
  const prusa = answerAsPrusa(firmware, line);
  if (prusa) return prusa(firmware, line);
  const command = readCommand(line);
  const known = command.code === undefined ? undefined : find(firmware, command.code);
  if (known) return known(firmware, command);
  if (command.code?.startsWith("T")) return firmware.say(`echo:${command.code} Invalid extruder`);
  firmware.say(`echo:Unknown command: "${line}"`);
}

function find(firmware: Firmware, code: string): CommandFunction | undefined {
  const { build } = firmware;
  if (code in cardCommands || code === "M25") {
    return build.hasCard ? cardCommands[code] ?? pauseCommands[code] : undefined;
  }
  if (code === "M0" || code === "M1") return build.canWaitForUser ? pauseCommands[code] : undefined;
  if (code === "M600" || code === "M125" || code === "M876") {
    return build.hasAdvancedPause ? pauseCommands[code] : undefined;
  }
  if (code === "M73") return build.m73 === "unknown" ? undefined : tellingCommands[code];
  if (code === "M154") return build.hasPositionReports ? tellingCommands[code] : undefined;
  return pauseCommands[code] ?? heatCommands[code] ?? motionCommands[code] ?? tellingCommands[code] ??
    (silent.includes(code) ? () => {} : undefined);
}

function move(firmware: Firmware, { line }: Command): Routine | void {
  const room = firmware.motion.roomAtSeconds(firmware.seconds);
  if (room <= firmware.seconds) return firmware.motion.move(line, firmware.seconds);
  return moveLater(firmware, { line, room });
}

function* moveLater(firmware: Firmware, { line, room }: { line: string; room: number }): Routine {
  yield* firmware.waitUntil(room);
  firmware.motion.move(line, firmware.seconds);
}

function* dwell(firmware: Firmware, line: string): Routine {
  yield* firmware.waitForMoves();
  yield* firmware.waitFor(readParameter(line, "S") ?? (readParameter(line, "P") ?? 0) / 1000);
}

function* home(firmware: Firmware, line: string): Routine {
  const { motion } = firmware;
  const named = (["X", "Y", "Z"] as const).filter((axis) => line.slice(3).includes(axis));
  const axes: readonly ("X" | "Y" | "Z")[] = named.length > 0 ? named : ["X", "Y", "Z"];
  yield* firmware.waitForMoves();
  yield* firmware.moveFor(axes.reduce<number>((sum, axis) => sum + homingSeconds[axis], 0));
  for (const axis of axes) motion[axis === "X" ? "x" : axis === "Y" ? "y" : "z"] = 0;
  motion.isHomed = true;
  firmware.say(motion.report());
}

/** M118: `E1` puts `echo:` before the text, `A1` `//`. */
function messageToHost(text: string): string {
  let [rest, isEcho, isAction] = [text, false, false];
  for (let flag = /^([EAP])(\d)\s*/.exec(rest); flag; flag = /^([EAP])(\d)\s*/.exec(rest)) {
    if (flag[1] === "E") isEcho = flag[2] === "1";
    if (flag[1] === "A") isAction = flag[2] === "1";
    rest = rest.slice(flag[0].length);
  }
  return `${isEcho ? "echo:" : ""}${isAction ? "//" : ""}${rest}`;
}
