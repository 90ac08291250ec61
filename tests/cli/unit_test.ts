/** The unit, the udev rule and the shell script, judged by the tools of the system they are for. */
import assert from "node:assert/strict";
import { places, udevRuleText, unitText } from "../../src/install/unit.ts";

interface Said {
  readonly isOk: boolean;
  readonly text: string;
}

async function said(program: string, ...args: string[]): Promise<Said> {
  const env = { LC_ALL: "C", SYSTEMD_LOG_COLOR: "0" };
  const { success, stdout, stderr } = await new Deno.Command("timeout", { args: ["60", program, ...args], env })
    .output();
  return { isOk: success, text: new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr) };
}

const has = async (program: string) => (await said("sh", "-c", `command -v ${program}`)).isOk;
const hasSystemd = await has("systemd-analyze");
const hasShellcheck = await has("shellcheck");
const hasMandoc = await has("mandoc");
const orWhy = (name: string, isHere: boolean, why: string) => isHere ? name : `${name} (${why})`;

/** A root with the targets of this machine's systemd, the unit and something to start. */
async function makeRoot(): Promise<AsyncDisposable & { path: string }> {
  const path = await Deno.makeTempDir({ prefix: "filagram-unit-" });
  for (const folder of ["/usr/local/bin", "/etc/systemd/system", "/usr/lib/systemd"]) {
    await Deno.mkdir(path + folder, { recursive: true });
  }
  await said("cp", "-a", "/lib/systemd/system", `${path}/usr/lib/systemd/`);
  await Deno.symlink("usr/lib", `${path}/lib`);
  await Deno.writeTextFile(path + places.binary, "#!/bin/sh\n", { mode: 0o755 });
  await Deno.chmod(path + places.binary, 0o755);
  await Deno.writeTextFile(path + places.unit, unitText);
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}

Deno.test({
  name: orWhy("systemd-analyze finds nothing wrong with the unit", hasSystemd, "no systemd-analyze"),
  ignore: !hasSystemd,
  async fn() {
    await using root = await makeRoot();
    const result = await said("systemd-analyze", "verify", "--man=no", `--root=${root.path}`, "filagram.service");
    assert.ok(result.isOk, result.text);
    assert.doesNotMatch(result.text, /filagram/);
  },
});

Deno.test({
  name: orWhy("the service is exposed no more than 2.5 of 10", hasSystemd, "no systemd-analyze"),
  ignore: !hasSystemd,
  async fn() {
    await using root = await makeRoot();
    const result = await said(
      "systemd-analyze",
      "security",
      "--offline=true",
      "--threshold=25",
      root.path + places.unit,
    );
    assert.ok(result.isOk, result.text);
  },
});

Deno.test({
  name: orWhy("shellcheck finds nothing to say about scripts/install.sh", hasShellcheck, "no shellcheck"),
  ignore: !hasShellcheck,
  async fn() {
    const result = await said("shellcheck", new URL("../../scripts/install.sh", import.meta.url).pathname);
    assert.ok(result.isOk, result.text);
  },
});

Deno.test({
  name: orWhy("the man page is one, and names every command", hasMandoc, "no mandoc"),
  ignore: !hasMandoc,
  async fn() {
    const { builtManPage } = await import("../../scripts/build_man.ts");
    const path = await Deno.makeTempFile({ suffix: ".1" });
    await Deno.writeTextFile(path, builtManPage());
    const lint = await said("mandoc", "-Tlint", "-Wwarning", path);
    const shown = await said("mandoc", "-Tascii", path);
    await Deno.remove(path);
    assert.doesNotMatch(lint.text, /ERROR|UNSUPP/);
    // deno-lint-ignore no-control-regex -- bold is printed by striking twice
    const text = shown.text.replaceAll(/.\x08/g, "");
    for (const name of ["run", "check", "outbox list", "install", "update", "settings schema"]) {
      assert.match(text, new RegExp(`^   filagram ${name}( |$)`, "m"));
    }
  },
});

Deno.test("the udev rule keeps ModemManager off USB serial ports, and touches nothing else", () => {
  const rules = udevRuleText.split("\n").filter((line) => line && !line.startsWith("#"));
  for (const rule of rules) assert.match(rule, /^([A-Z]+(\{\w+\})?(==|!=|=)"[^"]*"(, )?)+$/);
  assert.match(udevRuleText, /ID_MM_DEVICE_IGNORE/);
});
