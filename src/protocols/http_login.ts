/**
 * HTTP logins that `fetch` does not know: Basic or Digest, whichever the server asks for, and Bearer.
 * Digest: RFC 7616 and RFC 2617 (`qop=auth`), RFC 2069 (without `qop`); MD5, MD5-sess, SHA-256, SHA-256-sess.
 */
import { createHash, randomBytes } from "node:crypto";

export type HttpLogin =
  | { readonly kind: "password"; readonly user: string; readonly password: string }
  | { readonly kind: "token"; readonly token: string };

/**
 * What one server asked for last. Handed to each request, it makes a poll one request instead of two: the login goes
 * along until the server wants it anew (a Digest nonce lives some minutes).
 */
export class LoginMemory {
  #asked: { readonly challenge: string; readonly clientNonce: string; uses: number } | undefined;

  /** The login that the server will want, as far as is known. */
  answer(request: Asked): string | undefined {
    if (!this.#asked) return undefined;
    const { challenge, clientNonce } = this.#asked;
    return answerChallenge(challenge, { ...request, clientNonce, use: ++this.#asked.uses });
  }

  /** The server asks, for the first time or because its nonce is stale. */
  learn(challenge: string): void {
    // One client nonce for one server nonce: what MD5-sess is made of must not change between requests.
    this.#asked = { challenge, clientNonce: newClientNonce(), uses: 0 };
  }

  /** The login was refused: the next request asks anew. */
  forget(): void {
    this.#asked = undefined;
  }
}

interface Asked {
  readonly login: { readonly user: string; readonly password: string };
  readonly url: string;
  readonly method: string;
}

/** Fetches; answers one 401 with the login it asks for. The last answer comes back, whatever it is. */
export async function fetchWithLogin(
  fetch: typeof globalThis.fetch,
  url: string,
  { login, signal, method = "GET", headers: own = {}, memory = new LoginMemory(), redirect = "follow" }: {
    login?: HttpLogin;
    signal: AbortSignal;
    method?: "GET" | "HEAD";
    headers?: Readonly<Record<string, string>>;
    memory?: LoginMemory;
    /** `manual` where `headers` hold a key: other than the login, they would go along to another host. */
    redirect?: "follow" | "manual";
  },
): Promise<Response> {
  const request = (headers: Record<string, string>) =>
    fetch(url, { method, headers: { ...own, ...headers }, signal, redirect });
  if (login?.kind === "token") return await request({ authorization: `Bearer ${login.token}` });
  if (!login) return await request({});
  const asked = { login, url, method };
  const known = memory.answer(asked);
  const first = await request(known === undefined ? {} : { authorization: known });
  if (first.status !== 401) return first;
  memory.learn(first.headers.get("www-authenticate") ?? "");
  const authorization = memory.answer(asked);
  if (authorization === undefined) return first;
  await first.body?.cancel();
  const second = await request({ authorization });
  if (second.status === 401) memory.forget();
  return second;
}

/** The `Authorization` that answers a `WWW-Authenticate`; undefined when it asks for something unknown. */
export function answerChallenge(
  challenge: string,
  { login, url, method, clientNonce = newClientNonce(), use = 1 }: Asked & {
    readonly clientNonce?: string;
    /** Which use of this nonce, from 1. */
    readonly use?: number;
  },
): string | undefined {
  const offers = splitChallenges(challenge);
  const digest = offers.filter(({ scheme }) => scheme === "digest").find(({ fields }) => hashName(fields["algorithm"]));
  if (digest) {
    const { pathname, search } = new URL(url);
    return digestAnswer(digest.fields, { login, uri: pathname + search, method, clientNonce, use });
  }
  if (offers.some(({ scheme }) => scheme === "basic")) {
    const bytes = new TextEncoder().encode(`${login.user}:${login.password}`);
    return `Basic ${bytes.toBase64()}`;
  }
  return undefined;
}

function newClientNonce(): string {
  return randomBytes(8).toString("hex");
}

function digestAnswer(
  fields: Readonly<Record<string, string>>,
  { login, uri, method, clientNonce, use }: {
    login: { readonly user: string; readonly password: string };
    uri: string;
    method: string;
    clientNonce: string;
    use: number;
  },
): string {
  const algorithm = fields["algorithm"] ?? "MD5";
  const hash = (text: string) => createHash(hashName(algorithm) ?? "md5").update(text).digest("hex");
  const { realm = "", nonce = "" } = fields;
  const count = use.toString(16).padStart(8, "0");
  const hasQop = (fields["qop"] ?? "").split(",").map((word) => word.trim()).includes("auth");
  const secret = hash(`${login.user}:${realm}:${login.password}`);
  const a1 = /-sess$/i.test(algorithm) ? hash(`${secret}:${nonce}:${clientNonce}`) : secret;
  const a2 = hash(`${method}:${uri}`);
  const response = hash(hasQop ? [a1, nonce, count, clientNonce, "auth", a2].join(":") : `${a1}:${nonce}:${a2}`);
  const quoted = (text: string) => `"${text.replace(/["\\]/g, "\\$&")}"`;
  const parts = [
    `username=${quoted(login.user)}`,
    `realm=${quoted(realm)}`,
    `nonce=${quoted(nonce)}`,
    `uri=${quoted(uri)}`,
    `response="${response}"`,
    ...(fields["algorithm"] ? [`algorithm=${algorithm}`] : []),
    ...(fields["opaque"] === undefined ? [] : [`opaque=${quoted(fields["opaque"])}`]),
    ...(hasQop ? ["qop=auth", `nc=${count}`] : []),
    ...(hasQop || /-sess$/i.test(algorithm) ? [`cnonce="${clientNonce}"`] : []),
  ];
  return `Digest ${parts.join(", ")}`;
}

function hashName(algorithm = "MD5"): "md5" | "sha256" | undefined {
  const name = algorithm.toLowerCase().replace(/-sess$/, "");
  return name === "md5" ? "md5" : name === "sha-256" ? "sha256" : undefined;
}

interface Challenge {
  readonly scheme: string;
  readonly fields: Readonly<Record<string, string>>;
}

/** `Digest realm="a, b", nonce=…, Basic realm=…` has commas between fields, between challenges and inside quotes. */
function splitChallenges(header: string): Challenge[] {
  const found: { scheme: string; fields: Record<string, string> }[] = [];
  for (const match of header.matchAll(/([\w-]+)(?:\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,]+)))?/g)) {
    const [, name = "", quoted, bare] = match;
    const value = quoted?.replace(/\\(.)/g, "$1") ?? bare;
    if (value === undefined) found.push({ scheme: name.toLowerCase(), fields: {} });
    else {
      const last = found.at(-1);
      if (last) last.fields[name.toLowerCase()] = value;
    }
  }
  return found;
}
