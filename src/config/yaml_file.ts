/**
 * A YAML file as plain values, each with its place in the file. Texts of problems are written here, not taken from the
 * parser: the parser quotes what it read, and what it read may be a password.
 */
import {
  type Alias,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  type YAMLError,
} from "yaml";

export type Path = readonly (string | number)[];
export interface Position {
  readonly line: number;
  readonly column: number;
}
export interface YamlProblem {
  readonly at: Position;
  readonly text: string;
  /** The place, where the parser came so far. */
  readonly path?: Path;
}

/** Aliases may repeat nodes; so many in all are more than any settings need. */
const maxNodes = 20_000;
const maxDepth = 32;

const syntaxTexts: Readonly<Partial<Record<YAMLError["code"], string>>> = {
  BAD_ALIAS: "a value that starts with * or & must stand in quotes",
  ALIAS_PROPS: "a value that starts with * or & must stand in quotes",
  BAD_DQ_ESCAPE: "a backslash between double quotes starts a special character: use single quotes, or write it twice",
  BAD_INDENT: "lines that belong together start in the same column; or a bracket opened above is not closed",
  BAD_SCALAR_START: "a value that starts with @, ` or % must stand in quotes",
  BAD_COLLECTION_TYPE: "this tag does not fit what follows it",
  BLOCK_AS_IMPLICIT_KEY:
    'two keys on one line (a value that holds ": " must stand in quotes), or this line is indented too far',
  BLOCK_IN_FLOW: "lines with - or key: cannot stand between [ ] or { }",
  MISSING_CHAR:
    "a closing quote, bracket, comma, colon or - is missing, or this line is not indented like its neighbours",
  MULTILINE_IMPLICIT_KEY: "a colon is missing after the key on this line, or a quote is not closed",
  MULTIPLE_DOCS: "a line --- starts a second document: one is allowed",
  RESOURCE_EXHAUSTION: "is nested too deeply",
  TAB_AS_INDENT: "a tab stands where spaces belong: indent with spaces",
  TAG_RESOLVE_FAILED: "the only tag is !secret: a value that starts with ! must stand in quotes",
};

export class YamlFile {
  readonly path: string;
  /** Syntax errors; with any the value is not worth a look. */
  readonly problems: readonly YamlProblem[];
  readonly isReadable: boolean;
  readonly #document: Document | undefined;
  readonly #lines = new LineCounter();
  /** Filled by {@link plainValue}; asking the library anew searches the whole document each time. */
  readonly #targets = new Map<Alias, Node>();

