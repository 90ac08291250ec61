/**
 * The real executables, alone in an empty Debian: no Deno, no Node, no packages, no home. On 64-bit ARM all of it runs by qemu.
 */
import assert from "node:assert/strict";
import { compileWithDeno } from "../../scripts/compile/deno_compile.ts";
import { bundleProgram } from "../../scripts/compile/bundle.ts";
import { type Target, targets } from "../../scripts/compile/target.ts";
import denoJson from "../../deno.json" with { type: "json" };
import { type Architecture, type EmptyDebian, emptyDebian, whyNoEmptyDebian } from "../support/empty_debian.ts";
import { until } from "../support/filagram.ts";

const [noAmd64, noArm64] = await Promise.all([whyNoEmptyDebian("amd64"), whyNoEmptyDebian("arm64")]);

/** Generous: emulated, on two busy cores. */
const maxPrintMilliseconds = 8 * 60_000;

const settings = `printers: [{ name: MK3S, driver: marlin, address: "serial:/dev/ttyUSB0" }]
channels: [{ name: mail, type: email, host: mail.example.org, from: a@example.org, to: [b@example.org] }]
`;

/** An empty Debian with a folder in which the executable lies, and nothing else. */
async function withExecutable(architecture: Architecture, name: Target["name"]): Promise<EmptyDebian> {
  const debian = await emptyDebian(architecture);
  const folder = `${debian.path}/empty`;
  await Deno.mkdir(folder, { mode: 0o755 });
  const args = ["run", "-A", "scripts/compile.ts", "--kind", "self-extracting", "--target", name, "--output", folder];
  const { success, stderr } = await new Deno.Command(Deno.execPath(), { args }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
  await Deno.rename(`${folder}/filagram-${denoJson.version}-linux-${name}`, `${folder}/filagram`);
  await Deno.remove(`${folder}/SHA256SUMS`);
  return debian;
}

function emptyDebianTest(name: string, reason: string | undefined, fn: (t: Deno.TestContext) => Promise<void>): void {
  Deno.test({ name: reason === undefined ? name : `${name} (skipped: ${reason})`, ignore: reason !== undefined, fn });
}

async function saysItsVersion(debian: EmptyDebian, target: string, user = 0): Promise<void> {
  const { code, stdout, stderr } = await debian.run("cd /empty && ./filagram version --json", { user });
  assert.equal(code, 0, stderr);
  const { version, build, target: found } = JSON.parse(stdout);
  assert.deepEqual([version, build, found], [denoJson.version, "self-extracting", target]);
}

async function checksSettings(debian: EmptyDebian, user = 0): Promise<void> {
  await Deno.writeTextFile(`${debian.path}/tmp/filagram.yaml`, settings);
  await Deno.chmod(`${debian.path}/tmp/filagram.yaml`, 0o644);
  const { code, stderr } = await debian.run("cd /tmp && /empty/filagram settings check", { user });
  assert.equal(code, 0, stderr);
  assert.match(stderr, /1 printer, 1 channel/);
}

/** A whole print on a tty by the C library, its mails in the inbox, and an end by signal. */
async function mailsAPrint(debian: EmptyDebian): Promise<void> {
  const demo = debian.start("cd /empty && exec ./filagram demo --fast --listen 0");
  let [said, warned] = ["", ""];
  const reading = Promise.all([
    collect(demo.stdout, (text) => said += text),
    collect(demo.stderr, (text) => warned += text),
  ]);
  let hasEnded = false;
  const ended = demo.status.finally(() => hasEnded = true);
  try {
    const lookIn = async () => {
      if (hasEnded) throw new Error(`The demo has ended: ${warned}`);
      const [url] = /http:\S+/.exec(said) ?? [];
      const page = url && await fetch(url).then((answer) => answer.text());
      return page ? / finished/.test(page) && / started/.test(page) : false;
    };
    await until("the mail about the end of the print", lookIn, maxPrintMilliseconds);
    assert.doesNotMatch(warned, /part that changes pictures broke/);
  } finally {
    if (!hasEnded) demo.kill("SIGTERM");
    await ended;
    await reading;
  }
  assert.equal((await ended).code, 0, warned);
}

async function collect(stream: ReadableStream<Uint8Array>, add: (text: string) => void): Promise<void> {
  for await (const text of stream.pipeThrough(new TextDecoderStream() as TransformStream<Uint8Array, string>)) {
    add(text);
  }
}

emptyDebianTest("the executable runs alone in an empty Debian", noAmd64, async (t) => {
  await using debian = await withExecutable("amd64", "x64");
  await t.step("it mails a print, and ends by a signal", () => mailsAPrint(debian));
  await t.step("it runs as any user, without a home", async () => {
    await saysItsVersion(debian, "x86_64-unknown-linux-gnu", 12345);
    await checksSettings(debian, 12345);
  });
  await t.step("other people's settings for Deno in the folders above change nothing", async () => {
    for (const folder of ["", "/var", "/var/cache", "/var/cache/filagram", "/empty"]) {
      for (const name of ["deno.json", "package.json"]) {
        await Deno.writeTextFile(`${debian.path}${folder}/${name}`, "{ broken");
      }
    }
    await saysItsVersion(debian, "x86_64-unknown-linux-gnu");
  });
});

emptyDebianTest("the executable for 64-bit ARM runs alone in an empty Debian", noArm64, async (t) => {
  await using debian = await withExecutable("arm64", "arm64");
  await t.step("it says its version", () => saysItsVersion(debian, "aarch64-unknown-linux-gnu"));
  await t.step("it checks settings", () => checksSettings(debian));
  await t.step("it mails a print, and ends by a signal", () => mailsAPrint(debian));
});

Deno.test("deno compile takes the program, or one line says why not", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const [target] = targets;
    assert.ok(target);
    await Deno.mkdir(`${folder}/program`);
    await bundleProgram(`${folder}/program`, target);
    const build = { version: "1.2.3", target, output: `${folder}/filagram` };
    const none = await compileWithDeno(`${folder}/program`, build, { runtime: "/nonexistent" });
    assert.match(none ?? "", /^Cannot use deno compile for x64: .+$/);
    // Deno itself in place of its runtime, which cannot be had everywhere: it is put together all the same.
    assert.equal(await compileWithDeno(`${folder}/program`, build, { runtime: Deno.execPath() }), undefined);
    const text = new TextDecoder("latin1").decode(await Deno.readFile(build.output));
    for (const name of ["pixel_worker.js", "jpeg.wasm", "codecs.node", "style.css"]) {
      assert.ok(text.includes(name), name);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
