/** Starts `child.ts` as a process of its own. */
import { libcPaths } from "../../bridge/libc.ts";

const script = new URL("child.ts", import.meta.url).pathname;

/** As `nobody`, if we are root: root opens everything, and sees everybody's files. */
const asNobody = Deno.uid() === 0 ? ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] : [];

export interface ChildOptions {
  readonly permissions?: readonly string[];
  readonly isNobody?: boolean;
}

function command(args: readonly string[], { permissions = ["-A"], isNobody = false }: ChildOptions): Deno.Command {
  const [program = "", ...rest] = [
    ...(isNobody ? asNobody : []),
    Deno.execPath(),
    "run",
    "--quiet",
    "--no-prompt",
    "--no-config",
    "--no-lock",
    ...permissions,
    script,
    ...args,
  ];
  return new Deno.Command(program, {
    args: rest,
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
    ...(isNobody ? { env: { DENO_DIR: nobodysFolder() } } : {}),
  });
}

let folder: string | undefined;
function nobodysFolder(): string {
  if (folder) return folder;
  folder = Deno.makeTempDirSync({ prefix: "filagram-nobody-" });
  Deno.chmodSync(folder, 0o777);
  return folder;
}

/** Only the C library may be opened: what the agent can be narrowed to. */
export function narrowPermissions(): string[] {
  const path = libcPaths.find((candidate) => {
    try {
      return Deno.statSync(candidate).isFile;
    } catch {
      return false;
    }
  });
  return [`--allow-ffi=${path}`];
}

/** Runs a child to its end. @returns what it said */
export async function runChild(args: readonly string[], options: ChildOptions = {}): Promise<string> {
  const child = command(args, options).spawn();
  await child.stdin.close();
  const { code, stdout } = await child.output();
  if (code !== 0) throw new Error(`The child process ended with code ${code}`);
  return new TextDecoder().decode(stdout).trim();
}

/** Starts a child and waits for its first line. Disposing lets it end. */
export async function startChild(args: readonly string[], options: ChildOptions = {}) {
  const child = command(args, options).spawn();
  const reader = child.stdout.getReader();
  const { value } = await reader.read();
  return {
    pid: child.pid,
    firstLine: new TextDecoder().decode(value).trim(),
    async [Symbol.asyncDispose]() {
      await child.stdin.close();
      await reader.cancel();
      await child.status;
    },
  };
}
