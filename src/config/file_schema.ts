/**
 * What may stand in filagram.yaml, but for the fields of drivers and channels, which each of them describes itself.
 */
import { z } from "zod";
import { eventKinds } from "../domain/printer_event.ts";
import { picturePolicies } from "../domain/rule.ts";
import { closestWord } from "./did_you_mean.ts";
import { isPasswordHash } from "./password.ts";
import { durationSchema, progressStepSchema } from "./units.ts";

export const maxNameCharacters = 60;
export const maxEntries = 400;

/** Keys and words that are promised, so that nobody takes their refusal for a slip of his own. */
export const planned = {
  root: ["texts", "filament"],
  agent: [],
  web: [],
  printer: [],
  camera: [],
  channel: ["fallback", "limit", "login"],
  rule: ["quiet", "repeat", "text"],
  drivers: [],
  channels: [
    "ntfy pushover telegram discord slack matrix gotify signal webhook apprise twilio mqtt".split(" "),
  ].flat(),
  events: ["first_layer", "bed_cooled"],
} as const satisfies Record<string, readonly string[]>;

export function plannedText(word: string, advice = "remove it"): string {
  return `"${word}" is planned, not built yet: ${advice}`;
}

/** One of `words`; a planned one is told from an unknown one. */
function wordSchema<Word extends string>(
  words: readonly [Word, ...Word[]] | readonly Word[],
  { plannedWords = [], what }: { plannedWords?: readonly string[]; what: string },
) {
  return z.enum(words, {
    error: ({ input }) => {
      if (typeof input !== "string") return undefined;
      if (plannedWords.includes(input)) return plannedText(input);
      const meant = closestWord(input, words);
      return `"${input.slice(0, maxNameCharacters)}" is no ${what}: ${
        meant ? `did you mean "${meant}"?` : `use ${words.slice(0, -1).join(", ")} or ${words.at(-1)}`
      }`;
    },
  });
}

/** Names stand in messages, log lines and headers. */
// deno-lint-ignore no-control-regex -- the point is to refuse them
const namePattern = /^[^\s\u0000-\u001f\u007f](?:[^\u0000-\u001f\u007f]*[^\s\u0000-\u001f\u007f])?$/;
export const nameSchema = z.string().min(1).max(maxNameCharacters)
  .regex(namePattern, "must be one line without spaces at its ends");

export const agentSchema = z.strictObject({
  name: nameSchema.optional().describe("Shown at the end of mails; the name of this machine if absent"),
  timezone: z.string().refine(isTimezone, {
    error: ({ input }) => timezoneText(String(input)),
  }).optional().describe("Like Europe/Berlin; that of this machine if absent"),
  language: z.enum(["en"]).default("en"),
});

function isTimezone(name: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

function timezoneText(name: string): string {
  const meant = closestWord(name, Intl.supportedValuesOf("timeZone"));
  return `is no time zone: ${meant ? `did you mean "${meant}"?` : "write it like Europe/Berlin or UTC"}`;
}

export interface Listen {
  readonly hostname: string;
  readonly port: number;
}

export const defaultListen = "127.0.0.1:8090";
const listenPattern = /^(\[[0-9a-fA-F:.]+\]|[\w.-]+):(\d{1,5})$/;

export const webSchema = z.strictObject({
  listen: z.string({ error: () => `must be host:port, like ${defaultListen}` }).transform((text, context): Listen => {
    const [, host, port] = listenPattern.exec(text.trim()) ?? [];
    if (host && Number(port) <= 65_535) { // 0 is any free one
      return { hostname: host.replace(/^\[|\]$/g, ""), port: Number(port) };
    }
    context.addIssue({ code: "custom", message: `must be host:port, like ${defaultListen} or 0.0.0.0:8090` });
    return z.NEVER;
  }).prefault(defaultListen).meta({ description: "Where the page is", pattern: listenPattern.source }),
  password: z.string().refine(isPasswordHash, {
    error: "must be a hash, not the password itself: run `filagram password`",
  })
    .optional().meta({ description: "The hash that `filagram password` writes", secret: true }),
});

/** Whether only programs on this machine reach it. */
export function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || /^127\.\d+\.\d+\.\d+$/.test(hostname) || hostname === "::1";
}

