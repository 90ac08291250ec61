/**
 * Plays a transcript on a tty, so that a real `filagram run` can watch it: what the printer said, at its times.
 *
 * `deno task replay tests/transcripts/marlin/filament_runout_sd_print.jsonl [SPEED]`
 */
import { openPty } from "../bridge/pty.ts";

const [path, speedText = "1"] = Deno.args;
const speed = Number(speedText);
if (!path || !(speed > 0)) {
  console.error("Usage: deno task replay FILE.jsonl [SPEED]");
  Deno.exit(2);
}
interface Line {
  readonly t: number;
  readonly dir: "rx" | "tx" | "note";
  readonly text: string;
}
const lines: Line[] = (await Deno.readTextFile(path)).split("\n").filter((line) => line !== "").map((line) =>
  JSON.parse(line)
);

await using pty = openPty();
console.log(`serial:${pty.slavePath}`);
console.error(
  "Put this address into filagram.yaml and start the agent; the transcript begins with its first question.",
);
const reader = pty.master.readable.getReader();
await reader.read();
const writer = pty.master.writable.getWriter();
const started = performance.now();
for (const { t, dir, text } of lines) {
  const waitMilliseconds = t / speed - (performance.now() - started);
  if (waitMilliseconds > 0) await new Promise((resolve) => setTimeout(resolve, waitMilliseconds));
  if (dir === "note") console.error(`# ${text}`);
  if (dir === "rx") await writer.write(new TextEncoder().encode(`${text}\n`));
}
console.error("The transcript is over; Ctrl-C pulls the plug.");
for (;;) if ((await reader.read()).done) break;
