/**
 * `filagram check` and `test` as processes with the program's own permissions, against servers whose certificates are not in order.
 */
import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { localhostCertificate, startSmtpServer } from "../support/smtp_server.ts";
import { makeWorkshop } from "../support/filagram.ts";

const options = { sanitizeOps: false, sanitizeResources: false };
const login = { user: "me", password: "planted-secret-word" };
const { fingerprint256 } = new X509Certificate(localhostCertificate.certificate);

for (const tls of ["starttls", "implicit"] as const) {
  const channel = (port: number, more: string) =>
    `printers: [{ name: P, driver: simulated }]
channels: [{ name: mail, type: email, host: localhost, port: ${port}, tls: ${tls}, user: me, password: !secret word, to: [b@example.org], from: a@example.org${more} }]
`;

  Deno.test(
    `check, ${tls}: an untrusted certificate is told with its fingerprint, and the command ends`,
    options,
    async () => {
      await using workshop = await makeWorkshop();
      await using server = await startSmtpServer({ tls, login });
      await workshop.write(channel(server.port, ""), `word: ${login.password}\n`);
      const { code, stdout, stderr } = await workshop.run("check");
      assert.equal(code, 1);
      assert.ok(stdout.includes(fingerprint256), stdout + stderr);
      assert.deepEqual(server.logins, [], "nobody logged in");
      assert.ok(!(stdout + stderr).includes(login.password));
    },
  );

  Deno.test(`check and test, ${tls}: a pinned certificate is trusted`, options, async () => {
    await using workshop = await makeWorkshop();
    await using server = await startSmtpServer({ tls, login });
    await workshop.write(channel(server.port, `, fingerprint256: "${fingerprint256}"`), `word: ${login.password}\n`);
    const check = await workshop.run("check");
    assert.equal(check.code, 0, check.stdout + check.stderr);
    const test = await workshop.run("test");
    assert.equal(test.code, 0, test.stdout + test.stderr);
    assert.equal(server.mails.length, 1);
  });

  Deno.test(`check, ${tls}: a wrong password is one sentence`, options, async () => {
    await using workshop = await makeWorkshop();
    await using server = await startSmtpServer({ tls, login });
    await workshop.write(channel(server.port, `, fingerprint256: "${fingerprint256}"`), "word: not-the-password\n");
    const { code, stdout } = await workshop.run("check");
    assert.equal(code, 1);
    assert.match(stdout, /✗ login: .*password/);
    assert.ok(!stdout.includes("not-the-password"));
  });
}
