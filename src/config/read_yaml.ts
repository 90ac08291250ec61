/**
 * filagram.yaml with the secrets of secrets.yaml filled in.
 */
import type { Secrets } from "../log.ts";
import { suggestion } from "./did_you_mean.ts";
import type { ProblemList } from "./problem_list.ts";
import { isRecord } from "./schema_shape.ts";
import type { CheckedFile } from "./section_check.ts";
import { chmodAdvice, readTextFile, secretsPathOf } from "./settings_text.ts";
import { YamlFile } from "./yaml_file.ts";

/** Stands for a secret that could not be found, which was reported; it never leaves this folder. */
const missingSecret = "missing-secret";

const tooLarge = "holds more than any settings need: it is too large or too deep";

/** The content, secrets filled in; undefined where there is nothing to check. Troubles go to `problems`. */
export async function readYaml(
  path: string,
  { problems, secrets }: { problems: ProblemList; secrets: Secrets },
): Promise<CheckedFile | undefined> {
  const read = await readTextFile(path);
  // Read even where filagram.yaml is broken: its mistakes belong to the same list, and its secrets are hidden in it.
  const known = await readSecrets(secretsPathOf(path), { problems, secrets });
  if (read.kind !== "text") {
    problems.add({ file: path, where: "", text: read.kind === "missing" ? "does not exist" : read.text });
    return undefined;
  }
  const yaml = new YamlFile(path, read.text);
  for (const { at, text } of yaml.problems) problems.add({ file: path, at, where: "", text });
  if (!yaml.isReadable) return undefined;
  const unknown: { path: (string | number)[]; text: string }[] = [];
  const plain = yaml.plainValue((name, at) => {
    const secret = known.values?.get(name);
    if (secret === undefined && known.values) unknown.push({ path: [...at], text: unknownSecret(name, known) });
    return secret ?? missingSecret;
  });
  if (!plain) {
    problems.add({ file: path, where: "", text: tooLarge });
    return undefined;
  }
  const { value, problems: troubles } = plain;
  for (const { path: place, text, at } of troubles) problems.addAt(yaml, { path: place ?? [], value, text, at });
  for (const { path: at, text } of unknown) problems.addAt(yaml, { path: at, value, text });
  let isTold = read.isPrivate;
  return {
    yaml,
    value,
    problems,
    foundSecret(secret, at) {
      if (yaml.isSecret(at) || secret === "") return; // known already
      secrets.add(secret);
      if (isTold) return;
      isTold = true; // once is enough: the remedy is the same for all
      const text =
        `stands here in plain text and others on this machine can read it: move it to secrets.yaml and write ` +
        `!secret NAME here, or run ${chmodAdvice(path)}`;
      problems.addAt(yaml, { path: at, value, text });
    },
  };
}

interface KnownSecrets {
  /** Absent where secrets.yaml is refused, which was reported: then none of its names is unknown. */
  readonly values?: ReadonlyMap<string, string>;
  readonly isFileMissing: boolean;
}

async function readSecrets(
  path: string,
  { problems, secrets }: { problems: ProblemList; secrets: Secrets },
): Promise<KnownSecrets> {
  const read = await readTextFile(path);
  if (read.kind === "missing") return { values: new Map(), isFileMissing: true };
  const refuse = (text: string, at?: { line: number; column: number }): KnownSecrets => {
    problems.add({ file: path, where: "", text, ...(at ? { at } : {}) });
    return { isFileMissing: false };
  };
  if (read.kind === "unreadable") return refuse(read.text);
  // All is text here: a PIN of 0123 stays 0123.
  const yaml = new YamlFile(path, read.text, { allStrings: true });
  const plain = yaml.plainValue(() => "");
  const value = plain?.value;
  if (isRecord(value)) secrets.add(...Object.values(value).filter((item) => typeof item === "string"));
  if (!read.isPrivate) return refuse(`can be read by others on this machine: run ${chmodAdvice(path)}`);
  const mistakes = [...yaml.problems, ...plain?.problems ?? []];
  if (mistakes.length > 0) {
    for (const { at, text } of mistakes) refuse(text, at);
    return { isFileMissing: false };
  }
  if (value === undefined) return refuse(tooLarge);
  if (value === null) return { values: new Map(), isFileMissing: false };
  const shape = "each line must be a name, a colon, a space and the secret, like gmail_password: abcd efgh";
  if (!isRecord(value)) return refuse(shape, { line: 1, column: 1 });
  const values = new Map<string, string>();
  for (const [name, secret] of Object.entries(value)) {
    if (typeof secret === "string" && secret !== "") values.set(name, secret);
    else refuse(secret === "" || secret === null ? "is empty" : shape, yaml.positionOf([name], "key"));
  }
  return { values, isFileMissing: false };
}

/** The name is not repeated: who misunderstands `!secret` writes the secret itself after it. */
function unknownSecret(name: string, { values, isFileMissing }: KnownSecrets): string {
  if (isFileMissing) return "names a secret, but there is no secrets.yaml beside this file";
  return `this secret is not in secrets.yaml: ${suggestion(name, [...values?.keys() ?? []], "it holds none")}`;
}
