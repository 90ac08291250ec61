/**
 * What is asked of a test, and what it tells on its way.
 */
import type { EventKind } from "./printer_event.ts";

export interface TestRequest {
  /** Default: the first printer. */
  readonly printer?: string;
  /** Default: a plain test. */
  readonly kind?: EventKind;
  /** This channel alone, whatever the rules say. */
  readonly channel?: string;
}

/** What to try without sending anything; by default everything. */
export interface CheckRequest {
  /** This printer alone. */
  readonly printer?: string;
  /** This channel alone. */
  readonly channel?: string;
}

export interface TestStep {
  /** `event` `rules` `queued` `picture` `sending` `sent` `waiting` `uncertain` `failed`. */
  readonly name: string;
  readonly isOk: boolean;
  readonly detail: string;
  /** The delivery this step is about. */
  readonly delivery?: number;
}
