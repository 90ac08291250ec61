import { deepEqual, doesNotMatch, equal, match, ok } from "node:assert/strict";
import type { PrinterEvent } from "../../src/domain/printer_event.ts";
import { applyReport, passTime } from "../../src/domain/apply_report.ts";
import { emptyState, type Report } from "../../src/domain/printer_state.ts";
import { printerWords } from "../../src/domain/printer_words.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { fromPage, Page, settingsWith } from "./page.ts";

const evilName = `<script>alert(1)<img src=x onerror="alert(3)" 'x.gcode`;

function finished(page: Page, path = "cubes/benchy.gcode"): PrinterEvent {
  return { kind: "finished", at: page.clock.now(), job: { id: "7", file: { path } }, facts: { elapsedSeconds: 4320 } };
}

async function home(page: Page): Promise<string> {
  return await (await page.get("/")).text();
}

const silence = undefined;

/** The state after these reports, or silences, five seconds apart. */
async function stateAfter(reports: readonly (Report | undefined)[], clock = new FakeClock()) {
  let state = emptyState;
  for (const report of reports) {
    state = report ? applyReport(state, report, clock.now()) : passTime(state, clock.now());
    await clock.advance(5000);
  }
  return state;
}

const online: Report = { link: { kind: "online" }, job: { kind: "none" } };
const printing: Report = {
  link: { kind: "online" },
  job: { kind: "printing", file: { path: "benchy.gcode" } },
  progress: { percent: 50.7, layer: 62, layers: 125, remainingSeconds: 2040 },
  temperatures: { nozzle: { celsius: 214.6, targetCelsius: 215 }, bed: { celsius: 60 } },
};

Deno.test("the page tells what a printer does, how far it is, how warm, and since when", async () => {
  using page = new Page();
  page.states.set("MK3S", await stateAfter([online, printing], page.clock));
  const text = await home(page);
  for (
    const part of [
      "Printing benchy",
      'value="50"',
      "50 %",
      "34 min left",
      "layer 62 of 125",
      "215 °C",
      "60 °C",
      "started <time",
      ">13:00<",
      "ready at about 13:34",
    ]
  ) ok(text.includes(part), part);
});

Deno.test("a printer that was never heard of is told so, with where it was looked for", async () => {
  using page = new Page();
  match(await home(page), /Never heard of it yet: nothing has come from serial:\/dev\/ttyUSB0/);
});

Deno.test("printerWords() says plainly what is the matter", async () => {
  const lost: Report = { link: { kind: "lost", reason: "the device was unplugged" } };
  const fault = (fatal: boolean): Report => ({ fault: { text: "Thermal Runaway", fatal } });
  const paused: Report = {
    job: { kind: "paused", file: { path: "benchy.gcode" }, reason: "filament_runout" },
  };
  const table: [string, (Report | undefined)[], string, RegExp][] = [
    ["idle", [online], "calm", /^Idle$/],
    ["unplugged before the first word", [lost], "away", /^Never heard of it yet: the device was unplugged$/],
    ["offline", [online, lost, ...Array(8).fill(silence)], "away", /^Offline: the device was unplugged$/],
    [
      "offline in a print",
      [online, printing, lost, ...Array(8).fill(silence)],
      "fault",
      /^Offline, lost while printing benchy \(50 %\): the device/,
    ],
    ["just lost", [online, printing, lost], "busy", /^Printing benchy$/],
    ["runout", [online, printing, paused, silence], "needsYou", /^Needs you: filament ran out \(benchy\)$/],
    ["failed", [online, printing, fault(true), silence], "fault", /^benchy failed: Thermal Runaway$/],
    ["error, idle", [online, fault(true), silence], "fault", /^Error: Thermal Runaway$/],
    [
      "finished",
      [online, printing, { job: { kind: "ended", outcome: "finished" } }],
      "calm",
      /^Idle, benchy finished$/,
    ],
  ];
  for (const [name, reports, tone, sentence] of table) {
    const words = printerWords(await stateAfter(reports), "serial:/dev/ttyUSB0");
    equal(words.tone, tone, name);
    match(words.sentence, sentence, name);
  }
  const justLost = printerWords(await stateAfter([online, printing, lost]), "");
  deepEqual(justLost.notes, ["Just lost sight of it: the device was unplugged. Trying again."]);
});

