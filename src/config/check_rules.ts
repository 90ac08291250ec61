/**
 * The rules of filagram.yaml, with the printers and channels they name.
 */
import type { z } from "zod";
import { defaultRule, type Rule } from "../domain/rule.ts";
import { suggestion } from "./did_you_mean.ts";
import { maxEntries, planned, ruleSchema } from "./file_schema.ts";
import { fingerprint } from "./fingerprint.ts";
import { isRecord } from "./schema_shape.ts";
import { type CheckedFile, checkSection } from "./section_check.ts";

/** The rules found, or the default one; mistakes go to the file's problems. */
export function checkRules(
  file: CheckedFile,
  found: unknown,
  names: { printers: readonly string[]; channels: readonly string[] },
): Rule[] {
  if (found === undefined || Array.isArray(found) && found.length === 0) return [defaultRule];
  if (!Array.isArray(found) || found.length > maxEntries) {
    const text = Array.isArray(found)
      ? `at most ${maxEntries} are allowed`
      : "must be a list: each rule starts with - when:";
    file.problems.addAt(file.yaml, { path: ["rules"], value: file.value, text });
    return [];
  }
  const ids = new Set<string>();
  return found.flatMap((entry, index) => {
    const path = ["rules", index];
    const { value } = checkSection(file, entry, { path, schema: ruleSchema, plannedKeys: planned.rule });
    checkReferences(file, entry, { path, key: "printers", what: "printer", known: names.printers });
    checkReferences(file, entry, { path, key: "tell", what: "channel", known: names.channels });
    if (!value) return [];
    if (value.name !== undefined && ids.has(value.name)) {
      const text = "this name is taken by another rule above: names must differ";
      file.problems.addAt(file.yaml, { path: [...path, "name"], value: file.value, text });
      return [];
    }
    const id = ruleId(value, ids);
    ids.add(id);
    const { gap = 0, longerThan = 0, name, printers, tell, every, when, picture } = value;
    return [{
      id,
      ...(name === undefined ? {} : { name }),
      when,
      ...(printers ? { printers } : {}),
      ...(tell ? { tell } : {}),
      picture,
      ...(every ? { every } : {}),
      gapSeconds: gap,
      longerThanSeconds: longerThan,
    }];
  });
}

function checkReferences(
  file: CheckedFile,
  rule: unknown,
  { path, key, what, known }: { path: (string | number)[]; key: string; what: string; known: readonly string[] },
): void {
  const wanted = isRecord(rule) ? rule[key] : undefined;
  if (!Array.isArray(wanted)) return;
  for (const [index, name] of wanted.entries()) {
    const place = [...path, key, index];
    const text = typeof name === "string" ? name : file.yaml.sourceOf(place);
    if (text === undefined || known.includes(text) || file.problems.hasAt(place)) continue;
    const advice = suggestion(text, known, `no ${what} is set up`);
    file.problems.addAt(file.yaml, {
      path: place,
      value: file.value,
      text: `unknown ${what} "${text.slice(0, 60)}": ${advice}`,
    });
  }
}

/** Its name, else a hash of its content: moving a rule or editing another does not forget what was told. */
function ruleId(rule: z.output<typeof ruleSchema>, taken: ReadonlySet<string>): string {
  if (rule.name !== undefined) return rule.name;
  const id = `rule-${fingerprint(rule).slice(0, 8)}`;
  if (!taken.has(id)) return id;
  for (let number = 2;; number++) if (!taken.has(`${id}-${number}`)) return `${id}-${number}`;
}
