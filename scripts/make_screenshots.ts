/** Takes the README's pictures from the demo, in Debian's Chromium: the agent's page while it prints, the mails after it. */
import { startChromium, whyNoChromium } from "../tests/browser/chromium.ts";

const folder = new URL("../.github/screenshots/", import.meta.url);
const size = { width: 900, height: 700 };
const maxBytes = 150_000;
const demoMilliseconds = 300_000;

const missing = whyNoChromium();
if (missing) {
  console.error(missing);
  Deno.exit(1);
}
const args = ["run", "--quiet", "-P=agent", "mod.ts", "demo", "--listen", "0"];
const demo = new Deno.Command(Deno.execPath(), { args, stdout: "piped", stderr: "null" }).spawn();
try {
  const inbox = await firstLine(demo.stdout);
  await using browser = await startChromium();
  const page = await browser.newPage({ viewport: size, locale: "en", timezoneId: "Europe/Berlin" });
  const shoot = async (name: string) => {
    await page.waitForLoadState("networkidle").catch(() => {}); // a live page is never idle
    const bytes = await page.screenshot();
    if (bytes.byteLength > maxBytes) {
      throw new Error(`${name}.png has ${bytes.byteLength} bytes, more than ${maxBytes}`);
    }
    await Deno.mkdir(folder, { recursive: true });
    await Deno.writeFile(new URL(`${name}.png`, folder), bytes);
    console.log(`${name}.png ${bytes.byteLength} bytes`);
  };
  await page.goto(inbox.replace(/inbox$/, ""));
  await page.getByText(/resumed/).first().waitFor({ timeout: demoMilliseconds });
  await shoot("page");
  await page.goto(inbox);
  await page.getByText(/finished in/).first().waitFor({ timeout: demoMilliseconds });
  await page.getByText(/benchy \d+ %, /).first().click(); // the newest progress
  await shoot("inbox");
} finally {
  demo.kill("SIGTERM");
  await demo.status;
}

async function firstLine(stream: ReadableStream<Uint8Array>): Promise<string> {
  let text = "";
  for await (const part of stream.pipeThrough(new TextDecoderStream() as TransformStream<Uint8Array, string>)) {
    text += part;
    if (text.includes("\n")) break;
  }
  return text.split("\n")[0] ?? "";
}
