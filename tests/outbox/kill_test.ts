import assert from "node:assert/strict";
import { surviveKills } from "./kills.ts";

Deno.test("museum: 21 killed 20 times under load: every committed event arrives, none as two different mails", async () => {
  const { events } = await surviveKills({ kills: 20 });
  assert.ok(events >= 30, `${events} events are too few to prove anything`);
});
