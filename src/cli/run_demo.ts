/** What `filagram demo` runs: a simulated printer, a local inbox, the page; nothing leaves this machine. */
import { systemClock } from "../clock.ts";
import { startDemoCamera } from "../demo/camera.ts";
import { demoFile, demoFileName, startDemoStory, type StoryChapter } from "../demo/demo_story.ts";
import { createInbox } from "../demo/inbox.tsx";
import { startSmtpSink } from "../demo/smtp_sink.ts";
import { Secrets } from "../log.ts";
import { createWebApp } from "../../web/app.tsx";
import { serveControl, serveWeb } from "../../web/listen.ts";
import { socketPath } from "./ask_agent.ts";
import { type House, openHouse, readSettings } from "./house.ts";
import type { Pieces } from "./pieces.ts";
import { tryServe, untilSignal } from "./run.ts";

export interface DemoOptions {
  readonly fast?: boolean;
  readonly listen: string;
  readonly once?: boolean;
}

/** Runs until a signal, or with `once` until the print is over. */
export async function runDemo({ fast = false, once = false, listen }: DemoOptions, pieces: Pieces): Promise<void> {
  const { terminal } = pieces;
  using ended = untilSignal();
  const clock = systemClock({ bootId: pieces.bootId() });
  const folder = await Deno.makeTempDir({ prefix: "filagram-demo-" });
  await using _folder = { [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }) };
  await using sink = await startSmtpSink({ clock });
  await using story = startDemoStory({
    clock,
    linkPath: `${folder}/printer`,
    isFast: fast,
    signal: ended.signal,
    onChapter: (chapter) => terminal.say(chapterText[chapter]),
  });
  await using camera = startDemoCamera({ percent: story.printedPercent });
  const files = `${folder}/files`;
  await Deno.mkdir(files);
  await Deno.writeFile(`${files}/${demoFileName}`, demoFile({ isFast: fast }));
  const path = `${folder}/filagram.yaml`;
  const { linkPath } = story;
  await Deno.writeTextFile(
    path,
    demoSettings({ linkPath, files, smtpPort: sink.port, camera: camera.snapshotUrl }),
  );
  const secrets = new Secrets();
  const settings = await readSettings(path, pieces, secrets);
  await using house = openHouse({
    state: `${folder}/state`,
    settings,
    pieces,
    secrets,
    logLevel: "warning",
    watch: true,
  });
  const app = createWebApp(house.webDeps);
  app.route("/inbox", createInbox({ sink, base: "/inbox", timezone: Temporal.Now.timeZoneId() }));
  await using _control = serveControl(app, socketPath(`${folder}/state`));
  await using web = tryServe(() => serveWeb(app, { hostname: "127.0.0.1", port: Number(listen) }), {
    hostname: "127.0.0.1",
    port: Number(listen),
  });
  terminal.print(`${web.url}inbox`);
  terminal.say("Open this page: the mails appear there. The agent's own page is one link away. Ctrl-C ends the demo.");
  if (once) await Promise.race([endIsTold(story.ended, house, ended.signal), aborted(ended.signal)]);
  else await aborted(ended.signal);
}

/** Resolves when the end of the print was sent, and its server has said so. */
async function endIsTold(ended: Promise<void>, { agent, outbox }: House, signal: AbortSignal): Promise<void> {
  await ended;
  const isTold = () =>
    outbox.list({ limit: 10, newestFirst: true }).some(({ kind, state }) => kind === "finished" && state === "sent");
  if (isTold()) return;
  for await (const _ of agent.changes.watch(signal)) if (isTold()) return;
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

const chapterText: Record<StoryChapter, string> = {
  "waiting for the agent": "The printer is on.",
  printing: "Somebody starts a print at the printer's own screen.",
  "out of filament": "The filament runs out …",
  "printing on": "… and somebody loads a new spool.",
  finished: "The print is finished.",
};

function demoSettings(
  { linkPath, files, smtpPort, camera }: { linkPath: string; files: string; smtpPort: number; camera: string },
): string {
  return `agent: { name: demo }
printers:
  - name: Ender-3
    driver: marlin
    address: serial:${linkPath}
    files: ${files}
    camera: { snapshot: "${camera}" }
channels:
  - name: mail
    type: email
    host: 127.0.0.1
    port: ${smtpPort}
    tls: none
    from: Filagram <printers@example.org>
    to: [owner@example.org]
rules:
  - name: the end
    when: [finished, cancelled, failed, ended]
    picture: animation
  - name: what is wanted of you
    when: [paused, needs_you]
    picture: both
  - name: the important
    when: [started, resumed, error, message, offline, online]
  - name: now and then
    when: [progress]
    every: 25 %
    picture: progress
`;
}
