import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { answerChallenge, fetchWithLogin, LoginMemory } from "../../src/protocols/http_login.ts";

const login = { user: "Mufasa", password: "Circle Of Life" };
const url = "http://www.nowhere.org/dir/index.html";

Deno.test("answerChallenge() answers the example of RFC 2617", () => {
  const answer = answerChallenge(
    'Digest realm="testrealm@host.com", qop="auth,auth-int", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", opaque="5ccc069c403ebaf9f0171e9517f40e41"',
    { login, url, method: "GET", clientNonce: "0a4f113b" },
  );
  assert.match(answer ?? "", /response="6629fae49393a05397450978507c4ef1"/);
  assert.match(answer ?? "", /opaque="5ccc069c403ebaf9f0171e9517f40e41"/);
});

Deno.test("answerChallenge() answers without qop as RFC 2069 says", () => {
  const answer = answerChallenge('Digest realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093"', {
    login: { user: "Mufasa", password: "CircleOfLife" },
    url,
    method: "GET",
  });
  assert.match(answer ?? "", /response="1949323746fe6a43ef61f9606e7febea"/);
  assert.doesNotMatch(answer ?? "", /qop|nc=/);
});

Deno.test("answerChallenge() answers SHA-256, checked against Python's hashlib", () => {
  const answer = answerChallenge(
    'Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=SHA-256, nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"',
    {
      login: { user: "Mufasa", password: "Circle of Life" },
      url: "http://www.example.org/dir/index.html",
      method: "GET",
      clientNonce: "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzQpusqGemxURZJ",
    },
  );
  assert.match(answer ?? "", /response="1bd0ed244237f1816222f5037e32bc0216cde33ebbbbb4135857c9f356f678b1"/);
});

Deno.test("answerChallenge() prefers Digest to Basic, and knows when it knows neither", () => {
  assert.match(
    answerChallenge('Basic realm="a, b", Digest realm="c", nonce="1"', { login, url, method: "GET" }) ?? "",
    /^Digest/,
  );
  assert.equal(
    answerChallenge('Basic realm="cam"', { login: { user: "ä", password: "ß" }, url, method: "GET" }),
    "Basic w6Q6w58=",
  );
  assert.equal(answerChallenge("Negotiate", { login, url, method: "GET" }), undefined);
});

Deno.test("fetchWithLogin() answers a real 401, and leaves a second one to the caller", async () => {
  const seen: (string | null)[] = [];
  await using server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, (request) => {
    const authorization = request.headers.get("authorization");
    seen.push(authorization);
    if (authorization?.startsWith("Digest") && request.url.endsWith("/good")) return new Response("picture");
    return new Response("no", {
      status: 401,
      headers: { "www-authenticate": 'Digest realm="cam", nonce="n1", qop="auth"' },
    });
  });
  const signal = new AbortController().signal;
  const at = (path: string) => `http://127.0.0.1:${server.addr.port}${path}`;
  const options = { login: { kind: "password", ...login } as const, signal };
  assert.equal(await (await fetchWithLogin(fetch, at("/good"), options)).text(), "picture");
  const refused = await fetchWithLogin(fetch, at("/bad"), options);
  await refused.body?.cancel();
  assert.equal(refused.status, 401);
  assert.equal(seen.length, 4);
});

const md5 = (text: string) => createHash("md5").update(text).digest("hex");

/** What a server computes of an `Authorization` for itself, from its own password; by RFC 7616, written anew. */
function isRightDigest(
  authorization: string,
  { method, password, realm }: Record<"method" | "password" | "realm", string>,
) {
  const field = (name: string) => new RegExp(`\\b${name}="?([^",]*)"?`).exec(authorization)?.[1] ?? "";
  const secret = md5(`${field("username")}:${realm}:${password}`);
  const isSession = field("algorithm").toLowerCase() === "md5-sess";
  const a1 = isSession ? md5(`${secret}:${field("nonce")}:${field("cnonce")}`) : secret;
  const a2 = md5(`${method}:${field("uri")}`);
  const middle = field("qop") ? [field("nonce"), field("nc"), field("cnonce"), field("qop")] : [field("nonce")];
  return field("response") === md5([a1, ...middle, a2].join(":"));
}

/** The three dialects of PrusaLink and of cameras; the server checks nonce, count and response. */
const dialects = {
  "RFC 2069, as Buddy printers ask": 'Digest realm="R", nonce="NONCE", stale=false',
  "MD5 with qop": 'Digest realm="R", qop="auth", nonce="NONCE", opaque="o"',
  "MD5-sess, as PrusaLink on a Pi asks": 'Digest realm="R",qop="auth",algorithm="MD5-sess",nonce="NONCE",opaque="o"',
};

for (const [dialect, challenge] of Object.entries(dialects)) {
  Deno.test(`fetchWithLogin() with a memory needs one request for each poll: ${dialect}`, async () => {
    let nonce = "n1";
    const statuses: number[] = [];
    const counts: string[] = [];
    await using server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, (request) => {
      const authorization = request.headers.get("authorization") ?? "";
      const isCurrent = authorization.includes(`nonce="${nonce}"`);
      const isRight = isCurrent && isRightDigest(authorization, { method: "GET", password: "secret", realm: "R" });
      counts.push(/nc=(\w+)/.exec(authorization)?.[1] ?? "");
      statuses.push(isRight ? 200 : 401);
      if (isRight) return new Response("fine");
      const stale = authorization ? ", stale=true" : "";
      return new Response("no", {
        status: 401,
        headers: { "www-authenticate": challenge.replace("NONCE", nonce).replace(", stale=false", "") + stale },
      });
    });
    const url = `http://127.0.0.1:${server.addr.port}/api/v1/status?a=b`;
    const memory = new LoginMemory();
    const poll = async (password = "secret") => {
      const login = { kind: "password", user: "maker", password } as const;
      const response = await fetchWithLogin(fetch, url, { login, signal: new AbortController().signal, memory });
      await response.body?.cancel();
      return response.status;
    };
    for (let number = 0; number < 3; number++) assert.equal(await poll(), 200);
    assert.deepEqual(statuses, [401, 200, 200, 200]);
    if (challenge.includes("qop")) assert.deepEqual(counts, ["", "00000001", "00000002", "00000003"]);
    nonce = "n2"; // stale: asked once more, then remembered
    for (let number = 0; number < 2; number++) assert.equal(await poll(), 200);
    assert.deepEqual(statuses.slice(4), [401, 200, 200]);
    assert.equal(await poll("wrong"), 401);
    assert.equal(await poll(), 200);
    assert.deepEqual(statuses.slice(7), [401, 401, 401, 200]);
  });
}
