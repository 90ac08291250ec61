/**
 * OctoPrint 1.4 and later: pushed over one WebSocket, read only.
 * https://docs.octoprint.org/en/master/api/push.html; what a real one says is in `tests/transcripts/octoprint`.
 *
 * | asked                                         | when                                                         |
 * | --------------------------------------------- | ------------------------------------------------------------ |
 * | `POST /api/login` (passive: changes nothing)  | before each connection, and when its session has died        |
 * | `subscribe`, `throttle`, `auth`               | on connecting; the first also after 20 s of silence: it is answered with a whole `history` |
 * | `GET /api/version`                            | after 20 s of silence, before 1.8, which knows no `subscribe` |
 * | `GET /api/settings`, `/api/files/…`, `/downloads/…`, `/plugin/…` | for a message's picture                   |
 * | `/plugin/appkeys/…`                           | for `filagram login`                                         |
 */
import { z } from "zod";
import { LinkLostError, type LinkMessage, type MessageLink } from "../../../bridge/link.ts";
import type { Report } from "../../domain/printer_state.ts";
import { defineDriver, type DriverIo } from "../driver.ts";
import { logIn } from "./app_keys.ts";
import { cameras } from "./cameras.ts";
import { describePrintFile, openPrintFile } from "./files.ts";
import { type HostSettings, OctoPrintHost } from "./host.ts";
import { type LastLook, Session } from "./session.ts";
import { parseMessage, subscribedEvents, subscribedPlugins } from "./message.ts";
import { terminalPattern } from "./terminal.ts";

const settings = z.strictObject({
  address: z.string().min(1).transform(webAddress).describe(
    "Address of OctoPrint: octopi.local, 192.168.1.20:5000, https://home.example/octoprint",
  ),
  apiKey: z.string().min(1).optional().describe("API key; `filagram login` fetches one, to be allowed in OctoPrint"),
});

export type OctoPrintSettings = z.output<typeof settings>;

/** `octopi.local` is `http://octopi.local`. */
function webAddress(address: string, context: z.RefinementCtx): string {
  const url = URL.parse(/^\w+:\/\//.test(address) ? address : `http://${address}`);
  const problem = !url || !/^https?:$/.test(url.protocol)
    ? "must be a host or an address that begins with http:// or https://"
    : url.username || url.password
    ? "must hold no login: set apiKey"
    : undefined;
  if (url && problem === undefined) return url.origin + url.pathname.replace(/\/+$/, "");
  context.addIssue({ code: "custom", message: problem ?? "" });
  return z.NEVER;
}

export const octoprint = defineDriver<OctoPrintSettings>({
  id: "octoprint",
  label: "OctoPrint",
  settings,
  watch,
  openPrintFile,
  describePrintFile,
  cameras,
  login: logIn,
});

/** Its states come at most this often: so many times half a second. */
const throttle = 2;
/** It says something every 2 s while it is connected to a printer that tells its temperatures. */
const silenceSeconds = 20;
const tickMilliseconds = 1000;

/** What was seen last, for the next connection: per settings, as long as they live. */
const looks = new WeakMap<HostSettings, LastLook | undefined>();

async function* watch(settings: OctoPrintSettings, io: DriverIo): AsyncGenerator<Report> {
  const { clock, signal } = io;
  const secondsNow = () => clock.now().monotonicMilliseconds / 1000;
  const host = new OctoPrintHost(settings);
  const login = await host.session(io);
  await using link = await io.openMessages(`${host.address.replace(/^http/, "ws")}/sockjs/websocket`, signal);
  const talk = new Talk(link);
  await talk.begin(login);
  const session = new Session(looks.get(settings));
  let heardAt = secondsNow();
  let askedAt: number | undefined;
  for await (const text of messagesAndTicks(link, io)) {
    const now = secondsNow();
    const message = text === undefined ? undefined : parseMessage(text);
    if (text !== undefined) [heardAt, askedAt] = [now, undefined];
    if (message?.connected?.version) talk.version = message.connected.version;
    if (message?.reauthRequired) await talk.authenticate(await host.session(io));
    if (message) yield* session.hear(message, now);
    looks.set(settings, session.look);
    if (now - Math.max(heardAt, askedAt ?? 0) < silenceSeconds) continue;
    if (askedAt !== undefined) throw new LinkLostError(`${host.name} says nothing any more`, { problem: "no answer" });
    askedAt = now;
    if (talk.knowsSubscriptions) await talk.askAnew();
    else if ((await host.ask("/api/version", io)).status === 200) [heardAt, askedAt] = [secondsNow(), undefined];
    yield session.present();
  }
}

/** What is said to it. */
class Talk {
  readonly #link: MessageLink;
  version = "";
  #subscriptions = 0;

  constructor(link: MessageLink) {
    this.#link = link;
  }

  get knowsSubscriptions(): boolean {
    const [major = 0, minor = 0] = this.version.split(".").map(Number);
    return major > 1 || (major === 1 && minor >= 8);
  }

  async begin(login: string): Promise<void> {
    await this.askAnew();
    await this.#say({ throttle });
    await this.authenticate(login);
  }

  async authenticate(login: string): Promise<void> {
    await this.#say({ auth: login });
  }

  /** A subscription that differs from the one before is answered with all that is known. */
  async askAnew(): Promise<void> {
    const logs = this.#subscriptions++ % 2 === 0 ? terminalPattern : `(?:${terminalPattern})`;
    await this.#say({
      subscribe: { state: { logs, messages: false }, events: subscribedEvents, plugins: subscribedPlugins },
    });
  }

  async #say(words: unknown): Promise<void> {
    await this.#link.send({ body: JSON.stringify(words) });
  }
}

/** Each message as it comes, and nothing once a second. Ends with the link. @throws LinkLostError when it breaks */
async function* messagesAndTicks(
  link: MessageLink,
  { clock, signal }: Pick<DriverIo, "clock" | "signal">,
): AsyncGenerator<string | undefined> {
  const reader = link.readable.getReader();
  const stop = new AbortController();
  const ended = AbortSignal.any([signal, stop.signal]);
  let tick: Promise<undefined> | undefined;
  let reading: ReturnType<typeof reader.read> | undefined;
  try {
    while (!signal.aborted) {
      tick ??= clock.sleep(tickMilliseconds, ended).then(() => tick = undefined);
      reading ??= reader.read();
      const came = await Promise.race([reading, tick]);
      if (came) reading = undefined;
      if (came?.done) return;
      if (!signal.aborted) yield came && textOf(came.value);
    }
  } finally {
    stop.abort();
    reading?.catch(() => {}); // nobody waits for it any more
    await reader.cancel().catch(() => {}); // the link may have broken already
    reader.releaseLock();
  }
}

function textOf({ body }: LinkMessage): string {
  return typeof body === "string" ? body : new TextDecoder().decode(body);
}
