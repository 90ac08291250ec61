import assert from "node:assert/strict";
import plugin from "../../scripts/lint_plugin.ts";

const rows: readonly (readonly [file: string, code: string, problems: number])[] = [
  ["/x/src/agent/watch.ts", "Date.now();", 1],
  ["/x/src/agent/watch.ts", "new Date();", 1],
  ["/x/src/agent/watch.ts", "new Date(0);", 0],
  ["/x/src/agent/watch.ts", "Temporal.Now.instant();", 1],
  ["/x/src/agent/watch.ts", "Temporal.Now.timeZoneId();", 0],
  ["/x/src/agent/watch.ts", "setTimeout(() => {}, 1);", 1],
  ["/x/src/clock.ts", "setTimeout(() => {}, 1); Date.now();", 0],
  ["/x/src/agent/watch.ts", "console.log(1);", 1],
  ["/x/src/domain/rule.ts", "Deno.readTextFileSync('a');", 1],
  ["/x/src/drivers/x.ts", "fetch('http://a');", 1],
  ["/x/src/drivers/x.ts", "io.fetch('http://a');", 0],
  ["/x/src/store/store.ts", "Deno.readTextFileSync('a');", 0],
];

for (const [file, code, problems] of rows) {
  Deno.test(`lint: ${code} in ${file.slice(3)}: ${problems === 0 ? "fine" : "told"}`, () => {
    assert.equal(Deno.lint.runPlugin(plugin, file, code).length, problems);
  });
}
