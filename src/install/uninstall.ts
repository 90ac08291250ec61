/** Takes back what `install` did. Settings and state are the owner's: they go only when he says so. */
import { join } from "node:path";
import { runProgram } from "./run_program.ts";
import { existsSync, groupsOf, must, prefix, removeIfThere, type System, userIds } from "./steps.ts";
import { places, serviceUser } from "./unit.ts";

/** What always goes. */
const ours = [
  places.unit,
  places.udevRule,
  places.manPage,
  places.cache,
  ...["", ".old", ".new"].map((suffix) => places.binary + suffix), // an update keeps the one before
];
/** What holds the owner's own: settings, passwords, messages that wait. */
export const ownersFolders = [places.settingsFolder, places.state];

export interface UninstallOptions {
  /** Settings, state and the user who owns them go, too. */
  readonly all: boolean;
}

/** What it would take away, one line each. */
export function plannedRemovals({ root }: System, { all }: UninstallOptions): string[] {
  const paths = [...ours, ...all ? ownersFolders : []].filter((path) => existsSync(join(root, path)));
  return all ? [...paths, `user ${serviceUser}`] : paths;
}

/** Yields what was taken away, as it goes. @throws Error with a sentence */
export async function* uninstall(system: System, { all }: UninstallOptions): AsyncGenerator<string> {
  const { root, isRunning } = system;
  if (existsSync(join(root, places.unit))) {
    if (isRunning) await runProgram("systemctl", ["stop", "filagram.service"]);
    const at = root === "/" ? [] : [`--root=${root}`];
    await runProgram("systemctl", [...at, "disable", "--quiet", "filagram.service"]);
  }
  for (const path of [...ours, ...all ? ownersFolders : []]) {
    if (await removeIfThere(join(root, path))) yield `removed ${path}`;
  }
  if (isRunning) {
    await runProgram("systemctl", ["daemon-reload"]);
    await runProgram("udevadm", ["control", "--reload"]);
  }
  if (!all) return;
  if (await userIds(root)) {
    await must("userdel", [...prefix(root), serviceUser]);
    yield `removed user ${serviceUser}`;
  }
  if ((await groupsOf(root)).has(serviceUser)) await must("groupdel", [...prefix(root), serviceUser]);
}
