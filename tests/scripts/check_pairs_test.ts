import assert from "node:assert/strict";
import { filesOf, hasRow, transcriptProblems } from "../../scripts/check_pairs.ts";

const line = '{"t":0,"dir":"rx","text":"ok"}\n';
const rows: readonly (readonly [name: string, files: Record<string, string>, problems: number])[] = [
  ["a recording with its events", { "a.jsonl": line, "a.expected.json": '[{"kind":"started"}]' }, 0],
  ["nothing at all", {}, 1],
  ["a recording without expected events", { "a.jsonl": line }, 2],
  ["an empty recording", { "a.jsonl": "", "a.expected.json": '[{"kind":"started"}]' }, 1],
  ["a recording of what was only sent", {
    "a.jsonl": line.replace("rx", "tx"),
    "a.expected.json": '[{"kind":"ended"}]',
  }, 1],
  ["a recording that is no JSON", { "a.jsonl": "ok\n", "a.expected.json": '[{"kind":"started"}]' }, 1],
  ["a placeholder that expects nothing", { "a.jsonl": line, "a.expected.json": "[]" }, 1],
];

for (const [name, files, problems] of rows) {
  Deno.test(`pairs: ${name}: ${problems === 0 ? "fine" : "told"}`, () => {
    assert.equal(transcriptProblems("x", new Map(Object.entries(files))).length, problems);
  });
}

Deno.test("pairs: a comment is no row", () => {
  assert.ok(hasRow("email", "const rows = { email: 1 }"));
  assert.ok(hasRow("email", 'row("email")'));
  assert.ok(!hasRow("email", '// "email"\n/* email: */'));
});

Deno.test("pairs: the drivers of this tree have theirs", () => {
  assert.deepEqual(transcriptProblems("marlin", filesOf("tests/transcripts/marlin")), []);
});
