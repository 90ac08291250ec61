/**
 * A folder that is a Debian just large enough for one server: its packages and the libraries they need, downloaded by
 * apt-get into a cache of the tests' own and unpacked. Entered by chroot: nothing is installed on this machine, packages
 * that conflict stand side by side, and every machine tests the same versions.
 */
import { createHash } from "node:crypto";
import { dirname } from "node:path";

export interface DebianRoot extends AsyncDisposable {
  readonly path: string;
  /** Writes a file inside, its folders too. */
  write(file: string, text: string, options?: FileOptions): Promise<void>;
  read(file: string): Promise<string>;
  /** What a program inside says. @throws Error if it fails */
  run(program: string, args?: readonly string[], input?: string): Promise<string>;
  /** A program inside that stays, until its `status`. */
  start(program: string, args?: readonly string[]): Deno.ChildProcess;
}

export interface FileOptions {
  readonly mode?: number;
  readonly owner?: number;
  readonly group?: number;
}

export interface DebianRootOptions {
  readonly packages: readonly string[];
  /** Beside root's, each with a group of the same name and number. */
  readonly users: Readonly<Record<string, number>>;
  readonly groups?: Readonly<Record<string, number>>;
}

/** Debian 13. The OpenSMTPD of Debian 12 cannot do TLS: https://github.com/OpenSMTPD/OpenSMTPD/issues/1171 */
const release = "trixie";

/** Why there can be no such folder here; undefined where there can, the packages then being at hand. */
export async function whyNoDebianRoot(packages: readonly string[]): Promise<string | undefined> {
  if (Deno.build.os !== "linux" || Deno.uid() !== 0) return "wants root on Debian";
  for (const program of ["apt-get", "dpkg-deb", "chroot", "mknod"]) {
    if (!(await run("sh", ["-c", `command -v ${program}`])).isOk) return `no ${program}: wants Debian`;
  }
  const folder = cacheFolder();
  for (const name of ["lists/partial", "archives/partial"]) await Deno.mkdir(`${folder}/${name}`, { recursive: true });
  await Deno.writeTextFile(`${folder}/sources.list`, `deb http://deb.debian.org/debian ${release} main\n`);
  await Deno.writeTextFile(`${folder}/status`, ""); // nothing is installed there, so everything is downloaded
  const download = () => aptGet(["--download-only", "install", ...packages]);
  if ((await download()).isOk) return undefined;
  await aptGet(["update"]); // the first time, or the lists are too old
  const { isOk, text } = await download();
  return isOk ? undefined : `cannot download ${packages.join(", ")} of Debian: ${text.trim().split("\n").at(-1)}`;
}

export async function debianRoot(options: DebianRootOptions): Promise<DebianRoot> {
  const path = await Deno.makeTempDir({ prefix: "filagram-debian-" });
  const template = `${await unpacked(options.packages)}/.`;
  const isLinked = (await run("cp", ["-al", template, path])).isOk; // only where both are on one file system
  if (!isLinked) await must("cp", ["-a", template, path]);
  await Deno.chmod(path, 0o755); // servers give up being root
  for (const folder of ["dev", "tmp", "etc", "var/spool", "var/run", "var/log"]) {
    await Deno.mkdir(`${path}/${folder}`, { recursive: true });
  }
  await Deno.chmod(`${path}/tmp`, 0o1777);
  for (const [name, minor] of Object.entries({ null: 3, zero: 5, random: 8, urandom: 9 })) {
    await must("mknod", ["-m", "666", `${path}/dev/${name}`, "c", "1", String(minor)]);
  }
  const root = rootAt(path);
  const users = Object.entries(options.users);
  const groups = [...users, ...Object.entries(options.groups ?? {})];
  const userLines = users.map(([name, id]) => `${name}:x:${id}:${id}::/var/empty:/bin/false\n`);
  await root.write("/etc/passwd", ["root:x:0:0:::\n", ...userLines].join(""));
  await root.write("/etc/group", ["root:x:0:\n", ...groups.map(([name, id]) => `${name}:x:${id}:\n`)].join(""));
  await root.write("/etc/hosts", "127.0.0.1 localhost\n");
  await root.write("/etc/resolv.conf", "nameserver 127.0.0.1\noptions timeout:1 attempts:1\n"); // nobody answers there
  return root;
}

