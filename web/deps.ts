/**
 * What the page is handed: it shows state and asks for actions, it decides nothing.
 */
import type { CheckReport } from "../src/channels/channel.ts";
import type { Clock } from "../src/clock.ts";
import type { Settings } from "../src/config/settings.ts";
import type { PrinterState } from "../src/domain/printer_state.ts";
import type { CheckRequest, TestRequest, TestStep } from "../src/domain/test_road.ts";
import type { Log, Secrets } from "../src/log.ts";
import type { Outbox } from "../src/outbox/outbox.ts";
import type { Store } from "../src/store/store.ts";

export type { CheckReport, CheckRequest, TestRequest, TestStep };

export interface WebDeps {
  readonly clock: Clock;
  readonly store: Store;
  readonly outbox: Outbox;
  readonly log: Log;
  /** What no page and no answer may show. */
  readonly secrets: Secrets;
  /** The settings in force. */
  settings(): Settings;
  /** What is wrong with the settings file now, as text for the owner; the settings in force stay. */
  settingsProblem(): string | undefined;
  /** The newest state, fresher than the stored one. */
  printerState(name: string): PrinterState | undefined;
  /** The loops that have not beaten lately, by name; empty: all is well. */
  stuckLoops(): string[];
  /** What does not work now, one sentence each: a full disk. */
  troubles(): string[];
  /** Yields after every change of state, event or delivery; ends with the signal. */
  changes(signal: AbortSignal): AsyncIterable<void>;
  readonly actions: WebActions;
  readonly version: string;
}

export interface WebActions {
  /** A synthetic event on the real road; yields each step as it happens. */
  test(request: TestRequest, signal: AbortSignal): AsyncIterable<TestStep>;
  /** Tries printers and channels without sending a message. */
  check(request: CheckRequest, signal: AbortSignal): AsyncIterable<CheckReport>;
  /** Tries a delivery again now. False: there is none to retry. */
  retry(delivery: number): boolean;
  /** Gives a delivery up. */
  drop(delivery: number): boolean;
}
