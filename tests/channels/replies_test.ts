import assert from "node:assert/strict";
import fc from "fast-check";
import { loginWaitSeconds, resultOf } from "../../src/channels/email/replies.ts";
import { parseReply, type ReplyContext, SmtpTrouble, type Stage } from "../../src/channels/email/trouble.ts";

const context: ReplyContext = {
  host: "mail.example.org",
  port: 587,
  user: "me@example.org",
  from: "me@example.org",
  recipient: "owner@example.org",
  hasPictures: true,
  refusedLogins: 1,
  isClockSet: true,
};

function resultOfReply(response: string, stage: Stage, changes: Partial<ReplyContext> = {}) {
  const reply = parseReply(response);
  assert(reply, response);
  return resultOf(new SmtpTrouble(stage, { reply }), { ...context, ...changes });
}

/** Replies as providers send them, with the class they must end in. */
const replies: readonly [string, Stage, string][] = [
  [
    "535-5.7.8 Username and Password not accepted. For more information, go to\n535 5.7.8  https://support.example",
    "login",
    "retry 900",
  ],
  ["535 5.7.139 Authentication unsuccessful, basic authentication is disabled.", "login", "retry 900"],
  ["534-5.7.9 Application-specific password required.", "login", "retry 900"],
  ["535 Incorrect authentication data", "login", "retry 900"],
  ["550 5.7.1 not allowed to log in", "login", "retry 900"],
  ["454 4.7.0 Temporary authentication failure", "login", "retry 300"],
  ["421 4.7.0 Try again later, closing connection.", "login", "retry 900"],
  ["421 Service not available", "greeting", "retry 60"],
  ["530 5.7.0 Must issue a STARTTLS command first", "sender", "retry 900"],
  ["538 5.7.11 Encryption required", "login", "retry 900"],
  ["550 5.4.5 Daily user sending limit exceeded.", "sender", "retry 10800"],
  ["553 5.1.8 sender domain", "sender", "retry 3600"],
  ["450 4.2.0 Greylisted", "recipient", "retry 300"],
  ["450 4.1.8 <me@example.org>: Sender address rejected: Domain not found", "sender", "retry 3600"],
  ["450 4.7.25 Client host rejected: cannot find your hostname", "recipient", "retry 3600"],
  ["451 4.3.0 problem", "answer", "retry 300"],
  ["452 4.2.2 over quota", "recipient", "retry 1800"],
  ["452 4.3.1 Insufficient system storage", "sender", "retry 1800"],
  ["454 4.7.1 <owner@example.org>: Relay access denied", "recipient", "retry 900"],
  ["452 4.5.3 too many recipients", "recipient", "retry 1800"],
  ["431 4.9.9 what", "answer", "retry 300"],
  ["503 bad sequence", "recipient", "retry undefined"],
  ["550 5.1.1 no such user", "recipient", "rejected"],
  ["550 5.7.1 relaying denied", "recipient", "rejected"],
  ["554 5.7.1 spam", "answer", "rejected"],
  ["552 5.3.4 too big", "answer", "tooLarge"],
  ["552 5.2.2 mailbox full", "recipient", "tooLarge"],
  ["554 5.2.3 exceeds the limit", "answer", "tooLarge"],
  ["250 fine", "login", "retry undefined"],
];

Deno.test("each reply of a mail server ends in its class", () => {
  for (const [response, stage, expected] of replies) {
    const result = resultOfReply(response, stage);
    assert.equal(result.kind === "retry" ? `retry ${result.afterSeconds}` : result.kind, expected, response);
  }
});

Deno.test("a mail without pictures that is too large is rejected, not sent again as it is", () => {
  assert.equal(resultOfReply("552 5.3.4 too big", "answer", { hasPictures: false }).kind, "rejected");
});

Deno.test("the provider's own way to a password is in the sentence", () => {
  const passwordHint = "make an app password at myaccount.google.com/apppasswords";
  const result = resultOfReply("535 5.7.8 no", "login", { passwordHint });
  assert(result.kind === "retry" && result.reason.includes(passwordHint));
});

const stages: readonly Stage[] = ["greeting", "tls", "login", "sender", "recipient", "body", "answer"];

Deno.test("any reply ends in one line, and its prose decides nothing", () => {
  const code = fc.integer({ min: 400, max: 599 });
  const enhanced = fc.option(fc.tuple(fc.integer({ min: 0, max: 7 }), fc.integer({ min: 0, max: 140 })));
  fc.assert(fc.property(code, enhanced, fc.constantFrom(...stages), fc.string(), (code, detail, stage, text) => {
    const codes = `${code}${detail ? ` ${Math.floor(code / 100)}.${detail.join(".")}` : ""}`;
    const [one, other] = [resultOfReply(`${codes} ok`, stage), resultOfReply(`${codes} x${text}`, stage)];
    const verdict = (result: typeof one) => [result.kind, result.kind === "retry" && result.afterSeconds];
    assert.deepEqual(verdict(one), verdict(other));
    assert(one.kind !== "sent" && one.reason.length > 20 && !/[\r\n]|undefined/.test(one.reason));
    assert.equal(one.kind === "uncertain", false, "a reply is an answer");
  }));
});

Deno.test("waits after refused logins grow from 15 minutes to 8 hours", () => {
  assert.deepEqual([1, 2, 3, 6, 50].map((times) => loginWaitSeconds(times) / 60), [15, 30, 60, 480, 480]);
});
