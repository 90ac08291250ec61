import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { Store } from "../../src/store/store.ts";
import { makeWorkshop } from "../support/filagram.ts";

const settings = `printers: [{ name: P, driver: simulated }]
channels: [{ name: mail, type: email, host: 127.0.0.1, port: 9, tls: none, from: a@example.org, to: [b@example.org] }]
web: { listen: "127.0.0.1:0" }
`;

Deno.test("run and events on a state that a newer Filagram wrote say so in one sentence, and leave it alone", async () => {
  await using workshop = await makeWorkshop();
  await workshop.write(settings);
  Store.open(workshop.state)[Symbol.dispose]();
  const path = `${workshop.state}/filagram.db`;
  const db = new DatabaseSync(path);
  db.exec("PRAGMA user_version = 9999");
  db.close();
  const before = await Deno.readFile(path);
  for (const command of ["run", "events"]) {
    const { code, stderr } = await workshop.run(command);
    assert.equal(code, 1);
    assert.match(
      stderr,
      /^Cannot open the state in ".*": a newer Filagram wrote it .*; the state was left as it is\n$/,
    );
  }
  assert.deepEqual(await Deno.readFile(path), before);
});

Deno.test("a folder that cannot hold a state is one sentence", async () => {
  await using workshop = await makeWorkshop();
  await workshop.write(settings);
  await Deno.writeTextFile(workshop.state, "a file");
  for (const command of ["run", "events"]) {
    const { code, stderr } = await workshop.run(command);
    assert.equal(code, 1);
    assert.match(stderr, /^Cannot open the state in ".*": .*\n$/);
  }
});