  constructor(path: string, text: string, { allStrings = false } = {}) {
    this.path = path;
    try {
      this.#document = parseDocument(text, {
        lineCounter: this.#lines,
        prettyErrors: false,
        uniqueKeys: false, // its check takes the square of the keys; ours is below
        schema: allStrings ? "failsafe" : "core",
        customTags: allStrings ? [] : [{ tag: "!secret", resolve: (name: string) => name }],
      });
    } catch (error) {
      if (!(error instanceof RangeError)) throw error; // the stack of the parser is used up
      this.problems = [{ at: { line: 1, column: 1 }, text: "is nested too deeply" }];
      this.isReadable = false;
      return;
    }
    const errors = [...this.#document.errors, ...this.#document.warnings];
    const problems = errors.map((error) => ({
      at: this.#position(error.pos[0]),
      text: syntaxTexts[error.code] ?? "this is no YAML: check quotes, colons and indentation around here",
    }));
    // What follows on the same line follows from the first.
    this.problems = problems.filter(({ at }, index) => problems[index - 1]?.at.line !== at.line);
    this.isReadable = errors.length === 0;
  }

  /**
   * The whole content as plain values; `!secret name` becomes what `secret` returns. Undefined where it is larger or
   * deeper than any settings, once aliases are filled in.
   */
  plainValue(
    secret: (name: string, path: Path) => string,
  ): { value: unknown; problems: YamlProblem[] } | undefined {
    const problems: YamlProblem[] = [];
    let nodes = 0;
    const fail = (node: Node, path: Path, text: string) => {
      problems.push({ at: this.#position(node.range?.[0] ?? 0), path, text });
      return undefined;
    };
    const anchors = new Map<string, Node>();
    let isTooLarge = false;
    const plain = (node: unknown, path: Path): unknown => {
      if (!isNode(node)) return null;
      isTooLarge ||= ++nodes > maxNodes || path.length > maxDepth;
      if (isTooLarge) return undefined;
      if (isAlias(node)) {
        const target = this.#targets.get(node) ?? anchors.get(node.source);
        if (!target) return fail(node, path, "a value that starts with * must stand in quotes");
        this.#targets.set(node, target);
        return plain(target, path);
      }
      if (node.anchor) anchors.set(node.anchor, node);
      if (isSeq(node)) return node.items.map((item, index) => plain(item, [...path, index]));
      if (isMap(node)) {
        const values = new Map<string, unknown>();
        for (const { key, value } of node.items) {
          const name = keyText(key);
          const shown = isNode(key) ? key : node;
          if (name === undefined) fail(shown, path, "a key must be a plain word");
          else if (values.has(name)) fail(shown, [...path, name], "this key stands here twice: keep one of them");
          else values.set(name, plain(value, [...path, name]));
        }
        return Object.fromEntries(values);
      }
      if (!isScalar(node)) return null;
      if (node.tag !== "!secret") return node.value;
      const name = String(node.value).trim();
      return name === "" ? fail(node, path, "!secret needs a name from secrets.yaml after it") : secret(name, path);
    };
    const value = plain(this.#document?.contents, []);
    return isTooLarge ? undefined : { value, problems };
  }

  /** Where the value at `path` starts; its key with `key`; what is not there has the place of what should hold it. */
  positionOf(path: Path, part: "key" | "value" = "value"): Position {
    let [node, position]: [unknown, number] = [this.#document?.contents, 0];
    if (isNode(node)) position = node.range?.[0] ?? 0;
    for (const [depth, step] of path.entries()) {
      const found = this.#child(node, step);
      if (!found) break;
      const isKeyWanted = part === "key" && depth === path.length - 1;
      const [key, value] = [isNode(found.key) ? found.key : undefined, isNode(found.value) ? found.value : undefined];
      // A key with nothing after it: an empty value lies anywhere up to the next line, so its key is shown.
      const isEmpty = isScalar(value) && value.value === null && value.range?.[0] === value.range?.[1];
      const shown = isKeyWanted || isEmpty ? key ?? value : value ?? key;
      position = shown?.range?.[0] ?? position;
      node = found.value;
    }
    return this.#position(position);
  }

  /** The text of a scalar as it stands in the file: `0123`, where its value is the number 123. */
  sourceOf(path: Path): string | undefined {
    const node = this.#nodeAt(path);
    return isScalar(node) ? node.source : undefined;
  }

  isSecret(path: Path): boolean {
    const node = this.#nodeAt(path);
    return isScalar(node) && node.tag === "!secret";
  }

  #nodeAt(path: Path): unknown {
    let node: unknown = this.#document?.contents;
    for (const step of path) node = this.#child(node, step)?.value;
    return isAlias(node) ? this.#targets.get(node) : node;
  }

  #child(parent: unknown, step: string | number): { key?: unknown; value: unknown } | undefined {
    const node = isAlias(parent) ? this.#targets.get(parent) : parent;
    if (isMap(node)) return node.items.find(({ key }) => keyText(key) === String(step));
    return isSeq(node) && typeof step === "number" && step < node.items.length
      ? { value: node.items[step] }
      : undefined;
  }

  #position(offset: number): Position {
    const { line, col } = this.#lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  }
}

function isNode(value: unknown): value is Node {
  return isScalar(value) || isMap(value) || isSeq(value) || isAlias(value);
}

function keyText(key: unknown): string | undefined {
  return isScalar(key) ? key.source ?? String(key.value) : undefined;
}
