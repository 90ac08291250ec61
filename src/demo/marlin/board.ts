/**
 * The processor of a simulated Marlin: reads lines, runs commands one after the other, reports by itself, all on the clock it is given.
 */
import { type Clock, Wake } from "../../clock.ts";
import { bootLines, cardCheckMilliseconds } from "./build.ts";
import { abortPrint, finishPrint, mount } from "./card_commands.ts";
import { runCommand } from "./commands.ts";
import { type CardPrint, Firmware, type FirmwareOptions, type Routine } from "./firmware.ts";
import { LineIntake } from "./line_intake.ts";
import { LineOut } from "./line_out.ts";
import { prusaReport } from "./prusa.ts";
import { Repeater } from "./repeater.ts";

interface Running {
  readonly routine: Routine;
  /** The host waits for its `ok`. */
  readonly isFromHost: boolean;
  resumeAt: number;
  keepAliveAt: number;
}

/** No finer: a host does not see the difference, and a hundred printers sleep more. */
const leastSleepMilliseconds = 20;
const mostSleepMilliseconds = 60_000;
const heaterCheckMilliseconds = 500;
const maxQueuedCommands = 1000;

export class Board implements AsyncDisposable {
  readonly firmware: Firmware;
  readonly out: LineOut = new LineOut();
  readonly #clock: Clock;
  readonly #wake = new Wake();
  readonly #ended = new AbortController();
  readonly #startedAt: number;
  readonly #repeaters = { temperature: new Repeater(), position: new Repeater(), card: new Repeater() };
  readonly #loop: Promise<void>;
  readonly #decoder = new TextDecoder();
  #intake = new LineIntake();
  #queue: string[] = [];
  #running: Running | undefined;
  #condition: "alive" | "killed" | "hung" = "alive";
  #cardCheckAt = Infinity;
  #heaterCheckAt = 0;

  constructor(clock: Clock, options: Omit<FirmwareOptions, "say">) {
    this.#clock = clock;
    this.#startedAt = clock.now().monotonicMilliseconds;
    this.firmware = new Firmware({ ...options, say: (line) => this.out.say(line) });
    this.boot("PowerUp");
    this.#loop = this.#run();
  }

  get isAlive(): boolean {
    return this.#condition === "alive";
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended.abort();
    this.out.disconnect();
    await this.#loop;
  }

  // -- time ----------------------------------------------------------------------------------------------------------

