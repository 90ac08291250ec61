/**
 * Debian's Chromium, if this machine has it, driven by playwright-core.
 */
import { type Browser, chromium } from "playwright-core";

export const chromiumPath = "/usr/bin/chromium";

/** Why the tests of the page are skipped; undefined where they can run. */
export function whyNoChromium(): string | undefined {
  try {
    Deno.statSync(chromiumPath);
    return undefined;
  } catch {
    return `no ${chromiumPath}: apt-get install chromium`;
  }
}

/** Looks up nothing and calls nobody at its start. */
const flags = [
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

export async function startChromium(): Promise<Browser> {
  const asRoot = Deno.uid() === 0 ? ["--no-sandbox"] : [];
  return await chromium.launch({ executablePath: chromiumPath, args: [...flags, ...asRoot] });
}
