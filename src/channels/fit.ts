/**
 * Fits a message to what a channel takes: the name of the print is shortened first, then the line is cut; facts go
 * from the last on; pictures that are too many or too large stay behind, and the message says so.
 */
import type { Message, Picture } from "../domain/message.ts";
import type { ChannelLimits } from "./channel.ts";
import { plainText } from "./plain_text.ts";

export interface FittedMessage {
  readonly message: Message;
  readonly pictures: readonly Picture[];
}

export function fitMessage(message: Message, pictures: readonly Picture[], limits: ChannelLimits): FittedMessage {
  const fitting = fitPictures(pictures, limits);
  return { message: fitText(withNotes(message, fitting.notes), limits), pictures: fitting.pictures };
}

function fitPictures(pictures: readonly Picture[], limits: ChannelLimits): { pictures: Picture[]; notes: string[] } {
  const taken: Picture[] = [];
  const notes: string[] = [];
  let bytes = 0;
  for (const picture of pictures) {
    if (taken.length >= limits.pictures) continue;
    if (bytes + picture.bytes.length > limits.pictureBytes) {
      const [size, limit] = [picture.bytes.length, limits.pictureBytes].map(sizeText);
      notes.push(`A picture was left out: it has ${size}, this channel takes ${limit}.`);
      continue;
    }
    bytes += picture.bytes.length;
    taken.push(picture);
  }
  return { pictures: taken, notes };
}

function withNotes(message: Message, notes: readonly string[]): Message {
  return notes.length ? { ...message, notes: [...message.notes, ...notes] } : message;
}

function fitText(message: Message, { titleCharacters, bodyCharacters }: ChannelLimits): Message {
  const long = (max: number) => ({ max, ...(message.job ? { job: message.job } : {}) });
  let fitted: Message = {
    ...message,
    printer: shortenLine(message.printer, { max: titleCharacters }),
    subject: shortenLine(message.subject, long(titleCharacters)),
    firstLine: shortenLine(message.firstLine, long(bodyCharacters)),
    body: shortenLine(message.body, long(bodyCharacters)),
  };
  while (fitted.facts.length && length(plainText(fitted)) > bodyCharacters) {
    fitted = { ...fitted, facts: fitted.facts.slice(0, -1) };
  }
  return fitted;
}

export interface ShortenOptions {
  readonly max: number;
  /** The name of the print in it: the first to give way, in its middle. */
  readonly job?: string;
  /** How long a text counts; default: its characters. */
  readonly measure?: (text: string) => number;
  /** What stands for the missing part. */
  readonly ellipsis?: string;
}

/** A job name shorter than this tells nobody anything; from there on the line is cut at its end. */
const minJobCharacters = 8;

export function shortenLine(line: string, options: ShortenOptions): string {
  const { max, job, measure = length, ellipsis = "…" } = options;
  if (measure(line) <= max) return line;
  let text = line;
  if (job && line.includes(job)) {
    const characters = [...job];
    for (let keep = characters.length - 1; keep >= minJobCharacters; keep--) {
      const head = Math.ceil(keep / 2);
      const short = characters.slice(0, head).join("") + ellipsis + characters.slice(characters.length - keep + head)
        .join("");
      text = line.replace(job, () => short);
      if (measure(text) <= max) return text;
    }
  }
  const characters = [...text];
  while (characters.length && measure(characters.join("") + ellipsis) > max) characters.pop();
  return max <= 0 ? "" : characters.join("").trimEnd() + ellipsis;
}

function length(text: string): number {
  return [...text].length;
}

function sizeText(bytes: number): string {
  return bytes >= 1e6 ? `${(bytes / 1e6).toFixed(1)} MB` : `${Math.ceil(bytes / 1e3)} KB`;
}
