/**
 * Moonraker, the web server before Klipper: pushed over one WebSocket, read only.
 * https://moonraker.readthedocs.io/en/latest/external_api/introduction/; what real ones say is in
 * `tests/transcripts/moonraker`.
 *
 * | asked                                                     | when                                               |
 * | --------------------------------------------------------- | -------------------------------------------------- |
 * | `server.connection.identify`, `server.info`               | on connecting; the second also after 15 s of silence and every 2 s while Klipper is away |
 * | `printer.objects.list`, `printer.objects.subscribe`       | whenever Klipper is there again                    |
 * | `printer.info`                                            | when Klipper has shut down: why                    |
 * | `server.history.list`                                     | once: how the last prints ended, the present one's id |
 * | `server.files.metadata`                                   | once for each print: where its G-code begins and ends |
 * | `GET /server/files/…`, `/server/webcams/list`             | for a message's picture                            |
 */
import { z } from "zod";
import type { LinkMessage, MessageLink } from "../../../bridge/link.ts";
import type { Report } from "../../domain/printer_state.ts";
import { defineDriver, type DriverIo } from "../driver.ts";
import { cameras } from "./cameras.ts";
import { describePrintFile, openPrintFile } from "./files.ts";
import { hostOf } from "./host.ts";
import { Session } from "./session.ts";

const settings = z.strictObject({
  address: z.string().min(1).transform(webAddress).describe(
    "Address of the printer or its Pi: 192.168.1.20, voron.local:7126",
  ),
  apiKey: z.string().min(1).optional().describe("API key, where this machine is no trusted client of Moonraker"),
  user: z.string().min(1).optional().describe("Or a user of Moonraker"),
  password: z.string().min(1).optional().describe("with the password"),
}).refine(({ user, password }) => (user === undefined) === (password === undefined), {
  path: ["password"],
  message: "user and password belong together",
});

export type MoonrakerSettings = z.output<typeof settings>;

const defaultPort = 7125;

/** `voron.local` is `http://voron.local:7125`; what has a scheme is taken as it is written. */
function webAddress(address: string, context: z.RefinementCtx): string {
  const url = URL.parse(/^\w+:\/\//.test(address) ? address : `http://${address}`);
  const problem = !url || !/^https?:$/.test(url.protocol)
    ? "must be a host or an address that begins with http:// or https://"
    : url.username || url.password
    ? "must hold no login: set apiKey, or user and password"
    : undefined;
  if (!url || problem !== undefined) {
    context.addIssue({ code: "custom", message: problem ?? "" });
    return z.NEVER;
  }
  if (!address.includes("://") && url.port === "" && url.pathname === "/") url.port = String(defaultPort);
  return url.origin + url.pathname.replace(/\/+$/, "");
}

export const moonraker = defineDriver<MoonrakerSettings>({
  id: "moonraker",
  label: "Klipper with Moonraker (Mainsail, Fluidd, Creality K1, Sovol, Qidi …)",
  settings,
  watch,
  openPrintFile,
  describePrintFile,
  cameras,
});

/** Waits for answers and for Klipper are looked at this often. */
const tickMilliseconds = 1000;

async function* watch(settings: MoonrakerSettings, io: DriverIo): AsyncGenerator<Report> {
  const { clock, signal } = io;
  const secondsNow = () => clock.now().monotonicMilliseconds / 1000;
  const host = hostOf(settings);
  const login = await host.socketLogin(io);
  await using link = await io.openMessages(`${host.address.replace(/^http/, "ws")}/websocket`, signal);
  const session = new Session({ label: host.name, login, seconds: secondsNow() });
  const send = async () => {
    for (const question of session.takeQuestions()) await link.send({ body: question });
  };
  await send();
  for await (const message of messagesAndTicks(link, { clock, signal })) {
    if (message !== undefined) session.hear(message, secondsNow());
    const reports = session.pass(secondsNow());
    await send();
    yield* reports;
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
      if (came?.done || signal.aborted) return;
      yield came && textOf(came.value);
    }
  } catch (error) {
    if (!signal.aborted) throw error;
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
