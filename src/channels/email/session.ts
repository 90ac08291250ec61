/**
 * One connection to a mail server: greeted, encrypted, logged in, used for a few messages, closed. Built on
 * nodemailer's SMTP client (RFC 5321, 3207, 4954); this file and mime.ts are the only ones that know it.
 */
import type { Socket } from "node:net";
import { Readable } from "node:stream";
import { type PeerCertificate, TLSSocket } from "node:tls";
import SMTPConnection from "nodemailer/lib/smtp-connection";
import { type Clock, deadline } from "../../clock.ts";
import type { CheckStep } from "../channel.ts";
import { ended, event } from "./events.ts";
import { tlsOptions, verifyPeer } from "./tls.ts";
import { type Fault, parseReply, SmtpTrouble, type Stage } from "./trouble.ts";

export interface SmtpServer {
  readonly host: string;
  readonly port: number;
  readonly tls: "starttls" | "implicit" | "none";
  readonly login?: { readonly user: string; readonly password: string };
  /** PEM. */
  readonly ca?: string;
  readonly fingerprint256?: string;
  /** Only to see the certificate. */
  readonly onlyLooks?: true;
}

/** How long each step may take, in milliseconds. */
export interface SmtpLimits {
  readonly nameMilliseconds: number;
  readonly connectMilliseconds: number;
  readonly greetingMilliseconds: number;
  /** Without a byte from the server, in any later step. */
  readonly idleMilliseconds: number;
}

export const smtpLimits: SmtpLimits = {
  nameMilliseconds: 15_000,
  connectMilliseconds: 20_000,
  greetingMilliseconds: 20_000,
  idleMilliseconds: 60_000,
};

export interface OpenOptions {
  readonly clock: Clock;
  readonly limits: SmtpLimits;
  readonly signal: AbortSignal;
}

export interface Envelope {
  readonly from: string;
  readonly to: string;
}

export class SmtpSession {
  #connection: SMTPConnection;
  #server: SmtpServer;
  #clock: Clock;
  #extensions: readonly string[] = [];
  /** Messages it was given. */
  messages = 0;

