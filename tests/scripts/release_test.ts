import assert from "node:assert/strict";
import { changelogSection, makeManifest } from "../../scripts/make_release.ts";
import { importedPackages, type Lock, makeSbom } from "../../scripts/make_sbom.ts";
import { releaseKey } from "../../src/update/release.ts";
import { parse } from "yaml";
import { parseKey } from "../../src/update/minisign.ts";

const root = new URL("../../", import.meta.url);
const lock: Lock = JSON.parse(Deno.readTextFileSync(new URL("deno.lock", root)));
const options = { version: "1.2.3", denoVersion: "2.9.5", imported: importedPackages(root) };

Deno.test("the bill of materials names every locked package once, with its hash and whether it is shipped", () => {
  const { components, dependencies } = makeSbom(lock, options);
  assert.equal(components.length, Object.keys(lock.npm).length + 1);
  assert.equal(new Set(components.map((one) => one["bom-ref"])).size, components.length);
  const scope = (name: string) => components.find((one) => one.name === name)?.scope;
  for (const name of ["deno", "nodemailer", "hono", "zod", "yaml", "commander"]) {
    assert.equal(scope(name), "required", name);
  }
  for (const name of ["esbuild", "fast-check", "playwright-core"]) assert.equal(scope(name), "excluded", name);
  for (const { type, hashes } of components) {
    assert.ok(type === "platform" || /^[0-9a-f]{128}$/.test(hashes?.[0]?.content ?? ""));
  }
  const refs = new Set(components.map((one) => one["bom-ref"]));
  for (const { dependsOn } of dependencies) for (const ref of dependsOn) assert.ok(refs.has(ref), ref);
  assert.ok(components.some(({ purl }) => purl === "pkg:npm/%40esbuild/linux-x64@0.28.2"));
});

Deno.test("the bill of materials is the same for the same lock file", () =>
  assert.equal(JSON.stringify(makeSbom(lock, options)), JSON.stringify(makeSbom(lock, options))));

Deno.test("changelogSection() takes the section of a version, and wants its date", () => {
  const changelog = "# What changed\n\n## 0.2.0, 2026-12-01\n\n- two\n\n## 0.1.0, not released yet\n\n- one\n";
  assert.equal(changelogSection(changelog, "0.2.0"), "- two");
  assert.throws(() => changelogSection(changelog, "0.1.0"), /has no date/);
  assert.throws(() => changelogSection(changelog, "0.3.0"), /has no section/);
});

Deno.test("the changelog has a section for the present version", () => {
  const { version } = JSON.parse(Deno.readTextFileSync(new URL("deno.json", root)));
  const changelog = Deno.readTextFileSync(new URL("CHANGELOG.md", root));
  assert.match(changelog, new RegExp(`^## ${version.replaceAll(".", "\\.")}, `, "m"));
});

Deno.test("makeManifest() wants both files and names size and hash of each", async () => {
  const folder = await Deno.makeTempDir({ prefix: "filagram-dist-" });
  await using _folder = { [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }) };
  Deno.writeTextFileSync(`${folder}/filagram-1.2.3-linux-x64`, "abc");
  assert.throws(() => makeManifest(folder, "1.2.3"), Deno.errors.NotFound);
  Deno.writeTextFileSync(`${folder}/filagram-1.2.3-linux-arm64`, "");
  const { files } = JSON.parse(makeManifest(folder, "1.2.3"));
  assert.deepEqual(files["linux-x64"], {
    name: "filagram-1.2.3-linux-x64",
    bytes: 3,
    sha256: "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
  });
});

Deno.test("the key in the program is none yet, or a key", () => assert.ok(releaseKey === "" || parseKey(releaseKey)));

Deno.test("the release workflow runs tasks and scripts that exist, and uploads what they write", () => {
  const text = Deno.readTextFileSync(new URL(".github/workflows/release.yml", root));
  const { jobs } = parse(text);
  assert.deepEqual(Object.keys(jobs), ["test", "release"]);
  const commands = jobs.release.steps.map(({ run = "" }: { run?: string }) => run).join("\n");
  const { tasks } = JSON.parse(Deno.readTextFileSync(new URL("deno.json", root)));
  for (const [, task] of commands.matchAll(/deno task (\S+)/g)) assert.ok(task in tasks, task);
  for (const [path] of commands.matchAll(/scripts\/\w+\.\w+/g)) assert.ok(Deno.statSync(new URL(path, root)).isFile);
  assert.ok(commands.indexOf("minisign -S") < commands.indexOf("gh release create"));
});
