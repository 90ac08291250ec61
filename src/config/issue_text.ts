/**
 * What zod finds wrong, as a sentence for the owner: what is allowed, in his words. It quotes a value only where the
 * caller says that it may be shown.
 */
import type { z } from "zod";
import { closestWord } from "./did_you_mean.ts";

export type Issue = z.core.$ZodIssue;

/** zod's own English, which is replaced; any other text was written by the author of the schema and is kept. */
const ownTexts = /^(Invalid|Too (small|big)|Unrecognized|Unknown)/;

/** Of a union's failed choices only the one that came furthest is worth telling. */
export function leafIssues(issues: readonly Issue[], at: readonly PropertyKey[] = []): Issue[] {
  return issues.flatMap((issue) => {
    const here = { ...issue, path: [...at, ...issue.path] };
    if (issue.code !== "invalid_union" || issue.errors.length === 0 || !ownTexts.test(issue.message)) return [here];
    const isPlain = issue.errors.every((errors) =>
      errors.every(({ code, path }) => code === "invalid_type" && path.length === 0)
    );
    if (isPlain) return [here];
    const furthest = issue.errors.toSorted((a, b) => depth(b) - depth(a) || a.length - b.length)[0] ?? [];
    return leafIssues(furthest, here.path);
  });
}

function depth(issues: readonly Issue[]): number {
  const isWrongType = issues.some(({ code, path }) => code === "invalid_type" && path.length === 0);
  return isWrongType ? -1 : Math.max(0, ...issues.map(({ path }) => path.length));
}

const typeWords: Readonly<Record<string, string>> = {
  string: "text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list, like [a, b]",
  object: "a group of keys, each with a value, indented below it",
  record: "a group of keys, each with a value, indented below it",
};

/** The sentence for `issue` about `value`. */
export function issueText(issue: Issue, value: unknown, { mayQuote }: { mayQuote: boolean }): string {
  if (value === null) return "is empty: fill it in, or remove the line";
  const meant = issue.code === "invalid_value" && mayQuote && typeof value === "string"
    ? closestWord(value, issue.values.map(String))
    : undefined;
  if (meant !== undefined && !issue.message.includes("did you mean")) {
    return `"${value}" is not allowed: did you mean "${meant}"?`;
  }
  if (!ownTexts.test(issue.message)) return issue.message;
  const quoted = mayQuote && (typeof value === "string" || typeof value === "number" || typeof value === "boolean") &&
      String(value).length <= 60
    ? `"${value}" is not allowed: `
    : "";
  switch (issue.code) {
    case "invalid_type":
      return `must be ${typeWords[issue.expected] ?? `of the type ${issue.expected}`}`;
    case "invalid_value":
      return `${quoted}use ${orList(issue.values.map(String))}`;
    case "invalid_union":
      return unionText(issue, quoted);
    case "too_small":
      return sizeText({ origin: issue.origin, bound: Number(issue.minimum), isLeast: true });
    case "too_big":
      return sizeText({ origin: issue.origin, bound: Number(issue.maximum), isLeast: false });
    case "not_multiple_of":
      return `${quoted}must be a multiple of ${issue.divisor}`;
    case "invalid_format":
      return `${quoted}must be ${formatWords[issue.format] ?? `of the form ${issue.pattern ?? issue.format}`}`;
    case "unrecognized_keys":
      return "this key is not known here";
    case "invalid_key":
    case "invalid_element":
    case "custom":
      return `${quoted}this is not understood`;
  }
}

const formatWords: Readonly<Record<string, string>> = {
  url: "an address like http://host/path",
  email: "a mail address like me@example.org",
  ipv4: "an address like 192.168.1.20",
  ipv6: "an address like fd00::20",
};

function unionText(issue: z.core.$ZodIssueInvalidUnion, quoted: string): string {
  const options = "options" in issue && Array.isArray(issue.options) ? issue.options.map(String) : [];
  if (options.length > 0) return `${quoted}use ${orList(options)}`;
  const words = issue.errors.flat().map((error) =>
    error.code === "invalid_type" ? typeWords[error.expected] : undefined
  );
  const known = [...new Set(words.filter((word) => word !== undefined))];
  return known.length > 0 ? `must be ${orList(known)}` : `${quoted}this is not understood`;
}

function sizeText({ origin, bound, isLeast }: { origin: string; bound: number; isLeast: boolean }): string {
  const limit = `at ${isLeast ? "least" : "most"} ${bound}`;
  if (origin === "string") return bound === 1 && isLeast ? "must not be empty" : `must have ${limit} characters`;
  if (origin === "array") return `needs ${limit} ${bound === 1 ? "entry" : "entries"}`;
  return `must be ${limit}`;
}

export function orList(words: readonly string[]): string {
  const last = words.at(-1) ?? "";
  return words.length > 1 ? `${words.slice(0, -1).join(", ")} or ${last}` : last;
}
