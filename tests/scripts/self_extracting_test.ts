/**
 * The header of a self-extracting executable, with a small script in Deno's place: where it unpacks, what it believes, what it says.
 */
import assert from "node:assert/strict";
import { makeSelfExtracting } from "../../scripts/compile/self_extracting.ts";
import { targets } from "../../scripts/compile/target.ts";

const program = `#!/bin/sh
[ "$1" = --version ] && exit 0
printf '%s\\n' "$$" "$FILAGRAM_BINARY" "$DENO_DIR" "$@"
exit 7
`;
const isRoot = Deno.uid() === 0;
const hasMounts = isRoot && await succeeds("unshare", "-m", "mount", "-t", "tmpfs", "tmpfs", "/mnt");
const hasBusybox = await succeeds("sh", "-c", "command -v busybox");
const hasShellcheck = await succeeds("sh", "-c", "command -v shellcheck");
const ownTarget = targets.find(({ machine }) => machine === Deno.build.arch) ?? targets[0];

async function succeeds(command: string, ...args: string[]): Promise<boolean> {
  const { success } = await new Deno.Command(command, { args, stdout: "null", stderr: "null" }).output()
    .catch(() => ({ success: false }));
  return success;
}

interface Bench extends AsyncDisposable {
  readonly folder: string;
  /** The executable. */
  readonly file: string;
  run(env: Record<string, string>, ...args: string[]): Promise<Said>;
}

interface Said {
  readonly code: number;
  readonly lines: string[];
  readonly stderr: string;
}

interface BenchOptions {
  readonly version?: string;
  readonly text?: string;
  readonly machine?: string;
}

