/**
 * Writes dist/filagram.cdx.json: what the program is made of, from deno.lock, as CycloneDX 1.6
 * (https://cyclonedx.org/docs/1.6/json/). What only tests and scripts use is there too, as `excluded`.
 */
import denoJson from "../deno.json" with { type: "json" };

interface LockedPackage {
  readonly integrity?: string;
  readonly dependencies?: readonly string[];
  readonly optionalDependencies?: readonly string[];
}

export interface Lock {
  readonly specifiers: Readonly<Record<string, string>>;
  readonly npm: Readonly<Record<string, LockedPackage>>;
}

interface Component {
  readonly type: "library" | "platform" | "application";
  readonly "bom-ref": string;
  readonly name: string;
  readonly version: string;
  readonly purl: string;
  readonly scope?: "required" | "excluded";
  readonly hashes?: readonly { readonly alg: "SHA-512"; readonly content: string }[];
}

export interface Sbom {
  readonly bomFormat: "CycloneDX";
  readonly specVersion: "1.6";
  readonly version: 1;
  readonly metadata: { readonly component: Component };
  readonly components: readonly Component[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[];
}

export interface SbomOptions {
  readonly version: string;
  readonly denoVersion: string;
  /** The packages that the program imports itself, by name. */
  readonly imported: ReadonlySet<string>;
}

/** The bill of materials; the same input gives the same bytes. */
export function makeSbom(lock: Lock, { version, denoVersion, imported }: SbomOptions): Sbom {
  const keys = Object.keys(lock.npm).sort();
  const keyOf = (dependency: string) =>
    lock.npm[dependency] ? dependency : keys.find((key) => nameOf(key) === dependency);
  const below = (key: string) => {
    const { dependencies = [], optionalDependencies = [] } = lock.npm[key] ?? {};
    return [...dependencies, ...optionalDependencies].map(keyOf).filter((found) => found !== undefined);
  };
  const required = new Set<string>();
  const require = (key: string) => {
    if (required.has(key)) return;
    required.add(key);
    below(key).forEach(require);
  };
  const roots = Object.entries(lock.specifiers).map(([specifier, version]) =>
    `${nameOf(specifier.slice(4))}@${version}`
  );
  const shipped = roots.filter((key) => imported.has(nameOf(key)));
  shipped.forEach(require);
  const program: Component = {
    type: "application",
    "bom-ref": `pkg:generic/filagram@${version}`,
    name: "filagram",
    version,
    purl: `pkg:generic/filagram@${version}`,
  };
  const deno: Component = {
    type: "platform",
    "bom-ref": `pkg:github/denoland/deno@v${denoVersion}`,
    name: "deno",
    version: denoVersion,
    purl: `pkg:github/denoland/deno@v${denoVersion}`,
    scope: "required",
  };
  return {
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    version: 1,
    metadata: { component: program },
    components: [deno, ...keys.map((key) => component(key, lock, required.has(key)))],
    dependencies: [
      { ref: program["bom-ref"], dependsOn: [deno["bom-ref"], ...shipped.map(purl)] },
      ...keys.map((key) => ({ ref: purl(key), dependsOn: [...new Set(below(key).map(purl))] })),
    ],
  };
}

function component(key: string, lock: Lock, isRequired: boolean): Component {
  const { integrity } = lock.npm[key] ?? {};
  const sha512 = /^sha512-(.+)$/.exec(integrity ?? "")?.[1];
  return {
    type: "library",
    "bom-ref": purl(key),
    name: nameOf(key),
    version: versionOf(key),
    purl: purl(key),
    scope: isRequired ? "required" : "excluded",
    ...(sha512 ? { hashes: [{ alg: "SHA-512", content: Uint8Array.fromBase64(sha512).toHex() }] } : {}),
  };
}

/** `@scope/name@1.2.3_peer@4.5.6` without its versions. */
function nameOf(key: string): string {
  return key.slice(0, key.indexOf("@", 1));
}

function versionOf(key: string): string {
  return key.slice(key.indexOf("@", 1) + 1).split("_")[0] ?? "";
}

function purl(key: string): string {
  return `pkg:npm/${nameOf(key).replace("@", "%40")}@${versionOf(key)}`;
}

/** The packages that the program's own files import. */
export function importedPackages(root: URL): Set<string> {
  const names = Object.keys(denoJson.imports).map((name) => name.replace(/\/$/, ""));
  const found = new Set<string>();
  for (const file of programFiles(root)) {
    const text = Deno.readTextFileSync(file);
    for (const name of names) {
      if (new RegExp(`(from|import|import\\()\\s*"${name}[/"]`).test(text)) found.add(name);
    }
  }
  return found.add("hono"); // its JSX is imported by the compiler
}

function* programFiles(root: URL): Generator<URL> {
  yield new URL("mod.ts", root);
  const folders = ["src/", "bridge/", "web/"].map((name) => new URL(name, root));
  for (let folder = folders.pop(); folder; folder = folders.pop()) {
    for (const { name, isDirectory } of Deno.readDirSync(folder)) {
      if (isDirectory) folders.push(new URL(`${name}/`, folder));
      else if (/\.tsx?$/.test(name)) yield new URL(name, folder);
    }
  }
}

if (import.meta.main) {
  const root = new URL("../", import.meta.url);
  const lock: Lock = JSON.parse(Deno.readTextFileSync(new URL("deno.lock", root)));
  const { version } = denoJson;
  const sbom = makeSbom(lock, { version, denoVersion: Deno.version.deno, imported: importedPackages(root) });
  const path = "dist/filagram.cdx.json";
  Deno.mkdirSync("dist", { recursive: true });
  Deno.writeTextFileSync(path, `${JSON.stringify(sbom, undefined, 2)}\n`);
  console.log(path);
}
