/**
 * A Debian where nothing was installed, as `debootstrap --variant=minbase` makes it: for this machine, or for 64-bit ARM, whose
 * programs all run by qemu then, the shell's too. Entered in namespaces of its own; the machine around it notices nothing.
 */

export type Architecture = "amd64" | "arm64";

export interface EmptyDebian extends AsyncDisposable {
  readonly path: string;
  /** A shell script inside, without any environment but `PATH`. The process becomes what the script `exec`s. */
  start(script: string, options?: StartOptions): Deno.ChildProcess;
  /** The same to its end. */
  run(script: string, options?: StartOptions): Promise<{ code: number; stdout: string; stderr: string }>;
}

export interface StartOptions {
  /** Default: root. Only on this machine's architecture. */
  readonly user?: number;
}

const release = "bookworm";
const emulator = "/usr/bin/qemu-aarch64-static";
const maxDownloadSeconds = 300;

/** Has the kernel start ARM programs with the emulator, in this user namespace only (Linux 6.7). Magic and mask are those of an ELF header. */
const emulate = String
  .raw`mount -t binfmt_misc binfmt_misc /proc/sys/fs/binfmt_misc && printf '%s' ':arm64:M::\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\xb7\x00:\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff:${emulator}:F' > /proc/sys/fs/binfmt_misc/register`;

const namespaces: Record<Architecture, string[]> = {
  amd64: ["--mount"],
  arm64: ["--mount", "--user", "--map-root-user"],
};
const preparations: Record<Architecture, string> = { amd64: "true", arm64: emulate };

/** Why there can be none here; undefined where there can, what it is made of then being at hand. */
export async function whyNoEmptyDebian(architecture: Architecture): Promise<string | undefined> {
  if (Deno.build.os !== "linux" || Deno.uid() !== 0) return "wants root on Linux";
  if (Deno.build.arch !== "x86_64") return "wants an x86-64 machine";
  const programs = ["debootstrap", "unshare", "chroot", ...architecture === "arm64" ? [emulator] : []];
  for (const program of programs) {
    if (await failure("sh", ["-c", `command -v ${program}`]) !== undefined) return `no ${program}`;
  }
  const entering = await failure("unshare", [...namespaces[architecture], "sh", "-c", preparations[architecture]]);
  if (entering !== undefined) return `no namespaces: ${entering}`;
  const making = await template(architecture);
  return making.problem === undefined ? undefined : `debootstrap: ${making.problem}`;
}

export async function emptyDebian(architecture: Architecture): Promise<EmptyDebian> {
  const { folder } = await template(architecture);
  const path = await Deno.makeTempDir({ prefix: "filagram-empty-" });
  await failure("cp", ["-a", `${folder}/.`, path]);
  await Deno.chmod(path, 0o755);
  const enter = `${
    preparations[architecture]
  } && mount --rbind /dev "$0/dev" && mount --rbind /proc "$0/proc" && exec "$@"`;
  const start = (script: string, { user = 0 }: StartOptions = {}) => {
    const as = user === 0 ? [] : [`--userspec=${user}:${user}`];
    const inside = ["chroot", ...as, path, "/bin/sh", "-c", script];
    return new Deno.Command("unshare", {
      args: [...namespaces[architecture], "sh", "-c", enter, path, ...inside],
      clearEnv: true,
      env: { PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
  };
  return {
    path,
    start,
    async run(script, options) {
      const { code, stdout, stderr } = await start(script, options).output();
      return { code, stdout: new TextDecoder().decode(stdout), stderr: new TextDecoder().decode(stderr) };
    },
    [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }),
  };
}

interface Template {
  readonly folder: string;
  readonly problem?: string;
}

const templates = new Map<Architecture, Promise<Template>>();

/** Kept from one run to the next. */
function template(architecture: Architecture): Promise<Template> {
  const made = templates.get(architecture) ?? makeTemplate(architecture);
  templates.set(architecture, made);
  return made;
}

async function makeTemplate(architecture: Architecture): Promise<Template> {
  const cache = Deno.env.get("XDG_CACHE_HOME") || `${Deno.env.get("HOME") ?? "/root"}/.cache`;
  const folder = `${cache}/filagram-tests/minbase-${release}-${architecture}`;
  if (await Deno.stat(folder).then(() => true, () => false)) return { folder };
  await Deno.mkdir(`${cache}/filagram-tests`, { recursive: true });
  const making = await Deno.makeTempDir({ dir: `${cache}/filagram-tests` });
  await Deno.chmod(making, 0o755);
  // What the packages do when they are set up is nothing that a program needs; for ARM it would take minutes.
  const foreign = architecture === "arm64" ? ["--foreign"] : [];
  const settings = [...foreign, "--variant=minbase", `--arch=${architecture}`, release, making];
  const problem = await failure("timeout", [String(maxDownloadSeconds), "debootstrap", ...settings]);
  if (problem !== undefined) {
    await Deno.remove(making, { recursive: true });
    return { folder, problem };
  }
  await Deno.rename(making, folder);
  return { folder };
}

/** Undefined if the program ends well, else the last line it says. */
async function failure(program: string, args: readonly string[]): Promise<string | undefined> {
  const command = new Deno.Command(program, { args: [...args], env: { LC_ALL: "C" }, stdin: "null" });
  const { success, stdout, stderr } = await command.output();
  if (success) return undefined;
  const text = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  return text.trim().split("\n").at(-1) || "it fails";
}
