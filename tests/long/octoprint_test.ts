/**
 * The real OctoPrint with its virtual printer, watched by the real command: whole prints end in the right mails. Skipped, and said
 * so, where Python or PyPI is missing.
 */
import assert from "node:assert/strict";
import { bootId } from "../../bridge/libc.ts";
import { systemClock } from "../../src/clock.ts";
import { type ReceivedMail, type SmtpSink, startSmtpSink } from "../../src/demo/smtp_sink.ts";
import type { DriverIo } from "../../src/drivers/driver.ts";
import { octoprint } from "../../src/drivers/octoprint/octoprint.ts";
import { createLog, Secrets } from "../../src/log.ts";
import { decodePicture } from "../../src/pictures/codec.ts";
import { jpegOf, letters, painted, pngOf } from "../pictures/samples.ts";
import { makeWorkshop, type Running, until, type Workshop } from "../support/filagram.ts";
import { type RealOctoPrint, startOctoPrint, whyNoOctoPrint } from "../support/octoprint.ts";

const clock = systemClock({ bootId: bootId() });
const missing = await whyNoOctoPrint();
const patienceMilliseconds = 120_000;

interface Scene extends AsyncDisposable {
  readonly workshop: Workshop;
  readonly sink: SmtpSink;
  readonly host: RealOctoPrint;
  /** Watches once somebody has logged in. */
  agent?: Running;
}

/** What the camera sees; OctoPrint is told that it hangs mirrored and on its side. */
const seen = "ab/cd";
/** Mirrored, then a quarter turn counter-clockwise. */
const shown = "ac/bd";

async function openScene(): Promise<Scene> {
  await using stack = new AsyncDisposableStack();
  const camera = stack.use(
    Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen() {} },
      () => new Response(new Uint8Array(jpegOf(painted(seen, 40))), { headers: { "content-type": "image/jpeg" } }),
    ),
  );
  const snapshot = `http://127.0.0.1:${camera.addr.port}/snapshot`;
  const sink = stack.use(await startSmtpSink({ clock }));
  const host = stack.use(await startOctoPrint({ webcam: { snapshot, flipH: true, rotate90: true } }));
  const workshop = stack.use(await makeWorkshop());
  const moved = stack.move();
  return { workshop, sink, host, [Symbol.asyncDispose]: () => moved.disposeAsync() };
}

/** The settings; without a key before the login. */
async function write({ workshop, sink, host }: Scene, more: string, secrets?: string): Promise<void> {
  await workshop.write(
    `printers:
  - { name: OP, driver: octoprint, address: "${host.url}"${more} }
channels:
  - { name: mail, type: email, host: 127.0.0.1, port: ${sink.port}, tls: none, from: a@example.org, to: [me@example.org] }
web: { listen: "127.0.0.1:0" }
`,
    secrets,
  );
}

/** A print of so many tenths of a second; `extra` stands in its middle. */
function model(tenths: number, extra: readonly string[] = []): Uint8Array<ArrayBuffer> {
  const png = pngOf(painted("abcd", 40)).toBase64();
  const half = Array.from({ length: Math.ceil(tenths / 2) }, (_, index) => [`G1 X${index % 90}`, "G4 P100"]).flat();
  return new TextEncoder().encode([
    `; thumbnail begin 160x40 ${png.length}`,
    ...png.match(/.{1,78}/g)?.map((part) => `; ${part}`) ?? [],
    "; thumbnail end",
    "G90",
    ...half,
    ...extra,
    ...half,
    "",
  ].join("\n"));
}

function firstLine({ parsed }: ReceivedMail): string {
  return parsed.text?.split("\n")[0] ?? "";
}

/** What is mailed about the print of this name. That a printer was away is allowed for: a slow start takes longer than the grace. */
function mailsAbout({ sink }: Scene, name: string): ReceivedMail[] {
  return sink.mails.filter((mail) => firstLine(mail).includes(name) && !/offline|is back/.test(firstLine(mail)));
}

/**
 * One mail for each pattern, in their order, once all are there; two of the same moment may arrive in any order.
 */