async function makeBench({ version = "1.2.3", text = program, machine }: BenchOptions = {}): Promise<Bench> {
  const folder = await Deno.makeTempDir({ prefix: "filagram self-extracting " });
  await Deno.chmod(folder, 0o755);
  const file = `${folder}/filagram`;
  await makeFile(file, { version, text, ...(machine ? { machine } : {}) });
  return {
    folder,
    file,
    run: (env, ...args) => said(file, args, env),
    [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
  };
}

async function makeFile(file: string, { version = "1.2.3", text = program, machine }: BenchOptions): Promise<void> {
  const parts = await Deno.makeTempDir();
  await Deno.mkdir(`${parts}/code`);
  await Deno.writeTextFile(`${parts}/filagram`, text);
  await Deno.writeTextFile(`${parts}/code/mod.js`, "// the program");
  assert.ok(ownTarget);
  const target = machine ? { ...ownTarget, machine } : ownTarget;
  await makeSelfExtracting(parts, { version, target, output: file, flags: ["run", "--allow=$folder/code"] });
  await Deno.remove(parts, { recursive: true });
}

async function said(command: string, args: string[], env: Record<string, string>): Promise<Said> {
  const { code, stdout, stderr } = await new Deno.Command(command, {
    args,
    clearEnv: true,
    env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", LC_ALL: "C", ...env },
  }).output();
  const decoder = new TextDecoder();
  return { code, lines: decoder.decode(stdout).trimEnd().split("\n"), stderr: decoder.decode(stderr) };
}

const namesIn = (folder: string) => Array.from(Deno.readDirSync(folder), ({ name }) => name).sort();

/** The one folder of a version in a cache. */
function unpackedIn(cache: string): string {
  const [name, ...more] = namesIn(cache);
  assert.ok(name && more.length === 0, `${name} ${more}`);
  return `${cache}/${name}`;
}

Deno.test("the program gets its arguments as they are, and its exit code is the file's", async () => {
  await using bench = await makeBench();
  const cache = `${bench.folder}/cache`;
  const args = ["run", "--config", "a file", "", 'with "quotes" and $HOME', "*"];
  const { code, lines } = await bench.run({ FILAGRAM_CACHE: cache }, ...args);
  const folder = unpackedIn(cache);
  assert.equal(code, 7);
  assert.deepEqual(lines.slice(1), [
    bench.file,
    `${folder}/cache`,
    "run",
    `--allow=${folder}/code`,
    `${folder}/code/mod.js`,
    ...args,
  ]);
});

Deno.test("the process that was started becomes the program: signals and the process list are its own", async () => {
  await using bench = await makeBench();
  const child = new Deno.Command(bench.file, {
    env: { FILAGRAM_CACHE: `${bench.folder}/cache` },
    stdout: "piped",
    stderr: "null",
  })
    .spawn();
  const { stdout } = await child.output();
  assert.equal(new TextDecoder().decode(stdout).split("\n")[0], String(child.pid));
});

Deno.test("the first start unpacks and says so, later ones leave everything as it is", async () => {
  await using bench = await makeBench();
  const env = { FILAGRAM_CACHE: `${bench.folder}/cache` };
  assert.match((await bench.run(env)).stderr, /^filagram: Unpacking into .* once for this version …\n$/);
  const before = await Deno.stat(`${unpackedIn(env.FILAGRAM_CACHE)}/filagram`);
  const { code, stderr } = await bench.run(env);
  assert.deepEqual([code, stderr], [7, ""]);
  const after = await Deno.stat(`${unpackedIn(env.FILAGRAM_CACHE)}/filagram`);
  assert.deepEqual([after.ino, after.ctime], [before.ino, before.ctime]);
});

Deno.test("the cache is where the owner, systemd or the home says", async () => {
  await using bench = await makeBench();
  const { folder } = bench;
  await Deno.mkdir(`${folder}/home`);
  const rows: [env: Record<string, string>, cache: string][] = [
    [{ FILAGRAM_CACHE: `${folder}/a`, CACHE_DIRECTORY: `${folder}/b`, HOME: `${folder}/home` }, "a"],
    [{ CACHE_DIRECTORY: `${folder}/b:${folder}/x`, HOME: `${folder}/home` }, "b"],
    [{ XDG_CACHE_HOME: `${folder}/c`, HOME: `${folder}/home` }, "c/filagram"],
    [{ HOME: `${folder}/home` }, "home/.cache/filagram"],
  ];
  for (const [env, cache] of rows) {
    const { lines, stderr } = await bench.run(env);
    assert.equal(lines[2], `${unpackedIn(`${folder}/${cache}`)}/cache`, stderr);
  }
});

Deno.test({
  name: orWhy("without a home, and with a home that is another's, it finds a place of its own", isRoot, "wants root"),
  ignore: !isRoot,
  async fn() {
    await using bench = await makeBench();
    const uid = 60000 + Math.floor(Math.random() * 5000);
    const own = `/tmp/filagram-${uid}`;
    try {
      for (const env of [{}, { HOME: "/root" }, { HOME: "/nonexistent" }]) {
        const { code, lines, stderr } = await as(uid, bench.file, env);
        assert.equal(code, 7, stderr);
        assert.equal(lines[2], `${unpackedIn(own)}/cache`);
      }
    } finally {
      await Deno.remove(own, { recursive: true });
    }
  },
});

function as(uid: number, file: string, env: Record<string, string>): Promise<Said> {
  return said("setpriv", ["--reuid", String(uid), "--regid", String(uid), "--clear-groups", file], env);
}

Deno.test({
  name: orWhy("what root has unpacked, others use", isRoot, "wants root"),
  ignore: !isRoot,
  async fn() {
    await using bench = await makeBench();
    const env = { FILAGRAM_CACHE: `${bench.folder}/cache` };
    await bench.run(env);
    const { code, stderr } = await as(65534, bench.file, env);
    assert.deepEqual([code, stderr], [7, ""]);
  },
});

Deno.test("eight starts at once all run, and leave one folder", async () => {
  await using bench = await makeBench();
  const env = { FILAGRAM_CACHE: `${bench.folder}/cache` };
  for (let round = 0; round < 3; round++) {
    const all = await Promise.all(Array.from({ length: 8 }, () => bench.run(env)));
    for (const { code, stderr } of all) assert.equal(code, 7, stderr);
    await Deno.remove(unpackedIn(env.FILAGRAM_CACHE), { recursive: true });
  }
});

Deno.test("what is not as it was unpacked is unpacked anew", async () => {
  const changes: Record<string, (folder: string) => Promise<void>> = {
    "a cut file": (folder) => Deno.truncate(`${folder}/code/mod.js`, 3),
    "a changed file": (folder) => Deno.writeTextFile(`${folder}/code/mod.js`, "// the probram"),
    "a file that others may write": (folder) => Deno.chmod(`${folder}/filagram`, 0o777),
    "a folder that others may write to": (folder) => Deno.chmod(folder, 0o775),
    "a missing file": (folder) => Deno.remove(`${folder}/filagram`),
    "a link in place of a file": async (folder) => {
      await Deno.rename(`${folder}/filagram`, `${folder}/other`);
      await Deno.symlink("other", `${folder}/filagram`);
    },
    ...(isRoot ? { "another owner": (folder) => Deno.chown(`${folder}/filagram`, 65534, 65534) } : {}),
  };
  await using bench = await makeBench();
  const env = { FILAGRAM_CACHE: `${bench.folder}/cache` };
  await bench.run(env);
  for (const [name, change] of Object.entries(changes)) {
    await change(unpackedIn(env.FILAGRAM_CACHE));
    const { code, stderr } = await bench.run(env);
    assert.deepEqual([code, /Unpacking/.test(stderr)], [7, true], name);
    assert.equal((await bench.run(env)).stderr, "", name);
  }
});

Deno.test("the version before stays for those that still run it, older ones go", async () => {
  await using bench = await makeBench();
  const env = { FILAGRAM_CACHE: `${bench.folder}/cache` };
  for (const version of ["1.0.0", "1.1.0", "1.2.0"]) {
    await makeFile(bench.file, { version });
    await bench.run(env);
    for (const name of namesIn(env.FILAGRAM_CACHE).filter((name) => !name.includes(version))) {
      await Deno.utime(`${env.FILAGRAM_CACHE}/${name}`, 0, version === "1.2.0" ? 0 : Number(version.at(2)));
    }
  }
  assert.deepEqual(namesIn(env.FILAGRAM_CACHE).map((name) => name.split("-")[1]), ["1.1.0", "1.2.0"]);
});

Deno.test("what a killed start left half-way goes after an hour", async () => {
  await using bench = await makeBench();
  const cache = `${bench.folder}/cache`;
  for (const [name, age] of [["old", 7200], ["young", 60]] as const) {
    await Deno.mkdir(`${cache}/.unpacking-${name}`, { recursive: true, mode: 0o755 });
    await Deno.utime(`${cache}/.unpacking-${name}`, new Date(), new Date(Date.now() - age * 1000));
  }
  await bench.run({ FILAGRAM_CACHE: cache });
  assert.deepEqual(namesIn(cache).filter((name) => name.startsWith(".")), [".unpacking-young"]);
});

/** What makes unpacking fail, and what the owner reads. */
const failures: Record<string, (bench: Bench) => Promise<[cache: string, sentence: RegExp]>> = {
  "a download cut short": async ({ file, folder }) => {
    await Deno.truncate(file, (await Deno.stat(file)).size - 100);
    return [`${folder}/cache`, /Cannot unpack into ".*cache": .*filagram is not as it was made.* Download it again/];
  },
  "a file that somebody changed": async ({ file, folder }) => {
    const bytes = await Deno.readFile(file);
    const at = bytes.length - 60;
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    await Deno.writeFile(file, bytes);
    return [`${folder}/cache`, /is not as it was made/];
  },
  "a folder where others may write": async ({ folder }) => {
    await Deno.mkdir(`${folder}/cache`);
    await Deno.chmod(`${folder}/cache`, 0o777);
    return [`${folder}/cache`, /Cannot use the folder ".*cache": it is somebody else's, or others may write to it/];
  },
  "a link to a folder": async ({ folder }) => {
    await Deno.mkdir(`${folder}/elsewhere`, { mode: 0o755 });
    await Deno.symlink("elsewhere", `${folder}/cache`);
    return [`${folder}/cache`, /Cannot use the folder/];
  },
  "a file in the folder's place": async ({ folder }) => {
    await Deno.writeTextFile(`${folder}/cache`, "");
    return [`${folder}/cache`, /Cannot make the folder ".*cache"/];
  },
  "a comma, which Deno's permissions cannot say": ({ folder }) =>
    Promise.resolve([`${folder}/a,b`, /Cannot use the folder ".*a,b": there is a comma in its name/]),
};

for (const [name, prepare] of Object.entries(failures)) {
  Deno.test(`it says in a sentence what is wrong, and leaves nothing behind: ${name}`, async () => {
    await using bench = await makeBench();
    const [cache, sentence] = await prepare(bench);
    const { code, lines, stderr } = await bench.run({ FILAGRAM_CACHE: cache });
    assert.match(stderr, sentence);
    assert.deepEqual([code, lines], [1, [""]]);
    const left = await Deno.stat(cache).then(({ isDirectory }) => isDirectory ? namesIn(cache) : [], () => []);
    assert.deepEqual(left, []);
  });
}

Deno.test("a file for another machine says which one to take", async () => {
  await using bench = await makeBench({ text: "#!/bin/sh\nexit 126\n", machine: "riscv64" });
  const { code, stderr } = await bench.run({ FILAGRAM_CACHE: `${bench.folder}/cache` });
  assert.equal(code, 1);
  assert.match(stderr, /This file is for riscv64, and this system is \w+: download the one for it/);
});

Deno.test("a system without the GNU C library is told what is needed", async () => {
  await using bench = await makeBench({ text: "#!/lib/ld-nobody-has.so\n" });
  const { code, stderr } = await bench.run({ FILAGRAM_CACHE: `${bench.folder}/cache` });
  assert.equal(code, 1);
  assert.match(stderr, /This system cannot run it. It needs a 64-bit Linux with the GNU C library/);
});

/** File systems that refuse, as options of a tmpfs. */
const mounts: Record<string, [options: string, sentence: RegExp]> = {
  "a full disk": ["size=1m", /Cannot unpack into "\/mnt\/filagram": it takes 4 MB, and 1 MB are free/],
  "a disk that fills up meanwhile": [
    "size=8m,nr_inodes=5",
    /Cannot unpack into "\/mnt\/filagram": the disk is full. It takes 4 MB/,
  ],
  "a read-only disk": ["ro", /Cannot make the folder "\/mnt\/filagram"/],
  "a disk mounted noexec": [
    "noexec",
    /Cannot run programs from "\/mnt\/filagram": it may be mounted noexec. Name another/,
  ],
};

for (const [name, [options, sentence]] of Object.entries(mounts)) {
  Deno.test({
    name: orWhy(`it says in a sentence what is wrong: ${name}`, hasMounts, "wants root that may mount"),
    ignore: !hasMounts,
    async fn() {
      await using bench = await makeBench();
      const script = `mount -t tmpfs -o ${options} tmpfs /mnt && "$0"; code=$?; ls -A /mnt/filagram; exit $code`;
      const env = { FILAGRAM_CACHE: "/mnt/filagram" };
      const { code, lines, stderr } = await said("unshare", ["-m", "sh", "-c", script, bench.file], env);
      assert.match(stderr, sentence);
      assert.deepEqual([code, lines], [1, [""]]);
    },
  });
}

Deno.test({
  name: orWhy("where the home is full, the next folder is taken", hasMounts, "wants root that may mount"),
  ignore: !hasMounts,
  async fn() {
    await using bench = await makeBench();
    const script = `mount -t tmpfs -o size=1m tmpfs /root && mount -t tmpfs tmpfs /var/cache && "$0"`;
    const { code, lines, stderr } = await said("unshare", ["-m", "sh", "-c", script, bench.file], { HOME: "/root" });
    assert.equal(code, 7, stderr);
    assert.match(lines[2] ?? "", /^\/var\/cache\/filagram\//);
    assert.match(stderr, /Cannot unpack into "\/root\/.cache\/filagram": it takes/);
  },
});

Deno.test({
  name: orWhy("busybox is enough", hasBusybox, "no busybox"),
  ignore: !hasBusybox,
  async fn() {
    await using bench = await makeBench();
    const tools = `${bench.folder}/bin`;
    await Deno.mkdir(tools);
    await said("busybox", ["--install", "-s", tools], {});
    const env = { FILAGRAM_CACHE: `${bench.folder}/cache`, PATH: tools };
    for (const stderr of [/Unpacking/, /^$/]) {
      const run = await said("busybox", ["sh", bench.file, "version"], env);
      assert.deepEqual([run.code, run.lines.at(-1)], [7, "version"], run.stderr);
      assert.match(run.stderr, stderr);
    }
    unpackedIn(env.FILAGRAM_CACHE);
  },
});

Deno.test({
  name: orWhy("shellcheck finds nothing to say about the header", hasShellcheck, "no shellcheck"),
  ignore: !hasShellcheck,
  async fn() {
    await using bench = await makeBench();
    const text = new TextDecoder().decode(await Deno.readFile(bench.file));
    const [, header] = /^([^]*?\n)exec [^\n]*\n/.exec(text) ?? [];
    await Deno.writeTextFile(`${bench.folder}/header.sh`, header ?? "");
    const { code, lines } = await said("shellcheck", ["--severity=warning", `${bench.folder}/header.sh`], {});
    assert.equal(code, 0, lines.join("\n"));
  },
});

Deno.test("the same program makes the same file", async () => {
  await using bench = await makeBench();
  const before = await Deno.readFile(bench.file);
  await makeFile(bench.file, {});
  assert.deepEqual(await Deno.readFile(bench.file), before);
});

function orWhy(name: string, isHere: boolean, why: string): string {
  return isHere ? name : `${name} (${why})`;
}