Deno.test("under each event stands what became of it, or that no rule wants it", async () => {
  using page = new Page();
  page.composes(page.happens(finished(page)), [
    "sent@example.org",
    "waits@example.org",
    "never@example.org",
    "new@example.org",
  ]);
  for (
    const result of [
      { kind: "sent" },
      { kind: "retry", reason: "451 greylisted" },
      { kind: "rejected", reason: "550 no such user" },
    ] as const
  ) {
    const delivery = page.outbox.take("mail");
    ok(delivery);
    page.outbox.settle(delivery, result);
  }
  page.composes(page.happens({ kind: "started", at: page.clock.now(), facts: {} }), []);
  page.happens({ kind: "resumed", at: page.clock.now(), facts: {} });
  const text = (await home(page)).replace(/<form.*?<\/form>/gs, "").replace(/<[^>]+>/g, " ").replace(/\s+/g, " ");
  for (
    const part of [
      "MK3S: benchy finished in 1 h 12 min",
      "sent 13:00 to sent@example.org by mail",
      "not yet sent to waits@example.org by mail : 451 greylisted (1 try, again in a moment)",
      "refused for never@example.org by mail : 550 no such user",
      "waiting for new@example.org by mail",
      "MK3S: the print started No rule wants it",
      "MK3S: the print resumed About to be told",
    ]
  ) ok(text.includes(part), `${part}\n${text}`);
});

Deno.test("a refused message can be tried again and a waiting one given up, from the page", async () => {
  using page = new Page();
  const event = page.happens(finished(page));
  const [first, second] = page.composes(event, ["a@example.org", "b@example.org"]);
  ok(first && second);
  const taken = page.outbox.take("mail");
  ok(taken);
  page.outbox.settle(taken, { kind: "rejected", reason: "550" });
  const { token, headers } = await fromPage(page);
  const text = await home(page);
  match(text, new RegExp(`action="/deliveries/${first.id}/retry"`));
  match(text, new RegExp(`action="/deliveries/${second.id}/drop"`));
  const retried = await page.post(`/deliveries/${first.id}/retry`, { body: { token }, headers });
  equal(retried.status, 303);
  equal(retried.headers.get("location"), `/#event-${event.id}`);
  equal(page.outbox.get(first.id)?.state, "queued");
  await page.post(`/deliveries/${second.id}/drop`, { body: { token }, headers });
  equal(page.outbox.get(second.id)?.state, "expired");
});

Deno.test("what is wrong with the settings stands on top", async () => {
  using page = new Page();
  doesNotMatch(await home(page), /have a mistake/);
  page.problem = `filagram.yaml:7:15: printer "MK3S", camera.deadline: write "10 s" <b>`;
  const text = await home(page);
  match(text, /filagram\.yaml:7:15: printer &quot;MK3S&quot;, camera\.deadline: write &quot;10 s&quot; &lt;b&gt;/);
  ok(text.indexOf("filagram.yaml:7:15") < text.indexOf("Printers</h2>"));
});

Deno.test("museum: 18 a file name that is markup is shown as it is, everywhere", async () => {
  using page = new Page({ settings: settingsWith({ printers: [`<b onclick="x">'`] }) });
  const name = `<b onclick="x">'`;
  page.states.set(
    name,
    await stateAfter([{ ...printing, job: { kind: "printing", file: { path: evilName } } }], page.clock),
  );
  page.composes(page.happens(finished(page, evilName), name), [`"><script>@example.org`]);
  page.happens({
    kind: "message",
    text: "</p><script>alert(2)</script>",
    marked: true,
    at: page.clock.now(),
    facts: {},
  }, name);
  const text = await home(page);
  doesNotMatch(text, /<script>|<b onclick/);
  doesNotMatch(text, /<img/);
  match(text, /&lt;script&gt;alert\(1\)/);
});

