/**
 * Mail by SMTP: one delivery is one mail in an envelope of one address, over a connection kept warm for a burst.
 */
import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import type { Clock } from "../clock.ts";
import type { SendResult } from "../domain/delivery.ts";
import { errorText, Secrets } from "../log.ts";
import { type ChannelIo, type CheckStep, defineChannel, type FittedDelivery, type Sender } from "./channel.ts";
import { buildMail } from "./email/mime.ts";
import { loginWaitSeconds, resultOf } from "./email/replies.ts";
import { openSession } from "./email/open_session.ts";
import { type SmtpLimits, smtpLimits, type SmtpServer, type SmtpSession } from "./email/session.ts";
import { type EmailSettings, emailSettings, type ResolvedEmail, resolveEmail } from "./email/settings.ts";
import { certificateTrouble } from "./email/tls.ts";
import { type ReplyContext, SmtpTrouble, type Stage } from "./email/trouble.ts";

export const email = defineChannel<EmailSettings>({
  id: "email",
  label: "E-mail",
  settings: emailSettings,
  limits: {
    titleCharacters: 250,
    bodyCharacters: 20_000,
    pictures: 4,
    pictureBytes: 12 * 1024 * 1024, // 16 MB as base64: below what every known provider takes but Postmark (10 MB)
    messagesPerMinute: 60,
  },
  recipients(settings) {
    const { to, cc } = resolveEmail(settings);
    return [...to, ...cc].map(({ address }) => address);
  },
  open: (settings, io) => new EmailSender(resolveEmail(settings), io),
});

/** An idle connection is closed after so long; within it the next mail needs no handshake and no login. */
const keepSeconds = 45;
/** Connections that never end are closed by servers in the middle of something. */
const maxMessagesPerConnection = 50;

export class EmailSender implements Sender {
  readonly #mail: ResolvedEmail;
  readonly #clock: Clock;
  readonly #agentId: string;
  readonly #limits: SmtpLimits;
  readonly #secrets = new Secrets();
  #session: SmtpSession | undefined;
  /** Ends the wait that would close the idle connection. */
  #keeping = new AbortController();
  /** Mails go one after the other, whoever sends: our own loop and channels we carry for. */
  #turn: Promise<unknown> = Promise.resolve();
  #refusedLogin: { times: number; result: SendResult; untilMilliseconds: number } | undefined;

  constructor(mail: ResolvedEmail, io: Pick<ChannelIo, "clock" | "agentId">, limits = smtpLimits) {
    this.#mail = mail;
    this.#clock = io.clock;
    this.#agentId = io.agentId;
    this.#limits = limits;
    // servers have been seen to repeat what they were told
    if (mail.login) this.#secrets.add(mail.login.password, `\0${mail.login.user}\0${mail.login.password}`);
  }

  send(delivery: FittedDelivery, signal: AbortSignal): Promise<SendResult> {
    const result = this.#turn.then(() => this.#sendNow(delivery, signal));
    this.#turn = result.catch(() => {});
    return result;
  }

