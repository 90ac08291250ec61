import assert from "node:assert/strict";
import { openDatabase } from "../../src/store/database.ts";
import { migrations } from "../../src/store/migrations.ts";
import { putBackDatabase } from "../../src/store/put_back.ts";
import { Store, StoreError } from "../../src/store/store.ts";
import { temporaryFolder } from "../outbox/samples.ts";

const newer = [...migrations, "CREATE TABLE of_tomorrow (x INTEGER) STRICT"];

Deno.test("after a newer program was taken back, its copy of the database is in place again; the newer one stays beside it", () => {
  using folder = temporaryFolder();
  const path = `${folder.path}/filagram.db`;
  const { agentId } = open(folder.path);
  openDatabase(path, newer)[Symbol.dispose]();
  assert.throws(() => Store.open(folder.path), StoreError);
  assert.equal(putBackDatabase(folder.path), true);
  assert.equal(open(folder.path).agentId, agentId);
  openDatabase(`${path}.schema${newer.length}`, newer)[Symbol.dispose]();
  assert.equal(putBackDatabase(folder.path), false);
});

Deno.test("a database that is not too new stays; without a copy a newer one stays, too, and that is said", () => {
  using folder = temporaryFolder();
  assert.equal(putBackDatabase(folder.path), false); // none there
  open(folder.path);
  assert.equal(putBackDatabase(folder.path), false);
  const path = `${folder.path}/filagram.db`;
  openDatabase(path, newer)[Symbol.dispose]();
  Deno.removeSync(`${path}.schema${migrations.length}`);
  assert.throws(() => putBackDatabase(folder.path), /Cannot go back to schema \d+: there is no /);
  openDatabase(path, newer)[Symbol.dispose]();
});

function open(folder: string): { agentId: string } {
  using store = Store.open(folder);
  return { agentId: store.agentId };
}
