/**
 * A Marlin 2.1.2 in memory: it reads G-code and speaks as a real one does on its serial port (tests/transcripts/marlin), heats,
 * prints files from its card, waits for users and dies. It moves bytes over any pipe: a PTY, TCP, memory.
 */
import type { Clock } from "../clock.ts";
import { Board } from "./marlin/board.ts";
import { type FirmwareBuild, type FirmwareBuildName, firmwareBuilds } from "./marlin/build.ts";
import { mount, selectFile, startOrResume } from "./marlin/card_commands.ts";
import { type HeaterFault, homeHeaters, labHeaters } from "./marlin/heater.ts";
import { reportRunout } from "./marlin/pause_commands.ts";
import type { SdCard } from "./marlin/sd_card.ts";

/** Two ways of bytes; a `ByteLink` is one. */
export interface BytePipe {
  readonly readable: ReadableStream<Uint8Array>;
  readonly writable: WritableStream<Uint8Array>;
}

export interface MarlinOptions {
  readonly clock: Clock;
  /** Default: `full`. */
  readonly build?: FirmwareBuildName | FirmwareBuild;
  /** MACHINE_TYPE. */
  readonly machine?: string;
  /**
   * How many times faster the machine moves and heats. What the host asked for in seconds (reports, keep-alives) and what
   * users take their time for is not scaled: a host sees what it would see of a printer that fast.
   */
  readonly timeScale?: number;
  readonly card?: SdCard;
  /** `lab` as in the recordings, `home` as slow as at home. Default: `lab`. */
  readonly heaters?: "lab" | "home";
  readonly random?: () => number;
}

/** What somebody in front of the printer sees. */
export interface PrinterView {
  readonly kind: "idle" | "printing" | "paused" | "waiting" | "dead";
  readonly file?: string;
  /** Of the file read. */
  readonly percent: number;
  readonly nozzleCelsius: number;
  readonly bedCelsius: number;
}

const maxLineCharacters = 4096;

export class MarlinSimulator implements AsyncDisposable {
  readonly #board: Board;
  readonly #random: () => number;
  readonly #ended = new AbortController();
  #linesReceived = 0;

