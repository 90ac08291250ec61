import assert from "node:assert/strict";
import { plannedRemovals } from "../../src/install/uninstall.ts";
import { installSteps, systemAt } from "../../src/install/steps.ts";
import { programs } from "../../src/install/run_program.ts";
import { places, secretsText, settingsText } from "../../src/install/unit.ts";
import { parse } from "yaml";
import { smallestSecrets, smallestSettings } from "../../src/config/find_settings.ts";
import denoJson from "../../deno.json" with { type: "json" };
import { makeWorkshop, type Workshop } from "../support/filagram.ts";

const whyNot = Deno.uid() !== 0
  ? "wants root"
  : isThere(programs.useradd)
  ? undefined
  : "no useradd: wants shadow-utils, Debian's passwd";
const named = (name: string) => whyNot ? `${name} (${whyNot})` : name;

function isThere(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}

/** A root with the accounts of a fresh Debian, and what an owner would install. */
async function makeRoot({ folder }: Workshop): Promise<{ root: string; binary: string }> {
  const root = `${folder}/root`;
  await Deno.mkdir(`${root}/etc`, { recursive: true });
  await Deno.writeTextFile(`${root}/etc/passwd`, "root:x:0:0:root:/root:/bin/bash\n");
  await Deno.writeTextFile(`${root}/etc/group`, "root:x:0:\ntty:x:5:\ndialout:x:20:\n");
  const binary = `${folder}/downloaded`;
  await Deno.writeTextFile(binary, "#!/bin/sh\necho 1\n");
  return { root, binary };
}

async function tree(root: string, folder = ""): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for await (const { name, isDirectory } of Deno.readDir(root + folder)) {
    const path = `${folder}/${name}`;
    const { mode, uid, gid } = await Deno.lstat(root + path);
    found[path] = `${((mode ?? 0) & 0o7777).toString(8)} ${uid}:${gid}`;
    if (isDirectory) Object.assign(found, await tree(root, path));
  }
  return found;
}

Deno.test({
  name: named(
    "install lays down binary, user, settings, unit, rule and man page; the second time it finds nothing to do",
  ),
  ignore: whyNot !== undefined,
  async fn() {
    await using workshop = await makeWorkshop();
    const { root, binary } = await makeRoot(workshop);
    const install = () => workshop.run("install", "--root", root, "--binary", binary);
    const first = await install();
    assert.equal(first.code, 0, first.stderr);
    const [, , uid, gid] = /^filagram:([^:]*):(\d+):(\d+):/m.exec(await Deno.readTextFile(`${root}/etc/passwd`)) ?? [];
    const there = await tree(root);
    assert.equal(there[places.binary], "755 0:0");
    assert.equal(there[places.settingsFolder], `750 ${uid}:${gid}`);
    assert.equal(there[places.settings], `600 ${uid}:${gid}`);
    assert.equal(there[places.secrets], `600 ${uid}:${gid}`);
    for (const path of [places.unit, places.udevRule, places.manPage]) assert.equal(there[path], "644 0:0");
    assert.match(await Deno.readTextFile(`${root}/etc/group`), /^tty:x:5:filagram\ndialout:x:20:filagram$/m);
    assert.equal(await Deno.readTextFile(root + places.binary), await Deno.readTextFile(binary));

    await Deno.writeTextFile(root + places.settings, "# mine\n");
    await Deno.writeTextFile(binary, "#!/bin/sh\necho 2\n");
    const second = await install();
    assert.equal(second.stderr.match(/^wrote .*$/gm)?.join(), `wrote file ${places.binary} (0755)`);
    assert.equal(await Deno.readTextFile(root + places.settings), "# mine\n");
    assert.match((await install()).stderr, /^All is installed as it should be$/m);
    assert.deepEqual(await tree(root), there);
  },
});