async function told(scene: Scene, name: string, ...patterns: RegExp[]): Promise<ReceivedMail[]> {
  const find = (pattern: RegExp) => mailsAbout(scene, name).find((mail) => pattern.test(firstLine(mail)));
  const areThere = () => patterns.every((pattern) => find(pattern));
  await until(`mails about ${name} say ${patterns.join()}`, areThere, patienceMilliseconds).catch((error) => {
    const lines = scene.sink.mails.map(firstLine).join("\n");
    throw new Error(`${error.message}\n${lines}\n${scene.agent?.log().slice(-2000)}\n${scene.host.log().slice(-2000)}`);
  });
  return patterns.flatMap((pattern) => find(pattern) ?? []);
}

/** How many mails there are about each print in the end: nothing is told twice. */
const counts: Readonly<Record<string, number>> = {
  benchy: 4,
  first: 1,
  second: 1,
  abandoned: 3,
  stops: 4,
  empty: 4,
  killed: 3,
  after: 3,
  burnt: 3,
};

/** The picture of a mail, in letters. */
async function pictureIn(mail: ReceivedMail | undefined, columns: number): Promise<string> {
  const [attachment] = mail?.parsed.attachments ?? [];
  assert.ok(attachment, "the mail has a picture");
  const mediaType = attachment.contentType as "image/jpeg" | "image/png";
  const bitmap = await decodePicture(new Uint8Array(attachment.content), { mediaType });
  return letters(bitmap, bitmap.widthPixels / columns);
}

