/**
 * What is remembered of one printer while its link lasts: only what it takes to turn lines into facts. What the facts
 * mean is decided by the domain. Times are seconds since boot. Owned and changed by one watch loop.
 */
import type { FileRef } from "../../domain/print_file.ts";
import type { PauseReason, Report, Temperatures } from "../../domain/printer_state.ts";
import type { Command } from "./commands.ts";

/** How long things may take, in seconds. */
export const seconds = {
  /** A sign of life is reported at most this often. */
  betweenSignsOfLife: 5,
  /** A wait without another keep-alive is over. */
  wait: 30,
  /** A wait whose command still runs (heating, purging) may ask again within this. */
  waitWhileBusy: 180,
  /** The words around a wait come this long before its first keep-alive. */
  waitWords: 20,
  /** Two reports of "not printing" so far apart are as good as three. */
  betweenNotPrinting: 4.5,
  /** The last moves of a file are still being made while keep-alives come this often. */
  keepAlive: 3,
  /** Klipper gives the reason of a shutdown with its next answer; hosts ask every 5 s. */
  shutdownReason: 8,
  /** A halted printer answers everything with its halt. */
  repeatOfHalt: 120,
  /** An error either stops the print within this, or was only a remark. */
  errorInPrint: 10,
  /** A start that somebody announced is believed when heating begins within this. */
  announcedStart: 120,
  /** A hot printer without an SD print may be printing what a host sends: its next `M73` would say so. */
  doubtAboutJob: 120,
  /** Met cold for so long, where nobody can be asked: no job. */
  coldAtFirst: 10,
  /** A percentage that grows so long after a pause was said: it moves again. */
  afterPause: 10,
  /** Marks of a start within this belong to one start: some stand before the heating, some behind it. */
  start: 600,
  /** So long cold: a print sent by a host is over. */
  cold: 120,
  /** The same for one that never got warm: some probe the bed first. */
  neverWarm: 1800,
  /** At 100 %, with no temperatures to hear: over. */
  afterHundred: 300,
  /** A cancel said this long before "not printing" explains it. */
  cancel: 60,
  /** A runout said this long ago explains a wait. */
  runout: 600,
} as const;

/** A nozzle that hot is about to print. */
export const printingCelsius = 150;

/** The job as this link has shown it: on the printer's own card or stick, or sent line by line by a host. */
export type JobView =
  | { readonly kind: "unknown" }
  | { readonly kind: "none" }
  | { readonly kind: "stored" }
  | { readonly kind: "streamed"; readonly since: number };

export type Family = "marlin" | "prusa" | "klipper" | "smoothieware" | "repetier" | "reprapfirmware";

export interface Session {
  readonly isPassive: boolean;
  readonly openedAt: number;

  /** When the last line came that a printer could have said. */
  lineAt: number | undefined;
  reportedAt: number | undefined;
  isLost: boolean;
  isInList: boolean;
  /** The line before, for the dialects that need it. */
  lineBefore: string;
  bootedAt: number | undefined;

  family: Family | undefined;
  version: string | undefined;
  readonly capabilities: Map<string, boolean>;
  temperatures: Temperatures;

  job: JobView;
  /** Selected for printing, or being printed. */
  file: FileRef | undefined;
  freshPath: string | undefined;
  writingPath: string | undefined;
  positionBytes: number | undefined;
  notPrinting: { count: number; since: number };
  /** This firmware says when its print is paused, so a position means that it moves. */
  tellsPause: boolean;
  /** A "no job" that is kept back while there is doubt. */
  heldNoneSince: number | undefined;
  cancelSaidAt: number | undefined;
  pauseSaidAt: number | undefined;
  startSaid: { at: number; file?: FileRef } | undefined;

  streamed: {
    path?: string;
    percent?: number;
    saidAt: number;
    hundredAt?: number;
    wasWarm: boolean;
    coldSince?: number;
  };
  hasNormalMode: boolean;

  waiting: { since: number; at: number; reason: PauseReason; text?: string } | undefined;
  busyAt: number | undefined;
  promptText: string | undefined;
  echoText: { text: string; at: number } | undefined;
  runoutAt: number | undefined;

  /** The number of the old split form `Error:0`, whose words come in the next line. */
  splitFault: string | undefined;
  /** An error in a print that may or may not stop it. */
  heldFault: { text: string; at: number; isThermal: boolean; growths: number } | undefined;
  shutdownAt: number | undefined;
  /** Stopped for good, until it restarts; when it last said so. */
  halted: { at: number } | undefined;

  sending: {
    openAt: number;
    outstanding: { command: Command; at: number; replies: number } | undefined;
    /** Commands this printer does not know. */
    readonly unsupported: Set<string>;
    readonly sentAt: Map<Command, number>;
    unanswered: number;
    isIdentified: boolean;
    positionDueAt: number | undefined;
    nameIsDue: boolean;
  };
}

export function openSession({ isPassive, now }: { isPassive: boolean; now: number }): Session {
  return {
    isPassive,
    openedAt: now,
    lineAt: undefined,
    reportedAt: undefined,
    isLost: false,
    isInList: false,
    lineBefore: "",
    bootedAt: undefined,
    family: undefined,
    version: undefined,
    capabilities: new Map(),
    temperatures: {},
    job: { kind: "unknown" },
    file: undefined,
    freshPath: undefined,
    writingPath: undefined,
    positionBytes: undefined,
    notPrinting: { count: 0, since: now },
    tellsPause: false,
    heldNoneSince: undefined,
    cancelSaidAt: undefined,
    pauseSaidAt: undefined,
    startSaid: undefined,
    streamed: { saidAt: now, wasWarm: false },
    hasNormalMode: false,
    waiting: undefined,
    busyAt: undefined,
    promptText: undefined,
    echoText: undefined,
    runoutAt: undefined,
    splitFault: undefined,
    heldFault: undefined,
    shutdownAt: undefined,
    halted: undefined,
    sending: {
      openAt: now,
      outstanding: undefined,
      unsupported: new Set(),
      sentAt: new Map(),
      unanswered: 0,
      isIdentified: false,
      positionDueAt: undefined,
      nameIsDue: false,
    },
  };
}

/** Whether something happened, and not longer ago than that. */
export function isRecent(at: number | undefined, now: number, withinSeconds: number): boolean {
  return at !== undefined && now - at <= withinSeconds;
}

export type Reports = Report[];
