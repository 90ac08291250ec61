/**
 * Reads filagram.yaml and secrets.yaml into {@link Settings}, or says everything that is wrong with them.
 */
import { z } from "zod";
import type { SealedChannel } from "../channels/channel.ts";
import type { SealedDriver } from "../drivers/driver.ts";
import type { Secrets } from "../log.ts";
import { checkRules } from "./check_rules.ts";
import { suggestion } from "./did_you_mean.ts";
import {
  agentSchema,
  cameraSchema,
  channelSchema,
  isLoopback,
  maxEntries,
  planned,
  plannedText,
  printerSchema,
  rootKeys,
  webSchema,
} from "./file_schema.ts";
import { fingerprint } from "./fingerprint.ts";
import { ProblemList } from "./problem_list.ts";
import { isRecord } from "./schema_shape.ts";
import { type CheckedFile, checkSection } from "./section_check.ts";
import type { ChannelSettings, LoadedSettings, PrinterSettings, Settings } from "./settings.ts";
import { readYaml } from "./read_yaml.ts";
import type { Path } from "./yaml_file.ts";

export interface LoadOptions {
  /** The path of filagram.yaml; secrets.yaml lies beside it. */
  readonly path: string;
  readonly drivers: readonly SealedDriver[];
  readonly channels: readonly SealedChannel[];
  /** Filled with every secret before any text is made. */
  readonly secrets: Secrets;
  /** The agent's name where the file has none. */
  readonly hostname?: string;
  /** Where the file names none. */
  readonly timezone?: string;
}

/** The settings, or all problems at once. Only a broken machine throws. */
export async function loadSettings(options: LoadOptions): Promise<LoadedSettings> {
  const problems = new ProblemList(options.secrets);
  const file = await readYaml(options.path, { problems, secrets: options.secrets });
  const settings = file && checkFile(file, options);
  return settings && problems.isEmpty ? { kind: "ok", settings } : { kind: "bad", problems: problems.list() };
}

function checkFile(file: CheckedFile, options: LoadOptions): Settings | undefined {
  const root = file.value;
  if (!isRecord(root)) {
    const text = root === null ? "is empty: it needs at least printers and channels" : "must hold keys, like printers:";
    file.problems.add({ file: file.yaml.path, at: { line: 1, column: 1 }, where: "", text });
    return undefined;
  }
  // A section whose lines are all commented out is an absent one.
  const section = (key: typeof rootKeys[number]) => root[key] ?? undefined;
  checkSection(file, root, { path: [], schema: rootSchema, plannedKeys: planned.root });
  const agent = checkSection(file, section("agent") ?? {}, { path: ["agent"], schema: agentSchema });
  const web = checkWeb(file, section("web") ?? {});
  const printers = checkPrinters(file, section("printers"), options.drivers);
  const channels = checkChannels(file, section("channels"), options.channels);
  const rules = checkRules(file, section("rules"), { printers: printers.names, channels: channels.names });
  if (!file.problems.isEmpty || !agent.value || !web) return undefined;
  return {
    path: options.path,
    agent: {
      name: agent.value.name ?? options.hostname ?? Deno.hostname(),
      timezone: agent.value.timezone ?? options.timezone ?? Intl.DateTimeFormat().resolvedOptions().timeZone,
      language: agent.value.language,
    },
    web,
    printers: printers.settings,
    channels: channels.settings,
    rules,
  };
}

const rootSchema = z.strictObject(Object.fromEntries(rootKeys.map((key) => [key, z.unknown().optional()])));

function checkWeb(file: CheckedFile, found: unknown): Settings["web"] | undefined {
  const { value } = checkSection(file, found, { path: ["web"], schema: webSchema });
  if (!value) return undefined;
  const { listen, password } = value;
  if (!isLoopback(listen.hostname) && password === undefined) {
    const text =
      "the page would be open to the network: set a password with `filagram password`, or listen on 127.0.0.1";
    file.problems.addAt(file.yaml, { path: ["web", "listen"], value: file.value, text });
    return undefined;
  }
  return { ...listen, ...(password === undefined ? {} : { passwordHash: password }) };
}

