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
import { type Clock, Wake } from "../../clock.ts";
import type { Report } from "../../domain/printer_state.ts";
import { defineDriver, type DriverIo } from "../driver.ts";
import { cameras } from "./cameras.ts";
import { describePrintFile, openPrintFile } from "./files.ts";
import { hostOf } from "./host.ts";
import { Session, type SessionOptions } from "./session.ts";

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

async function* watch(settings: MoonrakerSettings, { clock, signal, ...io }: DriverIo): AsyncGenerator<Report> {
  const host = hostOf(settings);
  const login = await host.socketLogin({ ...io, clock, signal });
  await using link = await io.openMessages(`${host.address.replace(/^http/, "ws")}/websocket`, signal);
  await using talk = new Talk(link, { label: host.name, login, clock });
  while (!signal.aborted) {
    yield* talk.takeReports();
    if (talk.hasEnded) return;
    await talk.wait(signal);
  }
}

/** Reads ahead of whoever takes the reports: most messages are no news, and none of them should wait for a turn. */
class Talk implements AsyncDisposable {
  readonly #link: MessageLink;
  readonly #clock: Clock;
  readonly #session: Session;
  readonly #reader: ReadableStreamDefaultReader<LinkMessage>;
  readonly #came = new Wake();
  readonly #done: Promise<void>;
  readonly #reports: Report[] = [];
  #end: { readonly error?: unknown } | undefined;

  constructor(link: MessageLink, { label, login, clock }: Omit<SessionOptions, "seconds"> & { clock: Clock }) {
    this.#link = link;
    this.#clock = clock;
    this.#session = new Session({ label, login, seconds: this.#seconds });
    this.#reader = link.readable.getReader();
    this.#done = this.#read();
  }

  get #seconds(): number {
    return this.#clock.now().monotonicMilliseconds / 1000;
  }

  get hasEnded(): boolean {
    return this.#end !== undefined;
  }

  /** What is new, in order. @throws LinkLostError after the last of a link that broke */
  takeReports(): Report[] {
    if (!this.#end) this.#attempt(() => this.#look(this.#seconds));
    const reports = this.#reports.splice(0);
    if (reports.length === 0 && this.#end && "error" in this.#end) throw this.#end.error;
    return reports;
  }

  async wait(signal: AbortSignal): Promise<void> {
    if (this.#reports.length === 0 && !this.#end) await this.#came.wait(this.#clock, tickMilliseconds, signal);
  }

  /** Time has passed, or a message came. */
  #look(seconds: number): void {
    this.#reports.push(...this.#session.pass(seconds));
    for (const body of this.#session.takeQuestions()) {
      this.#link.send({ body }).catch((error) => this.#close({ error }));
    }
    if (this.#reports.length > 0) this.#came.wake();
  }

  async #read(): Promise<void> {
    for (;;) {
      const came = await this.#reader.read().catch((error) => this.#close({ error }));
      if (!came || came.done || this.#end) return this.#close({});
      this.#attempt(() => {
        const seconds = this.#seconds;
        this.#session.hear(textOf(came.value), seconds);
        this.#look(seconds);
      });
    }
  }

  #attempt(step: () => void): void {
    try {
      step();
    } catch (error) {
      this.#close({ error });
    }
  }

  #close(end: { readonly error?: unknown }): void {
    this.#end ??= end;
    this.#came.wake();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#close({});
    await this.#reader.cancel().catch(() => {}); // the link may have broken already
    await this.#done;
    this.#reader.releaseLock();
  }
}

function textOf({ body }: LinkMessage): string {
  return typeof body === "string" ? body : new TextDecoder().decode(body);
}
