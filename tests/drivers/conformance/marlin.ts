/** Marlin on a link in memory, as its recordings have it. */
import { LinkLostError } from "../../../bridge/link.ts";
import { marlin } from "../../../src/drivers/marlin/marlin.ts";
import { MemoryLink, readRecording, type RecordedLine } from "../../support/replay.ts";
import { randomCuts } from "../../support/random_cuts.ts";
import { transcriptsIn } from "./transcripts.ts";
import type { Disturbance, DriverRow, Printer, Stretch } from "./world.ts";

export const marlinRow: DriverRow = {
  driver: marlin,
  settings: { address: "serial:/dev/memory" },
  secrets: [],
  mayBeSaid: /^(M115|M105|M27( C| S5)?|M155 S5|M408 S2|M409 K"(state\.status" F"v"|job" F"d5v")|progress|)$/,
  transcripts: transcriptsIn(["marlin", "klipper-tty"], readRecording, printerOf),
};

const rubbish = ["\u0000\u00ff\u0007", "{{{", "ok ok ok ok", "x".repeat(3000), "Error", "//action:", "echo:", ";"];

function printerOf(lines: readonly RecordedLine[], { hear, disturbance }: Stretch): Printer {
  const spoken = lines.filter(({ dir }) => dir === "rx");
  let link: MemoryLink | undefined;
  return {
    moments: [...new Set(spoken.map(({ t }) => t))],
    openLink() {
      if (link) return Promise.reject(new LinkLostError("It is open already", { problem: "busy" }));
      link = new MemoryLink(hear);
      return Promise.resolve(link);
    },
    openMessages: () => Promise.reject(new Error("no messages here")),
    fetch: () => Promise.reject(new Error("no network here")),
    speak(milliseconds) {
      const texts = spoken.filter(({ t }) => t === milliseconds).map(({ text }) => text);
      const noise = disturbance.garbage ? [rubbish[Math.floor(disturbance.random() * rubbish.length)] ?? ""] : [];
      const bytes = new TextEncoder().encode([...noise, ...texts].map((text) => `${text}\n`).join(""));
      for (const piece of disturbance.cutsBytes ? randomCuts(sizes(disturbance))(bytes) : [bytes]) link?.say(piece);
    },
    vanish: () => link?.break("unplugged"),
  };
}

function* sizes({ random }: Disturbance): Generator<number> {
  for (;;) yield 1 + Math.floor(random() * 40);
}
