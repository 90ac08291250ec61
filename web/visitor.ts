/**
 * Who asks, as the listener knows it: told beside the request, never in a header that a client could write.
 */
import type { Context } from "hono";

export interface Visitor {
  /** The request came through the control socket: only the owner can open that file. */
  readonly isOwner?: true;
  /** The other end's IP address; absent inside the process. */
  readonly address?: string;
  /** Aborts when the listener stops: streams end then. */
  readonly ending?: AbortSignal;
}

export interface WebEnv {
  Bindings: Visitor;
  Variables: {
    /** What a form of this page must send back. */
    token: string;
    /** Whether there is a session to end. */
    hasSession: boolean;
  };
}

export type WebContext = Context<WebEnv>;

/** Inside the process (tests) nobody hands a visitor over. */
export function visitorOf(c: WebContext): Visitor {
  return (c.env as Visitor | undefined) ?? {};
}

const neverEnds = new AbortController().signal;

export function endingOf(c: WebContext): AbortSignal {
  return visitorOf(c).ending ?? neverEnds;
}
