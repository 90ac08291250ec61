/**
 * What becomes of a message when a mail server, or the way to it, says no: one row per class of trouble, each with one
 * sentence that says what to change. Decided by code (RFC 5321 4.2, RFC 3463), never by a server's prose.
 *
 * Only what is wrong with this message or this address is `rejected`. What the owner mends in the settings (login, TLS,
 * certificate, sender) is tried again later, so that the mails of the time before still arrive once it is mended; but
 * hours apart where trying does harm: providers lock an account after a few wrong passwords.
 */
import type { SendResult } from "../../domain/delivery.ts";
import { resultOfFault } from "./faults.ts";
import type { Reply, ReplyContext, SmtpTrouble, Stage } from "./trouble.ts";

const minute = 60;
const hour = 60 * minute;

interface Row {
  /** Reply codes; a shorter one stands for all that begin with it. */
  readonly codes: readonly string[];
  /** Enhanced codes without their class (`7.139` for 4.7.139 and 5.7.139); absent: any or none. */
  readonly enhanced?: readonly string[];
  readonly stages?: readonly Stage[];
  readonly kind: "retry" | "refusedLogin" | "tooLarge" | "rejected";
  readonly afterSeconds?: number;
  sentence(context: ReplyContext): string;
}

/** The first row that fits decides. */
export const replyRows: readonly Row[] = [
  {
    codes: ["421"],
    enhanced: ["7.0", "7.28", "4.5", "3.2"],
    kind: "retry",
    afterSeconds: 15 * minute,
    sentence: ({ host }) => `${host} is slowing this account down: nothing to change, it is tried again later`,
  },
  {
    codes: ["421"],
    kind: "retry",
    afterSeconds: minute,
    sentence: ({ host }) => `${host} is closing its doors for now: nothing to change, it is tried again`,
  },
  {
    codes: ["5"],
    enhanced: ["7.139"],
    kind: "refusedLogin",
    sentence: ({ host }) =>
      `${host} no longer takes passwords for this account: Microsoft has switched them off; ` +
      `ask the account's administrator to allow SMTP AUTH, or send through another provider`,
  },
  {
    codes: ["534", "535"],
    enhanced: ["7.9", "7.14"],
    kind: "refusedLogin",
    sentence: (context) =>
      `${context.host} wants an app password for "${context.user}", not the account's own one: ${getPassword(context)}`,
  },
  {
    codes: ["534", "535"],
    kind: "refusedLogin",
    sentence: (context) =>
      `${context.host} refuses the login of "${context.user}": check user and password; ${getPassword(context)}`,
  },
  {
    codes: ["5"],
    stages: ["login"],
    enhanced: ["7.0", "7.1", "7.3", "7.8"],
    kind: "refusedLogin",
    sentence: (context) =>
      `${context.host} refuses the login of "${context.user}": check user and password; ${getPassword(context)}`,
  },
  {
    codes: ["530"],
    kind: "retry",
    afterSeconds: 15 * minute,
    sentence: ({ host, user }) =>
      user === undefined
        ? `${host} takes no mail without a login: put user and password of your account into the channel's settings`
        : `${host} does not count the connection as secure or logged in: set tls: starttls (port 587) or ` +
          `tls: implicit (port 465)`,
  },
  {
    codes: ["538", "523"],
    stages: ["login"],
    kind: "retry",
    afterSeconds: 15 * minute,
    sentence: ({ host }) => `${host} takes passwords only over TLS: set tls: starttls or tls: implicit`,
  },
  {
    codes: ["454", "4"],
    stages: ["login"],
    kind: "retry",
    afterSeconds: 5 * minute,
    sentence: ({ host }) => `${host} cannot check logins now: nothing to change, it is tried again`,
  },
  {
    codes: ["5"],
    stages: ["login"],
    kind: "refusedLogin",
    sentence: (context) =>
      `${context.host} refuses the way of logging in: check host, port and user; ${getPassword(context)}`,
  },
  {
    codes: ["45", "55"],
    enhanced: ["4.5"],
    kind: "retry",
    afterSeconds: 3 * hour,
    sentence: ({ host }) =>
      `${host} has taken as many mails as it allows in a day: fewer rules or progress mails, or another provider; ` +
      "the mail waits some hours",
  },
  {
    codes: ["552", "523"],
    kind: "tooLarge",
    sentence: ({ host }) => `${host} refuses the mail as too large for it or for the mailbox`,
  },
  {
    codes: ["5"],
    enhanced: ["2.3", "3.4"],
    kind: "tooLarge",
    sentence: ({ host }) => `${host} refuses the mail as too large`,
  },
  {
    codes: ["452", "45"],
    enhanced: ["2.2", "5.3", "3.4"],
    kind: "retry",
    afterSeconds: 30 * minute,
    sentence: ({ host, recipient }) =>
      `${host} has no room for more now, or the mailbox of ${recipient} is full: make room there; it is tried again`,
  },
  { // Postfix with a full disk
    codes: ["45"],
    enhanced: ["3.1"],
    kind: "retry",
    afterSeconds: 30 * minute,
    sentence: noRoom,
  },
  { codes: ["452"], kind: "retry", afterSeconds: 30 * minute, sentence: noRoom },
  { // Postfix to whoever has not logged in: its smtpd_relay_restrictions defer instead of rejecting
    codes: ["454"],
    enhanced: ["7.1"],
    stages: ["recipient"],
    kind: "retry",
    afterSeconds: 15 * minute,
    sentence: ({ host, recipient, user }) =>
      `${host} passes on no mail to ${recipient} for ${user === undefined ? "a stranger" : `"${user}"`}: ` +
      "put user and password of your account there into the channel's settings, or use another provider",
  },
  { // Postfix that cannot write its queue or misses a part of itself
    codes: ["450", "451"],
    enhanced: ["3.0", "3.2", "3.5"],
    kind: "retry",
    afterSeconds: 5 * minute,
    sentence: notNow,
  },
  { // Postfix and others that look the sender's domain up
    codes: ["45"],
    enhanced: ["1.8"],
    kind: "retry",
    afterSeconds: hour,
    sentence: ({ host, from }) =>
      `${host} does not find the domain of ${from}: put an address of your own under from; it is tried again`,
  },
  {
    codes: ["45"],
    enhanced: ["7.23", "7.25", "7.26", "7.27"],
    kind: "retry",
    afterSeconds: hour,
    sentence: ({ host }) =>
      `${host} does not trust the network this mail comes from: send through the mail server of your own provider, ` +
      "with user and password; it is tried again",
  },
  {
    codes: ["450", "451"],
    kind: "retry",
    afterSeconds: 5 * minute,
    sentence: ({ host }) =>
      `${host} puts mails of unknown senders off for some minutes (greylisting): nothing to change, it is tried again`,
  },
  {
    codes: ["4"],
    kind: "retry",
    afterSeconds: 5 * minute,
    sentence: notNow,
  },
  {
    codes: ["554", "5"],
    stages: ["greeting"],
    kind: "retry",
    afterSeconds: hour,
    sentence: ({ host }) => `${host} does not serve this connection at all: check host and port`,
  },
  {
    codes: ["5"],
    stages: ["sender"],
    kind: "retry",
    afterSeconds: hour,
    sentence: ({ host, from }) =>
      `${host} lets this account not send as ${from}: put the account's own address under from`,
  },
  {
    codes: ["503"],
    kind: "retry",
    sentence: ({ host }) => `${host} lost the thread of the conversation: nothing to change, it is tried again`,
  },
  {
    codes: ["5"],
    stages: ["recipient"],
    enhanced: ["7.1", "7.0"],
    kind: "rejected",
    sentence: ({ host, recipient }) =>
      `${host} does not take mail for ${recipient} from here: use the mail server of your own provider, with user and ` +
      "password",
  },
  {
    codes: ["5"],
    stages: ["recipient"],
    kind: "rejected",
    sentence: ({ host, recipient }) => `${host} does not take mail for ${recipient}: check the address`,
  },
  {
    codes: ["5"],
    kind: "rejected",
    sentence: ({ host, recipient }) =>
      `${host} refuses this mail to ${recipient}: its text, picture or sender looks unwanted to it; try without ` +
      "pictures, or another provider",
  },
];

