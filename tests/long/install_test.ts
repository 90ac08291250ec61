/**
 * An owner's day: the one file in an empty Debian root is installed, prints are mailed by the service's user, an update that does
 * not get ready is taken back, all of it is uninstalled. Only systemd is the test's: a loop that starts what has ended.
 */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { systemClock } from "../../src/clock.ts";
import { startSmtpSink } from "../../src/demo/smtp_sink.ts";
import { places } from "../../src/install/unit.ts";
import { type DebianRoot, debianRoot, whyNoDebianRoot } from "../support/debian_root.ts";
import { until } from "../support/filagram.ts";
import { startReleaseServer, whyNoMinisign } from "../support/release_server.ts";
import denoJson from "../../deno.json" with { type: "json" };

const repository = fileURLToPath(new URL("../..", import.meta.url));
const packages = ["dash", "coreutils", "passwd", "util-linux", "tar", "gzip", "findutils", "libc-bin", "sed", "grep"];
const whyNot = await whyNoDebianRoot(packages) ?? await whyNoMinisign() ?? await whyNoMount();
const next = "9.0.0";

async function whyNoMount(): Promise<string | undefined> {
  const script = "mount -t proc proc /proc";
  const { success } = await new Deno.Command("unshare", { args: ["--mount", "sh", "-c", script], stderr: "null" })
    .output();
  return success ? undefined : "nothing can be mounted here";
}

async function compile(folder: string): Promise<string> {
  const target = Deno.build.arch === "x86_64" ? "x64" : "arm64";
  const args = ["run", "-A", "scripts/compile.ts", "--kind", "self-extracting", "--target", target, "--output", folder];
  const { success, stderr } = await new Deno.Command(Deno.execPath(), { args, cwd: repository }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
  return `${folder}/filagram-${denoJson.version}-linux-${target}`;
}

/** /proc inside, which every program wants; whoever lives in the root ends with it. */
async function mountProc(root: DebianRoot): Promise<AsyncDisposable> {
  const proc = `${root.path}/proc`;
  await Deno.mkdir(proc, { recursive: true });
  const { success } = await new Deno.Command("mount", { args: ["-t", "proc", "proc", proc] }).output();
  assert.ok(success);
  return {
    async [Symbol.asyncDispose]() {
      for (const { name } of Deno.readDirSync("/proc")) {
        if (/^\d+$/.test(name) && await rootOf(name) === root.path) Deno.kill(Number(name), "SIGKILL");
      }
      await new Deno.Command("umount", { args: ["--lazy", proc] }).output();
    },
  };
}

/** An update that is taken back waits half a minute by itself, and a busy machine makes more of it than `root.run` allows. */
async function withoutLimit(root: DebianRoot, script: string): Promise<string> {
  const args = [root.path, "/bin/sh", "-c", `exec 2>&1; ${script}`];
  const { stdout } = await new Deno.Command("chroot", { args, stdin: "null" }).output();
  return new TextDecoder().decode(stdout);
}

async function rootOf(pid: string): Promise<string | undefined> {
  return await Deno.readLink(`/proc/${pid}/root`).catch(() => undefined);
}

Deno.test({
  name: `the one file: installed, a print mailed, an update taken back, uninstalled${whyNot ? ` (${whyNot})` : ""}`,
  ignore: whyNot !== undefined,
  async fn() {
    const folder = await Deno.makeTempDir({ prefix: "filagram-one-file-" });
    await using _folder = { [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }) };
    await using sink = await startSmtpSink({ clock: systemClock({ bootId: "long" }) });
    await using releases = await startReleaseServer();
    await using root = await debianRoot({ packages, users: {}, groups: { tty: 5, dialout: 20 } });
    await using _proc = await mountProc(root);
    await Deno.copyFile(await compile(folder), `${root.path}/filagram`);
    const sh = (script: string) => root.run("/bin/sh", ["-c", `exec 2>&1; ${script}`]);

    assert.match(
      await sh(`FILAGRAM_CACHE=${places.cache} /filagram install`),
      /^made user filagram, in dialout, tty$/m,
    );
    const service = `setpriv --reuid filagram --regid filagram --init-groups env STATE_DIRECTORY=${places.state}`;
    assert.match(await sh(`${service} filagram version`), new RegExp(`^filagram ${denoJson.version} `));
    await Deno.writeTextFile(
      root.path + places.settings, // its owner and mode stay
      `printers: [{ name: P, driver: simulated }]
channels:
  - { name: mail, type: email, host: 127.0.0.1, port: ${sink.port}, tls: none, from: a@example.org, to: [b@example.org] }
web: { listen: "127.0.0.1:0" }
`,
    );
    await sh(`install -d -m 700 -o filagram -g filagram ${places.state}`);
    const loop = `while [ ! -e /stop ]; do NOTIFY_SOCKET=/none ${service} ${places.binary} run; sleep 1; done`;
    const systemd = root.start("/bin/sh", ["-c", loop]);
    await until("a mail is there", () => sink.mails.length > 0, 120_000);
    assert.match(await sh("filagram events"), / P: benchy started/);
    assert.equal((await sh(`stat -c %U ${places.state}/filagram.db`)).trim(), "filagram");

    await releases.publish(next, `#!/bin/sh\n[ "$1" = version ] && echo "filagram ${next}" && exit\nexit 1\n`);
    const update = await withoutLimit(
      root,
      `filagram update --from ${releases.url} --key ${releases.key}; echo code $?`,
    );
    assert.match(update, new RegExp(`^${next} did not get ready within 30 s; going back to ${denoJson.version}$`, "m"));
    assert.match(update, /runs again\ncode 1$/m);
    assert.match(await sh("filagram version"), new RegExp(`^filagram ${denoJson.version} `));

    await root.write("/stop", "");
    const agents = (await Array.fromAsync(Deno.readDir("/proc"), ({ name }) => name)).filter((name) =>
      /^\d+$/.test(name)
    );
    for (const pid of agents) {
      const command = await Deno.readTextFile(`/proc/${pid}/cmdline`).catch(() => "");
      if (await rootOf(pid) === root.path && command.includes("mod.js\0run\0")) Deno.kill(Number(pid), "SIGTERM");
    }
    await systemd.status;
    await sh("filagram uninstall --all");
    assert.doesNotMatch(await root.read("/etc/passwd") + await root.read("/etc/group"), /filagram/);
    assert.equal(
      await sh("find / -xdev -path '*filagram*' -not -path '/filagram' -not -path '/root/*' -not -path '/proc/*'"),
      "",
    );
  },
});
