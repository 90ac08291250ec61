/** The JSON schema for editors says of real files what loadSettings() says. */
import assert from "node:assert/strict";
import { parse } from "yaml";
import { z } from "zod";
import { channels } from "../../src/channels/registry.ts";
import { settingsJsonSchema } from "../../src/config/json_schema.ts";
import { smallestSecrets, smallestSettings } from "../../src/config/find_settings.ts";
import { loadSettings } from "../../src/config/load_settings.ts";
import { drivers } from "../../src/drivers/registry.ts";
import { Secrets } from "../../src/log.ts";
import { join } from "node:path";
import { letterChannel, otherDriver, temporaryFolder, tinyDriver, write } from "./support.ts";

const small = settingsJsonSchema({ drivers: [tinyDriver, otherDriver], channels: [letterChannel] });

/** As an editor sees the file: the name after `!secret` is the text. */
function accepts(schema: object, yaml: string): boolean {
  const value = parse(yaml, { customTags: [{ tag: "!secret", resolve: (name: string) => name }] });
  return z.fromJSONSchema(schema as Parameters<typeof z.fromJSONSchema>[0]).safeParse(value).success;
}

const channel = "channels: [{ name: mail, type: letter, to: [me] }]\n";
const good = [
  `printers: [{ name: a, driver: tiny, address: serial:/dev/ttyUSB0 }]\n${channel}`,
  `printers: [{ name: a, driver: tiny, address: !secret address, password: !secret b }]\n${channel}`,
  `printers: [{ name: a, driver: other, mode: cloud, token: !secret t, region: eu }]\n${channel}`,
  `printers: [{ name: a, driver: other, mode: local, host: h, camera: { snapshot: !secret url, rotate: 90 } }]\n${channel}`,
  `printers: [{ name: a, driver: other, mode: local, host: h }]\n${channel}web: { password: !secret page }
rules: [{ when: [progress], every: 10 %, gap: 5 min }]\nagent: { timezone: UTC }\n`,
];
for (const yaml of good) {
  Deno.test(`the JSON schema accepts ${yaml.slice(0, 70)}…`, () => assert.ok(accepts(small, yaml)));
}

const bad = [
  `printers: []\n${channel}`,
  `printers: [{ name: a, driver: tiny }]\n${channel}`,
  `printers: [{ name: a, driver: tny, address: x }]\n${channel}`,
  `printers: [{ name: a, driver: tiny, adress: x }]\n${channel}`,
  `printers: [{ name: a, driver: other, mode: cloud, host: h }]\n${channel}`,
  `printers: [{ name: a, driver: tiny, address: x, camera: { snapshot: http://x, rotate: 45 } }]\n${channel}`,
  `printers: [{ name: a, driver: tiny, address: x }]\nchanels: []\n`,
  `printers: [{ name: a, driver: tiny, address: x }]\n${channel}rules: [{ when: [starte] }]\n`,
  `printers: [{ name: a, driver: tiny, address: x }]\n${channel}rules: [{ when: [progress], every: 10 }]\n`,
  `printers: [{ name: a, driver: tiny, address: x }]\n${channel}rules: [{ when: [progress], every: ten }]\n`,
];
for (const yaml of bad) {
  Deno.test(`the JSON schema refuses ${yaml.slice(0, 90)}…`, () => assert.ok(!accepts(small, yaml)));
}

Deno.test("the JSON schema names its draft and every driver and channel there is", () => {
  const schema = settingsJsonSchema({ drivers, channels });
  assert.equal(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
  const text = JSON.stringify(schema);
  for (const { id } of [...drivers, ...channels]) assert.ok(text.includes(`{"const":"${id}"}`), id);
  assert.ok(accepts(schema, smallestSettings));
});

Deno.test("the smallest settings are good settings", async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "filagram.yaml");
  await write(path, smallestSettings, 0o644);
  await write(join(folder.path, "secrets.yaml"), smallestSecrets, 0o600);
  const loaded = await loadSettings({ path, drivers, channels, secrets: new Secrets() });
  assert.deepEqual(loaded.kind === "bad" ? loaded.problems : [], []);
});

for (const { id, settings } of [...drivers, ...channels]) {
  Deno.test(`${id}: every mistake in its settings has a line, and its schema can be drawn`, async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, "filagram.yaml");
    const isDriver = drivers.some((driver) => driver.id === id);
    const entry = `[{ name: it, ${isDriver ? "driver" : "type"}: ${id}, nosuchkey: 1, address: {}, to: {}, via: {} }]`;
    const yaml = isDriver
      ? `printers: ${entry}\nchannels: []\n`
      : `channels: ${entry}\nprinters: [{ name: p, driver: marlin }]\n`;
    await write(path, yaml, 0o600);
    const loaded = await loadSettings({ path, drivers, channels, secrets: new Secrets() });
    assert.equal(loaded.kind, "bad");
    const problems = loaded.kind === "bad" ? loaded.problems : [];
    assert.ok(problems.some(({ text }) => text.startsWith('unknown key "nosuchkey": ')), JSON.stringify(problems));
    for (const problem of problems) {
      assert.ok(problem.at && problem.where && !/Invalid|expected/.test(problem.text), problem.text);
    }
    assert.ok(Object.keys(z.toJSONSchema(settings, { io: "input" })).length > 1);
  });
}
