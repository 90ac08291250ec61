/**
 * Do all imports follow the arrows of .github/ARCHITECTURE.md? Lists each one that does not and exits 1.
 */
import { dirname, join, relative } from "node:path";

/** Where a file may import from, by the first rule that fits it. `!` takes away again. Packages are looked at below. */
const arrows: readonly (readonly [from: string, to: readonly string[]])[] = [
  ["src/domain/", ["src/domain/"]],
  ["src/protocols/", ["src/protocols/"]],
  ["src/clock.ts", ["src/domain/moment.ts"]],
  ["src/log.ts", []],
  ["bridge/", ["bridge/", "src/clock.ts", "src/log.ts"]],
  ["src/drivers/registry.ts", ["src/drivers/"]],
  ["src/drivers/", ["src/drivers/driver.ts", "=folder", "src/domain/", "src/protocols/", "bridge/link.ts", "=base"]],
  ["src/channels/registry.ts", ["src/channels/"]],
  ["src/channels/", ["src/channels/", "src/domain/", "src/protocols/", "=base"]],
  ["src/print_files/", ["src/print_files/", "src/domain/", "src/protocols/", "=base"]],
  ["src/pictures/", ["src/pictures/", "src/domain/", "src/protocols/", "src/print_files/", "=base"]],
  ["src/store/", ["src/store/", "src/domain/", "=base"]],
  ["src/outbox/", ["src/outbox/", "src/domain/", "src/store/", "src/channels/channel.ts", "=base"]],
  ["src/config/", ["src/config/", "src/domain/", "src/drivers/driver.ts", "src/channels/channel.ts", "=base"]],
  [
    "src/agent",
    [
      "src/agent",
      "src/domain/",
      "src/config/",
      "src/store/",
      "src/outbox/",
      "src/pictures/",
      "src/print_files/",
      "src/drivers/driver.ts",
      "src/channels/channel.ts",
      "src/channels/fit.ts",
      "=base",
    ],
  ],
  [
    "web/",
    [
      "web/",
      "src/domain/",
      "src/config/",
      "src/store/",
      "src/outbox/",
      "src/drivers/driver.ts",
      "src/channels/channel.ts",
      "=base",
    ],
  ],
  ["src/install/", ["src/install/", "src/config/find_settings.ts", "=base"]],
  ["src/update/", ["src/update/", "src/install/", "src/store/", "=base"]],
  ["src/demo/", ["src/demo/", "src/drivers/", "src/protocols/", "src/domain/", "bridge/", "=base"]],
  ["src/cli/", ["src/", "web/", "bridge/", "deno.json"]],
  ["mod.ts", ["src/", "web/", "bridge/", "deno.json"]],
  ["scripts/", ["src/", "web/", "bridge/", "scripts/", "tests/", "mod.ts", "deno.json"]],
  ["tests/", ["src/", "web/", "bridge/", "scripts/", "tests/", "mod.ts", "deno.json"]],
];

/** Where each package may be imported; no other package may be. */
const packages: Readonly<Record<string, readonly string[]>> = {
  zod: ["src/config/", "src/drivers/", "src/channels/", "src/store/", "src/update/", "web/"],
  nodemailer: ["src/channels/"],
  commander: ["src/cli/"],
  "dns-packet": ["bridge/", "tests/"],
  yaml: ["src/config/"],
  "smtp-server": ["src/demo/", "tests/", "scripts/"],
  mailparser: ["src/demo/", "tests/", "scripts/"],
  esbuild: ["scripts/"],
  gifenc: ["src/pictures/"],
  imagescript: ["src/pictures/", "tests/", "scripts/"],
  hono: ["web/", "src/demo/", "src/cli/"],
  "fast-check": ["tests/"],
  "playwright-core": ["tests/", "scripts/"],
};

const base = ["src/clock.ts", "src/log.ts"];
const importPattern =
  /^\s*(?:import|export)\s[^"';]*?from\s*["']([^"']+)["']|^\s*import\s*["']([^"']+)["']|\bimport\(\s*["']([^"']+)["']\s*\)/gms;

interface Import {
  readonly file: string;
  readonly to: string;
}

function* sourceFiles(folder: string): Generator<string> {
  for (const entry of Deno.readDirSync(folder)) {
    const path = join(folder, entry.name);
    if (entry.isDirectory && entry.name !== "transcripts" && entry.name !== "static") yield* sourceFiles(path);
    else if (/\.tsx?$/.test(entry.name)) yield path;
  }
}

function* importsOf(file: string): Generator<Import> {
  const text = Deno.readTextFileSync(file).replace(/`[^`]*`/g, "``").replace(/\/\*[\s\S]*?\*\//g, "").replace(
    /^\s*\/\/.*$/gm,
    "",
  );
  for (const match of text.matchAll(importPattern)) {
    const specifier = match[1] ?? match[2] ?? match[3] ?? "";
    yield { file, to: specifier.startsWith(".") ? relative(".", join(dirname(file), specifier)) : specifier };
  }
}

/** Why this import is wrong, if it is. */
export function problemOf({ file, to }: Import): string | undefined {
  const isFree = /^(tests|scripts)\//.test(file);
  if (/^(npm|jsr|https?):/.test(to)) return isFree ? undefined : `${file} imports ${to}: put it into deno.json`;
  if (to.startsWith("node:")) {
    if (file.startsWith("src/domain/")) return `${file} is pure and imports ${to}`;
    return file.startsWith("src/drivers/")
      ? `${file} imports ${to}; a driver touches nothing but its DriverIo`
      : undefined;
  }
  const name = to.split("/")[0] ?? "";
  if (!isPath(to)) {
    if (file.startsWith("src/domain/")) return `${file} is pure and imports ${to}`;
    const places = packages[name];
    if (isFree || places?.some((place) => file.startsWith(place))) return undefined;
    return places
      ? `${file} imports ${to}; only ${places.join(" ")} may`
      : `${file} imports ${to}, which is not in the table`;
  }
  const allowed = arrows.find(([from]) => file.startsWith(from))?.[1];
  if (!allowed) return `${file} has no room in the plan of the house`;
  const fits = allowed.some((place) => {
    if (place === "=base") return base.includes(to);
    if (place === "=folder") return dirname(file) !== "src/drivers" && to.startsWith(driverFolder(file));
    return to.startsWith(place);
  }) || (/^src\/drivers\/[^/]+\.ts$/.test(file) && to.startsWith(`${file.slice(0, -3)}/`));
  return fits ? undefined : `${file} imports ${to}, against the arrows`;
}

/** A file of ours, as {@link importsOf} names it; anything else is a package. */
function isPath(to: string): boolean {
  return /\.(tsx?|json|js)$/.test(to) && !((to.split("/")[0] ?? "") in packages);
}

function driverFolder(file: string): string {
  return file.split("/").slice(0, 3).join("/") + "/";
}

if (import.meta.main) {
  const files = ["src", "bridge", "web", "scripts", "tests"].flatMap((folder) => [...sourceFiles(folder)]);
  const problems = ["mod.ts", ...files].flatMap((file) => [...importsOf(file)].map(problemOf)).filter((problem) =>
    problem
  );
  for (const problem of problems) console.error(problem);
  console.log(
    problems.length ? `${problems.length} imports against the arrows` : `${files.length + 1} files follow the arrows`,
  );
  Deno.exit(problems.length ? 1 : 0);
}
