/**
 * The whole program behind a page: agent, store, outbox, mail to a real SMTP server; only the printer is the test's.
 */
import { type House, openHouse } from "../../src/cli/house.ts";
import { hashPassword } from "../../src/config/password.ts";
import { email } from "../../src/channels/email.ts";
import { systemClock } from "../../src/clock.ts";
import type { Settings } from "../../src/config/settings.ts";
import { startSmtpSink } from "../../src/demo/smtp_sink.ts";
import type { Report } from "../../src/domain/printer_state.ts";
import { defaultRule } from "../../src/domain/rule.ts";
import { Secrets } from "../../src/log.ts";
import { createWebApp } from "../../web/app.tsx";
import { serveWeb } from "../../web/listen.ts";

const bootId = () => "browser-test";

/** A printer that says what the test lets it say. */
export class SaidPrinter {
  readonly id = "said";
  readonly #reports: Report[] = [];
  #wake = () => {};

  says(...reports: Report[]): void {
    this.#reports.push(...reports);
    this.#wake();
  }

  async *watch({ signal }: { signal: AbortSignal }): AsyncGenerator<Report> {
    signal.addEventListener("abort", () => this.#wake(), { once: true });
    while (!signal.aborted) {
      const report = this.#reports.shift();
      if (report) yield report;
      else await new Promise<void>((resolve) => this.#wake = resolve);
    }
  }
}

export interface OpenPage extends AsyncDisposable {
  readonly url: string;
  readonly printers: readonly SaidPrinter[];
  readonly house: House;
  /** What is wrong with the settings file. */
  problem: string | undefined;
}

export async function openPage(
  { password, names }: { password?: string; names: readonly string[] },
): Promise<OpenPage> {
  const state = Deno.makeTempDirSync({ prefix: "filagram-page-" });
  const sink = await startSmtpSink({ clock: systemClock({ bootId: bootId() }) });
  const printers = names.map(() => new SaidPrinter());
  const web = { hostname: "127.0.0.1", port: 0, ...(password ? { passwordHash: await hashPassword(password) } : {}) };
  const mail = (port: number) =>
    email.bind({ host: "127.0.0.1", port, tls: "none", from: "printers@example.org", to: ["me@example.org"] });
  const settings: Settings = {
    path: "/etc/filagram/filagram.yaml",
    agent: { name: "workshop", timezone: "Europe/Berlin", language: "en" },
    web,
    printers: printers.map((driver, index) => ({
      name: names[index] ?? "",
      driver,
      address: "serial:/dev/ttyUSB0",
      tellsDisplayText: false,
      fingerprint: String(index),
    })),
    channels: [
      { name: "mail", channel: mail(sink.port), fingerprint: "mail" },
      { name: "old mail", channel: mail(1), fingerprint: "old mail" }, // nobody listens there
    ],
    rules: [{ ...defaultRule, tell: ["mail"] }],
  };
  const page: { problem: string | undefined } = { problem: undefined };
  const house = openHouse({
    state,
    settings,
    secrets: new Secrets(),
    logLevel: "error",
    watch: true,
    settingsProblem: () => page.problem,
    pieces: {
      version: "0.1.0",
      drivers: [],
      channels: [email],
      links: {
        openLink: () => Promise.reject(new Error("no links here")),
        openMessages: () => Promise.reject(new Error("no links here")),
      },
      bootId,
      terminal: {
        print() {},
        say() {},
        progress() {},
        isTerminal: false,
        paint: { good: String, bad: String, dim: String, bold: String },
      },
    },
  });
  const listening = serveWeb(createWebApp(house.webDeps), web);
  return Object.assign(page, {
    url: listening.url,
    printers,
    house,
    async [Symbol.asyncDispose]() {
      await listening[Symbol.asyncDispose]();
      await house[Symbol.asyncDispose]();
      await sink[Symbol.asyncDispose]();
      Deno.removeSync(state, { recursive: true });
    },
  });
}
