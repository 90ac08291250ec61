/**
 * The plot of `filagram demo`: somebody starts a print at the printer's own screen, the filament runs out in the middle, somebody
 * loads new filament, the print is finished.
 */
import type { Clock } from "../clock.ts";
import { SdCard } from "./marlin/sd_card.ts";
import type { PrinterView } from "./marlin_simulator.ts";
import { type PrinterOnPty, simulatePrinterOnPty } from "./printer_on_pty.ts";
import { sliceModel } from "./sliced_file.ts";
import { slicerDrawing } from "./slicer_drawing.ts";

export type StoryChapter =
  | "waiting for the agent"
  | "printing"
  | "out of filament"
  | "printing on"
  | "finished";

export interface DemoStory extends AsyncDisposable {
  /** Where the tty appears; the address is `serial:` and this. */
  readonly linkPath: string;
  readonly printer: PrinterOnPty;
  readonly chapter: StoryChapter;
  view(): PrinterView;
  /** How much of the model stands on the bed, for a camera: 100 also after the end. */
  printedPercent(): number;
  /** Resolves when the plot is over; the printer goes on idling. */
  readonly ended: Promise<void>;
}

export interface DemoStoryOptions {
  readonly clock: Clock;
  readonly linkPath: string;
  /** About 25 s instead of two minutes. */
  readonly isFast?: boolean;
  readonly signal: AbortSignal;
  /** Told at each new chapter. */
  readonly onChapter?: (chapter: StoryChapter) => void;
}

/** Real seconds; the machine minutes are printed in `printSeconds`. */
const paces = {
  normal: { heatSeconds: 5, printSeconds: 85, settleSeconds: 4, mendSeconds: 10 },
  fast: { heatSeconds: 1, printSeconds: 15, settleSeconds: 2, mendSeconds: 3.5 },
};
const modelMinutes = 72;
const runoutPercent = 50;
const lookMilliseconds = 200;
export const demoFileName = "benchy.gcode";

/** The bytes of {@link demoFileName}, as they also lie on the printer's card. */
export function demoFile({ isFast = false }: { isFast?: boolean }): Uint8Array<ArrayBuffer> {
  const { heatSeconds, printSeconds } = isFast ? paces.fast : paces.normal;
  return sliceModel({
    minutes: modelMinutes,
    statedSeconds: heatSeconds + printSeconds,
    movesPerLayer: 160,
    thumbnail: slicerDrawing,
  });
}

/** Starts the printer at once and the print as soon as an agent talks to it. */
export function startDemoStory(options: DemoStoryOptions): DemoStory {
  const { clock, linkPath } = options;
  const pace = options.isFast ? paces.fast : paces.normal;
  const ended = new AbortController();
  const signal = AbortSignal.any([options.signal, ended.signal]);
  const printer = simulatePrinterOnPty({
    clock,
    linkPath,
    machine: "Simulated Ender-3",
    heaters: "home",
    timeScale: modelMinutes * 60 / pace.printSeconds,
    card: new SdCard({ [demoFileName]: demoFile(options) }),
  });
  let chapter: StoryChapter = "waiting for the agent";
  const turn = (next: StoryChapter) => {
    chapter = next;
    options.onChapter?.(next);
  };
  return {
    linkPath,
    printer,
    get chapter() {
      return chapter;
    },
    view: () => printer.printer.view(),
    printedPercent() {
      const { kind, percent } = printer.printer.view();
      return kind !== "idle" ? percent : chapter === "waiting for the agent" ? 0 : 100;
    },
    ended: tell({ clock, signal, printer, pace, turn }),
    async [Symbol.asyncDispose]() {
      ended.abort();
      await printer[Symbol.asyncDispose]();
    },
  };
}

interface Telling {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly printer: PrinterOnPty;
  readonly pace: { readonly settleSeconds: number; readonly mendSeconds: number };
  readonly turn: (chapter: StoryChapter) => void;
}

async function tell({ clock, signal, printer: { printer }, pace, turn }: Telling): Promise<void> {
  const until = async (isSo: () => boolean) => {
    while (!signal.aborted && !isSo()) await clock.sleep(lookMilliseconds, signal);
  };
  const pass = (seconds: number) => clock.sleep(seconds * 1000, signal);

  turn("waiting for the agent");
  await until(() => printer.linesReceived >= 2);
  await pass(pace.settleSeconds);
  if (signal.aborted) return;

  printer.startPrint(demoFileName);
  turn("printing");
  await until(() => printer.view().percent >= runoutPercent);
  if (signal.aborted) return;

  printer.runOut();
  turn("out of filament");
  await until(() => printer.view().kind === "waiting");
  await pass(pace.mendSeconds);
  if (signal.aborted) return;

  printer.insertFilament();
  await until(() => printer.view().kind === "printing");
  turn("printing on");
  await until(() => printer.view().kind === "idle");
  if (!signal.aborted) turn("finished");
}
