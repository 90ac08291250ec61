/** What good settings become. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { parseProgressStep } from "../../src/config/units.ts";
import { hashPassword } from "../../src/config/password.ts";
import { defaultRule } from "../../src/domain/rule.ts";
import { loadGood, temporaryFolder, write } from "./support.ts";

const smallest = `printers:
  - name: MK3S
    driver: tiny
    address: serial:/dev/ttyUSB0
channels:
  - name: mail
    type: letter
    to: [me]
`;

Deno.test("loadSettings() fills in what the smallest file leaves out", async () => {
  const settings = await loadGood({ yaml: smallest, mode: 0o644 });
  assert.deepEqual(settings.agent, { name: "workshop", timezone: "Europe/Berlin", language: "en" });
  assert.deepEqual(settings.web, { hostname: "127.0.0.1", port: 8090 });
  assert.deepEqual(settings.rules, [defaultRule]);
  const [printer] = settings.printers;
  assert.equal(printer?.name, "MK3S");
  assert.equal(printer?.driver.id, "tiny");
  assert.equal(printer?.address, "serial:/dev/ttyUSB0");
  assert.equal(printer?.tellsDisplayText, false);
  assert.equal(printer?.camera, undefined);
  assert.deepEqual(settings.channels.map(({ name, channel }) => [name, channel.recipients]), [["mail", ["me"]]]);
});

Deno.test("loadSettings() reads all of it", async () => {
  const hash = await hashPassword("open sesame");
  const settings = await loadGood({
    yaml: `agent: { name: attic, timezone: UTC }
web: { listen: "[::]:9000", password: !secret page }
printers:
  - name: Ünï 4
    driver: other
    mode: cloud
    token: !secret cloud
    region: eu
    displayText: true
    camera:
      snapshot: http://cam/?action=snapshot
      user: me
      password: !secret cam
      flip: [horizontal]
      rotate: 90
      deadline: 1 min
channels: []
rules:
  - name: the important
    when: [failed, needs_you]
    printers: [Ünï 4]
    picture: none
  - when: [progress]
    every: 10 % of time
    gap: 5 min
    longerThan: 20 min
`,
    secrets: `page: ${hash}\ncloud: 0123\ncam: "c4m pass"\n`,
  });
  assert.deepEqual(settings.agent, { name: "attic", timezone: "UTC", language: "en" });
  assert.deepEqual(settings.web, { hostname: "::", port: 9000, passwordHash: hash });
  const [printer] = settings.printers;
  assert.equal(printer?.address, "other");
  assert.equal(printer?.tellsDisplayText, true);
  assert.deepEqual(printer?.camera, {
    source: { url: "http://cam/?action=snapshot" },
    flip: ["horizontal"],
    rotateDegrees: 90,
    deadlineSeconds: 60,
    login: { kind: "password", user: "me", password: "c4m pass" },
  });
  const [important, progress] = settings.rules;
  assert.deepEqual(important, {
    id: "the important",
    name: "the important",
    when: ["failed", "needs_you"],
    printers: ["Ünï 4"],
    picture: "none",
    gapSeconds: 0,
    longerThanSeconds: 0,
  });
  const { id, ...rest } = progress ?? { id: "" };
  assert.match(id, /^rule-[0-9a-f]{8}$/);
  assert.deepEqual(rest, {
    when: ["progress"],
    picture: "auto",
    every: { kind: "timeShare", percent: 10 },
    gapSeconds: 300,
    longerThanSeconds: 1200,
  });
});

Deno.test("loadSettings() knows where a printer's files lie, and the choices of picture", async () => {
  const yaml = smallest.replace("channels:", "    files: /home/pi/gcodes\nchannels:") +
    "rules:\n  - { when: [started], picture: thumbnail }\n  - { when: [failed], picture: camera }\n";
  const { printers: [printer], rules } = await loadGood({ yaml });
  assert.equal(printer?.filesFolder, "/home/pi/gcodes");
  assert.deepEqual(rules.map(({ picture }) => picture), ["thumbnail", "camera"]);
});

Deno.test("loadSettings() takes a login out of a camera's address", async () => {
  const yaml = smallest.replace("channels:", "    camera: { snapshot: 'http://me:p%40ss@cam/jpg' }\nchannels:");
  const { printers: [printer] } = await loadGood({ yaml });
  assert.deepEqual(printer?.camera?.source, { url: "http://cam/jpg" });
  assert.deepEqual(printer?.camera?.login, { kind: "password", user: "me", password: "p@ss" });
});

Deno.test("loadSettings() shows an address without what is secret in it", async () => {
  const yaml = smallest.replace("serial:/dev/ttyUSB0", "http://me:hunter2@host:80/x?apikey=abcd1234&b=1");
  const { printers: [printer] } = await loadGood({ yaml });
  assert.equal(printer?.address, "http://host:80/x?apikey=•••&b=1");
});

Deno.test("loadSettings() takes a number for text where text is meant", async () => {
  const yaml = smallest.replace("name: MK3S", "name: 0042").replace("to: [me]", "to: [me, 0151]\n    password: 1e3");
  const settings = await loadGood({ yaml });
  assert.equal(settings.printers[0]?.name, "0042");
  assert.deepEqual(settings.channels[0]?.channel.recipients, ["me", "0151"]);
});

Deno.test("loadSettings() accepts anchors and aliases, CRLF and a byte order mark", async () => {
  const yaml = `\ufeff${smallest.replace("to: [me]", "to: &us [me, you]")}  - { name: other, type: letter, to: *us }\n`;
  const settings = await loadGood({ yaml: yaml.replaceAll("\n", "\r\n") });
  assert.deepEqual(settings.channels.map(({ channel }) => channel.recipients), [["me", "you"], ["me", "you"]]);
});

Deno.test("the id of a rule outlives its move and changes with its content", async () => {
  const ids = async (rules: string) =>
    (await loadGood({ yaml: `${smallest}rules:\n${rules}` })).rules.map(({ id }) => id);
  const [failed, progress] = ["  - when: [failed]\n", "  - { when: [progress], every: 25 % }\n"];
  const [a, b] = await ids(failed + progress);
  assert.deepEqual(await ids(progress + failed), [b, a]);
  assert.deepEqual(await ids("  - { every: 25 %, when: [progress] }\n"), [b]);
  assert.notDeepEqual(await ids("  - { every: 20 %, when: [progress] }\n"), [b]);
  assert.deepEqual(await ids(failed + failed), [a, `${a}-2`]);
});

Deno.test("a fingerprint changes when anything of its printer or channel changes, and only then", async () => {
  const prints = async (yaml: string, secrets?: string) => {
    const { printers, channels } = await loadGood({ yaml, ...(secrets === undefined ? {} : { secrets }) });
    return [printers[0]?.fingerprint, channels[0]?.fingerprint];
  };
  const withSecret = `${smallest}    password: !secret mail\n`;
  const [printer, channel] = await prints(withSecret, "mail: first\n");
  assert.deepEqual(await prints(`# said\n${withSecret}rules: [{ when: [failed] }]\n`, "mail: first\nx: y\n"), [
    printer,
    channel,
  ]);
  const changedSecret = await prints(withSecret, "mail: second\n");
  assert.equal(changedSecret[0], printer);
  assert.notEqual(changedSecret[1], channel);
  for (const change of ["displayText: true", "passive: true", "camera: { snapshot: 'http://cam' }"]) {
    const changed = await prints(withSecret.replace("driver:", `${change}\n    driver:`), "mail: first\n");
    assert.notEqual(changed[0], printer, change);
    assert.equal(changed[1], channel, change);
  }
});

const steps: readonly [string, ReturnType<typeof parseProgressStep>][] = [
  ["10 %", { kind: "percent", percent: 10 }],
  ["12.5%", { kind: "percent", percent: 12.5 }],
  ["30 min", { kind: "time", seconds: 1800 }],
  ["1 h 30 min", { kind: "time", seconds: 5400 }],
  ["10 % of time", { kind: "timeShare", percent: 10 }],
  ["25 layers", { kind: "layers", layers: 25 }],
  ["1 layer", { kind: "layers", layers: 1 }],
  ["15 min before end", { kind: "beforeEnd", seconds: 900 }],
  ["15 min before the end", { kind: "beforeEnd", seconds: 900 }],
  ["10", "needs a unit: 10 % or 10 min?"],
  ["0 %", '"0 %" is out of range: 1 % to 99 % are allowed'],
  ["100 %", '"100 %" is out of range: 1 % to 99 % are allowed'],
  ["0 layers", '"0 layers" is out of range: 1 layer or more'],
  ["1 s", '"1 s" is out of range: 10 s to 7 d are allowed'],
  ["30 m", '"30 m" is not understood: write 10 %, 30 min, 10 % of time, 25 layers or 15 min before end'],
  ["-5 min", '"-5 min" is not understood: write 10 %, 30 min, 10 % of time, 25 layers or 15 min before end'],
];
for (const [text, expected] of steps) {
  Deno.test(`parseProgressStep() reads ${text}`, () => assert.deepEqual(parseProgressStep(text), expected));
}

Deno.test("loadSettings() tells a user who may not read the file what to do", async () => {
  await using folder = await temporaryFolder();
  await Deno.chmod(folder.path, 0o755);
  const path = join(folder.path, "filagram.yaml");
  await write(path, smallest, 0o600);
  const script = `
    import process from "node:process";
    import { loadSettings } from ${JSON.stringify(import.meta.resolve("../../src/config/load_settings.ts"))};
    import { Secrets } from ${JSON.stringify(import.meta.resolve("../../src/log.ts"))};
    if (process.getuid() === 0) process.seteuid(65534); else Deno.chmodSync(${JSON.stringify(path)}, 0);
    const loaded = await loadSettings({ path: ${
    JSON.stringify(path)
  }, drivers: [], channels: [], secrets: new Secrets() });
    console.log(JSON.stringify(loaded.problems));
  `;
  const config = new URL("../../deno.json", import.meta.url).pathname;
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", "--config", config, "-"],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(script));
  await writer.close();
  const { stdout, stderr } = await child.output();
  const said = new TextDecoder().decode(stdout);
  assert.notEqual(said, "", new TextDecoder().decode(stderr));
  assert.deepEqual(JSON.parse(said), [{
    file: path,
    where: "",
    text: `cannot be read: permission denied. Give it to the user Filagram runs as: sudo chown USER ${path}`,
  }]);
});

Deno.test("loadSettings() says when there is no file, or a folder in its place", async () => {
  await using folder = await temporaryFolder();
  const { loadSettings } = await import("../../src/config/load_settings.ts");
  const { Secrets } = await import("../../src/log.ts");
  const read = (path: string) => loadSettings({ path, drivers: [], channels: [], secrets: new Secrets() });
  const missing = join(folder.path, "filagram.yaml");
  assert.deepEqual(await read(missing), {
    kind: "bad",
    problems: [{ file: missing, where: "", text: "does not exist" }],
  });
  assert.deepEqual(await read(folder.path), {
    kind: "bad",
    problems: [{ file: folder.path, where: "", text: "is no file" }],
  });
});