Deno.test("the Test form works without a script: it answers with a page of the steps", async () => {
  using page = new Page();
  const { token, headers } = await fromPage(page);
  const answer = await page.post("/test", { body: { token, channel: "mail" }, headers });
  equal(answer.status, 200);
  const text = await answer.text();
  match(text, /A test of mail/);
  match(text, /<li class="ok"><b>event<\/b> test of MK3S, stored as event 1<\/li>/);
  match(text, /<\/html>$/);
  deepEqual(page.asked, [{ channel: "mail" }]);
});

Deno.test("a test's steps are sent as they happen", async () => {
  const second = Promise.withResolvers<void>();
  using page = new Page({
    async *steps() {
      yield { name: "event", isOk: true, detail: "first" };
      await second.promise;
      yield { name: "sent", isOk: true, detail: "second" };
    },
  });
  const { token, headers } = await fromPage(page);
  const answer = await page.post("/test", { body: { token, channel: "mail" }, headers });
  const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  while (!text.includes("first")) text += (await reader?.read())?.value ?? "";
  ok(!text.includes("second"));
  second.resolve();
  for (;;) {
    const part = await reader?.read();
    if (!part || part.done) break;
    text += part.value;
  }
  match(text, /second/);
});

Deno.test("museum: 23 a planted secret is on no page, in no answer and in no stream", async () => {
  using page = new Page({
    async *steps() {
      yield { name: "failed", isOk: false, detail: "535 hunter2-app-password was refused" };
    },
  });
  const secret = "hunter2-app-password";
  page.secrets.add(secret);
  page.problem = `channel "mail", password: "${secret}" …`;
  page.stuck = [`send ${secret}`];
  page.states.set("MK3S", await stateAfter([online, { link: { kind: "lost", reason: `no ${secret}` } }], page.clock));
  page.composes(page.happens({ kind: "error", text: `login ${secret}`, at: page.clock.now(), facts: {} }));
  const taken = page.outbox.take("mail");
  ok(taken);
  page.outbox.settle(taken, { kind: "rejected", reason: `535 ${secret}` });
  const { token, headers } = await fromPage(page);
  const texts = [
    ...await Promise.all(
      ["/", "/healthz", "/metrics", "/api/v1/printers", "/api/v1/events", "/api/v1/deliveries"].map(async (path) =>
        await (await page.get(path)).text()
      ),
    ),
    await (await page.post("/test", { body: { token, channel: "mail" }, headers })).text(),
    await (await page.post("/api/v1/test", { body: "{}", headers: { ...headers, "x-filagram-token": token } })).text(),
    ...page.logged,
  ];
  for (const text of texts) ok(!text.includes(secret), text);
  match(texts[0] ?? "", /535 •••/);
});

Deno.test("the page is whole without its script, and every control has a name", async () => {
  using page = new Page();
  const text = await home(page);
  match(text, /^<!doctype html><html lang="en">/);
  match(text, /<meta name="viewport" content="width=device-width, initial-scale=1"/);
  match(text, /<button type="submit" aria-label="Test mail"/);
  doesNotMatch(text, / style="| onclick=|<script>|undefined|\[object/);
  equal(/<title>(.*?)<\/title>/.exec(text)?.[1], "workshop");
});

Deno.test("while the clock is not set, times are unknown instead of 1970", async () => {
  using page = new Page();
  const clock = new FakeClock({ wall: "1970-01-01T00:10:00Z", isSet: false, bootId: "boot-0" });
  page.happens({ kind: "finished", at: clock.now(), facts: {} });
  const text = await home(page);
  match(text, /time unknown/);
  doesNotMatch(text, /1970/);
});
