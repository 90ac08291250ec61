/**
 * A delivery as the bytes of a mail (RFC 5322, 2045). Built once per try, the same each time.
 */
import { Buffer } from "node:buffer";
import MailComposer, { type MailComposerOptions } from "nodemailer/lib/mail-composer";
import type { Picture } from "../../domain/message.ts";
import type { FittedDelivery } from "../channel.ts";
import { plainText } from "../plain_text.ts";
import type { MailAddress } from "./address.ts";
import { renderHtml } from "./html.ts";

export interface MailHeaders {
  readonly from: MailAddress;
  readonly to: readonly MailAddress[];
  readonly cc: readonly MailAddress[];
  readonly agentId: string;
}

/** A subject longer than this is cut; mail programs show a third of it. */
const maxSubjectCharacters = 250;

export async function buildMail(delivery: FittedDelivery, headers: MailHeaders): Promise<Uint8Array> {
  const { message, pictures } = delivery;
  const content = delivery.carried
    ? { to: [{ address: delivery.recipient }], text: oneLine(message.firstLine) + "\n", ...attached(pictures) }
    : {
      to: headers.to.map(shown),
      cc: headers.cc.map(shown),
      subject: subjectText(message.subject),
      text: plainText(message),
      ...withHtml(delivery),
      ...thread(delivery),
    };
  const composer = new MailComposer({
    ...content,
    from: shown(headers.from),
    messageId: delivery.messageId,
    date: mailDate(delivery.at),
    headers: commonHeaders(delivery, headers),
    newline: "win",
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  return await composer.compile().build();
}

function shown({ name, address }: MailAddress): { name: string; address: string } {
  return { name: oneLine(name ?? ""), address };
}

/** In-Reply-To and References: mail programs show a job's mails as one conversation. */
function thread({ threadRootId, messageId }: FittedDelivery): MailComposerOptions {
  return threadRootId === undefined || threadRootId === messageId
    ? {}
    : { inReplyTo: threadRootId, references: [threadRootId] };
}

function commonHeaders({ carried, message }: FittedDelivery, { agentId }: MailHeaders): Record<string, string> {
  return {
    "Auto-Submitted": "auto-generated", // RFC 3834: no out-of-office answers
    "X-Auto-Response-Suppress": "All", // the same for Exchange
    ...(carried ? {} : {
      "List-Id": `Filagram <${agentId.replace(/[^\w-]/g, "")}.filagram.invalid>`, // RFC 2919: for the reader's filters
      "Content-Language": message.language.replace(/[^\w-]/g, ""),
    }),
  };
}

function withHtml({ message, pictures, messageId }: FittedDelivery): MailComposerOptions {
  const parts = pictures.map((picture, index) => ({ ...part(picture, index), cid: pictureId(messageId, index) }));
  return {
    html: renderHtml(message, pictures.map(({ alt }, index) => ({ alt, cid: pictureId(messageId, index) }))),
    attachments: parts.map((picture) => ({ ...picture, contentDisposition: "inline" })),
  };
}

/** For gateways to phones: text and picture side by side, nothing nested. */
function attached(pictures: readonly Picture[]): MailComposerOptions {
  return {
    attachments: pictures.map((picture, index) => ({ ...part(picture, index), contentDisposition: "attachment" })),
  };
}

function part(picture: Picture, index: number) {
  const extension = { "image/jpeg": "jpg", "image/png": "png", "image/gif": "gif" }[picture.mediaType];
  return {
    content: Buffer.from(picture.bytes.buffer, picture.bytes.byteOffset, picture.bytes.byteLength),
    contentType: picture.mediaType,
    // a name of our own: what printers and slicers call their files stays out of the headers
    filename: `picture${index ? `-${index + 1}` : ""}.${extension}`,
  };
}

function pictureId(messageId: string, index: number): string {
  return `picture${index + 1}.${messageId.replace(/[<>\s]/g, "")}`;
}

/** `Mon, 23 Nov 2026 18:40:00 +0000` (RFC 5322 3.3). */
function mailDate(at: Temporal.Instant): string {
  const time = at.toZonedDateTimeISO("UTC");
  const two = (value: number) => String(value).padStart(2, "0");
  const weekday = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"][time.dayOfWeek - 1];
  const month = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"][time.month - 1];
  return `${weekday}, ${two(time.day)} ${month} ${time.year} ` +
    `${two(time.hour)}:${two(time.minute)}:${two(time.second)} +0000`;
}

/** nodemailer encodes what is not ASCII; a name that looks encoded already (`=?utf-8?…`) must be shown as it is, too. */
function subjectText(subject: string): string {
  const text = cut(oneLine(subject));
  if (!text.includes("=?")) return text;
  const words = [...text].reduce<string[]>((words, letter) => {
    const last = words.at(-1) ?? "";
    if (words.length && Buffer.byteLength(last + letter) <= maxWordBytes) words[words.length - 1] = last + letter;
    else words.push(letter);
    return words;
  }, []);
  return words.map((word) => `=?UTF-8?B?${Buffer.from(word).toString("base64")}?=`).join(" ");
}

/** An encoded word has at most 75 characters (RFC 2047 2): 45 bytes in base64 and what is around them. */
const maxWordBytes = 45;

function oneLine(text: string): string {
  // deno-lint-ignore no-control-regex -- a header is one line, whatever a file is called
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, " ").trim();
}

function cut(text: string): string {
  const characters = [...text];
  return characters.length > maxSubjectCharacters ? characters.slice(0, maxSubjectCharacters - 1).join("") + "…" : text;
}