function rootAt(path: string): DebianRoot {
  return {
    path,
    async write(file, text, { mode = 0o644, owner = 0, group = owner } = {}) {
      await Deno.mkdir(dirname(path + file), { recursive: true });
      await Deno.remove(path + file).catch(() => {}); // it may be a link to the template's
      await Deno.writeTextFile(path + file, text);
      await Deno.chown(path + file, owner, group);
      await Deno.chmod(path + file, mode);
    },
    read: (file) => Deno.readTextFile(path + file),
    run: (program, args, input) => must("chroot", [path, program, ...args ?? []], input),
    start: (program, args = []) =>
      new Deno.Command("chroot", {
        args: [path, program, ...args],
        clearEnv: true,
        env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin" },
        stdin: "null",
        stdout: "null",
        stderr: "null",
      }).spawn(),
    [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }),
  };
}

/** Kept from one run to the next. */
function cacheFolder(): string {
  const cache = Deno.env.get("XDG_CACHE_HOME") || `${Deno.env.get("HOME") ?? "/root"}/.cache`;
  return `${cache}/filagram-tests/debian-${release}`;
}

const templates = new Map<string, Promise<string>>();

/** A folder with all packages in it, to be copied: to ask apt-get and to unpack takes seconds. */
function unpacked(packages: readonly string[]): Promise<string> {
  const key = packages.join();
  const template = templates.get(key) ?? unpack(packages);
  templates.set(key, template);
  return template;
}

async function unpack(packages: readonly string[]): Promise<string> {
  const files = await archives(packages);
  const hash = createHash("sha256").update(files.join()).digest("hex").slice(0, 16);
  const folder = `${cacheFolder()}/unpacked-${hash}`;
  if (await Deno.stat(folder).then(() => true, () => false)) return folder;
  const making = await Deno.makeTempDir({ dir: cacheFolder() });
  for (const name of ["bin", "sbin", "lib", "lib64"]) {
    await Deno.mkdir(`${making}/usr/${name}`, { recursive: true });
    await Deno.symlink(`usr/${name}`, `${making}/${name}`);
  }
  for (const file of files) await must("dpkg-deb", ["-x", file, making]);
  await Deno.rename(making, folder);
  return folder;
}

/** The packages and all that they need, as downloaded. */
async function archives(packages: readonly string[]): Promise<string[]> {
  const { text } = await aptGet(["--simulate", "install", ...packages]);
  const folder = `${cacheFolder()}/archives`;
  const names = await Array.fromAsync(Deno.readDir(folder), ({ name }) => name);
  // Inst libssl3t64 (3.5.1-1 Debian:13.0/stable [amd64]) is libssl3t64_3.5.1-1_amd64.deb
  return [...text.matchAll(/^Inst (\S+) \((\S+) /gm)].map(([line, name, version]) => {
    const start = `${name}_${version?.replaceAll(":", "%3a")}_`;
    const file = names.find((file) => file.startsWith(start));
    if (!file) throw new Error(`Cannot find what was downloaded for "${line}"`);
    return `${folder}/${file}`;
  });
}

/** Of a Debian where nothing is installed; the machine's own lists and packages are left alone. */
function aptGet(args: readonly string[]): Promise<Said> {
  const folder = cacheFolder();
  const settings = [
    `Dir::Etc::sourcelist=${folder}/sources.list`,
    "Dir::Etc::sourceparts=-",
    `Dir::State=${folder}`,
    `Dir::State::lists=${folder}/lists`,
    `Dir::State::status=${folder}/status`,
    `Dir::Cache=${folder}`,
    `Dir::Cache::archives=${folder}/archives`,
    "Dir::Cache::pkgcache=pkgcache.bin", // images for containers switch it off; without it each call takes seconds
    "APT::Sandbox::User=root",
    "APT::Install-Recommends=false",
    "Acquire::Languages=none",
    "Acquire::Retries=2",
  ];
  return run("apt-get", ["-y", "-q", ...settings.flatMap((setting) => ["-o", setting]), ...args]);
}

interface Said {
  readonly isOk: boolean;
  readonly text: string;
}

async function must(program: string, args: readonly string[], input?: string): Promise<string> {
  const { isOk, text } = await run(program, args, input);
  if (!isOk) throw new Error(`Cannot run "${program} ${args.join(" ")}": ${text}`);
  return text;
}

const maxRunSeconds = 120;

async function run(program: string, args: readonly string[], input = ""): Promise<Said> {
  const child = new Deno.Command("timeout", {
    args: [String(maxRunSeconds), program, ...args],
    env: { DEBIAN_FRONTEND: "noninteractive", LC_ALL: "C" },
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(input)).catch(() => {});
  await writer.close().catch(() => {});
  const { success, stdout, stderr } = await child.output();
  return { isOk: success, text: new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr) };
}
