/** OctoPrint as its recordings have it. */
import { octoprint } from "../../../src/drivers/octoprint/octoprint.ts";
import { readPushes, type RecordedMessage, RecordedOctoPrint } from "../../support/octoprint_replay.ts";
import { transcriptsIn } from "./transcripts.ts";
import type { DriverRow, Printer, Stretch } from "./world.ts";

export const octoprintRow: DriverRow = {
  driver: octoprint,
  settings: { address: "http://octopi.test", apiKey: "secret-plum-4711" },
  secrets: ["secret-plum-4711"],
  mostMissedPrints: 1,
  mayBeSaid: /^(push (subscribe|throttle|auth)|POST \/api\/login|GET \/api\/version)$/,
  transcripts: transcriptsIn(["octoprint"], readPushes, printerOf),
};

const rubbish = [
  "",
  "{",
  "null",
  "[]",
  "17",
  '{"current":17}',
  '{"current":{"state":{"flags":null},"progress":{"completion":"NaN"},"logs":[17]}}',
  '{"event":{"type":17}}',
  '{"event":{"type":"PrintFailed"}}x',
  '{"event":{"type":"Upload","payload":null}}',
  '{"event":{"type":"FileAdded","payload":{"path":{"a":1},"type":17}}}',
  '{"plugin":{"plugin":"action_command_prompt","data":{"text":17}}}',
  '{"reauthRequired":{"reason":"stale"}}',
  '{"slicingProgress":{}}',
  "\u0000\u00ff".repeat(2000),
];

function printerOf(recording: readonly RecordedMessage[], { now, hear, disturbance }: Stretch): Printer {
  const { garbage, random, delayMilliseconds } = disturbance;
  const arrives = (t: number) => t + Math.round(random() * delayMilliseconds);
  const there = new RecordedOctoPrint(recording, { now, hear, arrives });
  return {
    moments: there.moments,
    speak: (milliseconds) =>
      there.speak(milliseconds, garbage ? [rubbish[Math.floor(random() * rubbish.length)] ?? ""] : []),
    openLink: () => Promise.reject(new Error("no link here")),
    openMessages: () => there.open(),
    fetch: (input, init) => there.fetch(input, init),
    vanish: () => there.vanish(),
  };
}
