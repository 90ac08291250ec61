/**
 * The state of a simulated Marlin and how it speaks. Commands are routines over it; {@link ../marlin_simulator.ts} gives it time.
 */
import type { FirmwareBuild } from "./build.ts";
import { Heater, type HeaterPhysics } from "./heater.ts";
import { JobTimer } from "./job_timer.ts";
import { Motion } from "./motion.ts";
import type { Eeprom } from "./prusa.ts";
import type { CardFile, SdCard } from "./sd_card.ts";

/**
 * A command that takes time: yields the millisecond at which it wants to go on, {@link Infinity} while it waits for a user.
 * It may be resumed earlier and then looks again.
 */
export type Routine = Generator<number, void, void>;

/** What a prompt waits for; Marlin opens an informing prompt only while no other is open. */
export type PromptReason = "none" | "info" | "pauseResume" | "userContinue" | "filamentChange";

export interface CardPrint {
  readonly file: CardFile;
  positionBytes: number;
  kind: "selected" | "printing" | "paused";
}

export interface FirmwareOptions {
  readonly build: FirmwareBuild;
  readonly machine: string;
  readonly timeScale: number;
  readonly heaters: { readonly nozzle: HeaterPhysics; readonly bed: HeaterPhysics };
  readonly card: SdCard | undefined;
  readonly random: () => number;
  say(line: string): void;
}

export class Firmware {
  readonly build: FirmwareBuild;
  readonly machine: string;
  readonly motion: Motion = new Motion();
  readonly nozzle: Heater;
  readonly bed: Heater;
  readonly timer: JobTimer = new JobTimer();
  readonly say: (line: string) => void;
  readonly #timeScale: number;
  readonly #random: () => number;

  /** Real milliseconds since the simulator was made. */
  milliseconds = 0;
  /** What is in the slot. */
  card: SdCard | undefined;
  isMounted = false;
  print: CardPrint | undefined;
  /** A file being written by M28. */
  saving: { readonly name: string; text: string } | undefined;
  isAborting = false;
  isWaitingForUser = false;
  isWaitingForHeat = false;
  promptReason: PromptReason = "none";
  purgeAnswer: "purge" | "continue" | undefined;
  /** Somebody stands at the printer and confirms whatever it asks until the print goes on. */
  userConfirmsAll = false;
  percent = 0;
  remainingMinutes: number | undefined;
  /** Prusa: a print that a host sends stands still by M601. */
  isHostPaused = false;
  readonly eeprom: Eeprom = new Map();
  keepAliveSeconds = 2;
  temperatureReportSeconds = 0;
  positionReportSeconds = 0;
  cardReportSeconds = 0;
  /** Commands that come before those of host and card. */
  readonly injected: string[] = [];

  constructor(options: FirmwareOptions) {
    this.build = options.build;
    this.machine = options.machine;
    this.#timeScale = options.timeScale;
    this.#random = options.random;
    this.card = options.build.hasCard ? options.card : undefined;
    this.nozzle = new Heater(options.heaters.nozzle);
    this.bed = new Heater(options.heaters.bed);
    this.say = options.say;
  }

  // -- time ----------------------------------------------------------------------------------------------------------

  /** The machine's own time: faster than the real one by the time scale. */
  get seconds(): number {
    return this.milliseconds / 1000 * this.#timeScale;
  }

  *waitUntil(machineSeconds: number): Routine {
    const milliseconds = machineSeconds / this.#timeScale * 1000;
    while (this.milliseconds < milliseconds - 1e-6) yield milliseconds;
  }

  waitFor(machineSeconds: number): Routine {
    return this.waitUntil(this.seconds + machineSeconds);
  }

  waitForMoves(): Routine {
    return this.waitUntil(this.motion.endSeconds);
  }

  /** Moves that take so long. */
  *moveFor(machineSeconds: number): Routine {
    this.motion.spend(machineSeconds, this.seconds);
    yield* this.waitForMoves();
  }

  // -- speaking ------------------------------------------------------------------------------------------------------

  action(text: string): void {
    if (this.build.hasHostActions) this.say(`//action:${text}`);
  }

