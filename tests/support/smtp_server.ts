/**
 * A real mail server (npm smtp-server) that behaves, or misbehaves as far as a real one can be asked to.
 */
import { Buffer } from "node:buffer";
import { type ParsedMail, simpleParser } from "mailparser";
import { SMTPServer, type SMTPServerOptions, type SMTPServerSession } from "smtp-server";
import { type Certificate, createAuthority } from "./certificates.ts";

export interface TestMail {
  readonly sender: string;
  readonly recipients: readonly string[];
  readonly raw: Uint8Array;
  readonly parsed: ParsedMail;
  /** Which connection brought it. */
  readonly session: string;
}

export interface TestSmtpOptions {
  readonly tls?: "starttls" | "implicit" | "none";
  readonly certificate?: Certificate;
  /** Absent: nobody has to log in. */
  readonly login?: { readonly user: string; readonly password: string };
  readonly authMethods?: readonly string[];
  readonly maxBytes?: number;
  /** Whether the limit is told in EHLO. */
  readonly hidesSize?: boolean;
  readonly port?: number;
  /** Refuse with a reply: `{ code: 450, text: "4.7.1 later" }`; called with the address, or the whole mail. */
  onSender?(address: string): Refusal | undefined;
  onRecipient?(address: string): Refusal | undefined;
  onMail?(mail: TestMail): Refusal | undefined;
  onLogin?(user: string): Refusal | undefined;
  onConnect?(connections: number): Refusal | undefined;
  readonly extra?: SMTPServerOptions;
}

export interface Refusal {
  readonly code: number;
  readonly text: string;
}

export interface TestSmtpServer extends AsyncDisposable {
  readonly port: number;
  readonly mails: readonly TestMail[];
  /** Connections so far. */
  readonly connections: number;
  /** Successful logins so far, each by its method. */
  readonly logins: readonly string[];
  /** Logins tried. */
  readonly attempts: number;
  /** Ends every connection now, as a server does with idle ones. */
  dropConnections(): void;
  nextMail(): Promise<TestMail>;
}

/** Vouches for the certificates of these servers; give its `certificate` as CA to who shall trust them. */
export const testAuthority = createAuthority("Filagram tests");
export const localhostCertificate = testAuthority.issue({ name: "localhost", hosts: ["localhost", "127.0.0.1"] });

export async function startSmtpServer(options: TestSmtpOptions = {}): Promise<TestSmtpServer> {
  const mails: TestMail[] = [];
  const logins: string[] = [];
  const waiting: ((mail: TestMail) => void)[] = [];
  let connections = 0;
  let attempts = 0;
  const { tls = "none", login, certificate = localhostCertificate } = options;

  const server = new SMTPServer({
    secure: tls === "implicit",
    key: certificate.key,
    cert: certificate.certificate,
    disabledCommands: [...(tls === "starttls" ? [] : ["STARTTLS"]), ...(login ? [] : ["AUTH"])],
    authOptional: login === undefined,
    allowInsecureAuth: tls === "none",
    authMethods: [...(options.authMethods ?? ["PLAIN", "LOGIN", "CRAM-MD5"])],
    disableReverseLookup: true,
    hideENHANCEDSTATUSCODES: true,
    closeTimeout: 50,
    ...(options.maxBytes ? { size: options.maxBytes, rejectOversized: true } : {}),
    ...(options.hidesSize ? { hideSize: true } : {}),
    onConnect: (_session, callback) => {
      connections++;
      callback(refused(options.onConnect?.(connections)));
    },
    onAuth: (auth, _session, callback) => {
      attempts++;
      const refusal = options.onLogin?.(auth.username ?? "");
      if (refusal) return callback(refused(refusal));
      const isRight = login !== undefined && auth.username === login.user &&
        (auth.method === "CRAM-MD5" ? auth.validatePassword(login.password) : auth.password === login.password);
      if (!isRight) return callback(refused({ code: 535, text: "5.7.8 Username and Password not accepted" }));
      logins.push(auth.method);
      callback(null, { user: auth.username });
    },
    onMailFrom: ({ address }, _session, callback) => callback(refused(options.onSender?.(address))),
    onRcptTo: ({ address }, _session, callback) => callback(refused(options.onRecipient?.(address))),
    onData: (stream, session, callback) =>
      void readMail(stream, session).then((mail) => {
        const refusal = options.onMail?.(mail);
        if (refusal || stream.sizeExceeded) return callback(refused(refusal));
        mails.push(mail);
        waiting.shift()?.(mail);
        callback(null, "2.0.0 accepted as 17");
      }, callback),
    ...options.extra,
  });
  server.on("error", () => {}); // broken connections are what these tests are about
  await new Promise<void>((resolve) => server.listen(options.port ?? 0, "127.0.0.1", resolve));
  const address = server.server.address();

  return {
    port: typeof address === "object" && address ? address.port : 0,
    mails,
    get connections() {
      return connections;
    },
    logins,
    get attempts() {
      return attempts;
    },
    dropConnections() {
      for (const connection of server.connections) connection.close();
    },
    nextMail: () => new Promise((resolve) => waiting.push(resolve)),
    [Symbol.asyncDispose]: () => new Promise((resolve) => server.close(resolve)),
  };
}

async function readMail(stream: AsyncIterable<Buffer>, session: SMTPServerSession): Promise<TestMail> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  const raw = Buffer.concat(chunks);
  return {
    sender: session.envelope.mailFrom ? session.envelope.mailFrom.address : "",
    recipients: session.envelope.rcptTo.map(({ address }) => address),
    raw,
    parsed: await simpleParser(raw),
    session: session.id,
  };
}

function refused(refusal: Refusal | undefined): Error | null {
  return refusal ? Object.assign(new Error(refusal.text), { responseCode: refusal.code }) : null;
}
