/**
 * Numbers for Prometheus. Format: https://prometheus.io/docs/instrumenting/exposition_formats/ (text, 0.0.4)
 */
import { corrected, secondsBetween } from "../src/domain/moment.ts";
import type { WebDeps } from "./deps.ts";

const waitingStates = ["queued", "sending", "uncertain"] as const;
const states = [...waitingStates, "sent", "rejected", "expired"] as const;

export function metricsText(deps: WebDeps): string {
  const { store, outbox, clock } = deps;
  const now = clock.now();
  const counts = outbox.counts();
  const [oldest] = outbox.list({ states: waitingStates, limit: 1 });
  const oldestSeconds = oldest ? secondsBetween(corrected(oldest.at, now), now) ?? 0 : 0;
  const printers = deps.settings().printers.map(({ name }) =>
    line("filagram_printer_online", { printer: name }, deps.printerState(name)?.link?.kind === "online" ? 1 : 0)
  );
  const lastEvent = store.events({ limit: 1, newestFirst: true })[0]?.id ?? 0;
  return [
    ...metric("filagram_printer_online", "gauge", "1 while the printer answers."),
    ...printers,
    ...metric("filagram_deliveries", "gauge", "Deliveries kept in the outbox, by state."),
    ...states.map((state) => line("filagram_deliveries", { state }, counts[state] ?? 0)),
    ...metric("filagram_oldest_waiting_seconds", "gauge", "Age of the oldest event of which a message still waits."),
    line("filagram_oldest_waiting_seconds", {}, Math.max(0, Math.round(oldestSeconds))),
    ...metric("filagram_events_total", "counter", "Events that happened since the state folder was made."),
    line("filagram_events_total", {}, lastEvent),
    ...metric("filagram_stuck_loops", "gauge", "Loops that have not beaten lately."),
    line("filagram_stuck_loops", {}, deps.stuckLoops().length),
    ...metric("filagram_build_info", "gauge", "The version, as a label."),
    line("filagram_build_info", { version: deps.version }, 1),
    "",
  ].join("\n");
}

function metric(name: string, type: "gauge" | "counter", help: string): string[] {
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`];
}

function line(name: string, labels: Readonly<Record<string, string>>, value: number): string {
  const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escaped(text)}"`);
  return `${name}${pairs.length ? `{${pairs.join(",")}}` : ""} ${value}`;
}

function escaped(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}