  constructor(options: MarlinOptions) {
    const { build = "full" } = options;
    this.#random = options.random ?? Math.random;
    this.#board = new Board(options.clock, {
      build: typeof build === "string" ? firmwareBuilds[build] : build,
      machine: options.machine ?? "SimRap 1.4",
      timeScale: options.timeScale ?? 1,
      heaters: options.heaters === "home" ? homeHeaters : labHeaters,
      card: options.card,
      random: this.#random,
    });
  }

  // -- wires ---------------------------------------------------------------------------------------------------------

  /** Serves a host on this pipe, in place of any other, until the pipe ends. */
  async attach(pipe: BytePipe): Promise<void> {
    this.#board.out.connect(pipe.writable);
    const decoder = new TextDecoder();
    let rest = "";
    try {
      for await (const bytes of pipe.readable) {
        if (this.#ended.signal.aborted) return;
        const lines = (rest + decoder.decode(bytes, { stream: true })).split("\n");
        rest = (lines.pop() ?? "").slice(0, maxLineCharacters);
        this.#linesReceived += lines.length;
        this.#board.change(() => lines.forEach((line) => this.#board.receive(line)));
      }
    } catch {
      // The wire was pulled; the printer does not mind.
    }
  }

  /** Ends the talk with the present host. */
  detach(): void {
    this.#board.out.disconnect();
  }

  /** How many lines a host has sent so far. */
  get linesReceived(): number {
    return this.#linesReceived;
  }

  // -- what somebody does at the printer -----------------------------------------------------------------------------

  view(): PrinterView {
    const { print, isWaitingForUser, nozzle, bed } = this.#board.firmware;
    const size = print?.file.bytes.length ?? 0;
    const kind = !this.#board.isAlive
      ? "dead"
      : isWaitingForUser
      ? "waiting"
      : print?.kind === "printing" || print?.kind === "paused"
      ? print.kind
      : "idle";
    return {
      kind,
      ...(print ? { file: print.file.longName ?? print.file.path } : {}),
      percent: print && size > 0 ? print.positionBytes / size * 100 : 0,
      nozzleCelsius: nozzle.celsius,
      bedCelsius: bed.celsius,
    };
  }

  insertCard(card: SdCard): void {
    this.#board.change(() => {
      this.#board.firmware.card = card;
      mount(this.#board.firmware);
    });
  }

  removeCard(): void {
    this.#board.change(() => {
      this.#board.firmware.card = undefined;
      this.#board.firmware.isMounted = false;
      if (this.#board.firmware.print) this.#board.firmware.isAborting = true;
      this.#board.firmware.say("echo:SD card released");
    });
  }

  /** Chosen on the display. False: there is no such file. */
  startPrint(file: string): boolean {
    return this.#board.change(() => {
      if (!selectFile(this.#board.firmware, file)) return false;
      startOrResume(this.#board.firmware);
      return true;
    });
  }

  pauseFromScreen(): void {
    this.#board.change(() => {
      if (this.#board.firmware.build.hasHostActions) this.#board.firmware.prompt("pauseResume", "UI Pause", ["Resume"]);
      this.#board.firmware.injected.push("M25");
    });
  }

  resumeFromScreen(): void {
    this.#board.change(() => {
      if (this.#board.firmware.build.parksOnPause) this.#board.firmware.userConfirmsAll = true;
      else this.#board.firmware.injected.push("M24");
    });
  }

  cancelFromScreen(): void {
    this.#board.change(() => {
      if (!this.#board.firmware.print) return;
      this.#board.firmware.action("cancel");
      this.#board.firmware.promptIfFree("info", "UI Aborted", "Dismiss");
      this.#board.firmware.notify("Print Aborted");
      this.#board.abort();
    });
  }

  /** The sensor no longer feels filament. */
  runOut(): void {
    this.#board.change(() => {
      if (this.#board.firmware.build.hasRunoutSensor && this.#board.firmware.print?.kind === "printing") {
        reportRunout(this.#board.firmware);
      }
    });
  }

  /** Somebody loads filament and confirms each question of the display. */
  insertFilament(): void {
    this.#board.change(() => this.#board.firmware.userConfirmsAll = true);
  }

  /** The knob is pressed once. */
  pressButton(): void {
    this.#board.change(() => this.#board.firmware.continue());
  }

  /** The firmware stops everything: ` !! KILL caused by KILL button/pin` and silence until {@link powerCycle}. */
  kill(reason = "!! KILL caused by KILL button/pin"): void {
    this.#board.change(() => this.#board.kill([`Error:${reason}`]));
  }

  /** What fails, and the firmware notices in its own time; a thermistor's fault at once. */
  failHeater(fault: HeaterFault, heater: "nozzle" | "bed" = "nozzle"): void {
    this.#board.change(() => {
      if (fault === "MINTEMP triggered" || fault === "MAXTEMP triggered") {
        this.#board.firmware[heater].breakThermistor(fault);
      } else this.#board.firmware[heater].losePower();
      this.#board.checkHeatersNow();
    });
  }

  powerCycle(cause = "PowerUp"): void {
    this.#board.change(() => this.#board.boot(cause));
  }

  /** The firmware hangs: no line, no move, until {@link powerCycle}. */
  hang(): void {
    this.#board.change(() => this.#board.hang());
  }

  /** So many random bytes on the wire, as a wrong speed or a bad cable makes them. */
  garbage(bytes: number): void {
    const noise = Uint8Array.from({ length: bytes }, () => Math.floor(this.#random() * 256));
    this.#board.change(() => this.#board.out.write(noise));
  }

  /** Any line, as it is. */
  say(line: string): void {
    this.#board.change(() => this.#board.out.say(line));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended.abort();
    await this.#board[Symbol.asyncDispose]();
  }
}