  async #run(): Promise<void> {
    const { signal } = this.#ended;
    while (!signal.aborted) {
      this.#advance();
      this.out.flush();
      const wait = (this.#nextDue()?.at ?? Infinity) - this.firmware.milliseconds;
      await this.#wake.wait(
        this.#clock,
        Math.ceil(Math.max(leastSleepMilliseconds, Math.min(wait, mostSleepMilliseconds))),
        signal,
      );
    }
  }

  /** Something from outside happens, now. */
  change<Result>(act: () => Result): Result {
    this.#advance();
    const result = act();
    if (this.#running) this.#running.resumeAt = Math.min(this.#running.resumeAt, this.firmware.milliseconds);
    this.#wake.wake();
    return result;
  }

  /** Does all that was due until now, each at its time. */
  #advance(): void {
    const now = this.#clock.now().monotonicMilliseconds - this.#startedAt;
    for (;;) {
      while (this.#condition === "alive" && !this.#running && this.#startNext());
      const next = this.#nextDue();
      if (!next || next.at > now) break;
      this.firmware.milliseconds = Math.max(this.firmware.milliseconds, next.at);
      next.act();
    }
    this.firmware.milliseconds = Math.max(this.firmware.milliseconds, now);
  }

  #nextDue(): { at: number; act: () => void } | undefined {
    if (this.#condition !== "alive") return undefined;
    const { temperatureReportSeconds, positionReportSeconds, cardReportSeconds, milliseconds } = this.firmware;
    const { temperature, position, card } = this.#repeaters;
    const isHeating = !this.firmware.nozzle.isIdle || !this.firmware.bed.isIdle;
    const running = this.#running;
    const due = [
      { at: running?.resumeAt ?? Infinity, act: () => this.#resume() },
      { at: running?.keepAliveAt ?? Infinity, act: () => this.#keepAlive() },
      { at: temperature.dueAt(temperatureReportSeconds, milliseconds), act: () => this.#reportTemperature() },
      { at: position.dueAt(positionReportSeconds, milliseconds), act: () => this.#reportPosition() },
      { at: card.dueAt(cardReportSeconds, milliseconds), act: () => this.#reportCard() },
      { at: this.#cardCheckAt, act: () => this.#checkCard() },
      { at: isHeating || this.#heaterCheckAt === 0 ? this.#heaterCheckAt : Infinity, act: () => this.#checkHeaters() },
    ];
    return due.reduce((first, next) => next.at < first.at ? next : first);
  }

  // -- commands ------------------------------------------------------------------------------------------------------

  receive(received: string): void {
    if (this.#condition !== "alive") return;
    const intake = this.#intake.take(received, { isSaving: this.firmware.saving !== undefined });
    if (intake.kind === "error") intake.lines.forEach((line) => this.out.say(line));
    if (intake.kind !== "command") return;
    const { saving } = this.firmware;
    if (saving && !/^M29\b/.test(intake.line)) {
      saving.text += `${intake.line}\n`;
      return this.#acknowledge();
    }
    this.#obeyAtOnce(intake.line);
    if (this.#condition === "alive" && this.#queue.length < maxQueuedCommands) this.#queue.push(intake.line);
  }

  /** What a Marlin does the moment it reads it, whatever it is busy with; the queue only earns the `ok`. */
  #obeyAtOnce(line: string): void {
    const { build } = this.firmware;
    if (/^M108\b/.test(line)) this.firmware.continue();
    if (/^M112\b/.test(line)) this.kill(["echo:M112 Shutdown"]);
    if (/^M410\b/.test(line)) this.firmware.motion.stop();
    if (/^M876\b/.test(line) && build.hasAdvancedPause) {
      this.firmware.answerPrompt(Number(/S(\d+)/.exec(line)?.[1] ?? 0));
    }
    if (/^M524\b/.test(line) && build.hasCard && this.firmware.print) this.abort();
  }

  /** M27 knows of no print at once; the rest happens when the present command lets go. Waiting commands lose their `ok`. */
  abort(): void {
    this.firmware.isAborting = true;
    this.firmware.isWaitingForHeat = false;
    this.firmware.motion.stop();
  }

  /** False: there is nothing to do. */
  #startNext(): boolean {
    const firmware = this.firmware;
    if (firmware.isAborting) {
      this.#queue = [];
      return this.#start(abortPrint(firmware), { isFromHost: false });
    }
    const injected = firmware.injected.shift();
    if (injected !== undefined) return this.#start(runCommand(firmware, injected), { isFromHost: false });
    const queued = this.#queue.shift();
    if (queued !== undefined) return this.#start(runCommand(firmware, queued), { isFromHost: true });
    return firmware.print?.kind === "printing" && this.#startFromCard(firmware.print);
  }

  #startFromCard(print: CardPrint): boolean {
    const { bytes } = print.file;
    if (print.positionBytes >= bytes.length) return this.#start(finishPrint(this.firmware), { isFromHost: false });
    const end = bytes.indexOf(10, print.positionBytes);
    const next = end < 0 ? bytes.length : end + 1;
    const line = this.#decoder.decode(bytes.subarray(print.positionBytes, next)).replace(/;.*$/s, "").trim();
    print.positionBytes = next;
    if (line !== "") this.#start(runCommand(this.firmware, line), { isFromHost: false });
    return true;
  }

  #start(result: Routine | "answered" | void, { isFromHost }: { isFromHost: boolean }): true {
    if (typeof result === "object") {
      const now = this.firmware.milliseconds;
      this.#running = { routine: result, isFromHost, resumeAt: now, keepAliveAt: this.#keepAliveFrom(now) };
      this.#resume();
    } else if (isFromHost && result !== "answered") this.#acknowledge();
    return true;
  }

  #resume(): void {
    const running = this.#running;
    if (!running) return;
    const step = running.routine.next();
    if (!step.done) running.resumeAt = Math.max(step.value, this.firmware.milliseconds + 0.5);
    else if (this.#running === running) {
      this.#running = undefined;
      if (running.isFromHost) this.#acknowledge();
    }
  }

  #acknowledge(): void {
    this.out.say(this.firmware.build.hasAdvancedOk ? "ok P15 B3" : "ok");
  }

  // -- what the firmware does by itself ------------------------------------------------------------------------------

  boot(cause: string): void {
    const firmware = this.firmware;
    firmware.forget();
    this.#condition = "alive";
    this.#running = undefined;
    this.#queue = [];
    this.#intake = new LineIntake();
    this.#cardCheckAt = firmware.build.hasCard ? firmware.milliseconds + cardCheckMilliseconds : Infinity;
    for (const line of bootLines(firmware.build, { cause, machine: firmware.machine })) this.out.say(line);
  }

  #checkCard(): void {
    this.#cardCheckAt = Infinity;
    mount(this.firmware);
  }

  #keepAliveFrom(milliseconds: number): number {
    const { keepAliveSeconds } = this.firmware;
    return keepAliveSeconds > 0 ? milliseconds + keepAliveSeconds * 1000 : Infinity;
  }

  #keepAlive(): void {
    if (!this.#running) return;
    this.out.say(this.firmware.isWaitingForUser ? "echo:busy: paused for user" : "echo:busy: processing");
    this.#running.keepAliveAt = this.#keepAliveFrom(this.#running.keepAliveAt);
  }

  #reportTemperature(): void {
    this.#repeaters.temperature.done();
    const report = this.firmware.build.isPrusa ? prusaReport(this.firmware) : [` ${this.firmware.temperatureText()}`];
    for (const line of report) this.out.say(line);
  }

  #reportPosition(): void {
    this.#repeaters.position.done();
    this.out.say(this.firmware.motion.report());
  }

  #reportCard(): void {
    this.#repeaters.card.done();
    this.out.say(this.firmware.cardText());
  }

  #checkHeaters(): void {
    const firmware = this.firmware;
    this.#heaterCheckAt = firmware.milliseconds + heaterCheckMilliseconds;
    firmware.passHeat();
    for (const [heater, id] of [[firmware.nozzle, "E0"], [firmware.bed, "bed"]] as const) {
      if (!heater.fault) continue;
      const isReading = heater.fault === "MINTEMP triggered" || heater.fault === "MAXTEMP triggered";
      const shown = isReading ? `Err: ${heater.fault.slice(0, 7)}` : heater.fault.toUpperCase();
      return this.kill([
        `Error:${heater.fault}, system stopped! Heater_ID: ${id}`,
        "",
        ...(firmware.motion.isHomed ? [] : ["echo:Home XYZ First"]),
        ...(firmware.motion.isHomed || !firmware.build.hasHostActions ? [] : ["//action:notification Home XYZ First"]),
        `echo:${shown}`,
      ]);
    }
  }

  kill(reason: readonly string[]): void {
    for (const line of reason) this.out.say(line);
    this.out.say("Error:Printer halted. kill() called!");
    this.firmware.action("poweroff");
    this.#condition = "killed";
    this.#running = undefined;
    this.#queue = [];
  }

  /** A fault does not wait for the next look at the heaters. */
  checkHeatersNow(): void {
    this.#heaterCheckAt = 0;
  }

  /** Silence without a last word. */
  hang(): void {
    this.#condition = "hung";
  }
}