interface Named<Entry> {
  readonly settings: Entry[];
  /** Also of entries with mistakes, so that rules that name them are not blamed. */
  readonly names: string[];
}

/** Walks a list of entries with unique names. */
function checkEntries<Entry>(
  file: CheckedFile,
  found: unknown,
  { key, check }: {
    key: "printers" | "channels";
    check(entry: Record<string, unknown>, index: number): Entry | undefined;
  },
): Named<Entry> {
  const complain = (path: (string | number)[], text: string) =>
    file.problems.addAt(file.yaml, { path, value: file.value, text });
  const [settings, names]: [Entry[], string[]] = [[], []];
  const isMissing = found === undefined || Array.isArray(found) && found.length === 0 && key === "printers";
  if (isMissing) complain([key], `is missing: list at least one, starting with - name:`);
  else if (!Array.isArray(found)) complain([key], "must be a list: each entry starts with - name:");
  else if (found.length > maxEntries) complain([key], `has ${found.length} entries: at most ${maxEntries} are allowed`);
  else {
    for (const [index, entry] of found.entries()) {
      if (!isRecord(entry)) {
        complain([key, index], "must hold keys, like name:");
        continue;
      }
      const name = entry["name"];
      const shownName = typeof name === "string" ? name : file.yaml.sourceOf([key, index, "name"]);
      if (shownName !== undefined && names.includes(shownName)) {
        complain([key, index, "name"], "this name is taken by another one above: names must differ");
      }
      if (shownName !== undefined) names.push(shownName);
      const checked = check(entry, index);
      if (checked) settings.push(checked);
    }
  }
  return { settings, names };
}

function checkPrinters(file: CheckedFile, found: unknown, drivers: readonly SealedDriver[]): Named<PrinterSettings> {
  return checkEntries(file, found, {
    key: "printers",
    check(entry, index) {
      const path = ["printers", index];
      const { common, own, kind: driver } = checkKind(file, entry, {
        path,
        key: "driver",
        kinds: drivers,
        schema: printerSchema,
        plannedKeys: planned.printer,
        plannedKinds: planned.drivers,
      });
      if (!common?.value || !own?.value || !driver) return undefined;
      const { name, displayText, camera, files } = common.value;
      return {
        name,
        driver: driver.bind(own.input),
        address: shownAddress(own.input) ?? driver.id,
        ...(camera ? { camera: boundCamera(camera) } : {}),
        ...(files === undefined ? {} : { filesFolder: files }),
        tellsDisplayText: displayText,
        fingerprint: fingerprint([driver.id, common.value, own.input]),
      };
    },
  });
}

function checkChannels(file: CheckedFile, found: unknown, channels: readonly SealedChannel[]): Named<ChannelSettings> {
  const carried: Carried[] = [];
  const checked = checkEntries<ChannelSettings>(file, found, {
    key: "channels",
    check(entry, index) {
      const { common, own, kind: channel } = checkKind(file, entry, {
        path: ["channels", index],
        key: "type",
        kinds: channels,
        schema: channelSchema,
        plannedKeys: planned.channel,
        plannedKinds: planned.channels,
      });
      if (!common?.value || !own?.value || !channel) return undefined;
      const bound = channel.bind(own.input);
      if (bound.carrier !== undefined) {
        carried.push({
          name: common.value.name,
          carrier: bound.carrier,
          path: carrierPath(own.input, bound.carrier, index),
        });
      }
      return {
        name: common.value.name,
        channel: bound,
        fingerprint: fingerprint([channel.id, common.value, own.input]),
      };
    },
  });
  checkCarriers(file, carried, checked.names);
  return checked;
}

interface Carried {
  readonly name: string;
  readonly carrier: string;
  readonly path: Path;
}

