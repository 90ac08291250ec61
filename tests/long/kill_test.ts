import assert from "node:assert/strict";
import { surviveKills } from "../outbox/kills.ts";

Deno.test("museum: 21 killed 200 times under load: every committed event arrives, none as two different mails", async () => {
  const { events, mails, repeated } = await surviveKills({ kills: 200 });
  console.log(`${events} events, ${mails} mails, ${repeated} of them again`);
  assert.ok(events >= 300, `${events} events are too few to prove anything`);
});
