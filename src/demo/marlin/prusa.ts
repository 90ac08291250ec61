/**
 * What a Prusa MK3S (firmware 3.14) answers beside Marlin's: as much as PrusaLink on a Pi asks. The shapes of its lines are
 * told in `facts/prusalink-lab.md`; the real PrusaLink reads them in tests/long/prusalink_test.ts.
 */
import { readParameter } from "./command.ts";
import type { Firmware, Routine } from "./firmware.ts";

type Answer = (firmware: Firmware, line: string) => Routine | void;

/** Bytes by address; the number of the last job at 0x0D05, high byte first. */
export type Eeprom = Map<number, number>;
const bytesPerLine = 16;

const answers: readonly (readonly [pattern: RegExp, answer: Answer])[] = [
  [/^PRUSA Fir\b/, (firmware) => firmware.say("3.14.1-8237")],
  [/^PRUSA SN\b/, (firmware) => firmware.say("CZPX2420X004XC12345")],
  [/^M862\.1 Q/, (firmware) => firmware.say("0.40")],
  [/^M862\.2 Q/, (firmware) => firmware.say("302")],
  [/^D3\b/, useEeprom],
  [/^M73\b/, showProgress],
  [/^M27\b/, showPrint],
  [/^M22[01]$/, (firmware) => firmware.say("100%")],
  [/^M420\b/, (firmware) => firmware.say("Mesh bed leveling not active.")],
  [/^M601\b/, (firmware) => pauseHost(firmware)],
  [/^M602\b/, (firmware) => resumeHost(firmware)],
  [/^M603\b/, (firmware) => stopHost(firmware)],
  [/^(?:M72|M79|M110|M115|M220|M221|M300|M552|M862|G80|G81)\b/, () => {}],
];

/** The answer to a line, if a Prusa knows it and a Marlin does not, or says something else. */
export function answerAsPrusa(firmware: Firmware, line: string): Answer | undefined {
  return firmware.build.isPrusa ? answers.find(([pattern]) => pattern.test(line))?.[1] : undefined;
}

/** `D3 Ax0D05 C4` reads, `D3 Ax0D05 X0000002a` writes. */
function useEeprom({ eeprom, say }: Firmware, line: string): void {
  const address = Number.parseInt(/Ax([0-9a-f]+)/i.exec(line)?.[1] ?? "", 16);
  if (!Number.isFinite(address)) return;
  const written = /\bX((?:[0-9a-f]{2})+)/i.exec(line)?.[1];
  written?.match(/../g)?.forEach((byte, offset) => eeprom.set(address + offset, Number.parseInt(byte, 16)));
  const count = Math.min(1000, written ? written.length / 2 : readParameter(line, "C") ?? 0);
  const hex = (number: number, digits: number) => number.toString(16).padStart(digits, "0");
  for (let from = 0; from < count; from += bytesPerLine) {
    const bytes = Array.from(
      { length: Math.min(bytesPerLine, count - from) },
      (_, index) => hex(eeprom.get(address + from + index) ?? 0, 2),
    );
    say(`${hex(address + from, 4)}  ${bytes.join(" ")}`);
  }
}

function showProgress(firmware: Firmware, line: string): void {
  firmware.percent = readParameter(line, "P") ?? firmware.percent;
  firmware.remainingMinutes = readParameter(line, "R") ?? firmware.remainingMinutes;
  for (const mode of ["NORMAL", "SILENT"]) {
    const left = firmware.remainingMinutes ?? -1;
    firmware.say(
      `${mode} MODE: Percent done: ${firmware.percent}; print time remaining in mins: ${left}; Change in mins: -1`,
    );
  }
}

function showPrint(firmware: Firmware): void {
  if (!firmware.print) return firmware.say(firmware.isHostPaused ? "Print saved" : "Not SD printing");
  firmware.say(`/${firmware.print.file.path.toLowerCase()}`);
  firmware.say(firmware.print.kind === "paused" ? "SD print paused" : firmware.cardText());
}

function pauseHost(firmware: Firmware): void {
  firmware.isHostPaused = true;
  firmware.say("// action:paused");
}

function resumeHost(firmware: Firmware): void {
  firmware.isHostPaused = false;
  firmware.say("// action:resumed");
}

function stopHost(firmware: Firmware): void {
  firmware.isHostPaused = false;
  firmware.percent = 0;
  firmware.remainingMinutes = undefined;
  firmware.passHeat();
  firmware.nozzle.targetCelsius = firmware.bed.targetCelsius = 0;
  firmware.say("// action:cancel");
}

/** Temperatures, fans and position, as `M155 S2 C7` asks for. */
export function prusaReport(firmware: Firmware): string[] {
  firmware.passHeat();
  const { nozzle, bed, motion } = firmware;
  const heated = (celsius: number, target: number) => `${celsius.toFixed(1)} /${target.toFixed(1)}`;
  const [hot, warm] = [heated(nozzle.celsius, nozzle.targetCelsius), heated(bed.celsius, bed.targetCelsius)];
  const place = [motion.x, motion.y, motion.z, motion.e].map((value) => value.toFixed(2));
  const [x, y, z, e] = place;
  return [
    `T:${hot} B:${warm} T0:${hot} @:0 B@:0 P:0.0 A:25.0`,
    "E0:4980 RPM PRN1:0 RPM E0@:127 PRN1@:0",
    `X:${x} Y:${y} Z:${z} E:${e} Count X: ${x} Y:${y} Z:${z} E:${e}`,
  ];
}