  notify(text: string): void {
    this.action(`notification ${text}`);
  }

  /** The status line returns to what it shows by itself. */
  notifyStatus(): void {
    this.notify(this.statusText);
  }

  get statusText(): string {
    if (this.print?.kind === "printing") return shownName(this.print.file);
    if (this.print?.kind === "paused" || this.timer.isPaused) return "Print Paused";
    return this.timer.isRunning ? "Printing..." : `${this.machine} Ready.`;
  }

  /** Opens a dialog on the host, in place of any other. */
  prompt(reason: PromptReason, text: string, buttons: readonly string[] = []): void {
    this.promptReason = reason;
    this.action("prompt_end");
    this.action(`prompt_begin ${text}`);
    for (const button of buttons) this.action(`prompt_button ${button}`);
    this.action("prompt_show");
  }

  /** Only if no other is open. */
  promptIfFree(reason: PromptReason, text: string, button: string): void {
    if (this.promptReason === "none") this.prompt(reason, text, [button]);
  }

  // -- facts ---------------------------------------------------------------------------------------------------------

  get hasMedia(): boolean {
    return this.card !== undefined && this.isMounted;
  }

  /** `T:20.94 /0.00 B:21.05 /0.00 @:0 B@:0`. */
  temperatureText(): string {
    this.passHeat();
    const shown = (heater: Heater) =>
      `${(heater.celsius + this.#noiseCelsius()).toFixed(2)} /${heater.targetCelsius.toFixed(2)}`;
    return `T:${shown(this.nozzle)} B:${shown(this.bed)} @:${this.nozzle.shownPower} B@:${this.bed.shownPower}`;
  }

  cardText(): string {
    if (!this.print || this.isAborting) return "Not SD printing";
    return `SD printing byte ${this.print.positionBytes}/${this.print.file.bytes.length}`;
  }

  /** Brings the heaters to the present. */
  passHeat(): void {
    this.nozzle.passTimeTo(this.seconds);
    this.bed.passTimeTo(this.seconds);
  }

  /** Marlin's job timer starts and stops by heaters too (PRINTJOB_TIMER_AUTOSTART). */
  get isHotForPrinting(): boolean {
    return this.nozzle.targetCelsius > 85 || this.bed.targetCelsius > 5;
  }

  startTimer(): void {
    this.timer.start(this.milliseconds);
  }

  /** A continue from host or display: whatever waits goes on. */
  continue(): void {
    this.isWaitingForUser = false;
    this.isWaitingForHeat = false;
  }

  /** M876: the host's answer to the open prompt; it closes it. */
  answerPrompt(choice: number): void {
    const reason = this.promptReason;
    this.promptReason = "none";
    if (reason === "filamentChange") this.purgeAnswer = choice === 0 ? "purge" : "continue";
    if (reason === "filamentChange" || reason === "userContinue") this.isWaitingForUser = false;
    if (reason === "pauseResume" && choice === 0) this.injected.push("M24");
  }

  /** All that a reset of the board forgets. */
  forget(): void {
    Object.assign(this, {
      print: undefined,
      saving: undefined,
      isAborting: false,
      isMounted: false,
      isWaitingForUser: false,
      isWaitingForHeat: false,
      promptReason: "none",
      purgeAnswer: undefined,
      userConfirmsAll: false,
      percent: 0,
      remainingMinutes: undefined,
      isHostPaused: false,
      keepAliveSeconds: 2,
      temperatureReportSeconds: 0,
      positionReportSeconds: 0,
      cardReportSeconds: 0,
    });
    this.injected.length = 0;
    this.passHeat();
    this.nozzle.reset();
    this.bed.reset();
    this.motion.stop();
    this.motion.isHomed = false;
    this.timer.stop(this.milliseconds);
  }

  #noiseCelsius(): number {
    return (this.#random() - 0.5) * 0.25;
  }
}

/** The name the display shows: the long one, without its folder. */
export function shownName(file: CardFile): string {
  return file.longName ?? file.path.slice(file.path.lastIndexOf("/") + 1);
}