  async #sendNow(delivery: FittedDelivery, signal: AbortSignal): Promise<SendResult> {
    const waiting = this.#waitingForLogin();
    if (waiting) return waiting;
    const bytes = await buildMail(delivery, { ...this.#mail, agentId: this.#agentId });
    this.#keeping.abort();
    try {
      const envelope = { from: this.#mail.from.address, to: delivery.recipient };
      const receipt = await this.#sendOnce(envelope, bytes, signal);
      this.#refusedLogin = undefined;
      return { kind: "sent", ...(receipt ? { receipt: this.#secrets.hide(receipt).slice(0, 200) } : {}) };
    } catch (error) {
      if (!(error instanceof SmtpTrouble)) throw error;
      return this.#settle(error, delivery);
    } finally {
      this.#keep();
    }
  }

  /** Over the kept connection if there is one; where that was lost before the mail was out, once over a new one. */
  async #sendOnce(envelope: { from: string; to: string }, bytes: Uint8Array, signal: AbortSignal): Promise<string> {
    const kept = this.#session?.isAlive && this.#session.messages < maxMessagesPerConnection;
    if (kept && this.#session) {
      try {
        return await this.#session.send(envelope, bytes, signal);
      } catch (error) {
        if (!(error instanceof SmtpTrouble) || !error.isLostConnection || error.stage === "answer") throw error;
      }
    }
    await this.#session?.quit();
    this.#session = await this.#open(signal);
    return await this.#session.send(envelope, bytes, signal);
  }

  async #open(signal: AbortSignal): Promise<SmtpSession> {
    const steps = openSession(this.#server(), { clock: this.#clock, limits: this.#limits, signal });
    for (;;) {
      const { done, value } = await steps.next();
      if (done) return value;
    }
  }

  #server(): SmtpServer {
    const { caFile, ...mail } = this.#mail;
    return { ...mail, ...(caFile === undefined ? {} : { ca: readCa(caFile) }) };
  }

  /** Closes the connection when nothing came for a while. */
  #keep(): void {
    const session = this.#session;
    if (!session?.isAlive) return;
    const keeping = this.#keeping = new AbortController();
    void this.#clock.sleep(keepSeconds * 1000, keeping.signal)
      .then(() => keeping.signal.aborted ? undefined : session.quit());
  }

  #waitingForLogin(): SendResult | undefined {
    if (!this.#refusedLogin) return undefined;
    const seconds = (this.#refusedLogin.untilMilliseconds - this.#clock.now().monotonicMilliseconds) / 1000;
    return seconds <= 0 ? undefined : { ...this.#refusedLogin.result, ...{ afterSeconds: Math.ceil(seconds) } };
  }

  #settle(trouble: SmtpTrouble, { recipient, pictures }: FittedDelivery): SendResult {
    const times = (this.#refusedLogin?.times ?? 0) + 1;
    const result = this.#describe(trouble, { recipient, hasPictures: pictures.length > 0, refusedLogins: times });
    if (trouble.stage === "login" && result.kind === "retry" && result.afterSeconds === loginWaitSeconds(times)) {
      const untilMilliseconds = this.#clock.now().monotonicMilliseconds + result.afterSeconds * 1000;
      this.#refusedLogin = { times, result, untilMilliseconds };
    }
    return result;
  }

  #describe(
    trouble: SmtpTrouble,
    about: Pick<ReplyContext, "recipient" | "hasPictures" | "refusedLogins">,
  ): SendResult {
    const { host, port, from, login, passwordHint } = this.#mail;
    const result = resultOf(trouble, {
      host,
      port,
      from: from.address,
      isClockSet: this.#clock.isSet(),
      ...(login ? { user: login.user } : {}),
      ...(passwordHint ? { passwordHint } : {}),
      ...about,
    });
    return result.kind === "sent" ? result : { ...result, reason: this.#secrets.hide(result.reason) };
  }

  async *check(signal: AbortSignal): AsyncIterable<CheckStep> {
    try {
      const session = yield* openSession(this.#server(), { clock: this.#clock, limits: this.#limits, signal });
      await session.quit();
    } catch (error) {
      if (!(error instanceof SmtpTrouble)) throw error;
      const [recipient = { address: "" }] = this.#mail.to;
      // Whoever ends a check has waited long enough: the server fell silent.
      const trouble = error.fault?.kind === "aborted"
        ? new SmtpTrouble(error.stage, { fault: { kind: "timeout" } })
        : error;
      const result = this.#describe(trouble, { recipient: recipient.address, hasPictures: false, refusedLogins: 1 });
      yield { name: stepNames[error.stage], isOk: false, detail: result.kind === "sent" ? "" : result.reason };
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#keeping.abort();
    await this.#turn;
    this.#keeping.abort();
    await this.#session?.quit();
  }
}

/** The step of `check` at which a trouble shows. */
const stepNames: Record<Stage, string> = {
  name: "name",
  connect: "connected",
  greeting: "greeting",
  tls: "TLS",
  login: "login",
  sender: "mail",
  recipient: "mail",
  body: "mail",
  answer: "mail",
};

/** Read for each connection: a renewed file needs no restart. @throws SmtpTrouble */
function readCa(path: string): string {
  let pem: string;
  try {
    pem = readFileSync(path, "utf8");
  } catch (error) {
    throw certificateTrouble(`cannot read caFile "${path}" (${errorText(error)}): check the path and who may read it`);
  }
  try {
    new X509Certificate(pem);
  } catch {
    throw certificateTrouble(
      `caFile "${path}" holds no certificate in PEM form: put the server's CA there (-----BEGIN CERTIFICATE-----)`,
    );
  }
  return pem;
}
