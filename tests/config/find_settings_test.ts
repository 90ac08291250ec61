/** Where settings and state are looked for. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { parse } from "yaml";
import { findSettings, smallestSettings } from "../../src/config/find_settings.ts";
import { findState } from "../../src/config/find_state.ts";
import { temporaryFolder, write } from "./support.ts";

Deno.test("findSettings() takes the first place that has a file", async () => {
  await using folder = await temporaryFolder();
  const at = (...names: string[]) => join(folder.path, ...names);
  for (const name of ["named", "cwd", "xdg/filagram", "home/.config/filagram", "etc/filagram"]) {
    await Deno.mkdir(at(name), { recursive: true });
    await write(at(name, "filagram.yaml"), "", 0o600);
  }
  const env = new Map([["FILAGRAM_CONFIG", "named"], ["XDG_CONFIG_HOME", at("xdg")], ["HOME", at("home")]]);
  const find = async (option?: string) => {
    const found = await findSettings({ option, env, cwd: at("cwd"), systemFolder: at("etc") });
    return found.kind === "found" ? found.path.slice(folder.path.length + 1) : found.lookedFor.length;
  };
  assert.equal(await find(at("xdg/filagram/filagram.yaml")), "xdg/filagram/filagram.yaml");
  assert.equal(await find("../etc/filagram"), "etc/filagram/filagram.yaml");
  assert.equal(await find("no.yaml"), 1); // a place that was named is the only one
  assert.equal(await find(), 1); // relative to cwd there is no "named"
  env.set("FILAGRAM_CONFIG", at("named/filagram.yaml"));
  assert.equal(await find(), "named/filagram.yaml");
  env.set("FILAGRAM_CONFIG", "");
  for (const place of ["cwd", "xdg/filagram", "etc/filagram"]) {
    assert.equal(await find(), `${place}/filagram.yaml`);
    await Deno.remove(at(place, "filagram.yaml"));
  }
  env.set("XDG_CONFIG_HOME", "relative");
  assert.equal(await find(), "home/.config/filagram/filagram.yaml");
  await Deno.remove(at("home/.config/filagram/filagram.yaml"));
  assert.equal(await find(), 3);
});

Deno.test("findSettings() says where it looked and what to start with", async () => {
  await using folder = await temporaryFolder();
  const found = await findSettings({ env: new Map(), cwd: folder.path, systemFolder: join(folder.path, "etc") });
  assert.equal(found.kind, "missing");
  if (found.kind !== "missing") return;
  assert.ok(
    found.text.startsWith(`There is no settings file. Looked for:\n  ${folder.path}/filagram.yaml\n`),
    found.text,
  );
  for (const line of smallestSettings.trimEnd().split("\n")) assert.ok(found.text.includes(`  ${line}\n`), line);
  assert.ok(found.text.includes("chmod 600 secrets.yaml"));
  assert.equal(
    parse(smallestSettings, { customTags: [{ tag: "!secret", resolve: (name: string) => name }] }).printers.length,
    1,
  );
});

const states: readonly [string, Record<string, string>, string | undefined, string][] = [
  ["--state", { FILAGRAM_STATE: "/env", HOME: "/home/pi" }, "here", "/cwd/here"],
  ["$FILAGRAM_STATE", { FILAGRAM_STATE: "/env", STATE_DIRECTORY: "/var/lib/filagram" }, undefined, "/env"],
  [
    "$STATE_DIRECTORY",
    { STATE_DIRECTORY: "/var/lib/filagram:/other", HOME: "/home/pi" },
    undefined,
    "/var/lib/filagram",
  ],
  ["$XDG_STATE_HOME", { XDG_STATE_HOME: "/xdg", HOME: "/home/pi" }, undefined, "/xdg/filagram"],
  ["the home", { XDG_STATE_HOME: "relative", HOME: "/home/pi" }, undefined, "/home/pi/.local/state/filagram"],
];
for (const [what, env, option, expected] of states) {
  Deno.test(`findState() takes ${what}`, () =>
    assert.equal(
      findState({ option, env: new Map(Object.entries(env)), cwd: "/cwd", systemFolder: "/none" }),
      expected,
    ));
}

Deno.test("findState() takes the installed agent's state where this user has none of his own", async () => {
  await using folder = await temporaryFolder();
  const systemFolder = join(folder.path, "var/lib/filagram");
  const find = (isRoot = false) => findState({ env: new Map([["HOME", folder.path]]), cwd: "/", systemFolder, isRoot });
  const own = join(folder.path, ".local/state/filagram");
  assert.equal(find(), own);
  await Deno.mkdir(systemFolder, { recursive: true });
  assert.equal(find(), systemFolder);
  await Deno.mkdir(own, { recursive: true });
  assert.equal(find(), own);
  assert.equal(find(true), systemFolder);
});

Deno.test("findState() says what to do without a home", () =>
  assert.throws(
    () => findState({ env: new Map(), cwd: "/", systemFolder: "/none" }),
    /name a folder with --state DIR or \$FILAGRAM_STATE$/,
  ));
