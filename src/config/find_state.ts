/**
 * Where the agent keeps what must not be lost: the database, pictures, its control socket.
 */
import { join, resolve } from "node:path";
import { type Environment, xdgFolder } from "./find_settings.ts";

export interface FindStateOptions {
  /** The value of `--state`. */
  readonly option?: string | undefined;
  readonly env: Environment;
  readonly cwd: string;
  /** Where an installed agent keeps it; `/var/lib/filagram` but for tests. */
  readonly systemFolder?: string;
  /** Root has tried it before, perhaps; what it asks about is what is installed. */
  readonly isRoot?: boolean;
}

/** The state folder; it need not exist yet. @throws Error with a sentence where no place is known */
export function findState(options: FindStateOptions): string {
  const { option, env, cwd, systemFolder = "/var/lib/filagram", isRoot = false } = options;
  const named = option || env.get("FILAGRAM_STATE");
  if (named) return resolve(cwd, named);
  // systemd names several folders with colons between them; the unit asks for one.
  const [fromSystemd] = (env.get("STATE_DIRECTORY") ?? "").split(":");
  if (fromSystemd) return fromSystemd;
  const own = xdgFolder(env, { variable: "XDG_STATE_HOME", fallback: ".local/state" });
  const ownFolder = own && join(own, "filagram");
  if (ownFolder && !isRoot && isThere(ownFolder)) return ownFolder;
  if (isThere(systemFolder)) return systemFolder; // `sudo filagram events` means the installed agent's
  if (ownFolder) return ownFolder;
  throw new Error("Cannot tell where to keep the state: name a folder with --state DIR or $FILAGRAM_STATE");
}

function isThere(path: string): boolean {
  try {
    return Deno.statSync(path).isDirectory;
  } catch {
    return false;
  }
}
