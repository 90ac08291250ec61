/**
 * Collects what is wrong, each thing once, with its place in words and in the file.
 */
import type { Secrets } from "../log.ts";
import { isRecord } from "./schema_shape.ts";
import type { SettingsProblem } from "./settings.ts";
import type { Path, Position, YamlFile } from "./yaml_file.ts";

/** More than this nobody reads. */
const maxProblems = 50;
/** Nor are more than this worth finding. */
const maxCollected = 500;

export class ProblemList {
  readonly #problems: SettingsProblem[] = [];
  readonly #paths = new Set<string>();
  readonly #secrets: Secrets;

  constructor(secrets: Secrets) {
    this.#secrets = secrets;
  }

  add(problem: SettingsProblem): void {
    this.#problems.push(problem);
  }

  /** A problem at a place of filagram.yaml. `value` is its whole content, for the names in the words. */
  addAt(file: YamlFile, { path, value, text, part, at }: {
    path: Path;
    value: unknown;
    text: string;
    /** `key` where the key is wrong, not what stands after it. */
    part?: "key" | "value";
    /** Where it is, if not where the value or key starts. */
    at?: Position;
  }): void {
    if (this.#problems.length >= maxCollected) return;
    const isAboutChild = part === "key";
    this.#paths.add(pathKey(path));
    this.add({
      file: file.path,
      at: at ?? file.positionOf(path, part),
      where: placeInWords(isAboutChild ? path.slice(0, -1) : path, value),
      text,
    });
  }

  /** Whether something at this place, or above it, was reported already: what follows from it is not worth a word. */
  hasAt(path: Path): boolean {
    return path.some((_, index) => this.#paths.has(pathKey(path.slice(0, index + 1)))) || this.#paths.has(pathKey([]));
  }

  get isEmpty(): boolean {
    return this.#problems.length === 0;
  }

  /** In the order of the files, without a secret. */
  list(): SettingsProblem[] {
    const files = [...new Set(this.#problems.map(({ file }) => file))];
    const inOrder = this.#problems.toSorted((a, b) =>
      files.indexOf(a.file) - files.indexOf(b.file) || (a.at?.line ?? 0) - (b.at?.line ?? 0) ||
      (a.at?.column ?? 0) - (b.at?.column ?? 0)
    );
    return inOrder.slice(0, maxProblems).map((problem) => ({
      ...problem,
      where: this.#secrets.hide(problem.where),
      text: this.#secrets.hide(problem.text),
    }));
  }
}

function pathKey(path: Path): string {
  return JSON.stringify(path.map(String));
}

const entryWords: Readonly<Record<string, string>> = { printers: "printer", channels: "channel", rules: "rule" };

/** `printer "MK3S", camera.deadline`; an entry without a name is counted: `rule 2`. */
export function placeInWords(path: Path, value: unknown): string {
  const [section, index, ...rest] = path;
  const word = typeof section === "string" ? entryWords[section] : undefined;
  if (word === undefined || typeof index !== "number") return keysInWords(path);
  const entries = isRecord(value) && typeof section === "string" ? value[section] : undefined;
  const entry: unknown = Array.isArray(entries) ? entries[index] : undefined;
  const name = isRecord(entry) && typeof entry["name"] === "string" && entry["name"].length <= 60 ? entry["name"] : "";
  const head = name ? `${word} "${name}"` : `${word} ${index + 1}`;
  return rest.length > 0 ? `${head}, ${keysInWords(rest)}` : head;
}

function keysInWords(path: Path): string {
  return path.reduce<string>((words, step) => {
    if (typeof step === "number") return `${words} entry ${step + 1}`.trim();
    const shown = isWord(step) ? step : "…";
    return words ? `${words}.${shown}` : shown;
  }, "");
}

/** Whether it looks like a key; anything else may be a value in the wrong place, and secret. */
export function isWord(text: string): boolean {
  return /^[A-Za-z_][\w-]{0,39}$/.test(text);
}
