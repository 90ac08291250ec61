/**
 * Where filagram.yaml is looked for, and what to say where there is none.
 */
import { isAbsolute, join, resolve } from "node:path";

/** `Deno.env`, or a Map in tests. */
export interface Environment {
  get(name: string): string | undefined;
}

export const settingsFileName = "filagram.yaml";

/** The smallest settings that work; the same in the README. */
export const smallestSettings = `printers:
  - name: MK3S
    driver: marlin
    address: serial:/dev/serial/by-id/usb-Prusa_Research_Original_Prusa_i3_MK3S-if00
channels:
  - name: mail
    type: email
    provider: gmail
    user: me@gmail.com
    password: !secret gmail_password
    to: [me@gmail.com]
`;

/** What belongs into secrets.yaml beside them. */
export const smallestSecrets = `gmail_password: abcd efgh ijkl mnop
`;

export type FoundSettings =
  | { readonly kind: "found"; readonly path: string }
  /** `text`: what to tell the owner, with the smallest file to start from. */
  | { readonly kind: "missing"; readonly lookedFor: readonly string[]; readonly text: string };

export interface FindSettingsOptions {
  /** The value of `--config`: a file, or the folder it lies in. */
  readonly option?: string | undefined;
  readonly env: Environment;
  readonly cwd: string;
  /** Where the system's settings lie; `/etc` but for tests. */
  readonly systemFolder?: string;
}

/** The first of the places that has a settings file. A place that was named is the only one. */
export async function findSettings(options: FindSettingsOptions): Promise<FoundSettings> {
  const { env, cwd } = options;
  const named = options.option || env.get("FILAGRAM_CONFIG");
  const places = named ? [resolve(cwd, named)] : usualPlaces(options);
  for (const place of places) {
    const file = await settingsAt(place);
    if (file !== undefined) return { kind: "found", path: file };
  }
  return { kind: "missing", lookedFor: places, text: missingText(places, { isNamed: Boolean(named) }) };
}

function usualPlaces({ env, cwd, systemFolder = "/etc" }: FindSettingsOptions): string[] {
  const own = xdgFolder(env, { variable: "XDG_CONFIG_HOME", fallback: ".config" });
  const folders = [cwd, ...(own ? [join(own, "filagram")] : []), join(systemFolder, "filagram")];
  return folders.map((folder) => join(folder, settingsFileName));
}

/** `$XDG_…`, else the usual folder in the home; undefined without a home. */
export function xdgFolder(
  env: Environment,
  { variable, fallback }: { variable: string; fallback: string },
): string | undefined {
  const named = env.get(variable);
  if (named && isAbsolute(named)) return named; // the XDG specification: ignore relative ones
  const home = env.get("HOME");
  return home ? join(home, fallback) : undefined;
}

async function settingsAt(path: string): Promise<string | undefined> {
  try {
    const { isDirectory } = await Deno.stat(path);
    return isDirectory ? await settingsAt(join(path, settingsFileName)) : path;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return undefined;
    if (error instanceof Deno.errors.PermissionDenied) return path; // it is there; reading it says what to do
    throw error;
  }
}

function missingText(places: readonly string[], { isNamed }: { isNamed: boolean }): string {
  const head = isNamed
    ? `There is no settings file at ${places.join(", ")}.`
    : ["There is no settings file. Looked for:", ...places.map((place) => `  ${place}`)].join("\n");
  const indented = (text: string) => text.trimEnd().split("\n").map((line) => `  ${line}`).join("\n");
  return [
    head,
    "",
    `Start with this as ${settingsFileName}:`,
    "",
    indented(smallestSettings),
    "",
    "and this as secrets.yaml beside it, which nobody else may read (chmod 600 secrets.yaml):",
    "",
    indented(smallestSecrets),
    "",
    "Look for your printer with: ls /dev/serial/by-id/",
  ].join("\n");
}