function noRoom({ host }: ReplyContext): string {
  return `${host} has no room for more now: nothing to change, it is tried again`;
}

function notNow({ host }: ReplyContext): string {
  return `${host} cannot take the mail now: nothing to change, it is tried again`;
}

function getPassword({ passwordHint }: ReplyContext): string {
  return passwordHint ?? "many providers want an app password here, made on their account page";
}

/** What becomes of the message. */
export function resultOf(trouble: SmtpTrouble, context: ReplyContext): SendResult {
  return trouble.reply
    ? resultOfReply(trouble.reply, trouble.stage, context)
    : resultOfFault(trouble.fault ?? { kind: "protocol" }, trouble.stage, context);
}

function resultOfReply(reply: Reply, stage: Stage, context: ReplyContext): SendResult {
  const row = replyRows.find((row) => fits(row, reply, stage));
  const said = `(${[reply.code, reply.enhanced].filter(Boolean).join(" ")}${reply.text ? `: ${reply.text}` : ""})`;
  if (!row) { // a 2xx or 3xx where none belongs
    return { kind: "retry", reason: `${context.host} answered out of turn ${said}: check host and port` };
  }
  const reason = `${row.sentence(context)} ${said}`;
  switch (row.kind) {
    case "retry":
      return { kind: "retry", reason, ...(row.afterSeconds ? { afterSeconds: row.afterSeconds } : {}) };
    case "refusedLogin":
      return { kind: "retry", reason, afterSeconds: loginWaitSeconds(context.refusedLogins) };
    case "tooLarge":
      return { kind: context.hasPictures ? "tooLarge" : "rejected", reason };
    case "rejected":
      return { kind: "rejected", reason };
  }
}

function fits(row: Row, { code, enhanced }: Reply, stage: Stage): boolean {
  return row.codes.some((digits) => String(code).startsWith(digits)) &&
    (row.stages === undefined || row.stages.includes(stage)) &&
    (row.enhanced === undefined || (enhanced !== undefined && row.enhanced.includes(enhanced.slice(2))));
}

/** 15 min, doubling, at most 8 h. */
export function loginWaitSeconds(refusedLogins: number): number {
  return Math.min(8 * hour, 15 * minute * 2 ** Math.max(0, refusedLogins - 1));
}