const credential = z.string().min(1).max(4096);
export const cameraSchema = z.strictObject({
  snapshot: z.url({ protocol: /^https?$/, error: "must be an address like http://127.0.0.1:8080/?action=snapshot" })
    .describe("Where one JPEG picture is fetched"),
  user: credential.optional().describe("With password: Basic or Digest, as the camera asks"),
  password: credential.optional().meta({ secret: true }),
  token: credential.optional().meta({ secret: true, description: "Bearer token, instead of user and password" }),
  flip: z.array(z.enum(["horizontal", "vertical"]), { error: () => "must be a list: [horizontal], [vertical] or both" })
    .max(2).default([]).describe("Done first"),
  rotate: z.union([z.literal(0), z.literal(90), z.literal(180), z.literal(270)], {
    error: () => "must be 0, 90, 180 or 270 (degrees, clockwise)",
  }).default(0).describe("Degrees clockwise, after flip"),
  deadline: durationSchema({ leastSeconds: 1, mostSeconds: 120 }).default(10)
    .describe("How long a message waits for its picture"),
}).check((context) => {
  const { user, password, token } = context.value;
  const refuse = (key: string, message: string) =>
    context.issues.push({ code: "custom", message, path: [key], input: undefined });
  if (token !== undefined && (user !== undefined || password !== undefined)) {
    refuse("token", "a token stands for user and password: use one or the other");
  } else if (user !== undefined && password === undefined) {
    refuse("user", "a user needs a password beside it");
  } else if (password !== undefined && user === undefined) {
    refuse("password", "a password needs a user beside it");
  }
});

/** Of every printer, whatever its driver. */
export const printerSchema = z.strictObject({
  name: nameSchema.describe("Unique; shown in every message"),
  driver: z.string().min(1),
  displayText: z.boolean().default(false).describe("Texts on the printer's display (M117) are messages too"),
  files: z.string().regex(/^\//, "must be a folder on this machine, from the root on, like /home/pi/gcodes").optional()
    .describe("Where its print files lie, if the driver cannot fetch them"),
  camera: cameraSchema.optional(),
});

/** Of every channel, whatever its type. */
export const channelSchema = z.strictObject({
  name: nameSchema.describe("Unique; rules tell it by this name"),
  type: z.string().min(1),
});

const mostGapSeconds = 7 * 86_400;
const nameList = (what: string) => z.array(nameSchema).min(1).max(maxEntries).optional().describe(what);

export const ruleSchema = z.strictObject({
  name: nameSchema.optional(),
  when: z.array(wordSchema(eventKinds, { plannedWords: planned.events, what: "event" }), {
    error: () => "must be a list of events, like [started, failed]",
  }).min(1)
    .describe("What happened"),
  printers: nameList("Names of printers; all if absent"),
  tell: nameList("Names of channels; all if absent"),
  picture: wordSchema(picturePolicies, { what: "choice of picture" }).default("auto"),
  every: progressStepSchema.optional().describe("How often progress is told"),
  gap: durationSchema({ leastSeconds: 0, mostSeconds: mostGapSeconds }).optional()
    .describe("Progress never more often than this"),
  longerThan: durationSchema({ leastSeconds: 0, mostSeconds: mostGapSeconds }).optional()
    .describe("Progress only of prints estimated longer than this"),
}).check((context) => {
  const rule = context.value;
  const refuse = (key: string, message: string) =>
    context.issues.push({ code: "custom", message, path: [key], input: undefined });
  if (rule.when.includes("progress")) {
    if (rule.every === undefined) refuse("when", "progress needs `every` beside it, like every: 10 % or every: 30 min");
    return;
  }
  for (const key of ["every", "gap", "longerThan"] as const) {
    if (rule[key] !== undefined) refuse(key, `belongs to progress: add progress to \`when\`, or remove \`${key}\``);
  }
});

export const rootKeys = ["agent", "web", "printers", "channels", "rules"] as const;
