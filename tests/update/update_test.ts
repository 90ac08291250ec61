/** `filagram update` against a release server on loopback, and a supervisor that starts the program again as systemd would. */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { replace } from "../../src/cli/update.ts";
import type { Pieces } from "../../src/cli/pieces.ts";
import { systemClock } from "../../src/clock.ts";
import { parseKey } from "../../src/update/minisign.ts";
import { download, fetchRelease, fileFor, isNewer } from "../../src/update/release.ts";
import { makeWorkshop, until, type Workshop } from "../support/filagram.ts";
import { fileName, type ReleaseServer, startReleaseServer, whyNoMinisign } from "../support/release_server.ts";
import denoJson from "../../deno.json" with { type: "json" };

const whyNot = await whyNoMinisign();
const repository = fileURLToPath(new URL("../..", import.meta.url));
const next = "9.0.0";

interface Place {
  readonly workshop: Workshop;
  readonly server: ReleaseServer;
}

function test(name: string, fn: (place: Place) => Promise<void>): void {
  Deno.test({
    name: whyNot ? `${name} (${whyNot})` : name,
    ignore: whyNot !== undefined,
    async fn() {
      await using workshop = await makeWorkshop();
      await using server = await startReleaseServer();
      await workshop.write(`printers: [{ name: P, driver: simulated }]
channels: [{ name: mail, type: email, host: 127.0.0.1, port: 9, tls: none, from: a@example.org, to: [b@example.org] }]
web: { listen: "127.0.0.1:0" }
`);
      await fn({ workshop, server });
    },
  });
}

