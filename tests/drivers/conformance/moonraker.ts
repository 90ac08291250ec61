/** Moonraker as its recordings have it. */
import { moonraker } from "../../../src/drivers/moonraker/moonraker.ts";
import { readMessages, type RecordedMessage, RecordedMoonraker } from "../../support/moonraker_replay.ts";
import { transcriptsIn } from "./transcripts.ts";
import type { DriverRow, Printer, Stretch } from "./world.ts";

export const moonrakerRow: DriverRow = {
  driver: moonraker,
  settings: { address: "http://voron.test:7125", apiKey: "secret-plum-4711" },
  secrets: ["secret-plum-4711"],
  mayBeSaid:
    /^(server\.(connection\.identify|info|history\.list|files\.metadata)|printer\.(info|objects\.(list|subscribe)))$/,
  mostMissedPrints: 1,
  transcripts: transcriptsIn(["moonraker"], readMessages, printerOf),
};

const rubbish = [
  "",
  "{",
  "null",
  "[]",
  "17",
  '{"method":"notify_status_update"}',
  '{"jsonrpc":"2.0","method":"notify_status_update","params":[{"print_stats":{"state":17},"extruder":null},"x"]}',
  '{"jsonrpc":"2.0","method":"notify_history_changed","params":[{"action":"finished","job":null}]}',
  '{"jsonrpc":"2.0","method":"notify_gcode_response","params":[17]}',
  '{"jsonrpc":"2.0","id":4711,"result":{"status":{"print_stats":{"state":"error"}}}}',
  "\u0000\u00ff".repeat(2000),
];

export function printerOf(recording: readonly RecordedMessage[], { now, hear, disturbance }: Stretch): Printer {
  const { garbage, random, delayMilliseconds } = disturbance;
  const arrives = (t: number) => t + Math.round(random() * delayMilliseconds);
  const there = new RecordedMoonraker(recording, { now, hear, arrives });
  return {
    moments: there.moments,
    speak: (milliseconds) =>
      there.speak(milliseconds, garbage ? [rubbish[Math.floor(random() * rubbish.length)] ?? ""] : []),
    openLink: () => Promise.reject(new Error("no link here")),
    openMessages: () => there.open(),
    fetch: () => Promise.reject(new TypeError("no requests here")),
    vanish: () => there.vanish(),
  };
}
