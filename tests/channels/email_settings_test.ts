import assert from "node:assert/strict";
import { parseAddress } from "../../src/channels/email/address.ts";
import { mailProviderIds, mailProviders } from "../../src/channels/email/providers.ts";
import { emailSettings, resolveEmail } from "../../src/channels/email/settings.ts";
import { startSmtpServer } from "../support/smtp_server.ts";
import { caFile, delivery, mailSender, never } from "./sending.ts";

function resolve(written: Record<string, unknown>) {
  return resolveEmail(emailSettings.parse({ to: ["owner@example.org"], ...written }));
}

function problemsOf(written: Record<string, unknown>): string {
  const result = emailSettings.safeParse({
    host: "mail.example.org",
    from: "me@example.org",
    to: ["o@example.org"],
    ...written,
  });
  return result.error?.issues.map(({ path, message }) => `${path.join(".")}: ${message}`).join("\n") ?? "";
}

Deno.test("the smallest settings: a provider, who you are, to whom", () => {
  const gmail = resolve({ provider: "gmail", user: "me@gmail.com", password: "abcd efgh ijkl mnop" });
  assert.equal(gmail.host, "smtp.gmail.com");
  assert.equal(gmail.port, 465);
  assert.equal(gmail.tls, "implicit");
  assert.deepEqual(gmail.login, { user: "me@gmail.com", password: "abcdefghijklmnop" });
  assert.deepEqual(gmail.from, { address: "me@gmail.com" });
  assert.match(gmail.passwordHint ?? "", /myaccount\.google\.com\/apppasswords/);
});

Deno.test("museum: 19 an app password with spaces works where the provider shows it so", async () => {
  await using server = await startSmtpServer({
    tls: "starttls",
    login: { user: "me@gmail.com", password: "abcdefghijklmnop" },
  });
  const local = { provider: "gmail", host: "localhost", port: server.port, tls: "starttls", caFile };
  await using sender = mailSender({ ...local, user: "me@gmail.com", password: "abcd efgh ijkl mnop" });
  assert.equal((await sender.send(delivery(), never)).kind, "sent");
});

Deno.test("a password of one's own server keeps its spaces", () => {
  const { login } = resolve({ host: "mail.example.org", user: "me@example.org", password: "correct horse" });
  assert.equal(login?.password, "correct horse");
});

Deno.test("port and tls fill each other in", () => {
  const base = { host: "mail.example.org", from: "me@example.org" };
  const pairs = [{}, { tls: "implicit" }, { tls: "none" }, { port: 465 }, { port: 587 }, { port: 2525 }, {
    port: 25,
    tls: "none",
  }]
    .map((written) => resolve({ ...base, ...written })).map(({ port, tls }) => `${port} ${tls}`);
  assert.deepEqual(pairs, [
    "587 starttls",
    "465 implicit",
    "25 none",
    "465 implicit",
    "587 starttls",
    "2525 starttls",
    "25 none",
  ]);
  assert.equal(resolve({ provider: "gmail", from: "me@gmail.com", tls: "starttls" }).port, 587);
});

Deno.test("some providers want the user in their own way", () => {
  assert.equal(resolve({ provider: "web_de", user: "jo@web.de", password: "x" }).login?.user, "jo");
  assert.equal(resolve({ provider: "sendgrid", from: "a@example.org", password: "SG.x" }).login?.user, "apikey");
});

Deno.test("a recipient named twice gets one mail", () => {
  const { to, cc } = resolve({
    provider: "gmail",
    from: "a@gmail.com",
    to: ["B@x.org", "Bee <b@x.org>"],
    cc: ["b@X.org", "c@x.org"],
  });
  assert.deepEqual([...to, ...cc].map(({ address }) => address), ["B@x.org", "c@x.org"]);
});

const mistakes: readonly [Record<string, unknown>, RegExp][] = [
  [{ host: undefined }, /name the provider or the host/],
  [{ host: "smtp://mail.example.org:587" }, /host must be only a name/],
  [{ provider: "gmial" }, /provider must be one of gmail, workspace_relay/],
  [
    { host: "smtp-mail.outlook.com", user: "me@outlook.com", password: "x" },
    /takes no passwords from programs since September 2024/,
  ],
  [{ provider: "outlook" }, /takes no passwords from programs since September 2024; send through another provider/],
  [{ port: "587" }, /port must be a whole number from 1 to 65535/],
  [{ port: 70_000 }, /port must be/],
  [{ tls: "ssl" }, /tls must be starttls .* implicit .* or none/],
  [{ user: "me@example.org" }, /user needs a password/],
  [{ password: "x" }, /a password needs the user/],
  [{ user: "me", password: "x", from: undefined }, /from must be given, because user is no mail address/],
  [{ from: "me" }, /from must be a mail address, like/],
  [{ to: [] }, /to must name at least one/],
  [{ to: "o@example.org" }, /to must be a list: \[me@example\.org\]/],
  [{ to: ["o@example.org\r\nBcc: e@x.org"] }, /to must be a mail address/],
  [{ fingerprint256: "AA:BB" }, /32 pairs/],
  [{ tls: "none", caFile: "/x" }, /tls: none checks no certificate/],
];

Deno.test("every mistake in the settings says what is allowed", () => {
  assert.equal(problemsOf({}), "");
  for (const [written, says] of mistakes) assert.match(problemsOf(written), says, JSON.stringify(written));
});

Deno.test("each provider has a host, a usual port and a way to a password", () => {
  for (const id of mailProviderIds) {
    const { host, port, tls, passwordHint } = mailProviders[id];
    assert.match(host, /^[a-z\d.-]+$/);
    assert([465, 587, 1025].includes(port), id);
    assert.equal(port === 465, tls === "implicit", id);
    assert(passwordHint.length > 20, id);
  }
});

Deno.test("addresses as owners write them", () => {
  assert.deepEqual(parseAddress("me@example.org"), { address: "me@example.org" });
  assert.deepEqual(parseAddress('"Printers, all" <me@example.org>'), {
    name: "Printers, all",
    address: "me@example.org",
  });
  assert.deepEqual(parseAddress("jürgen@bücher.example"), { address: "jürgen@xn--bcher-kva.example" });
  for (
    const text of [
      "",
      "me",
      "@x",
      "a@",
      "a b@x.org",
      "a@b@c",
      "<a@b>c",
      "a@x\n.org",
      "a@x/y",
      "x".repeat(250) + "@x.org",
    ]
  ) {
    assert.equal(parseAddress(text), undefined, text);
  }
});