async function logsIn(scene: Scene): Promise<void> {
  const { workshop, host } = scene;
  await write(scene, "", "# mine\nother: thing # keep me\n");
  const login = workshop.start("login", "OP");
  await login.said("allow Filagram", patienceMilliseconds);
  await until("OctoPrint asks its owner", async () => (await host.pendingKeys()).length === 1);
  const [request] = await host.pendingKeys();
  assert.equal(request?.app_id, "Filagram");
  await host.decide(request?.user_token ?? "", true);
  assert.equal((await login.ended).code, 0, login.log());
  await login.said("apiKey: !secret op_api_key");
  const secrets = await Deno.readTextFile(`${workshop.folder}/secrets.yaml`);
  assert.match(secrets, /^# mine\nother: thing # keep me\nop_api_key: "[\w-]{20,}"\n$/);
  assert.equal((await Deno.stat(`${workshop.folder}/secrets.yaml`)).mode! & 0o777, 0o600);
  await write(scene, ", apiKey: !secret op_api_key");
  scene.agent = workshop.start("run");
  await until("the agent has logged in", () => /logged in on the socket/.test(host.log()), patienceMilliseconds);
}

async function finishes(scene: Scene): Promise<void> {
  const { host } = scene;
  await host.upload("cubes/benchy.gcode", model(300), { print: true });
  await host.waitFor("Printing");
  await host.job("pause", "pause");
  await told(scene, "benchy", /paused/);
  await host.job("pause", "resume");
  const [, begun, , done] = await told(
    scene,
    "benchy",
    /uploaded/,
    /^OP: benchy started/,
    /^OP: benchy paused at \d+ %/,
    /^OP: benchy finished in/,
  );
  assert.equal(await pictureIn(begun, 4), "abcd");
  assert.equal(await pictureIn(done, 2), shown);
}

async function readsItsFile(scene: Scene): Promise<void> {
  const io: DriverIo = {
    clock,
    log: createLog({ level: "error", secrets: new Secrets(), write: () => {} }),
    signal: AbortSignal.timeout(patienceMilliseconds),
    fetch,
    openLink: () => Promise.reject(new Error("no link here")),
    openMessages: () => Promise.reject(new Error("no messages here")),
  };
  const driver = octoprint.bind({ address: scene.host.url, apiKey: scene.host.key });
  const bytes = model(5000);
  await scene.host.upload("grüße/long & wide.gcode", bytes);
  const file = { path: "grüße/long & wide.gcode", storage: "local", sizeBytes: bytes.length };
  const listed = await (await scene.host.request("GET", "/api/files/local?recursive=true")).json();
  const folder = listed.files.find(({ display }: { display: string }) => display.startsWith("gr"));
  const stored = { ...file, path: folder.children[0].path };
  await using reader = await driver.openPrintFile?.(stored, io);
  assert.equal(reader?.sizeBytes, bytes.length);
  assert.deepEqual(await reader?.read(70_000, 500, io.signal), bytes.slice(70_000, 70_500));
  // Its analysis runs when the machine has nothing else to do.
  const { estimatedSeconds = 500 } = (await driver.describePrintFile?.(stored, io))?.facts ?? {};
  assert.ok(estimatedSeconds > 400 && estimatedSeconds < 700, `${estimatedSeconds} s`);
  assert.equal((await driver.cameras?.(io))?.length, 1);
  const raw = await scene.host.request("GET", "/downloads/camera/current"); // for cameras that only its host reaches
  const bitmap = await decodePicture(await raw.bytes(), { mediaType: "image/jpeg" });
  assert.equal(letters(bitmap, bitmap.widthPixels / 2), seen);
}

async function isUploadedTwice(scene: Scene): Promise<void> {
  await scene.host.upload("first.gcode", model(2));
  await scene.host.upload("second.gcode", model(2));
  await told(scene, "first", /^OP: first/);
  await told(scene, "second", /^OP: second/);
}

async function isCancelled(scene: Scene): Promise<void> {
  await scene.host.upload("abandoned.gcode", model(6000), { print: true });
  await told(scene, "abandoned", /started/);
  await scene.host.job("cancel");
  await told(scene, "abandoned", /uploaded/, /started/, /^OP: abandoned cancelled/);
  await scene.host.waitFor("Operational");
}

async function waitsForItsOwner(scene: Scene): Promise<void> {
  const { host } = scene;
  await host.upload("stops.gcode", model(20, ["M0"]), { print: true });
  await told(scene, "stops", /needs you|waits/);
  await host.job("pause", "resume");
  await told(scene, "stops", /uploaded/, /started/, /waits for you/, /finished/);
  await host.waitFor("Operational");
  await host.upload("empty.gcode", model(6000), { print: true });
  await told(scene, "empty", /started/);
  await host.command("!!DEBUG:send //action:notification Filament Runout T0", "!!DEBUG:action_pause");
  await told(scene, "empty", /uploaded/, /filament/);
  await host.job("cancel");
  await told(scene, "empty", /cancelled/);
  await host.waitFor("Operational");
}

async function isRestarted(scene: Scene): Promise<void> {
  const { host } = scene;
  await host.upload("killed.gcode", model(6000), { print: true });
  await told(scene, "killed", /started/);
  await host.stop();
  await host.start();
  await told(scene, "killed", /uploaded/, /failed.*restarted in mid-print$/);
  await host.upload("after.gcode", model(10), { print: true });
  await told(scene, "after", /uploaded/, /started/, /finished/);
}

async function dies(scene: Scene): Promise<void> {
  const { host } = scene;
  await host.waitFor("Operational");
  await host.upload("burnt.gcode", model(6000), { print: true });
  await told(scene, "burnt", /started/);
  await host.command("!!DEBUG:trigger_fatal_error_marlin");
  await told(scene, "burnt", /uploaded/, /started/, /failed.*: Thermal Runaway/);
}

Deno.test({
  name: missing === undefined
    ? "the real OctoPrint with its virtual printer, mailed by the real command"
    : `the real OctoPrint (skipped: ${missing})`,
  ignore: missing !== undefined,
  sanitizeOps: false,
  sanitizeResources: false,
  async fn(t) {
    await using scene = await openScene();
    const acts: readonly (readonly [string, (scene: Scene) => Promise<void>])[] = [
      ["its owner allows Filagram in OctoPrint: nobody types a key", logsIn],
      ["a print from a sub-folder that is paused, resumed and finished, with the right pictures", finishes],
      ["its file is read in parts, and described", readsItsFile],
      ["two uploads are two mails", isUploadedTwice],
      ["a print that is cancelled is told so, once", isCancelled],
      ["M0 in a file, and a runout, need its owner", waitsForItsOwner],
      ["OctoPrint dies in mid-print: the print failed, and is told so when it is back", isRestarted],
      ["a firmware that kills itself is one failed print, in its own words", dies],
    ];
    for (const [name, act] of acts) assert.ok(await t.step(name, () => act(scene)), name);
    const kinds = (await scene.workshop.events()).map(({ kind }) => kind);
    assert.deepEqual(kinds.filter((kind) => ["resumed", "error", "ended"].includes(String(kind))), [
      "resumed",
      "resumed",
    ]);
    for (const [name, count] of Object.entries(counts)) {
      const lines = mailsAbout(scene, name).map(firstLine);
      assert.equal(lines.length, count, lines.join("\n"));
    }
    const key = /op_api_key: "(.*)"/.exec(await Deno.readTextFile(`${scene.workshop.folder}/secrets.yaml`))?.[1];
    assert.ok(key && !scene.agent?.log().includes(key), "no key in the log");
  },
});
