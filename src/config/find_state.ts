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
}

/** The state folder; it need not exist yet. @throws Error with a sentence where no place is known */
export function findState({ option, env, cwd }: FindStateOptions): string {
  const named = option || env.get("FILAGRAM_STATE");
  if (named) return resolve(cwd, named);
  // systemd names several folders with colons between them; the unit asks for one.
  const [fromSystemd] = (env.get("STATE_DIRECTORY") ?? "").split(":");
  if (fromSystemd) return fromSystemd;
  const own = xdgFolder(env, { variable: "XDG_STATE_HOME", fallback: ".local/state" });
  if (own) return join(own, "filagram");
  throw new Error("Cannot tell where to keep the state: name a folder with --state DIR or $FILAGRAM_STATE");
}
