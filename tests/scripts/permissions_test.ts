/** Permissions stand in three places for three readers; they say the same. */
import assert from "node:assert/strict";
import denoJson from "../../deno.json" with { type: "json" };
import { permissionFlags, permissions, permissionsTable } from "../../src/cli/permissions.ts";

const root = new URL("../../", import.meta.url);

Deno.test("deno.json gives what the table says; the library paths are wide, for its encoder lies in Deno's cache", () => {
  const expected = Object.fromEntries(permissions.map(({ name, allowed }) => {
    if (name === "env") return [name, { allow: allowed, ignore: true }];
    return [name, allowed === "all" || name === "ffi" ? true : allowed];
  }));
  assert.deepEqual(denoJson.permissions.agent, expected);
});

Deno.test("SECURITY.md shows the table", async () => {
  const text = await Deno.readTextFile(new URL(".github/SECURITY.md", root));
  assert.ok(text.includes(permissionsTable()), `this should stand there:\n\n${permissionsTable()}`);
});

Deno.test("every variable that the sources ask for by name is permitted", async () => {
  const permitted = permissions.find(({ name }) => name === "env")?.allowed ?? [];
  const asked = new Set<string>();
  for (const folder of ["src", "bridge", "web"]) await collect(new URL(`${folder}/`, root), asked);
  assert.ok(asked.has("FILAGRAM_CONFIG"), [...asked].join());
  assert.deepEqual([...asked].filter((name) => !permitted.includes(name)), []);
});

/** Names in `env.get("NAME")` and in `variable: "NAME"`. */
async function collect(folder: URL, names: Set<string>): Promise<void> {
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    if (isDirectory) await collect(new URL(`${name}/`, folder), names);
    if (!/\.tsx?$/.test(name)) continue;
    const source = await Deno.readTextFile(new URL(name, folder));
    for (const [, variable] of source.matchAll(/(?:\benv\.get\(|\bvariable: )"([A-Z_0-9]+)"/g)) {
      names.add(variable ?? "");
    }
  }
}

Deno.test("an executable opens the C library and its own encoder, and has no permission for everything", () => {
  const flags = permissionFlags("/a/codecs.node");
  const libraries = flags.find((flag) => flag.startsWith("--allow-ffi="))?.split("=")[1]?.split(",") ?? [];
  assert.ok(
    libraries.includes("/lib/aarch64-linux-gnu/libc.so.6") && libraries.includes("/lib/x86_64-linux-gnu/libc.so.6"),
  );
  assert.ok(libraries.every((path) => path.endsWith("/libc.so.6") || path === "/a/codecs.node"));
  for (const wide of ["-A", "--allow-all", "--allow-run", "--allow-env", "--allow-sys", "--allow-ffi"]) {
    assert.ok(!flags.includes(wide), wide);
  }
});

Deno.test("a command that installs nothing gives up the right to start programs before it begins", async () => {
  const program = `
    import { giveUpNeedless } from "./src/cli/permissions.ts";
    giveUpNeedless(Deno.args[0]);
    console.log(Deno.permissions.querySync({ name: "run", command: "/usr/bin/systemctl" }).state);
  `;
  const stateAfter = async (command: string) => {
    const file = await Deno.makeTempFile({ suffix: ".ts" });
    await Deno.writeTextFile(file, program.replace("./src", new URL("src", root).href));
    const args = [
      "run",
      "--quiet",
      "--no-prompt",
      "-P=agent",
      "--config",
      new URL("deno.json", root).pathname,
      file,
      command,
    ];
    const { stdout } = await new Deno.Command(Deno.execPath(), { args }).output();
    await Deno.remove(file);
    return new TextDecoder().decode(stdout).trim();
  };
  assert.deepEqual([await stateAfter("install"), await stateAfter("run")], ["granted", "prompt"]);
});
