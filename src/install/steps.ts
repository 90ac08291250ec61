/**
 * Installing as data: what is to be there afterwards, each thing said in a sentence. {@link carryOut} makes it so, and finds
 * nothing to do the second time.
 */
import { createHash } from "node:crypto";
import { join } from "node:path";
import { errorText } from "../log.ts";
import { type ProgramName, runProgram } from "./run_program.ts";
import { places, secretsText, serviceUser, settingsText, udevRuleText, unitText } from "./unit.ts";

export type Owner = "root" | "service";

export type Step =
  | { readonly kind: "user"; readonly groups: readonly string[] }
  | { readonly kind: "folder"; readonly path: string; readonly mode: number; readonly owner: Owner }
  /** `isOwners`: written once, then the owner's. */
  | {
    readonly kind: "file";
    readonly path: string;
    readonly content: Content;
    readonly mode: number;
    readonly owner: Owner;
    readonly isOwners?: boolean;
  }
  /** What it says when it fails is told, and no more. */
  | {
    readonly kind: "program";
    readonly name: ProgramName;
    readonly args: readonly string[];
    readonly env?: Readonly<Record<string, string>>;
    readonly where: "any root" | "own root" | "systemd runs";
  };

type Content = string | { readonly copyOf: string };

/** Groups that own serial ports and pseudo-terminals; those that this system has. */
const portGroups = ["dialout", "uucp", "tty"];

export interface InstallOptions {
  /** The folder that stands for `/`. */
  readonly root: string;
  /** The program as one file. */
  readonly binary: string;
  readonly manPage: string;
}

/** A self-extracting program unpacks itself at its first start: here once, by root, for all. */
export const unpackForAll = { FILAGRAM_CACHE: places.cache };

export function installSteps({ root, binary, manPage }: InstallOptions): Step[] {
  const file = (path: string, content: Content, mode = 0o644): Step => ({
    kind: "file",
    path,
    content,
    mode,
    owner: "root",
  });
  const settings = (path: string, content: string): Step => ({
    kind: "file",
    path,
    content,
    mode: 0o600,
    owner: "service",
    isOwners: true,
  });
  return [
    file(places.binary, { copyOf: binary }, 0o755),
    { kind: "program", name: "setpriv", args: [places.binary, "version"], env: unpackForAll, where: "own root" },
    { kind: "user", groups: portGroups },
    { kind: "folder", path: places.settingsFolder, mode: 0o750, owner: "service" },
    settings(places.settings, settingsText),
    settings(places.secrets, secretsText),
    file(places.udevRule, udevRuleText),
    file(places.manPage, manPage),
    file(places.unit, unitText),
    { kind: "program", name: "udevadm", args: ["control", "--reload"], where: "systemd runs" },
    { kind: "program", name: "systemctl", args: ["daemon-reload"], where: "systemd runs" },
    {
      kind: "program",
      name: "systemctl",
      args: [...root === "/" ? [] : [`--root=${root}`], "enable", "--quiet", "filagram.service"],
      where: "any root",
    },
  ];
}

/** What a step does, in words. */
export function sentence(step: Step): string {
  const owned = (owner: Owner) => owner === "service" ? `, of user ${serviceUser}` : "";
  switch (step.kind) {
    case "user":
      return `user ${serviceUser}, in those of the groups ${step.groups.join(", ")} that are here`;
    case "folder":
      return `folder ${step.path} (${mode(step.mode)}${owned(step.owner)})`;
    case "file":
      return `file ${step.path} (${mode(step.mode)}${owned(step.owner)}${
        step.isOwners ? "; left as it is if it is there" : ""
      })`;
    case "program": {
      const env = Object.entries(step.env ?? {}).map(([name, value]) => `${name}=${value}`);
      return [...env, step.name, ...step.args].join(" ");
    }
  }
}

function mode(bits: number): string {
  return bits.toString(8).padStart(4, "0");
}

export interface System {
  readonly root: string;
  /** Whether the root is this machine's own, with systemd at work. */
  readonly isRunning: boolean;
}

export function systemAt(root: string): System {
  return { root, isRunning: root === "/" && existsSync("/run/systemd/system") };
}

/**
 * Makes it so. @returns what was done, or undefined where all was as it should be
 * @throws Error with a sentence
 */
export async function carryOut(step: Step, system: System): Promise<string | undefined> {
  switch (step.kind) {
    case "user":
      return await makeUser(step.groups, system);
    case "folder":
      return makeFolder(step, system);
    case "file":
      return writeFile(step, system);
    case "program": {
      if (step.where === "own root" && system.root !== "/") return undefined;
      if (step.where === "systemd runs" && !system.isRunning) return undefined;
      const result = await runProgram(step.name, step.args, step.env ? { env: step.env } : {});
      if (result.kind === "missing") return `no ${step.name} here: left out "${sentence(step)}"`;
      return result.isOk ? undefined : `${sentence(step)} failed: ${result.output}`;
    }
  }
}

