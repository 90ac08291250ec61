/**
 * Who is logged in. Only hashes are kept, only in memory: a restart logs everybody out.
 */
import { createHash, createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { type Moment, secondsBetween } from "../src/domain/moment.ts";

export const sessionSeconds = 30 * 24 * 3600;
/** More than a household needs; the oldest makes room. */
const maxSessions = 100;

interface Session {
  readonly openedAt: Moment;
  /** The password it was opened with: another one ends it. */
  readonly passwordHash: string;
}

export class Sessions {
  readonly #sessions = new Map<string, Session>();
  readonly #formKey = randomBytes(32);

  /** The secret of a new session, for its cookie. */
  open(passwordHash: string, now: Moment): string {
    const secret = randomBytes(32).toString("base64url");
    const [oldest] = this.#sessions.keys();
    if (this.#sessions.size >= maxSessions && oldest !== undefined) this.#sessions.delete(oldest);
    this.#sessions.set(keyOf(secret), { openedAt: now, passwordHash });
    return secret;
  }

  isOpen(secret: string, passwordHash: string, now: Moment): boolean {
    const key = keyOf(secret);
    const session = this.#sessions.get(key);
    if (!session) return false;
    const isOld = (secondsBetween(session.openedAt, now) ?? Infinity) >= sessionSeconds;
    if (!isOld && session.passwordHash === passwordHash) return true;
    this.#sessions.delete(key);
    return false;
  }

  close(secret: string): void {
    this.#sessions.delete(keyOf(secret));
  }

  /** What the forms of this session's pages must send back; of nobody's session without a secret. */
  formToken(secret = ""): string {
    return createHmac("sha256", this.#formKey).update(secret).digest("base64url");
  }

  isFormToken(token: string, secret = ""): boolean {
    return timingSafeEqual(hashOf(token), hashOf(this.formToken(secret)));
  }
}

function hashOf(text: string): Uint8Array {
  return createHash("sha256").update(text).digest();
}

function keyOf(secret: string): string {
  return createHash("sha256").update(secret).digest("hex");
}
