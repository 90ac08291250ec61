/**
 * Mails in a real Chromium, as mail programs show them: light and dark, wide and narrow, with pictures and without.
 * Screenshots go to $FILAGRAM_SCREENSHOTS, if set.
 */
import { deepEqual, equal, ok } from "node:assert/strict";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { startChromium, whyNoChromium } from "./chromium.ts";
import { mailSamples, showMail } from "./mail_samples.ts";

const reason = whyNoChromium();
const screenshots = Deno.env.get("FILAGRAM_SCREENSHOTS");

const wide = { viewport: { width: 760, height: 700 } };
const narrow = { viewport: { width: 320, height: 640 }, deviceScaleFactor: 2 };
const looks: readonly [string, BrowserContextOptions & { isBlocked?: true }][] = [
  ["light", { ...wide, colorScheme: "light" }],
  ["dark", { ...wide, colorScheme: "dark" }],
  ["narrow", { ...narrow, colorScheme: "light" }],
  ["narrow dark", { ...narrow, colorScheme: "dark" }],
  ["blocked", { ...wide, colorScheme: "light", isBlocked: true }],
  ["blocked narrow dark", { ...narrow, colorScheme: "dark", isBlocked: true }],
];

/** WCAG 2.2, 1.4.3: of text that is not large. */
const minContrast = 4.5;

for (const [name, { isBlocked, ...options }] of looks) {
  Deno.test({
    name: `mails look right: ${name}${reason === undefined ? "" : ` (skipped: ${reason})`}`,
    ignore: reason !== undefined,
    sanitizeOps: false, // the driver of the browser keeps its pipes until the process ends
    sanitizeResources: false,
    async fn(test) {
      const browser = await startChromium();
      try {
        for (const sample of mailSamples) {
          await test.step(sample.name, async () => {
            const mail = await showMail(sample);
            const { tab, asked } = await show(browser, isBlocked ? mail.blockedHtml : mail.html, options);
            if (screenshots) {
              const file = `mail-${sample.name}-${name.replaceAll(" ", "-")}.png`;
              await tab.screenshot({ path: `${screenshots}/${file}`, fullPage: true });
            }
            equal(await tab.title(), sample.message.firstLine, "nothing in a name ran");
            deepEqual(asked, [], "nothing was asked of anybody");
            equal(plainSpaces(await tab.locator("h1").innerText()), sample.message.firstLine);
            await assertFits(tab);
            await assertReadable(tab);
            await assertPictures(tab, { isBlocked: isBlocked === true, count: sample.hasPicture ? 1 : 0 });
            await assertFacts(tab, sample.message.facts.map(({ label, value }) => [label, value]));
            await tab.context().close();
          });
        }
      } finally {
        await browser.close();
      }
    },
  });
}

/** Opened as a mail program does: from memory. `asked`: what it wanted from outside. */
async function show(
  browser: Browser,
  html: string,
  options: BrowserContextOptions,
): Promise<{ tab: Page; asked: string[] }> {
  const context = await browser.newContext(options);
  const asked: string[] = [];
  await context.route("**/*", async (route) => {
    asked.push(route.request().url());
    await route.abort();
  });
  const tab = await context.newPage();
  tab.on("dialog", (dialog) => {
    asked.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  await tab.setContent(html, { waitUntil: "load" });
  return { tab, asked: asked.filter((url) => !/^(data|cid):/.test(url)) };
}

async function assertFits(tab: Page): Promise<void> {
  const outside = await tab.evaluate(`[...document.querySelectorAll("body *")]
    .filter((element) => element.getBoundingClientRect().right > innerWidth + 0.5)
    .map((element) => element.outerHTML.slice(0, 100))`);
  deepEqual(outside, [], "nothing sticks out");
  equal(await tab.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"), 0);
}

interface TextColours {
  readonly text: string;
  readonly colour: string;
  readonly background: string;
  /** Of it and all around it, multiplied. */
  readonly opacity: number;
}

async function assertReadable(tab: Page): Promise<void> {
  const found = await tab.evaluate<TextColours[]>(`(() => {
    const canvas = document.body.appendChild(document.createElement("i"));
    canvas.style.background = "Canvas"; // what is behind a page that sets no background, in this colour scheme
    const behind = getComputedStyle(canvas).backgroundColor;
    canvas.remove();
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const texts = [];
    while (walker.nextNode()) {
      const text = walker.currentNode.data.trim();
      if (!text) continue;
      let opacity = 1, background = behind;
      const own = walker.currentNode.parentElement;
      for (let element = own; element; element = element.parentElement) {
        const style = getComputedStyle(element);
        opacity *= Number(style.opacity);
        if (background === behind && !/, 0\\)$|transparent/.test(style.backgroundColor)) background = style.backgroundColor;
      }
      texts.push({ text, colour: getComputedStyle(own).color, background, opacity });
    }
    return texts;
  })()`);
  ok(found.length >= 2);
  for (const { text, colour, background, opacity } of found) {
    const [front, back] = [channels(colour), channels(background)];
    const mixed = front.map((value, index) => value * opacity + (back[index] ?? 0) * (1 - opacity));
    const ratio = contrast(luminance(mixed), luminance(back));
    ok(ratio >= minContrast, `"${text}" has ${ratio.toFixed(2)}: ${colour} × ${opacity} on ${background}`);
  }
}

async function assertPictures(tab: Page, { isBlocked, count }: { isBlocked: boolean; count: number }): Promise<void> {
  const pictures = tab.locator("img");
  equal(await pictures.count(), count);
  if (count === 0) return;
  const seen = await pictures.first().evaluate((img) => ({
    alt: img.getAttribute("alt"),
    pixels: Number(Reflect.get(img, "naturalWidth")),
    height: img.getBoundingClientRect().height,
    width: img.getBoundingClientRect().width,
  }));
  equal(seen.alt, "The camera of MK4");
  equal(seen.pixels > 0, !isBlocked);
  ok(seen.width > 100 && (isBlocked ? seen.height > 15 && seen.height < 60 : seen.height > 100), JSON.stringify(seen));
  if (!isBlocked) ok(Math.abs(seen.width / seen.height - 16 / 9) < 0.02, "it keeps its shape");
}

/** Two columns: labels under labels, values under values, and a table to a screen reader. */
async function assertFacts(tab: Page, facts: readonly (readonly string[])[]): Promise<void> {
  const rows = await tab.locator("tr").evaluateAll((rows) =>
    rows.map((row) => [...row.children].map((cell) => (cell.textContent ?? "").trim()))
  );
  deepEqual(rows.map((row) => row.map(plainSpaces)), facts);
  for (const cell of ["th[scope=row]", "td"]) {
    const lefts = await tab.locator(cell).evaluateAll((cells) =>
      cells.map((cell) => cell.getBoundingClientRect().left)
    );
    equal(lefts.length, facts.length);
    ok(new Set(lefts).size <= 1, `${cell} stand under each other`);
  }
}

/** Numbers are tied to their units. */
function plainSpaces(text: string): string {
  return text.replaceAll("\u00a0", " ");
}

function channels(colour: string): number[] {
  return (colour.match(/[\d.]+/g) ?? []).slice(0, 3).map(Number);
}

/** https://www.w3.org/TR/WCAG22/#dfn-relative-luminance */
function luminance(colour: readonly number[]): number {
  const [red = 0, green = 0, blue = 0] = colour.map((value) => {
    const share = value / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(one: number, other: number): number {
  return (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
}