Deno.test({
  name: named("uninstall takes back all but the owner's own, and that too where he says so"),
  ignore: whyNot !== undefined,
  async fn() {
    await using workshop = await makeWorkshop();
    const { root, binary } = await makeRoot(workshop);
    const before = Object.keys(await tree(root));
    const run = async (...args: string[]) => {
      const result = await workshop.run(...args, "--root", root);
      assert.equal(result.code, 0, result.stderr);
      return result;
    };
    await run("install", "--binary", binary);
    await Deno.mkdir(`${root}${places.state}/pictures`, { recursive: true });
    const { stdout } = await run("uninstall", "--dry-run", "--all");
    assert.ok(stdout.includes(`${places.state}\n`) && stdout.includes("user filagram\n"), stdout);
    await run("uninstall");
    const left = Object.keys(await tree(root));
    assert.ok(left.includes(places.secrets) && left.includes(places.state));
    assert.ok(!left.includes(places.binary) && !left.includes(places.unit), left.join("\n"));
    await run("install", "--binary", binary); // the user is there, and the settings
    await Deno.writeTextFile(`${root}${places.binary}.old`, "of an update");
    await run("uninstall", "--all");
    const accounts = await Deno.readTextFile(`${root}/etc/passwd`) + await Deno.readTextFile(`${root}/etc/group`);
    assert.ok(!accounts.includes("filagram"), accounts);
    const files = Object.keys(await tree(root)).filter((path) => /filagram/.test(path) && !before.includes(path));
    assert.deepEqual(files, []);
    await run("uninstall", "--all"); // nothing is there, and nothing is wrong with that
    await run("install", "--binary", binary); // and back again
  },
});

Deno.test({
  name: named("uninstall on a terminal asks whether settings and state go, too, and does as it is told"),
  ignore: whyNot !== undefined,
  async fn() {
    for (const [answer, isGone] of [["n", false], ["y", true]] as const) {
      await using workshop = await makeWorkshop();
      const { root, binary } = await makeRoot(workshop);
      await workshop.run("install", "--root", root, "--binary", binary);
      const command = `${Deno.execPath()} run --quiet -P=agent mod.ts uninstall --root ${root}`;
      const child = new Deno.Command("script", {
        args: ["-qec", command, "/dev/null"], // a terminal of its own
        env: { NO_COLOR: "1" },
        stdin: "piped",
        stdout: "piped",
      }).spawn();
      const writer = child.stdin.getWriter();
      let text = "";
      for await (
        const part of child.stdout.pipeThrough(new TextDecoderStream() as TransformStream<Uint8Array, string>)
      ) {
        const isAsked = text.includes("[y/N]");
        text += part;
        if (!isAsked && text.includes("[y/N]")) await writer.write(new TextEncoder().encode(`${answer}\n`));
      }
      await writer.close().catch(() => {});
      assert.ok((await child.status).success, text);
      assert.match(text, /Remove settings, passwords and state, too/);
      const there = await tree(root);
      assert.equal(places.secrets in there, !isGone, text);
      assert.ok(!(places.binary in there));
    }
  },
});

Deno.test("install --dry-run says each step and touches nothing; without root it says how", async () => {
  await using workshop = await makeWorkshop();
  const { root, binary } = await makeRoot(workshop);
  const before = await tree(root);
  const { code, stdout } = await workshop.run("install", "--dry-run", "--root", root, "--binary", binary);
  assert.equal(code, 0);
  assert.equal(
    stdout.trim().split("\n").length,
    installSteps({ root, binary, manPage: "" }).length,
  );
  assert.match(
    stdout,
    /^file \/etc\/filagram\/secrets\.yaml \(0600, of user filagram; left as it is if it is there\)$/m,
  );
  assert.deepEqual(await tree(root), before);
});

Deno.test("a Filagram that runs from its sources says that it cannot install itself", async () => {
  await using workshop = await makeWorkshop();
  const { code, stderr } = await workshop.run("install", "--dry-run");
  assert.equal(code, 1);
  assert.match(stderr, /runs from its sources.*deno task compile/);
});

Deno.test("the settings laid down are the smallest ones, once the # are gone", () => {
  const bare = (text: string, from: string) => text.slice(text.indexOf(`# ${from}`)).replace(/^# /gm, "");
  assert.equal(bare(settingsText, "printers:"), smallestSettings);
  assert.equal(bare(secretsText, "gmail_password:"), smallestSecrets);
  assert.equal(parse(settingsText), null);
});

Deno.test("every program that may be started has its permission", () => {
  const allowed = JSON.stringify(denoJson.permissions);
  for (const path of Object.values(programs)) assert.ok(allowed.includes(`"${path}"`), path);
});

Deno.test("plannedRemovals() names only what is there", async () => {
  await using workshop = await makeWorkshop();
  assert.deepEqual(plannedRemovals(systemAt(workshop.folder), { all: false }), []);
});
