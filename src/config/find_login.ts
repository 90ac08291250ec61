/**
 * One printer's section, for a login: the key it asks for may not be there yet, and other sections may have mistakes.
 */
import type { BoundDriver, SealedDriver } from "../drivers/driver.ts";
import { suggestion } from "./did_you_mean.ts";
import { printerSchema } from "./file_schema.ts";
import { isRecord } from "./schema_shape.ts";
import { readTextFile } from "./settings_text.ts";
import { YamlFile } from "./yaml_file.ts";

export type LoginTarget =
  | {
    readonly kind: "found";
    readonly driver: BoundDriver;
    readonly login: NonNullable<BoundDriver["login"]>;
    /** The names of secrets that the section has already: `apiKey: !secret NAME`. */
    readonly secretNames: ReadonlyMap<string, string>;
  }
  /** `text`: a sentence for the owner. */
  | { readonly kind: "problem"; readonly text: string };

/** Finds the printer in filagram.yaml and binds its driver. */
export async function findLogin(
  path: string,
  name: string,
  drivers: readonly SealedDriver[],
): Promise<LoginTarget> {
  const problem = (text: string): LoginTarget => ({ kind: "problem", text });
  const read = await readTextFile(path);
  if (read.kind !== "text") return problem(`${path} ${read.kind === "missing" ? "does not exist" : read.text}`);
  const yaml = new YamlFile(path, read.text);
  const secretAt = new Map<string, string>();
  const root = yaml.isReadable
    ? yaml.plainValue((secret, at) => {
      secretAt.set(at.join("."), secret);
      return secret; // its value is not needed to ask for a new one
    })?.value
    : undefined;
  const printers = isRecord(root) && Array.isArray(root["printers"]) ? root["printers"] : undefined;
  if (!printers) return problem(`Cannot read the printers in ${path}: run \`filagram settings check\``);
  const index = printers.findIndex((printer) => isRecord(printer) && printer["name"] === name);
  const entry: unknown = printers[index];
  if (!isRecord(entry)) {
    const known = printers.flatMap((printer) => isRecord(printer) ? String(printer["name"]) : []);
    return problem(`No printer "${name}" in ${path}: ${suggestion(name, known)}`);
  }
  const driver = drivers.find(({ id }) => id === entry["driver"]);
  const own = Object.entries(entry).filter(([key]) => !(key in printerSchema.shape));
  const settings = driver?.settings.safeParse(Object.fromEntries(own));
  if (!driver || !settings?.success) {
    return problem(`The section of printer "${name}" has mistakes: run \`filagram settings check\``);
  }
  const bound = driver.bind(Object.fromEntries(own));
  if (!bound.login) return problem(`Printer "${name}" needs no login: ${driver.label} gives no keys`);
  const secretNames = own.flatMap(([key]) => {
    const secret = secretAt.get(`printers.${index}.${key}`);
    return secret === undefined ? [] : [[key, secret] as const];
  });
  return { kind: "found", driver: bound, login: bound.login, secretNames: new Map(secretNames) };
}
