/**
 * A simulated printer on a tty whose name stays while the "cable" is pulled and put back, as /dev/serial/by-id does.
 */
import { openPty, type Pty } from "../../bridge/pty.ts";
import type { Clock } from "../clock.ts";
import { type MarlinOptions, MarlinSimulator } from "./marlin_simulator.ts";

export interface PrinterOnPtyOptions extends MarlinOptions {
  readonly clock: Clock;
  /** Where the tty appears. */
  readonly linkPath: string;
}

export interface PrinterOnPty extends AsyncDisposable {
  readonly printer: MarlinSimulator;
  readonly linkPath: string;
  readonly isPlugged: boolean;
  /** The tty goes; the printer prints on. */
  unplug(): Promise<void>;
  /** The tty is back under the same name. */
  replug(): void;
}

/** Plugged in from the start. */
export function simulatePrinterOnPty({ linkPath, ...options }: PrinterOnPtyOptions): PrinterOnPty {
  const printer = new MarlinSimulator(options);
  let pty: Pty | undefined;

  async function unplug(): Promise<void> {
    const pulled = pty;
    pty = undefined;
    printer.detach();
    await pulled?.[Symbol.asyncDispose]();
  }

  function replug(): void {
    if (pty) return;
    pty = openPty({ linkPath });
    printer.attach(pty.master);
  }

  replug();
  return {
    printer,
    linkPath,
    get isPlugged() {
      return pty !== undefined;
    },
    unplug,
    replug,
    async [Symbol.asyncDispose]() {
      await unplug();
      await printer[Symbol.asyncDispose]();
    },
  };
}
