/**
 * Checks one part of filagram.yaml against its schema and says every mistake in it at its place.
 */
import type { z } from "zod";
import { suggestion } from "./did_you_mean.ts";
import { plannedText } from "./file_schema.ts";
import { type Issue, issueText, leafIssues } from "./issue_text.ts";
import { isWord, type ProblemList } from "./problem_list.ts";
import {
  alternatives,
  childSchema,
  isRecord,
  isSecretField,
  type JsonSchema,
  jsonSchemaOf,
  knownKeys,
  wantsText,
} from "./schema_shape.ts";
import type { Path, YamlFile } from "./yaml_file.ts";

export interface CheckedFile {
  readonly yaml: YamlFile;
  /** The whole content, secrets filled in. */
  readonly value: unknown;
  readonly problems: ProblemList;
  /** Told of each secret before any text about it is made. */
  foundSecret(value: string, path: Path): void;
}

export interface SectionOptions<Value> {
  readonly path: Path;
  readonly schema: z.ZodType<Value>;
  /** Keys that others answer for. */
  readonly otherKeys?: readonly string[];
  readonly plannedKeys?: readonly string[];
}

export interface Section<Value> {
  /** What the schema made of it; absent when something is wrong. */
  readonly value?: Value;
  /** What stands in the file, text where text is wanted, without the keys of others. */
  readonly input: unknown;
}

/** Parses the value at `path`; whatever is wrong goes to the file's problems. */
export function checkSection<Value>(file: CheckedFile, found: unknown, options: SectionOptions<Value>): Section<Value> {
  const { path, schema, otherKeys = [], plannedKeys = [] } = options;
  const shape = jsonSchemaOf(schema);
  const own = isRecord(found)
    ? Object.fromEntries(Object.entries(found).filter(([key]) => !otherKeys.includes(key)))
    : found;
  const input = withTexts(file, own, { path, shape });
  findSecrets(file, input, { path, shape });
  checkKeys(file, input, { path, shape, otherKeys, plannedKeys });
  const parsed = schema.safeParse(input);
  if (!parsed.success) reportIssues(file, parsed.error.issues, { path, shape, input });
  return parsed.success && !file.problems.hasAt(path) ? { value: parsed.data, input } : { input };
}

interface Place {
  readonly path: Path;
  readonly shape: JsonSchema | undefined;
}

/** `user: 0123` and `password: 12345678` are meant as text where only text fits. */
function withTexts(file: CheckedFile, value: unknown, { path, shape }: Place): unknown {
  if (Array.isArray(value)) {
    return value.map((item, index) =>
      withTexts(file, item, { path: [...path, index], shape: childSchema(shape, value, index) })
    );
  }
  if (isRecord(value)) {
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [
        key,
        withTexts(file, item, { path: [...path, key], shape: childSchema(shape, value, key) }),
      ]),
    );
  }
  const isMisread = (typeof value === "number" || typeof value === "boolean") && wantsText(shape) &&
    !alternatives(shape, value).some(({ hasUnit }) => hasUnit === true);
  return isMisread ? file.yaml.sourceOf(path) ?? String(value) : value;
}

function findSecrets(file: CheckedFile, value: unknown, { path, shape }: Place): void {
  if (typeof value === "string") {
    if (isSecretField(path.findLast((step) => typeof step === "string"), shape)) file.foundSecret(value, path);
    for (const secret of secretsInAddress(value)) file.foundSecret(secret, path);
    return;
  }
  if (typeof value !== "object" || value === null) return;
  const entries: [string | number, unknown][] = Array.isArray(value) ? [...value.entries()] : Object.entries(value);
  for (const [step, item] of entries) {
    findSecrets(file, item, { path: [...path, step], shape: childSchema(shape, value, step) });
  }
}

/** `http://user:password@host/?apikey=…`: both, as they stand and decoded. */
function secretsInAddress(text: string): string[] {
  const [, password] = /:\/\/[^/?#\s]*?:([^/?#\s]*)@/.exec(text) ?? [];
  const keys = [...text.matchAll(/[?&](?:api_?key|token|password|key|access_token)=([^&#\s]+)/gi)].map(([, key]) =>
    key
  );
  return [password, ...keys].flatMap((secret) => secret ? [secret, decoded(secret)] : []);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function checkKeys(
  file: CheckedFile,
  value: unknown,
  { path, shape, otherKeys = [], plannedKeys = [] }: Place & {
    otherKeys?: readonly string[];
    plannedKeys?: readonly string[];
  },
): void {
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) {
      checkKeys(file, item, { path: [...path, index], shape: childSchema(shape, value, index) });
    }
    return;
  }
  if (!isRecord(value) || !shape) return;
  const known = knownKeys(shape, value);
  for (const [key, item] of Object.entries(value)) {
    const isKnown = known === undefined || known.includes(key);
    if (isKnown) {
      checkKeys(file, item, { path: [...path, key], shape: childSchema(shape, value, key) });
      continue;
    }
    // `{ password hunter2 }`, a colon forgotten, is a key without a value: such a one is not repeated.
    const shown = isWord(key) && item !== null ? ` "${key}"` : "";
    const text = plannedKeys.includes(key)
      ? plannedText(key)
      : `unknown key${shown}: ${suggestion(key, [...otherKeys, ...known], "none is known here")}`;
    file.problems.addAt(file.yaml, { path: [...path, key], value: file.value, text, part: "key" });
  }
}

function reportIssues(
  file: CheckedFile,
  issues: readonly Issue[],
  { path, shape, input }: Place & { input: unknown },
): void {
  for (const issue of leafIssues(issues)) {
    const below = issue.path.filter((step) => typeof step !== "symbol");
    const steps = issue.code === "unrecognized_keys" ? [...below, issue.keys[0] ?? ""] : below;
    const place = [...path, ...steps];
    if (file.problems.hasAt(place)) continue;
    const { value, schema } = lookDown(input, { steps: below, shape });
    const isSecret = place.some((step, index) => isSecretField(step, index === place.length - 1 ? schema : undefined));
    const key = place.findLast((step) => typeof step === "string");
    const said = withoutKey(issueText(issue, value, { mayQuote: !isSecret && !file.yaml.isSecret(place) }), key);
    const text = value === undefined && issue.code !== "custom" ? missingText(schema, said) : said;
    const part = issue.code === "unrecognized_keys" ? "key" : "value";
    file.problems.addAt(file.yaml, { path: place, value: file.value, text, part });
  }
}

function lookDown(input: unknown, { steps, shape }: { steps: Path; shape: JsonSchema | undefined }) {
  let [value, schema] = [input, shape];
  for (const step of steps) {
    schema = childSchema(schema, value, step);
    const parent: unknown = value;
    value = isRecord(parent) && Object.hasOwn(parent, step)
      ? parent[step]
      : Array.isArray(parent) && typeof step === "number"
      ? parent[step]
      : undefined;
  }
  return { value, schema };
}

/** A driver's or channel's own sentence may begin with the key, which stands before it already. */
function withoutKey(text: string, key: string | undefined): string {
  return key !== undefined && text.startsWith(`${key} must `) ? text.slice(key.length + 1) : text;
}

function missingText(schema: JsonSchema | undefined, said: string): string {
  const description = alternatives(schema, undefined).find((shape) => shape.description)?.description;
  if (description) return `is missing (${description})`;
  return said === "must be text" ? "is missing" : `is missing: ${said}`;
}
