/** Small sealed drivers and channels, and a folder with settings in it. */
import { join } from "node:path";
import { z } from "zod";
import { defineChannel } from "../../src/channels/channel.ts";
import { loadSettings } from "../../src/config/load_settings.ts";
import { type LoadedSettings, problemLine, type Settings } from "../../src/config/settings.ts";
import { defineDriver } from "../../src/drivers/driver.ts";
import { Secrets } from "../../src/log.ts";

export const tinyDriver = defineDriver({
  id: "tiny",
  label: "Tiny",
  settings: z.strictObject({
    address: z.string().regex(/^(serial|tcp|https?):/, "must start with serial: or tcp:").describe(
      "like serial:/dev/ttyUSB0",
    ),
    passive: z.boolean().default(false),
    speed: z.number().int().min(1).max(10).optional(),
    user: z.string().optional(),
    password: z.string().min(1).optional(),
    pinned: z.string().meta({ secret: true }).optional(),
  }),
  async *watch() {},
});

/** Not strict, with alternatives told apart by a word. */
export const otherDriver = defineDriver({
  id: "other",
  label: "Other",
  settings: z.discriminatedUnion("mode", [
    z.object({ mode: z.literal("cloud"), token: z.string(), region: z.enum(["eu", "us"]) }),
    z.object({ mode: z.literal("local"), host: z.string() }),
  ]),
  async *watch() {},
});

export const letterChannel = defineChannel({
  id: "letter",
  label: "Letter",
  settings: z.object({
    to: z.array(z.string().min(1)).min(1),
    tls: z.enum(["starttls", "implicit", "none"]).default("starttls"),
    host: z.union([z.string(), z.array(z.string())]).optional(),
    password: z.string().optional(),
  }),
  limits: { titleCharacters: 100, bodyCharacters: 1000, pictures: 1, pictureBytes: 1000, messagesPerMinute: 60 },
  recipients: ({ to }) => to,
  open: () => ({ send: () => Promise.resolve({ kind: "sent" }), async [Symbol.asyncDispose]() {} }),
});

/** Rides on another channel, and repeats in its sentences what it was given. */
export const pigeonChannel = defineChannel({
  id: "pigeon",
  label: "Pigeon",
  settings: z.strictObject({
    via: z.string(),
    ring: z.string().refine((text) => !text.includes("!"), { error: ({ input }) => `ring "${input}" has a !` })
      .optional()
      .meta({ secret: true }),
  }),
  limits: letterChannel.limits,
  recipients: () => ["roof"],
  carrier: ({ via }) => via,
  open: () => ({ send: () => Promise.resolve({ kind: "sent" }), async [Symbol.asyncDispose]() {} }),
});

export interface Loaded {
  readonly result: LoadedSettings;
  /** Each problem as its owner sees it, paths cut to the file's name. */
  readonly lines: readonly string[];
  readonly secrets: Secrets;
}

export interface Written {
  readonly yaml: string | Uint8Array;
  readonly secrets?: string;
  readonly mode?: number;
  readonly secretsMode?: number;
}

export async function load(
  { yaml, secrets: secretsText, mode = 0o600, secretsMode = 0o600 }: Written,
): Promise<Loaded> {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "filagram.yaml");
  await write(path, yaml, mode);
  if (secretsText !== undefined) await write(join(folder.path, "secrets.yaml"), secretsText, secretsMode);
  const secrets = new Secrets();
  const result = await loadSettings({
    path,
    drivers: [tinyDriver, otherDriver],
    channels: [letterChannel, pigeonChannel],
    secrets,
    hostname: "workshop",
    timezone: "Europe/Berlin",
  });
  const lines = result.kind === "bad"
    ? result.problems.map((problem) => problemLine(problem).replaceAll(`${folder.path}/`, ""))
    : [];
  return { result, lines, secrets };
}

export async function loadGood(written: Written): Promise<Settings> {
  const { result, lines } = await load(written);
  if (result.kind === "bad") throw new Error(lines.join("\n"));
  return result.settings;
}

export async function write(path: string, content: string | Uint8Array, mode: number): Promise<void> {
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
  await Deno.writeFile(path, bytes);
  await Deno.chmod(path, mode);
}

export async function temporaryFolder(): Promise<{ path: string } & AsyncDisposable> {
  const path = await Deno.makeTempDir({ prefix: "filagram-config-" });
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}
