/**
 * What went wrong with a mail server, and how far it had come: enough to decide without reading its prose.
 */

/**
 * The step that failed. `body`: before its last byte had been handed over, so the server cannot have accepted it.
 * `answer`: after that, so without a reply nobody knows.
 */
export type Stage =
  | "name"
  | "connect"
  | "greeting"
  | "tls"
  | "login"
  | "sender"
  | "recipient"
  | "body"
  | "answer";

/** A reply of the server: `550 5.1.1 no such user` (RFC 5321 4.2, RFC 3463). */
export interface Reply {
  readonly code: number;
  readonly enhanced?: string;
  readonly text: string;
}

/** What no reply tells. */
export type Fault =
  /** The network's own code (`ECONNREFUSED`); absent where a connection just ended. */
  | { readonly kind: "network"; readonly code?: string }
  | { readonly kind: "timeout" }
  | { readonly kind: "aborted" }
  | { readonly kind: "noStartTls" }
  | { readonly kind: "noTls" }
  | { readonly kind: "noLogin"; readonly offered: readonly string[] }
  | { readonly kind: "certificate"; readonly sentence: string }
  | { readonly kind: "tooLarge"; readonly maxBytes: number }
  | { readonly kind: "protocol" };

/** What a sentence about trouble may name. */
export interface ReplyContext {
  readonly host: string;
  readonly port: number;
  readonly user?: string;
  readonly from: string;
  readonly recipient: string;
  readonly hasPictures: boolean;
  /** How often in a row the login was refused, this time included. */
  readonly refusedLogins: number;
  readonly isClockSet: boolean;
  /** Where the provider gives out passwords for programs. */
  readonly passwordHint?: string;
}

export class SmtpTrouble extends Error {
  readonly stage: Stage;
  readonly reply: Reply | undefined;
  readonly fault: Fault | undefined;

  constructor(stage: Stage, what: { reply: Reply } | { fault: Fault }, options?: ErrorOptions) {
    super(`Mail server trouble (${stage})`, options);
    this.name = "SmtpTrouble";
    this.stage = stage;
    this.reply = "reply" in what ? what.reply : undefined;
    this.fault = "fault" in what ? what.fault : undefined;
  }

  /** Whether the connection ended without a word about this message: another one may do better. */
  get isLostConnection(): boolean {
    return this.reply?.code === 421 || this.fault?.kind === "network";
  }
}

/** The longest that is shown of what a server says. */
const maxTextCharacters = 200;

/** Reads `550-5.1.1 no such user\n550 5.1.1 here`; undefined where the text is no reply. */
export function parseReply(response: string): Reply | undefined {
  const lines = response.split(/\r?\n/).filter((line) => line.trim());
  const code = /^([2-5]\d\d)(?:[ -]|$)/.exec(lines[0] ?? "")?.[1];
  if (code === undefined) return undefined;
  const enhanced = /^\d{3}[ -]([245]\.\d{1,3}\.\d{1,3})(?:\s|$)/.exec(lines[0] ?? "")?.[1];
  const text = lines.map((line) => line.replace(/^\d{3}[ -]?(?:[245]\.\d{1,3}\.\d{1,3}\s)?\s*/, "")).join(" ");
  return { code: Number(code), ...(enhanced ? { enhanced } : {}), text: shownText(text) };
}

function shownText(text: string): string {
  // what a server says ends up in logs, on terminals and on the page
  const plain = text.replace(/[\p{Control}\p{Bidi_Control}\u2028\u2029]+/gu, " ").trim();
  return plain.length > maxTextCharacters ? `${plain.slice(0, maxTextCharacters - 1)}…` : plain;
}
