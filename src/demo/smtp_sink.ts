/**
 * A mail server for one owner and no network: takes what is sent to it on loopback and shows it, sends nothing on.
 */
import { Buffer } from "node:buffer";
import { type ParsedMail, simpleParser } from "mailparser";
import { SMTPServer, type SMTPServerDataStream, type SMTPServerSession } from "smtp-server";
import type { Clock } from "../clock.ts";

export interface ReceivedMail {
  /** 1 for the first; never used twice. */
  readonly number: number;
  readonly receivedAt: Temporal.Instant;
  /** Of the envelope, not of the headers. */
  readonly sender: string;
  readonly recipients: readonly string[];
  readonly raw: Uint8Array;
  readonly parsed: ParsedMail;
}

export interface SmtpSink extends AsyncDisposable {
  readonly port: number;
  /** Oldest first, at most `maxMails`. */
  readonly mails: readonly ReceivedMail[];
  /** Yields after each mail; ends with the signal. */
  changes(signal: AbortSignal): AsyncIterable<void>;
}

export interface SmtpSinkOptions {
  readonly clock: Clock;
  /** 0 or absent: any free one. */
  readonly port?: number;
  /** Older mails are forgotten. */
  readonly maxMails?: number;
}

/** A larger mail is refused with 552. */
const maxMailBytes = 20 * 1024 * 1024;

/** Listens on 127.0.0.1 in the clear; any user may log in, nobody has to. */
export async function startSmtpSink({ clock, port = 0, maxMails = 200 }: SmtpSinkOptions): Promise<SmtpSink> {
  const mails: ReceivedMail[] = [];
  const waiting = new Set<() => void>();
  let number = 0;

  const receive = async (stream: SMTPServerDataStream, session: SMTPServerSession) => {
    const chunks: Buffer[] = [];
    for await (const chunk of stream) chunks.push(chunk);
    const raw = Buffer.concat(chunks);
    mails.push({
      number: ++number,
      receivedAt: clock.now().wall,
      sender: session.envelope.mailFrom ? session.envelope.mailFrom.address : "",
      recipients: session.envelope.rcptTo.map(({ address }) => address),
      raw,
      parsed: await simpleParser(raw),
    });
    if (mails.length > maxMails) mails.shift();
    for (const wake of waiting) wake();
  };

  const server = new SMTPServer({
    banner: "Filagram demo inbox",
    disabledCommands: ["STARTTLS"],
    authOptional: true,
    allowInsecureAuth: true,
    disableReverseLookup: true,
    size: maxMailBytes,
    rejectOversized: true,
    closeTimeout: 100,
    onAuth: (login, _session, callback) => callback(null, { user: login.username ?? "anybody" }),
    onData: (stream, session, callback) => void receive(stream, session).then(() => callback(), callback),
  });
  server.on("error", () => {}); // of single connections: the sender sees them itself
  await new Promise<void>((resolve, reject) => {
    server.server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  const address = server.server.address();

  return {
    port: typeof address === "object" && address ? address.port : port,
    mails,
    async *changes(signal) {
      let seen = number;
      while (!signal.aborted) {
        if (seen === number) await nextWake(waiting, signal);
        if (seen === number) continue;
        seen = number;
        yield;
      }
    },
    [Symbol.asyncDispose]: () => new Promise((resolve) => server.close(resolve)),
  };
}

function nextWake(waiting: Set<() => void>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      waiting.delete(done);
      signal.removeEventListener("abort", done);
      resolve();
    };
    waiting.add(done);
    signal.addEventListener("abort", done, { once: true });
    if (signal.aborted) done();
  });
}
