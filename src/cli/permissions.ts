/**
 * What the program may reach, and why: the one place. `deno.json` says the same for running from the sources, SECURITY.md to
 * people (tests compare them); `deno task compile` makes it part of the program.
 *
 * Deno's walls hold back mistakes and what a package might try. They hold nobody back who controls the process: whoever may open
 * the C library may do what the user may. The wall against that is the service's own user and its unit.
 */
import { libcPathsOn } from "../../bridge/libc.ts";
import { programs } from "../install/run_program.ts";

export interface Permission {
  /** As Deno names it: `net` is `--allow-net`. */
  readonly name: "read" | "write" | "net" | "env" | "sys" | "ffi" | "run";
  /** `"all"`: cannot be narrowed. */
  readonly allowed: readonly string[] | "all";
  readonly reason: string;
}

export const permissions: readonly Permission[] = [
  {
    name: "read",
    allowed: "all",
    reason:
      "settings, state, certificates and print files lie where the owner says; devices are opened by the C library instead",
  },
  {
    name: "write",
    allowed: "all",
    reason: "the state lies where the owner says; `install` and `update` write to the system's folders",
  },
  {
    name: "net",
    allowed: "all",
    reason: "printers, cameras and servers have the addresses that the owner gives, and printers may be searched for",
  },
  {
    name: "env",
    allowed: [
      "FILAGRAM_CACHE",
      "FILAGRAM_CONFIG",
      "FILAGRAM_STATE",
      "FILAGRAM_BINARY",
      "HOME",
      "XDG_CONFIG_HOME",
      "XDG_STATE_HOME",
      "XDG_CACHE_HOME",
      "STATE_DIRECTORY",
      "NOTIFY_SOCKET",
      "WATCHDOG_USEC",
      "WATCHDOG_PID",
      "NO_COLOR",
      "FORCE_COLOR",
      "CLICOLOR_FORCE",
      "IMAGESCRIPT_WASM_SIMD",
    ],
    reason: "where files are, what systemd says, colours; every other variable looks as if it were not there",
  },
  {
    name: "sys",
    allowed: ["ca", "hostname", "networkInterfaces", "osUptime", "uid"],
    reason:
      "trusted certificates, the board's name, where to search for printers, the clock since boot, whether it is root",
  },
  {
    name: "ffi",
    allowed: [...new Set([...libcPathsOn("aarch64"), ...libcPathsOn("x86_64")])],
    reason: "serial ports, and the encoder for JPEG that comes with the program",
  },
  {
    name: "run",
    allowed: Object.values(programs),
    reason: "`install`, `uninstall` and `update` only: every other command gives this up before it begins",
  },
];

const commandsThatStartPrograms = ["install", "uninstall", "update"];

/** Takes from the process what this command never needs. There is no way back. */
export function giveUpNeedless(command: string): void {
  if (!commandsThatStartPrograms.includes(command)) Deno.permissions.revokeSync({ name: "run" });
}

/** The permissions for people, as Markdown. */
export function permissionsTable(): string {
  const rows = permissions.map(({ name, allowed, reason }) => {
    const names = allowed === "all" ? "all" : allowed.map((one) => `\`${one}\``).join(" ");
    return `| ${name} | ${names} | ${reason} |`;
  });
  return ["| may | what | why |", "|---|---|---|", ...rows].join("\n");
}

/**
 * The permissions as options of `deno run` and `deno compile`.
 * @param addon the path of the JPEG encoder; without it any library may be opened, for its place is not known before
 */
export function permissionFlags(addon?: string): string[] {
  const flags = permissions.map(({ name, allowed }) => {
    if (allowed === "all" || (name === "ffi" && addon === undefined)) return `--allow-${name}`;
    return `--allow-${name}=${[...allowed, ...(name === "ffi" ? [addon] : [])].join(",")}`;
  });
  return [...flags, "--ignore-env", "--no-prompt", "--unstable-worker-options"];
}
