/** The few programs of the system that installing and updating need. The agent itself starts none. */

/** By full path: what `PATH` says is not believed, and permissions name them. */
export const programs = {
  useradd: "/usr/sbin/useradd",
  usermod: "/usr/sbin/usermod",
  userdel: "/usr/sbin/userdel",
  groupdel: "/usr/sbin/groupdel",
  systemctl: "/usr/bin/systemctl",
  udevadm: "/usr/bin/udevadm",
  setpriv: "/usr/bin/setpriv",
} as const;

export type ProgramName = keyof typeof programs;

export type ProgramResult =
  | { readonly kind: "ran"; readonly isOk: boolean; readonly output: string }
  /** This system has no such program. */
  | { readonly kind: "missing" };

export interface RunOptions {
  readonly signal?: AbortSignal;
  readonly env?: Readonly<Record<string, string>>;
}

/** Runs it to its end; what it says, on both streams, is handed back. */
export async function runProgram(
  name: ProgramName,
  args: readonly string[],
  options: RunOptions = {},
): Promise<ProgramResult> {
  const command = new Deno.Command(programs[name], {
    args: [...args],
    clearEnv: true,
    env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", LC_ALL: "C", ...options.env },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
    ...(options.signal ? { signal: options.signal } : {}),
  });
  try {
    const { success, stdout, stderr } = await command.output();
    const decoder = new TextDecoder();
    return { kind: "ran", isOk: success, output: (decoder.decode(stdout) + decoder.decode(stderr)).trim() };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return { kind: "missing" };
    throw error;
  }
}
