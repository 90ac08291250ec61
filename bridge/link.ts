/**
 * What bytes travel on. A link is single-use: when it ends, open a new one.
 */

/** A two-way pipe of bytes: a serial port, a TCP socket, a PTY. */
export interface ByteLink extends AsyncDisposable {
  /** Ends when the other side ends; errors with {@link LinkLostError} when the link breaks. */
  readonly readable: ReadableStream<Uint8Array>;
  readonly writable: WritableStream<Uint8Array>;
  /** Where it leads, for messages: `serial:/dev/ttyUSB0 at 115200 baud`. */
  readonly label: string;
}

/** A two-way pipe of whole messages: a WebSocket, an MQTT subscription. */
export interface MessageLink extends AsyncDisposable {
  readonly readable: ReadableStream<LinkMessage>;
  send(message: LinkMessage): Promise<void>;
  readonly label: string;
}

export interface LinkMessage {
  readonly topic?: string;
  readonly body: string | Uint8Array;
}

export interface OpenLinkOptions {
  readonly signal: AbortSignal;
  /** For `?baud=auto`: whether a line could be what the driver expects to hear. */
  readonly looksRight?: (line: string) => boolean;
  /** For `?baud=auto`: what to send so that a silent device answers; nothing is sent without it. */
  readonly wakeUp?: string;
}

/** Why a link could not be opened; drivers and `check` decide on this, never on the text. */
export type LinkProblem =
  | "missing"
  | "busy"
  | "no permission"
  | "refused"
  | "unreachable"
  | "bad address"
  | "no answer"
  | "unplugged"
  | "other";

/** The link could not be opened, or broke. The text is for the owner and says what to do where that is known. */
export class LinkLostError extends Error {
  override readonly name = "LinkLostError";
  readonly problem: LinkProblem;

  constructor(message: string, options: { problem: LinkProblem; cause?: unknown }) {
    super(message, { cause: options.cause });
    this.problem = options.problem;
  }
}

/** How addresses are written; drivers check their settings with it. */
export { parseAddress } from "./address.ts";
