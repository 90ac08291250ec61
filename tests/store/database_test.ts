import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { openDatabase } from "../../src/store/database.ts";
import { migrations } from "../../src/store/migrations.ts";
import { Store, StoreError } from "../../src/store/store.ts";
import { temporaryFolder } from "../outbox/samples.ts";

const one = "CREATE TABLE thing (name TEXT NOT NULL) STRICT";
const two = "ALTER TABLE thing ADD COLUMN colour TEXT; UPDATE thing SET colour = 'grey'";

Deno.test("openDatabase() makes a new database durable: WAL, synchronous FULL, a busy timeout, foreign keys", () => {
  using folder = temporaryFolder();
  using sql = openDatabase(`${folder.path}/a.db`, migrations);
  const pragma = (name: string) => Object.values(sql.get<Record<string, unknown>>(`PRAGMA ${name}`) ?? {})[0];
  assert.equal(pragma("journal_mode"), "wal");
  assert.equal(pragma("synchronous"), 2);
  assert.equal(pragma("busy_timeout"), 5000);
  assert.equal(pragma("foreign_keys"), 1);
  assert.equal(pragma("auto_vacuum"), 2);
  assert.equal(pragma("user_version"), migrations.length);
});

// Not with all permissions, as the program never has them: SQLite can do less then.
const narrow: Deno.TestDefinition["permissions"] = { read: true, write: true };

Deno.test(
  "openDatabase() migrates an existing database, and keeps a copy of how it was",
  { permissions: narrow },
  () => {
    using folder = temporaryFolder();
    const path = `${folder.path}/a.db`;
    {
      using sql = openDatabase(path, [one]);
      sql.run("INSERT INTO thing (name) VALUES ('spool')");
    }
    {
      using sql = openDatabase(path, [one, two]);
      assert.deepEqual({ ...sql.get<object>("SELECT * FROM thing") }, { name: "spool", colour: "grey" });
    }
    const copy = `${path}.schema1`;
    assert.equal((Deno.statSync(copy).mode ?? 0) & 0o777, 0o600);
    using old = openDatabase(copy, [one]);
    assert.deepEqual({ ...old.get<object>("SELECT * FROM thing") }, { name: "spool" });
  },
);

Deno.test("openDatabase() makes no copy of a new database, nor of one that needs no migration", () => {
  using folder = temporaryFolder();
  for (let run = 0; run < 2; run++) openDatabase(`${folder.path}/a.db`, [one, two])[Symbol.dispose]();
  assert.deepEqual([...Deno.readDirSync(folder.path)].map(({ name }) => name), ["a.db"]);
});

Deno.test("a migration that fails leaves the database as it was", () => {
  using folder = temporaryFolder();
  const path = `${folder.path}/a.db`;
  {
    using sql = openDatabase(path, [one]);
    sql.run("INSERT INTO thing (name) VALUES ('spool')");
  }
  assert.throws(() => openDatabase(path, [one, `${two}; SELECT nonsense`]));
  using sql = openDatabase(path, [one]);
  assert.deepEqual({ ...sql.get<object>("SELECT * FROM thing") }, { name: "spool" });
});

Deno.test("an older program leaves a newer database alone, byte by byte, and says so", () => {
  using folder = temporaryFolder();
  const path = `${folder.path}/filagram.db`;
  Store.open(folder.path)[Symbol.dispose]();
  {
    const db = new DatabaseSync(path);
    db.exec(`PRAGMA user_version = ${migrations.length + 1}`);
    db.close();
  }
  const before = Deno.readFileSync(path);
  assert.throws(() => Store.open(folder.path), (error) => {
    assert.ok(error instanceof StoreError);
    assert.equal(error.kind, "newer schema");
    assert.match(error.message, /a newer Filagram wrote it .* the state was left as it is$/);
    return true;
  });
  assert.deepEqual(Deno.readFileSync(path), before);
});

Deno.test("a file that is no database is left alone, and said to be none", () => {
  using folder = temporaryFolder();
  const text = "this is a shopping list\n".repeat(100);
  Deno.writeTextFileSync(`${folder.path}/filagram.db`, text);
  assert.throws(() => Store.open(folder.path), { name: "StoreError", kind: "damaged", message: /not a database/ });
  assert.equal(Deno.readTextFileSync(`${folder.path}/filagram.db`), text);
});

Deno.test("a state folder that cannot be made is refused with a sentence", () => {
  using folder = temporaryFolder();
  Deno.writeTextFileSync(`${folder.path}/file`, "");
  assert.throws(() => Store.open(`${folder.path}/file/state`), {
    name: "StoreError",
    message: /^Cannot open the state in /,
  });
});

Deno.test("a transaction inside another is part of it: both are written or neither", () => {
  using folder = temporaryFolder();
  using sql = openDatabase(`${folder.path}/a.db`, [one]);
  assert.throws(() =>
    sql.transaction("write twice", () => {
      sql.transaction("write once", () => sql.run("INSERT INTO thing (name) VALUES ('spool')"));
      throw new Error("no");
    }), /no/);
  assert.deepEqual(sql.all("SELECT * FROM thing"), []);
  sql.transaction("write", () => sql.run("INSERT INTO thing (name) VALUES ('spool')"));
  assert.equal(sql.all("SELECT * FROM thing").length, 1);
});
