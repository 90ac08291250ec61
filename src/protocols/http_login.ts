/**
 * HTTP logins that `fetch` does not know: Basic or Digest, whichever the server asks for, and Bearer.
 * Digest: RFC 7616 and RFC 2617 (`qop=auth`), RFC 2069 (without `qop`); MD5, MD5-sess, SHA-256, SHA-256-sess.
 */
import { createHash, randomBytes } from "node:crypto";

export type HttpLogin =
  | { readonly kind: "password"; readonly user: string; readonly password: string }
  | { readonly kind: "token"; readonly token: string };

/** Fetches; answers one 401 with the login it asks for. The last answer comes back, whatever it is. */
export async function fetchWithLogin(
  fetch: typeof globalThis.fetch,
  url: string,
  { login, signal, method = "GET", headers: own = {} }: {
    login?: HttpLogin;
    signal: AbortSignal;
    method?: "GET" | "HEAD";
    headers?: Readonly<Record<string, string>>;
  },
): Promise<Response> {
  const request = (headers: Record<string, string>) =>
    fetch(url, { method, headers: { ...own, ...headers }, signal, redirect: "follow" });
  if (login?.kind === "token") return await request({ authorization: `Bearer ${login.token}` });
  const first = await request({});
  if (first.status !== 401 || !login) return first;
  const authorization = answerChallenge(first.headers.get("www-authenticate") ?? "", { login, url, method });
  if (authorization === undefined) return first;
  await first.body?.cancel();
  return await request({ authorization });
}

/** The `Authorization` that answers a `WWW-Authenticate`; undefined when it asks for something unknown. */
export function answerChallenge(
  challenge: string,
  { login, url, method, clientNonce = randomBytes(8).toString("hex") }: {
    login: { readonly user: string; readonly password: string };
    url: string;
    method: string;
    clientNonce?: string;
  },
): string | undefined {
  const offers = splitChallenges(challenge);
  const digest = offers.filter(({ scheme }) => scheme === "digest").find(({ fields }) => hashName(fields["algorithm"]));
  if (digest) {
    const { pathname, search } = new URL(url);
    return digestAnswer(digest.fields, { login, uri: pathname + search, method, clientNonce });
  }
  if (offers.some(({ scheme }) => scheme === "basic")) {
    const bytes = new TextEncoder().encode(`${login.user}:${login.password}`);
    return `Basic ${bytes.toBase64()}`;
  }
  return undefined;
}

function digestAnswer(
  fields: Readonly<Record<string, string>>,
  { login, uri, method, clientNonce }: {
    login: { readonly user: string; readonly password: string };
    uri: string;
    method: string;
    clientNonce: string;
  },
): string {
  const algorithm = fields["algorithm"] ?? "MD5";
  const hash = (text: string) => createHash(hashName(algorithm) ?? "md5").update(text).digest("hex");
  const { realm = "", nonce = "" } = fields;
  const count = "00000001";
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
