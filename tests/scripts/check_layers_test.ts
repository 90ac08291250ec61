import assert from "node:assert/strict";
import { problemOf } from "../../scripts/check_layers.ts";

const rows: readonly (readonly [file: string, to: string, isWrong: boolean])[] = [
  ["src/domain/rule.ts", "src/domain/progress.ts", false],
  ["src/domain/rule.ts", "src/clock.ts", true],
  ["src/domain/rule.ts", "zod", true],
  ["src/domain/rule.ts", "node:path", true],
  ["src/drivers/marlin/session.ts", "src/drivers/marlin/parse_line.ts", false],
  ["src/drivers/marlin/marlin.ts", "src/drivers/driver.ts", false],
  ["src/drivers/simulated.ts", "src/drivers/marlin/session.ts", true],
  ["src/drivers/marlin/marlin.ts", "bridge/link.ts", false],
  ["src/drivers/marlin/marlin.ts", "bridge/serial_port.ts", true],
  ["src/drivers/registry.ts", "src/drivers/marlin/marlin.ts", false],
  ["src/channels/email.ts", "src/store/store.ts", true],
  ["src/channels/email.ts", "nodemailer/lib/mail-composer", false],
  ["web/app.tsx", "src/agent.ts", true],
  ["web/app.tsx", "nodemailer", true],
  ["src/agent/watch.ts", "src/drivers/marlin/marlin.ts", true],
  ["src/agent/watch.ts", "src/drivers/driver.ts", false],
  ["src/store/store.ts", "src/outbox/outbox.ts", true],
  ["bridge/tcp.ts", "src/domain/moment.ts", true],
  ["src/cli/run.ts", "bridge/libc.ts", false],
  ["src/drivers/marlin/marlin.ts", "node:net", true],
  ["src/drivers/marlin/marlin.ts", "zod", false],
  ["src/channels/email.ts", "sharp", true],
  ["src/channels/email.ts", "npm:sharp@0.33.0", true],
  ["web/app.tsx", "https://example.org/mod.ts", true],
  ["tests/web/page.ts", "sharp", false],
  ["src/elsewhere/new.ts", "src/clock.ts", true],
];

for (const [file, to, isWrong] of rows) {
  Deno.test(`layers: ${file} ${isWrong ? "may not" : "may"} import ${to}`, () => {
    assert.equal(problemOf({ file, to }) !== undefined, isWrong, problemOf({ file, to }));
  });
}