  constructor(server: SmtpServer, socket: Socket, { clock, limits }: OpenOptions) {
    this.#server = server;
    this.#clock = clock;
    this.#connection = new SMTPConnection({
      host: server.host,
      port: server.port,
      connection: socket,
      secure: server.tls === "implicit",
      secured: server.tls === "implicit",
      requireTLS: server.tls === "starttls",
      ignoreTLS: server.tls === "none",
      tls: tlsOptions(server),
      name: "[127.0.0.1]", // the board's real name is nobody's business
      greetingTimeout: limits.greetingMilliseconds,
      connectionTimeout: limits.greetingMilliseconds + limits.connectMilliseconds,
      socketTimeout: limits.idleMilliseconds,
      socketCloseTimeout: closeMilliseconds,
    });
    this.#connection.on("error", () => {}); // each step hears of it through #step
  }

  /** Whether it can take another message, as far as can be known without asking. */
  get isAlive(): boolean {
    return !this.#connection.destroyed;
  }

  /** The largest message the server takes, if it says so (RFC 1870). */
  get maxMessageBytes(): number | undefined {
    const bytes = Number(/^SIZE (\d+)$/i.exec(this.#extensions.find((line) => /^SIZE /i.test(line)) ?? "")?.[1]);
    return bytes > 0 ? bytes : undefined;
  }

  offersText(): string {
    const size = this.maxMessageBytes;
    const others = this.#extensions.map((line) => line.split(/[ =]/)[0] ?? "").filter((name) =>
      name && name !== "SIZE"
    );
    return [
      size === undefined ? "no size limit named" : `messages up to ${(size / 1e6).toFixed(1)} MB`,
      ...[...new Set(others)].map((name) => name.slice(0, 30)),
    ].slice(0, 20).join(", ");
  }

  /** Greeting, EHLO, STARTTLS where wanted; then looks whom it speaks with, before a password is said. */
  async greet({ signal }: OpenOptions): Promise<CheckStep> {
    const { tls } = this.#server;
    if (tls === "implicit") this.#verify();
    await this.#step<void>(() => this.#connection.upgrading ? "tls" : "greeting", signal, (done) => {
      this.#connection.connect((error) => done(error));
    });
    const lines = (this.#connection.lastServerResponse || "").split(/\r?\n/).slice(1);
    // printable ASCII, as RFC 5321 4.1.1.1 has it: `check` shows them on terminals
    this.#extensions = lines.map((line) => line.replace(/^\d{3}[ -]/, "").replace(/[^ -~]+/g, "?").trim())
      .filter(Boolean);
    if (tls === "none") return { name: "TLS", isOk: true, detail: "none, as the settings ask: anybody can read along" };
    return { name: "TLS", isOk: true, detail: this.#verify() };
  }

  #verify(): string {
    const socket = this.#tlsSocket;
    if (!socket) throw new SmtpTrouble("tls", { fault: { kind: "noStartTls" } });
    return verifyPeer(socket, this.#server, this.#clock);
  }

  get certificate(): PeerCertificate | undefined {
    return this.#tlsSocket?.getPeerCertificate();
  }

  get #tlsSocket(): TLSSocket | undefined {
    const socket = this.#connection._socket || this.#connection.options.connection;
    return socket instanceof TLSSocket ? socket : undefined;
  }

  async login({ user, password }: { user: string; password: string }, signal: AbortSignal): Promise<CheckStep> {
    const offered = this.#extensions.filter((line) => /^AUTH[ =]/i.test(line))
      .flatMap((line) => line.toUpperCase().split(/[ =]+/).slice(1));
    const known = ["PLAIN", "LOGIN", "CRAM-MD5"].filter((method) => offered.includes(method));
    // without TLS the one that does not show the password
    const method = this.#server.tls === "none" ? known.at(-1) : known[0];
    if (method === undefined) throw new SmtpTrouble("login", { fault: { kind: "noLogin", offered } });
    await this.#step<void>("login", signal, (done) => {
      this.#connection.login({ user, pass: password, method }, (error) => done(error));
    });
    return { name: "login", isOk: true, detail: `as ${user} by ${method}` };
  }

  /** What the server said when it accepted. @throws SmtpTrouble */
  async send(envelope: Envelope, message: Uint8Array, signal: AbortSignal): Promise<string> {
    this.messages++;
    const maxBytes = this.maxMessageBytes;
    if (maxBytes !== undefined && message.length > maxBytes) {
      throw new SmtpTrouble("sender", { fault: { kind: "tooLarge", maxBytes } });
    }
    const progress = { isBegun: false, isWhole: false };
    const body = Readable.from(chunks(message, progress), { objectMode: false, highWaterMark: 1 });
    try {
      return await this.#step<string>(
        () => progress.isWhole ? "answer" : progress.isBegun ? "body" : "sender",
        signal,
        (done) =>
          this.#connection.send(
            { from: envelope.from, to: [envelope.to], size: message.length },
            body,
            (error, info) => done(error, info?.response),
          ),
      );
    } catch (error) {
      body.destroy();
      if (error instanceof SmtpTrouble && error.reply) await this.#reset(signal);
      else this.close();
      throw error;
    }
  }

  /** After a refused message: the connection itself is fine. */
  async #reset(signal: AbortSignal): Promise<void> {
    if (!this.isAlive) return;
    try {
      await this.#step<void>("sender", signal, (done) => this.#connection.reset((error) => done(error)));
    } catch {
      this.close();
    }
  }

  /** Says goodbye and closes, at the latest after a moment. */
  async quit(): Promise<void> {
    if (!this.isAlive) return;
    using limit = deadline(this.#clock, closeMilliseconds);
    const gone = event(this.#connection, "end");
    this.#connection.quit();
    await ended(gone, limit).catch(() => {});
    this.close();
  }

  close(): void {
    this.#connection.close();
  }

  #step<Value>(
    stage: Stage | (() => Stage),
    signal: AbortSignal,
    start: (done: (error: unknown, value?: Value) => void) => void,
  ): Promise<Value> {
    const stageNow = () => typeof stage === "string" ? stage : stage();
    return new Promise<Value>((resolve, reject) => {
      const finish = (settle: () => void) => {
        this.#connection.off("error", onError);
        this.#connection.off("end", onEnd);
        signal.removeEventListener("abort", onAbort);
        settle();
      };
      const onError = (error: unknown) => finish(() => reject(troubleOf(error, stageNow())));
      // the step's own answer, if it has one, comes right behind
      const onEnd = () => queueMicrotask(() => onError(undefined));
      const onAbort = () => {
        const trouble = new SmtpTrouble(stageNow(), { fault: { kind: "aborted" } });
        finish(() => reject(trouble));
        this.close();
      };
      if (signal.aborted) return onAbort();
      if (!this.isAlive) return onError(undefined);
      this.#connection.on("error", onError);
      this.#connection.on("end", onEnd);
      signal.addEventListener("abort", onAbort, { once: true });
      start((error, value) => finish(() => error ? reject(troubleOf(error, stageNow())) : resolve(value as Value)));
    });
  }
}

/** How long a goodbye may take. */
const closeMilliseconds = 1000;
const chunkBytes = 64 * 1024;

function* chunks(bytes: Uint8Array, progress: { isBegun: boolean; isWhole: boolean }): Generator<Uint8Array> {
  for (let start = 0; start < bytes.length; start += chunkBytes) {
    progress.isBegun = true;
    yield bytes.subarray(start, start + chunkBytes);
  }
  progress.isWhole = true; // from here on the final dot may be on its way
}

/** What nodemailer adds to its errors. */
interface ClientError {
  readonly code?: string;
  readonly command?: string;
  readonly response?: string;
  readonly originalCode?: string;
}

function troubleOf(error: unknown, stage: Stage): SmtpTrouble {
  if (error instanceof SmtpTrouble) return error;
  const { code, command, response, originalCode } = (error ?? {}) as ClientError;
  const options = error === undefined ? {} : { cause: error };
  const reply = response === undefined ? undefined : parseReply(response);
  const at = stageOf(command, code) ?? stage;
  if (code === "ECONNECTION" && command === "EHLO" || code === "ETLS" && command === "STARTTLS" && reply) {
    if (reply?.code !== 421) return new SmtpTrouble("tls", { fault: { kind: "noStartTls" } }, options);
  }
  if (reply) return new SmtpTrouble(at, { reply }, options);
  const fault: Fault = code === "ETIMEDOUT"
    ? { kind: "timeout" }
    : code === "EPROTOCOL"
    ? { kind: "protocol" }
    : { kind: "network", ...(originalCode ? { code: originalCode } : {}) };
  return new SmtpTrouble(stage, { fault }, options);
}

/** The step a refused command belongs to. */
function stageOf(command: string | undefined, code: string | undefined): Stage | undefined {
  if (command === "MAIL FROM") return "sender";
  if (command === "RCPT TO") return "recipient";
  if (command === "DATA") return code === "EMESSAGE" ? "answer" : "recipient";
  return command?.startsWith("AUTH") ? "login" : undefined;
}
