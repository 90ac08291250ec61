/** PrusaLink as its recordings have it: each question gets the newest answer. */
import { prusalink } from "../../../src/drivers/prusalink/prusalink.ts";
import { answerAt, readAnswers, type RecordedAnswer } from "../../support/prusalink_replay.ts";
import { transcriptsIn } from "./transcripts.ts";
import type { DriverRow, Printer, Stretch } from "./world.ts";

export const prusalinkRow: DriverRow = {
  driver: prusalink,
  settings: { address: "http://prusa.test", apiKey: "secret-plum-4711" },
  secrets: ["secret-plum-4711"],
  mayBeSaid: /^GET \/api\/(version|printer|job|v1\/(info|status|job|storage|transfer|cameras)|files\/|v1\/files\/)/,
  transcripts: transcriptsIn(["prusalink"], readAnswers, printerOf),
};

const rubbish = ["", "{", "null", "[]", '{"printer":17,"job":"x"}', "<html>\u0000", "\u00ff".repeat(5000)];

function printerOf(recording: readonly RecordedAnswer[], { now, hear, disturbance }: Stretch): Printer {
  const { garbage, random } = disturbance;
  let isThere = true;
  return {
    moments: [],
    speak() {},
    openLink: () => Promise.reject(new Error("no link here")),
    openMessages: () => Promise.reject(new Error("no messages here")),
    fetch(input, init) {
      const { pathname, search } = new URL(String(input));
      hear(`${init?.method ?? "GET"} ${pathname}${search}`);
      if (!isThere) return Promise.reject(new TypeError("nobody answers"));
      if (garbage && random() < 0.3) {
        const body = rubbish[Math.floor(random() * rubbish.length)] ?? "";
        return Promise.resolve(new Response(body, { status: random() < 0.5 ? 200 : 500 }));
      }
      const answer = answerAt(recording, { path: pathname + search, t: now() });
      return answer ? Promise.resolve(answer) : Promise.reject(new TypeError("connection refused"));
    },
    vanish: () => void (isThere = false),
  };
}
