/**
 * The page in a real Chromium, with the whole program behind it. Screenshots go to $FILAGRAM_SCREENSHOTS, if set.
 */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import type { Report } from "../../src/domain/printer_state.ts";
import { buildClient, isClientStale } from "../../scripts/build_client.ts";
import { startChromium, whyNoChromium } from "./chromium.ts";
import { type OpenPage, openPage } from "./house.ts";

const reason = whyNoChromium();
if (reason === undefined && await isClientStale()) await buildClient();
const screenshots = Deno.env.get("FILAGRAM_SCREENSHOTS");

/** A test with a page open in a browser of its own; skipped, and said so, where there is no Chromium. */
function browserTest(
  name: string,
  options: { names?: string[]; password?: string; browser?: BrowserContextOptions },
  run: (tab: Page, page: OpenPage, browser: Browser) => Promise<void>,
): void {
  Deno.test({
    name: reason === undefined ? name : `${name} (skipped: ${reason})`,
    ignore: reason !== undefined,
    sanitizeOps: false, // the driver of the browser keeps its pipes until the process ends
    sanitizeResources: false,
    async fn() {
      await using page = await openPage({ names: ["MK3S"], ...options });
      const browser = await startChromium();
      try {
        const context = await browser.newContext({ viewport: { width: 1100, height: 800 }, ...options.browser });
        context.setDefaultTimeout(10_000);
        const tab = await context.newPage();
        const problems: string[] = [];
        tab.on("console", (message) => {
          if (message.type() === "error") problems.push(`${message.text()} ${message.location().url}`);
        });
        tab.on("pageerror", (error) => problems.push(String(error)));
        await run(tab, page, browser);
        deepEqual(
          problems.filter((problem) => !/status of 4(01|29)/.test(problem)),
          [],
          "the browser had no complaint",
        );
      } finally {
        await browser.close();
      }
    },
  });
}

async function shot(tab: Page, name: string): Promise<void> {
  if (screenshots) await tab.screenshot({ path: `${screenshots}/${name}.png`, fullPage: true });
}

const online: Report = { link: { kind: "online" }, job: { kind: "none" } };
const file = { path: "cubes/benchy.gcode" };
const starts: Report = { job: { kind: "printing", file, begins: true }, progress: { percent: 0 } };
const half: Report = {
  progress: { percent: 50, layer: 62, layers: 125, remainingSeconds: 2040 },
  temperatures: {
    nozzle: { celsius: 214.6, targetCelsius: 215 },
    bed: { celsius: 60.1, targetCelsius: 60 },
  },
};
const runout: Report = { job: { kind: "paused", file, reason: "filament_runout" } };
const goesOn: Report = { job: { kind: "printing", file } };
const ends: Report = { job: { kind: "ended", outcome: "finished", file }, progress: { percent: 100 } };

browserTest("the page follows a print while it happens, without being loaded again", {}, async (tab, page) => {
  const [printer] = page.printers;
  await tab.goto(page.url);
  await tab.getByText("Never heard of it yet").waitFor();
  await tab.evaluate("globalThis.isSamePage = true");
  printer?.says(online);
  await tab.getByText("Idle", { exact: true }).waitFor();
  printer?.says(starts, half);
  await tab.getByText("Printing benchy").waitFor();
  equal(await tab.locator("progress").getAttribute("value"), "50");
  await tab.getByText("MK3S: benchy started").waitFor();
  await tab.locator(".delivery.sent").first().waitFor();
  printer?.says(runout);
  await tab.getByText("Needs you: filament ran out (benchy)").waitFor();
  printer?.says(goesOn, ends);
  await tab.getByText("Idle, benchy finished").waitFor();
  await tab.getByText(/^MK3S: benchy finished/).waitFor();
  match(await tab.locator("#events > li").filter({ hasText: "resumed" }).innerText(), /No rule wants it/);
  equal(await tab.evaluate("globalThis.isSamePage"), true);
});

browserTest("the Test button shows each step, and where it failed the reason", {}, async (tab, page) => {
  page.printers[0]?.says(online);
  await tab.goto(page.url);
  await tab.getByRole("button", { name: "Test mail", exact: true }).click();
  await tab.locator(".steps li", { hasText: "accepted for me@example.org" }).waitFor();
  deepEqual(await tab.locator(".steps li.bad").count(), 0);
  await tab.getByRole("button", { name: "Test old mail" }).click();
  const failed = tab.locator(".steps li.bad", { hasText: "127.0.0.1" });
  await failed.waitFor();
  await tab.locator(".steps li.running").waitFor({ state: "detached" });
  await tab.locator("#events .tag", { hasText: "test" }).first().waitFor();
  await shot(tab, "test-steps");
  await tab.getByRole("button", { name: "Give up" }).click();
  await tab.getByText("given up for").waitFor();
});

