/**
 * Who wants which events of which printers, with which picture.
 */
import type { ProgressStep } from "./progress.ts";
import type { EventKind, PrinterEvent } from "./printer_event.ts";
import { isNeed } from "./printer_state.ts";

/**
 * Which picture goes with a message. `auto`: the thumbnail at the start of a print if there is one, else the camera; where there is none,
 * the thumbnail as far as it is printed, which is `progress`. `both`: thumbnail beside camera. `animation`: at the end of a print all that
 * the camera saw of it, else as `auto`. What cannot be had is replaced by what can.
 */
export const picturePolicies = ["auto", "camera", "thumbnail", "both", "progress", "animation", "none"] as const;
export type PicturePolicy = typeof picturePolicies[number];

export interface Rule {
  /** Stable over restarts and small edits of the settings: what was told of a job is remembered under it. */
  readonly id: string;
  readonly name?: string;
  readonly when: readonly EventKind[];
  /** Names; absent means all. */
  readonly printers?: readonly string[];
  /** Names of channels; absent means all. */
  readonly tell?: readonly string[];
  readonly picture: PicturePolicy;
  /** How often `progress` is told. */
  readonly every?: ProgressStep;
  readonly gapSeconds: number;
  readonly longerThanSeconds: number;
  /** `offline` and `online` only while a print runs. */
  readonly onlyInPrint?: boolean;
}

/** What is told when the settings have no rules. */
export const defaultRule: Rule = {
  id: "default",
  name: "everything important",
  when: [
    "uploaded",
    "started",
    "paused",
    "needs_you",
    "finished",
    "failed",
    "cancelled",
    "ended",
    "error",
    "message",
    "offline",
    "online",
  ],
  picture: "auto",
  gapSeconds: 0,
  longerThanSeconds: 0,
  onlyInPrint: true,
};

export interface RuleSet {
  readonly rules: readonly Rule[];
  /** Whether display texts (`M117`) of this printer are messages. */
  readonly tellsDisplayText: boolean;
}

/** The rules that want this event, in the order of the settings. A plain test suits every rule. */
export function matchingRules(event: PrinterEvent, printer: string, { rules, tellsDisplayText }: RuleSet): Rule[] {
  if (event.kind === "message" && !event.marked && !tellsDisplayText) return [];
  return rules.filter((rule) =>
    (rule.printers === undefined || rule.printers.includes(printer)) && wantsKind(rule, event) &&
    !(rule.onlyInPrint && (event.kind === "offline" || event.kind === "online") && event.job === undefined)
  );
}

function wantsKind(rule: Rule, event: PrinterEvent): boolean {
  if (event.kind === "progress") {
    return rule.when.includes("progress") && (event.isTest || event.rules.includes(rule.id));
  }
  if (event.kind === "test") return true;
  if (event.kind === "paused" && rule.when.includes("needs_you") && isNeed(event.reason)) return true;
  return rule.when.includes(event.kind);
}

const urgentKinds: readonly EventKind[] = ["needs_you", "failed", "error", "offline"];

/** Events that are worth waking somebody for. */
export function isUrgent(event: PrinterEvent): boolean {
  return event.kind === "paused" && isNeed(event.reason) || urgentKinds.includes(event.kind);
}