/** The real program as one file of the test's, whose version is the one given. */
async function programText({ folder }: Workshop, version: string): Promise<string> {
  const main = `${folder}/main-${version}.ts`;
  const modTs = await Deno.readTextFile(`${repository}mod.ts`);
  await Deno.writeTextFile(
    main,
    modTs.replace("version: denoJson.version", `version: "${version}"`)
      .replaceAll(/from "\.\//g, `from "file://${repository}`),
  );
  return `#!/bin/sh
exec ${Deno.execPath()} run --quiet --no-check --config ${repository}deno.json -P=agent ${main} "$@"
`;
}

async function install(workshop: Workshop, version = denoJson.version): Promise<string> {
  const file = `${workshop.folder}/filagram`;
  await Deno.writeTextFile(file, await programText(workshop, version));
  await Deno.chmod(file, 0o755);
  return file;
}

function update(workshop: Workshop, server: ReleaseServer, ...args: string[]) {
  const file = `${workshop.folder}/filagram`;
  return workshop.run("update", "--from", server.url, "--key", server.key, "--binary", file, ...args);
}

/** What the command does after it has found a newer release, with a limit of the test's. */
async function replaceWithin(readySeconds: number, file: string, { workshop, server }: Place) {
  const said: string[] = [];
  const io = { from: server.url, key: parseKey(server.key)!, fetch, clock: systemClock({ bootId: "b" }) };
  const pieces = { terminal: { say: (line: string) => said.push(line), progress() {} } } as unknown as Pieces;
  const { state } = workshop;
  const code = await replace(await fetchRelease(io), { io, file, state, readySeconds }, pieces);
  return { code, said };
}

/** Starts the file again whenever it ends, until it is disposed. */
function supervise({ settingsPath, state, folder }: Workshop): AsyncDisposable {
  let isOver = false;
  let child: Deno.ChildProcess | undefined;
  const keeping = (async () => {
    while (!isOver) {
      child = new Deno.Command(`${folder}/filagram`, {
        args: ["run", "--config", settingsPath, "--state", state],
        env: { NOTIFY_SOCKET: `${folder}/nobody-listens` },
        stdin: "null",
        stdout: "null",
        stderr: "null",
      }).spawn();
      await child.status;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  })();
  return {
    async [Symbol.asyncDispose]() {
      isOver = true;
      try {
        child?.kill("SIGKILL");
      } catch {
        // it has ended by itself
      }
      await keeping;
    },
  };
}

async function runningVersion({ state }: Workshop): Promise<string | undefined> {
  const client = Deno.createHttpClient({ proxy: { transport: "unix", path: `${state}/control.sock` } });
  try {
    const options: RequestInit & { client: Deno.HttpClient } = { client, method: "POST" };
    return (await (await fetch("http://localhost/agent", options)).json()).version;
  } catch {
    return undefined;
  } finally {
    client.close();
  }
}

test("update --check says what is there and changes nothing", async ({ workshop, server }) => {
  const file = await install(workshop);
  const before = await Deno.readTextFile(file);
  await server.publish(next, "#!/bin/sh\n");
  const newer = await update(workshop, server, "--check");
  assert.deepEqual([newer.code, newer.stdout], [0, `${next}\n`], newer.stderr);
  await server.publish(denoJson.version, "#!/bin/sh\n");
  const same = await update(workshop, server, "--check");
  assert.deepEqual([same.code, same.stdout, same.stderr], [0, "", `${denoJson.version} is the newest\n`]);
  await server.publish("0.0.1", "#!/bin/sh\n"); // an old release with a good signature
  assert.match((await update(workshop, server)).stderr, /is the newest/);
  assert.equal(await Deno.readTextFile(file), before);
});

test("update replaces the file; the agent that runs is the new one, and the old file is kept", async (place) => {
  const { workshop, server } = place;
  const file = await install(workshop);
  const old = await Deno.readTextFile(file);
  await using _supervisor = supervise(workshop);
  await until("the old one runs", async () => await runningVersion(workshop) === denoJson.version, 60_000);
  await server.publish(next, await programText(workshop, next));
  const { code, said } = await replaceWithin(300, file, place);
  assert.equal(code, 0);
  assert.deepEqual(said, [`9.0.0 runs. The old one is kept as ${file}.old`]);
  assert.equal(await runningVersion(workshop), next);
  assert.equal(await Deno.readTextFile(`${file}.old`), old);
  assert.equal((await Deno.stat(file)).mode! & 0o777, 0o755);
});

test("update without an agent replaces the file and says that none runs", async ({ workshop, server }) => {
  const file = await install(workshop);
  const program = await programText(workshop, next);
  await server.publish(next, program);
  const { code, stderr } = await update(workshop, server);
  assert.equal(code, 0, stderr);
  assert.match(stderr, /filagram is 9\.0\.0 now\. No agent runs on the state /);
  assert.equal(await Deno.readTextFile(file), program);
});

test("a release that does not get ready is taken back, and the old one runs again", async (place) => {
  const { workshop, server } = place;
  const file = await install(workshop);
  const old = await Deno.readTextFile(file);
  await using _supervisor = supervise(workshop);
  await until("the old one runs", async () => await runningVersion(workshop) === denoJson.version, 60_000);
  await server.publish(next, `#!/bin/sh\n[ "$1" = version ] && echo "filagram ${next}" && exit\nexit 1\n`);
  const { code, said } = await replaceWithin(4, file, place);
  assert.equal(code, 1);
  assert.match(said[0] ?? "", /^9\.0\.0 did not get ready within 4 s; going back to /);
  assert.match(said.at(-1) ?? "", /runs again$/);
  assert.equal(await runningVersion(workshop), denoJson.version);
  assert.equal(await Deno.readTextFile(file), old);
});

const bad: readonly [string, string, (server: ReleaseServer) => unknown, RegExp][] = [
  [
    "a truncated file",
    "#!/bin/sh\necho 9.0.0\n",
    ({ files }) => files.set(fileName(next), files.get(fileName(next))!.slice(0, -3)),
    /only 18 of its 21 bytes came/,
  ],
  [
    "a file with something behind its end",
    "#!/bin/sh\necho 9.0.0\n",
    ({ files }) => files.set(fileName(next), new Uint8Array([...files.get(fileName(next))!, 10])),
    /more than of its 21 bytes|more than/,
  ],
  [
    "a tampered file",
    "#!/bin/sh\necho 9.0.0\n",
    ({ files }) => files.set(fileName(next), files.get(fileName(next))!.with(12, 88)),
    /it is not the file that was released/,
  ],
  [
    "a tampered manifest",
    "#!/bin/sh\necho 9.0.0\n",
    ({ files }) =>
      files.set(
        "release.json",
        new TextEncoder().encode(new TextDecoder().decode(files.get("release.json")).replace("9.0.0", "9.0.1")),
      ),
    /is not believed: the signature does not fit it/,
  ],
  ["no signature", "", ({ files }) => files.delete("release.json.minisig"), /release\.json\.minisig": status 404/],
  ["no file", "x", ({ files }) => files.delete(fileName(next)), /status 404/],
  [
    "a manifest of gigabytes",
    "x",
    ({ files }) => files.set("release.json", new Uint8Array(70_000)),
    /larger than 65536 bytes/,
  ],
  [
    "a program that does not start",
    "#!/bin/sh\necho no libc here >&2; exit 127\n",
    () => {},
    /does not start: no libc/,
  ],
  ["a program of another version", "#!/bin/sh\necho filagram 8.0.0\n", () => {}, /does not start: filagram 8/],
];
for (const [name, program, spoil, expected] of bad) {
  test(`update leaves everything as it was at ${name}`, async ({ workshop, server }) => {
    const file = await install(workshop);
    const before = await Deno.readTextFile(file);
    await server.publish(next, program || "x");
    spoil(server);
    const { code, stderr } = await update(workshop, server);
    assert.equal(code, 1);
    assert.match(stderr, expected);
    assert.equal(await Deno.readTextFile(file), before);
    const left = await Array.fromAsync(Deno.readDir(workshop.folder), ({ name }) => name);
    assert.deepEqual(left.filter((name) => /\.(new|old)$/.test(name)), []);
  });
}

test("a release of a stranger is not believed; a bad key, no key and no server each get a sentence", async (place) => {
  const { workshop, server } = place;
  await install(workshop);
  await server.publish(next, "x");
  await using stranger = await startReleaseServer();
  const file = `${workshop.folder}/filagram`;
  const run = (...args: string[]) => workshop.run("update", "--binary", file, ...args);
  const cases: readonly [string[], RegExp][] = [
    [["--from", server.url, "--key", stranger.key], /is not believed: it is signed with another key/],
    [["--from", server.url, "--key", "nonsense"], /^--key "nonsense" is no minisign public key/],
    [["--from", server.url, "--key", ""], /knows no key/],
    [["--from", "http://127.0.0.1:1", "--key", server.key], /^Cannot fetch "http:\/\/127\.0\.0\.1:1\/release\.json": /],
  ];
  for (const [args, expected] of cases) {
    const { code, stderr } = await run(...args);
    assert.equal(code, 1);
    assert.match(stderr, expected);
  }
});

test("a place that cannot be written is a sentence", async ({ workshop, server }) => {
  await server.publish(next, "x");
  const io = { from: server.url, key: parseKey(server.key)!, fetch, clock: systemClock({ bootId: "b" }) };
  const release = await fetchRelease(io);
  await assert.rejects(download(fileFor(release, Deno.build.arch), `${workshop.folder}/none/filagram.new`, io), {
    name: "ReleaseError",
    message: /^Cannot write ".*\/none\/filagram\.new": No such file/,
  });
});

test("install.sh fetches this board's file, checks it and installs it; a wrong sum stops it", async (place) => {
  const { workshop, server } = place;
  await server.publish(next, `#!/bin/sh\necho "called with $*"\n`);
  const install = async () => {
    const { success, stdout, stderr } = await new Deno.Command("sh", {
      args: [`${repository}scripts/install.sh`, "--dry-run"],
      env: { FILAGRAM_FROM: server.url, PATH: `${workshop.folder}/bin:${Deno.env.get("PATH")}` },
    }).output();
    return { success, text: new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr) };
  };
  await Deno.mkdir(`${workshop.folder}/bin`);
  await Deno.writeTextFile(`${workshop.folder}/bin/sudo`, `#!/bin/sh\nexec "$@"\n`); // for machines where the tests are not root's
  await Deno.chmod(`${workshop.folder}/bin/sudo`, 0o755);
  const good = await install();
  assert.ok(good.success, good.text);
  assert.match(good.text, /^called with install --dry-run$/m);
  server.files.set(fileName(next), new TextEncoder().encode("#!/bin/sh\necho owned\n"));
  const tampered = await install();
  assert.ok(!tampered.success);
  assert.match(tampered.text, /is not what its checksum says/);
  assert.doesNotMatch(tampered.text, /owned/);
});

Deno.test("isNewer() compares numbers, not letters", () => {
  const newer: readonly [string, string, boolean][] = [
    ["0.10.0", "0.9.9", true],
    ["1.0.0", "0.99.99", true],
    ["1.0.0", "1.0.0", false],
    ["0.9.9", "0.10.0", false],
    ["1.2.3", "1.2.2", true],
  ];
  for (const [a, b, expected] of newer) assert.equal(isNewer(a, b), expected, `${a} ${b}`);
});
