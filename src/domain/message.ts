/**
 * A message before any channel has touched it.
 */

export interface Message {
  /** The printer's name: the title on push channels. */
  readonly printer: string;
  /** The print as messages name it; the first to be shortened where a line must be. */
  readonly job?: string;
  /** Constant per job, so that mails thread: `[MK4] benchy`. */
  readonly subject: string;
  /** The whole message in small: `MK4: benchy finished in 1 h 12 min`. */
  readonly firstLine: string;
  /** The same without the printer's name, for channels that show it as title. */
  readonly body: string;
  /** `Happened at 02:14, told late: …`, second line of a late message. */
  readonly lateLine?: string;
  /** What could not be had, for example the camera's picture: one sentence each. */
  readonly notes: readonly string[];
  readonly facts: readonly MessageFact[];
  /** needs_you, failed, error and offline are urgent. */
  readonly isUrgent: boolean;
  /** Who sends, for the footer: the agent's name and, if the reader can reach it, its page. */
  readonly footer: { readonly agent: string; readonly url?: string };
  /** The language of the texts, as BCP 47. */
  readonly language: string;
}

export interface MessageFact {
  readonly label: string;
  readonly value: string;
}

/** A picture beside the outbox, by the SHA-256 of its bytes. */
export interface PictureRef {
  readonly hash: string;
  readonly mediaType: "image/jpeg" | "image/png" | "image/gif";
  /** What it shows, for readers who cannot see it. */
  readonly alt: string;
}

export interface Picture extends PictureRef {
  readonly bytes: Uint8Array;
}
