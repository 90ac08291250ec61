/**
 * The contract of a driver: it knows one printer protocol, reports facts and touches nothing but its {@link DriverIo}.
 */
import type { z } from "zod";
import type { ByteLink, MessageLink } from "../../bridge/link.ts";
import type { Clock } from "../clock.ts";
import type { Camera, DescribedPrintFile, FileRef, RangeReader } from "../domain/print_file.ts";
import type { Report } from "../domain/printer_state.ts";
import type { Log } from "../log.ts";

/** Everything a driver may touch; nothing else reaches the outside world. */
export interface DriverIo {
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
  readonly fetch: typeof fetch;
  /** `serial:/dev/ttyUSB0?baud=115200`, `tcp://host:port`. `wakeUp` is written while the speed is searched for. */
  openLink(address: string, options: {
    signal: AbortSignal;
    looksRight?: (line: string) => boolean;
    wakeUp?: string;
  }): Promise<ByteLink>;
  /** `ws://…`, `mqtt://…`. */
  openMessages(address: string, signal: AbortSignal): Promise<MessageLink>;
}

export interface Driver<Settings> {
  /** Stable; stored in settings. */
  readonly id: string;
  /** For people: `Marlin, Prusa, Klipper … over USB`. */
  readonly label: string;
  /** What the driver needs beside `name`, `driver` and `camera`; checks stored settings and draws the form. */
  readonly settings: z.ZodType<Settings>;
  /** Reports facts until the link ends, then throws or returns; the supervisor reconnects with backoff. */
  watch(settings: Settings, io: DriverIo): AsyncIterable<Report>;
  /** Opens the print file for reading in parts. */
  openPrintFile?(settings: Settings, file: FileRef, io: DriverIo): Promise<RangeReader>;
  /** What the host itself knows of the file: for files that cannot be read, or of which it knows more. */
  describePrintFile?(settings: Settings, file: FileRef, io: DriverIo): Promise<DescribedPrintFile>;
  /** The cameras that the printer's host knows, ready to be asked. */
  cameras?(settings: Settings, io: DriverIo): Promise<Camera[]>;
  /** Asks the printer's host for a key, with its owner's consent there: nobody types a key. */
  login?(settings: Settings, io: DriverIo): AsyncIterable<LoginStep>;
}

/** One step of a login, as command line and page show it. */
export type LoginStep =
  /** What the owner must do now, and where: `Open http://octopi.local and allow Filagram`. */
  | { readonly kind: "asked"; readonly what: string; readonly url?: string }
  /** Done: these settings belong into the printer's section, the secret ones into secrets.yaml. */
  | { readonly kind: "granted"; readonly settings: Readonly<Record<string, string>> }
  | { readonly kind: "refused"; readonly reason: string };

/** A driver whose settings type is sealed, so that unlike drivers fit one list. */
export interface SealedDriver {
  readonly id: string;
  readonly label: string;
  readonly settings: z.ZodType;
  /** Binds parsed settings; a watch with bad settings cannot exist. @throws z.ZodError */
  bind(settings: unknown): BoundDriver;
}

/** A driver with its settings inside. */
export interface BoundDriver {
  readonly id: string;
  watch(io: DriverIo): AsyncIterable<Report>;
  openPrintFile?(file: FileRef, io: DriverIo): Promise<RangeReader>;
  describePrintFile?(file: FileRef, io: DriverIo): Promise<DescribedPrintFile>;
  cameras?(io: DriverIo): Promise<Camera[]>;
  login?(io: DriverIo): AsyncIterable<LoginStep>;
}

/** Seals the settings type of a driver. */
export function defineDriver<Settings>(driver: Driver<Settings>): SealedDriver {
  return {
    id: driver.id,
    label: driver.label,
    settings: driver.settings,
    bind(unchecked) {
      const settings = driver.settings.parse(unchecked);
      const { openPrintFile, describePrintFile, cameras, login } = driver;
      return {
        id: driver.id,
        watch: (io) => driver.watch(settings, io),
        ...(openPrintFile ? { openPrintFile: (file, io) => openPrintFile(settings, file, io) } : {}),
        ...(describePrintFile ? { describePrintFile: (file, io) => describePrintFile(settings, file, io) } : {}),
        ...(cameras ? { cameras: (io) => cameras(settings, io) } : {}),
        ...(login ? { login: (io) => login(settings, io) } : {}),
      };
    },
  };
}
