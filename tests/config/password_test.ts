/** The page's password as a hash, and secrets.yaml as it is written. */
import assert from "node:assert/strict";
import { join } from "node:path";
import fc from "fast-check";
import { hashPassword, isPasswordHash, verifyPassword, writeSecret } from "../../src/config/password.ts";
import { load, temporaryFolder, write } from "./support.ts";

Deno.test("verifyPassword() knows the password it was made of, and no other", async () => {
  const hash = await hashPassword("öpen sesame");
  assert.match(hash, /^scrypt:32768:8:1:[A-Za-z0-9+/]{22}==:[A-Za-z0-9+/]{43}=$/);
  assert.ok(isPasswordHash(hash));
  assert.equal(await verifyPassword("öpen sesame", hash), true);
  assert.equal(await verifyPassword("o\u0308pen sesame", hash), true); // typed on another keyboard
  for (const wrong of ["", "open sesame", "öpen sesame ", "x".repeat(2000)]) {
    assert.equal(await verifyPassword(wrong, hash), false, wrong.slice(0, 20));
  }
  assert.notEqual(await hashPassword("öpen sesame"), hash);
});

const noHashes = [
  "",
  "open sesame",
  "scrypt:32768:8:1:c2FsdA==:aGFzaA==",
  `scrypt:32767:8:1:${"A".repeat(24)}:${"A".repeat(44)}`,
  `scrypt:99999999:8:1:${"A".repeat(24)}:${"A".repeat(44)}`,
  `scrypt:1048576:8:1:${"A".repeat(24)}:${"A".repeat(44)}`,
  `scrypt:32768:0:1:${"A".repeat(24)}:${"A".repeat(44)}`,
];
for (const text of noHashes) {
  Deno.test(`isPasswordHash() refuses ${JSON.stringify(text.slice(0, 30))}`, async () => {
    assert.equal(isPasswordHash(text), false);
    assert.equal(await verifyPassword("", text), false);
  });
}

Deno.test("writeSecret() makes the file, for its owner only", async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "secrets.yaml");
  await writeSecret(path, "page_password", "scrypt:1:2");
  assert.equal(
    await Deno.readTextFile(path),
    '# Secrets of filagram.yaml, which names them: password: !secret NAME\n\npage_password: "scrypt:1:2"\n',
  );
  assert.equal((await Deno.stat(path)).mode! & 0o777, 0o600);
});

Deno.test("writeSecret() replaces one secret and keeps the others and the comments", async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "secrets.yaml");
  const before = "# top\nmail: abcd efgh # from the provider\n\n# the page\npage: old # changed in May\nlast: 0123\n";
  await write(path, before, 0o640);
  await writeSecret(path, "page", "new: value");
  await writeSecret(path, "added", "0042");
  const after = await Deno.readTextFile(path);
  assert.ok(after.startsWith('# top\nmail: abcd efgh # from the provider\n\n# the page\npage: "new: value"'), after);
  assert.ok(after.includes("# changed in May") && after.endsWith('last: 0123\nadded: "0042"\n'), after);
  assert.equal((await Deno.stat(path)).mode! & 0o777, 0o600);
  assert.deepEqual([...Deno.readDirSync(folder.path)].map(({ name }) => name), ["secrets.yaml"]);
});

Deno.test("writeSecret() leaves a broken file as it is, and follows a link", async () => {
  await using folder = await temporaryFolder();
  const [broken, linked, link] = ["broken.yaml", "linked.yaml", "secrets.yaml"].map((name) => join(folder.path, name));
  assert.ok(broken && linked && link);
  for (const text of ["a: [", "- list\n"]) {
    await write(broken, text, 0o600);
    await assert.rejects(writeSecret(broken, "a", "b"), /is not as it should be/);
    assert.equal(await Deno.readTextFile(broken), text);
  }
  await assert.rejects(writeSecret(broken, "a: b", "c"), /use letters/);
  await write(linked, "a: b\n", 0o600);
  await Deno.symlink(linked, link);
  await writeSecret(link, "a", "c");
  assert.equal(await Deno.readTextFile(linked), 'a: "c"\n');
  assert.ok((await Deno.lstat(link)).isSymlink);
});

Deno.test("what writeSecret() writes, loadSettings() reads", async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "secrets.yaml");
  await fc.assert(
    fc.asyncProperty(fc.string({ minLength: 1, unit: "binary" }), async (value) => {
      await writeSecret(path, "it", value);
      const yaml = "printers: [{ name: a, driver: other, mode: local, host: !secret it }]\nchannels: []\n";
      const { result, lines } = await load({ yaml, secrets: await Deno.readTextFile(path) });
      assert.equal(result.kind, "ok", lines.join());
    }),
    { numRuns: 50 },
  );
});