/** The key that names the carrier is the channel's own: `via`. */
function carrierPath(input: unknown, carrier: string, index: number): Path {
  const [key] = Object.entries(isRecord(input) ? input : {}).find(([, value]) => value === carrier) ?? [];
  return ["channels", index, ...(key === undefined ? [] : [key])];
}

function checkCarriers(file: CheckedFile, carried: readonly Carried[], names: readonly string[]): void {
  const ownCarriers = names.filter((name) => !carried.some((channel) => channel.name === name));
  for (const { carrier, path } of carried) {
    if (ownCarriers.includes(carrier)) continue;
    const text = names.includes(carrier)
      ? `"${carrier}" does not carry others: name a channel that sends by itself`
      : `unknown channel "${carrier}": ${suggestion(carrier, ownCarriers, "no channel that could carry it is set up")}`;
    file.problems.addAt(file.yaml, { path, value: file.value, text });
  }
}

/** An entry whose fields are ours and, below a word that names a driver or channel, that one's. */
function checkKind<Common, Kind extends { id: string; settings: z.ZodType }>(
  file: CheckedFile,
  entry: Record<string, unknown>,
  { path, key, kinds, schema, plannedKeys, plannedKinds }: {
    path: (string | number)[];
    key: "driver" | "type";
    kinds: readonly Kind[];
    schema: z.ZodObject & z.ZodType<Common>;
    plannedKeys: readonly string[];
    plannedKinds: readonly string[];
  },
) {
  const commonKeys = Object.keys(schema.shape);
  const isCommon = (name: string) => commonKeys.includes(name);
  const ownKeys = Object.keys(entry).filter((name) => !isCommon(name));
  const common = checkSection<Common>(file, entry, { path, schema, otherKeys: ownKeys });
  const id = entry[key];
  const kind = kinds.find((known) => known.id === id);
  if (!kind) {
    if (typeof id === "string" && id !== "") {
      const text = plannedKinds.includes(id)
        ? plannedText(id, `use ${kinds.map((known) => known.id).join(", ")}`)
        : `unknown ${key} "${id.slice(0, 40)}": ${suggestion(id, kinds.map((known) => known.id))}`;
      file.problems.addAt(file.yaml, { path: [...path, key], value: file.value, text });
    }
    findLooseSecrets(file, entry, { path, otherKeys: commonKeys });
    return { common };
  }
  const own = checkSection(file, entry, { path, schema: kind.settings, otherKeys: commonKeys, plannedKeys });
  return { common, own, kind };
}

/** Of an entry whose driver or channel is unknown the secrets are still secrets. */
function findLooseSecrets(
  file: CheckedFile,
  entry: Record<string, unknown>,
  { path, otherKeys }: { path: (string | number)[]; otherKeys: readonly string[] },
): void {
  checkSection(file, entry, { path, schema: z.looseObject({}), otherKeys });
}

function boundCamera(camera: z.output<typeof cameraSchema>): NonNullable<PrinterSettings["camera"]> {
  const url = new URL(camera.snapshot);
  // fetch() refuses an address with a login inside.
  const user = camera.user ?? decodeURIComponent(url.username);
  const password = camera.password ?? decodeURIComponent(url.password);
  [url.username, url.password] = ["", ""];
  const login = camera.token !== undefined
    ? { kind: "token", token: camera.token } as const
    : user !== ""
    ? { kind: "password", user, password } as const
    : undefined;
  return {
    source: { url: url.href },
    flip: camera.flip,
    rotateDegrees: camera.rotate,
    deadlineSeconds: camera.deadline,
    ...(login ? { login } : {}),
  };
}

function shownAddress(input: unknown): string | undefined {
  const address = isRecord(input) ? input["address"] : undefined;
  if (typeof address !== "string" || address === "") return undefined;
  return address.replace(/\/\/[^/?#]*@/, "//")
    .replace(/([?&](?:apikey|token|password|key|access_token)=)[^&#]*/gi, "$1•••");
}