browserTest(
  "the Check button shows what was tried, and the one sentence where it fails; nothing is sent",
  {},
  async (tab, page) => {
    page.printers[0]?.says(online);
    await tab.goto(page.url);
    await tab.getByRole("button", { name: "Check mail without sending" }).click();
    await tab.locator(".steps li.ok", { hasText: "connected" }).waitFor();
    await tab.getByRole("button", { name: "Check old mail without sending" }).click();
    await tab.locator(".steps li.bad", { hasText: "127.0.0.1" }).waitFor();
    await tab.locator(".steps li.running").first().waitFor({ state: "detached" });
    await shot(tab, "check-steps");
    await tab.getByText("Nothing yet.").waitFor();
  },
);

browserTest("without its script the page reads, tests and gives up a message", {
  browser: { javaScriptEnabled: false },
}, async (tab, page) => {
  page.printers[0]?.says(online);
  await tab.goto(page.url);
  await tab.getByText("Idle", { exact: true }).waitFor();
  await tab.getByRole("button", { name: "Test old mail" }).click();
  await tab.getByText("A test of old mail").waitFor();
  await tab.locator(".steps li.bad", { hasText: "127.0.0.1" }).waitFor();
  await shot(tab, "test-without-script");
  await tab.getByRole("link", { name: "Back" }).click();
  await tab.getByRole("button", { name: "Give up" }).click();
  await tab.getByText("given up for").waitFor();
});

browserTest("with a password the page asks for it, once", { password: "correct horse" }, async (tab, page) => {
  await tab.goto(page.url);
  await tab.getByLabel("Password").fill("wrong");
  await tab.getByRole("button", { name: "Log in" }).click();
  await tab.getByText("That was not the password").waitFor();
  await shot(tab, "login");
  await new Promise((resolve) => setTimeout(resolve, 1100)); // what a wrong one costs
  await tab.getByLabel("Password").fill("correct horse");
  await tab.getByRole("button", { name: "Log in" }).click();
  await tab.getByRole("heading", { name: "Printers" }).waitFor();
  equal(await tab.evaluate("document.cookie"), "", "no script can read the session");
  await tab.getByRole("button", { name: "Test mail", exact: true }).click();
  await tab.locator(".steps li", { hasText: "accepted for me@example.org" }).waitFor();
  await tab.getByRole("button", { name: "Log out" }).click();
  await tab.getByLabel("Password").waitFor();
});

browserTest("a page that is open notices that the agent went away", {}, async (tab, page) => {
  await tab.goto(page.url);
  await tab.locator("#printers").waitFor();
  await tab.context().setOffline(true);
  await tab.evaluate("document.dispatchEvent(new Event('visibilitychange'))");
  page.printers[0]?.says(online);
  ok(await tab.getByText("Never heard of it yet").isVisible());
  await tab.context().setOffline(false);
  await tab.getByText("Idle", { exact: true }).waitFor();
});

const looks: [string, BrowserContextOptions][] = [
  ["wide", { viewport: { width: 1100, height: 800 } }],
  ["wide-dark", { viewport: { width: 1100, height: 800 }, colorScheme: "dark" }],
  ["phone", { viewport: { width: 360, height: 740 }, deviceScaleFactor: 2 }],
  ["phone-dark", { viewport: { width: 360, height: 740 }, deviceScaleFactor: 2, colorScheme: "dark" }],
];
for (const [name, browser] of looks) {
  browserTest(
    `the page fits its window: ${name}`,
    { names: ["MK3S", "Mini", "Voron", "Ender"], browser },
    async (tab, page) => {
      const [first, second, third] = page.printers;
      page.problem =
        `/etc/filagram/filagram.yaml:7:15: printer "MK3S", camera.deadline: "10" has no unit, write "10 s"`;
      first?.says(online, starts, half);
      second?.says(online, starts, half, runout);
      third?.says(online, { fault: { text: "Thermal Runaway, system stopped! Heater_ID: E0", fatal: true } });
      await tab.goto(page.url);
      await tab.getByText("Error: Thermal Runaway").waitFor();
      await tab.getByText("Needs you: filament").first().waitFor();
      await tab.getByRole("button", { name: "Test old mail" }).click();
      await tab.locator(".delivery.queued").first().waitFor();
      await tab.locator(".delivery.sent").first().waitFor();
      await tab.locator(".steps li.running").waitFor({ state: "detached" });
      await shot(tab, name);
      const overflow = await tab.evaluate(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth",
      );
      equal(overflow, 0, "nothing sticks out");
      const small = await tab.locator("button:visible").evaluateAll((buttons) =>
        buttons.filter((button) => button.getBoundingClientRect().height < 24).map(({ textContent }) => textContent)
      );
      deepEqual(small, [], "every button can be hit");
    },
  );
}