async function makeUser(wanted: readonly string[], { root }: System): Promise<string | undefined> {
  const groups = await groupsOf(root);
  const missing = wanted.filter((name) => groups.get(name)?.includes(serviceUser) === false);
  if (await userIds(root)) {
    if (missing.length === 0) return undefined;
    await must("usermod", [...prefix(root), "--append", "--groups", missing.join(","), serviceUser]);
    return `added user ${serviceUser} to ${missing.join(", ")}`;
  }
  const own = groups.has(serviceUser) ? ["--gid", serviceUser] : ["--user-group"];
  await must("useradd", [
    ...prefix(root),
    "--system",
    ...own,
    ...missing.length ? ["--groups", missing.join(",")] : [],
    "--home-dir",
    places.state,
    "--no-create-home",
    "--shell",
    "/usr/sbin/nologin",
    serviceUser,
  ]);
  return `made user ${serviceUser}, in ${missing.join(", ") || "no other group"}`;
}

/** The options by which the tools of shadow-utils work on another root; on this one they want none. */
export function prefix(root: string): string[] {
  return root === "/" ? [] : ["--prefix", root];
}

/** Runs a program that must be there and end well. @throws Error with what it said */
export async function must(name: ProgramName, args: readonly string[]): Promise<void> {
  const result = await runProgram(name, args);
  if (result.kind === "missing") throw new Error(`Cannot run "${name}": this system has none`);
  if (!result.isOk) throw new Error(`Cannot run "${name} ${args.join(" ")}": ${result.output}`);
}

/** User and group number of the service, if the user is there. */
export async function userIds(root: string): Promise<{ uid: number; gid: number } | undefined> {
  const fields = (await accountLines(root, "etc/passwd")).find(([name]) => name === serviceUser);
  return fields && { uid: Number(fields[2]), gid: Number(fields[3]) };
}

/** The members of each group. */
export async function groupsOf(root: string): Promise<Map<string, string[]>> {
  const lines = await accountLines(root, "etc/group");
  return new Map(lines.map(([name = "", , , members = ""]) => [name, members.split(",")]));
}

async function accountLines(root: string, file: string): Promise<string[][]> {
  try {
    return (await Deno.readTextFile(join(root, file))).split("\n").map((line) => line.split(":"));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

async function makeFolder(step: Step & { kind: "folder" }, { root }: System): Promise<string | undefined> {
  const path = join(root, step.path);
  const isNew = !existsSync(path);
  if (isNew) await Deno.mkdir(path, { recursive: true });
  const isChanged = await own(path, step, root);
  return isNew ? `made ${sentence(step)}` : isChanged ? `mended ${sentence(step)}` : undefined;
}

async function writeFile(step: Step & { kind: "file" }, { root }: System): Promise<string | undefined> {
  const path = join(root, step.path);
  if (step.isOwners && existsSync(path)) return undefined;
  if (existsSync(path) && await holds(path, step.content)) {
    return await own(path, step, root) ? `mended ${sentence(step)}` : undefined;
  }
  await Deno.mkdir(join(path, ".."), { recursive: true });
  const fresh = `${path}.new`;
  await removeIfThere(fresh);
  try {
    if (typeof step.content === "string") {
      await Deno.writeTextFile(fresh, step.content, { createNew: true, mode: 0o600 });
    } else await Deno.copyFile(step.content.copyOf, fresh);
    await own(fresh, step, root);
    using file = await Deno.open(fresh);
    await file.sync();
    await Deno.rename(fresh, path); // a program that runs goes on with the old one
  } catch (error) {
    await removeIfThere(fresh);
    throw new Error(`Cannot write "${path}": ${errorText(error)}`, { cause: error });
  }
  return `wrote ${sentence(step)}`;
}

async function holds(path: string, content: Content): Promise<boolean> {
  if (typeof content === "string") return await Deno.readTextFile(path) === content;
  const [a, b] = await Promise.all([Deno.stat(path), Deno.stat(content.copyOf)]);
  if (a.dev === b.dev && a.ino === b.ino) return true;
  return a.size === b.size && await digest(path) === await digest(content.copyOf);
}

/** Part by part: a board has less memory than the program has bytes to spare. */
async function digest(path: string): Promise<string> {
  const hash = createHash("sha256");
  using file = await Deno.open(path);
  for await (const part of file.readable) hash.update(part);
  return hash.digest("hex");
}

/** Sets mode and owner; says whether they were others. */
async function own(path: string, step: { mode: number; owner: Owner }, root: string): Promise<boolean> {
  const ids = step.owner === "root" ? { uid: 0, gid: 0 } : await userIds(root);
  if (!ids) throw new Error(`There is no user "${serviceUser}" in "${join(root, "etc/passwd")}"`);
  const { mode = 0, uid, gid } = await Deno.stat(path);
  const isSame = ((mode ?? 0) & 0o7777) === step.mode && uid === ids.uid && gid === ids.gid;
  if (isSame) return false;
  await Deno.chown(path, ids.uid, ids.gid);
  await Deno.chmod(path, step.mode);
  return true;
}

export function existsSync(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return false;
    throw error;
  }
}

/** Removes a file or a folder with all in it. @returns whether it was there */
export async function removeIfThere(path: string): Promise<boolean> {
  try {
    await Deno.remove(path, { recursive: true });
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
