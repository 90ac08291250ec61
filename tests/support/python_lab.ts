/**
 * Python programs from PyPI that tests talk to, each in a virtual environment of its own, kept between runs: below
 * `$FILAGRAM_LAB`, or `~/.cache/filagram-lab`.
 */

const installMilliseconds = 400_000;
/** Written when all is installed: an environment without it was left half-way. */
const completeMark = "complete";

export interface PythonProgram {
  /** With version: the folder's name. */
  readonly name: string;
  /** As pip names them, each with its version. */
  readonly packages: readonly string[];
}

/** Where labs lie. */
export function labFolder(): string {
  return Deno.env.get("FILAGRAM_LAB") ?? `${Deno.env.get("HOME") ?? "/var/tmp"}/.cache/filagram-lab`;
}

/** Its folder of commands. */
export function commandsOf({ name }: PythonProgram): string {
  return `${labFolder()}/${name}/bin`;
}

/** Why it cannot run here; installs it where it can. Several may ask at once. */
export async function whyNotInstalled(program: PythonProgram): Promise<string | undefined> {
  await Deno.mkdir(labFolder(), { recursive: true });
  using lock = await Deno.open(`${labFolder()}/${program.name}.lock`, { create: true, write: true });
  await lock.lock(true);
  const folder = `${labFolder()}/${program.name}`;
  const wanted = program.packages.join("\n");
  if (await Deno.readTextFile(`${folder}/${completeMark}`).catch(() => "") === wanted) return undefined;
  const python = await firstFine(["/usr/bin/python3", "python3"], ["-c", "import venv, ensurepip"]);
  if (python === undefined) return "no python3 with venv";
  const made = await run(python, ["-m", "venv", "--clear", folder]);
  if (!made.isFine) return `no virtual environment: ${made.said}`;
  const pip = await run(`${folder}/bin/python`, [
    ...["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input", "--timeout", "20"],
    ...program.packages,
  ]);
  if (!pip.isFine) return `PyPI gave no ${program.name}: ${pip.said}`;
  await Deno.writeTextFile(`${folder}/${completeMark}`, wanted);
  return undefined;
}

async function firstFine(commands: readonly string[], args: readonly string[]): Promise<string | undefined> {
  for (const command of commands) if ((await run(command, args)).isFine) return command;
  return undefined;
}

async function run(command: string, args: readonly string[]): Promise<{ isFine: boolean; said: string }> {
  try {
    const signal = AbortSignal.timeout(installMilliseconds);
    const child = new Deno.Command(command, { args: [...args], stdout: "null", stderr: "piped", signal });
    const { success, stderr } = await child.output();
    return { isFine: success, said: new TextDecoder().decode(stderr).trim().split("\n").at(-1)?.slice(0, 200) ?? "" };
  } catch (error) {
    return { isFine: false, said: String(error) };
  }
}
