/**
 * What stands beside the binaries of a release: the manifest that `filagram update` reads, and the words for its page.
 *
 * `deno run -A scripts/make_release.ts manifest` writes dist/release.json (to be signed: minisign -S -m dist/release.json);
 * `… notes` prints this version's section of CHANGELOG.md; both stop where something is missing.
 */
import { createHash } from "node:crypto";
import denoJson from "../deno.json" with { type: "json" };

const targets = ["linux-x64", "linux-arm64"] as const;

/** The section of a version, without its heading. @throws Error where there is none, or it is not dated */
export function changelogSection(changelog: string, version: string): string {
  const sections = changelog.split(/^## /m).slice(1);
  const section = sections.find((text) => text.startsWith(`${version},`));
  if (!section) throw new Error(`CHANGELOG.md has no section "## ${version}, DATE"`);
  const [heading = "", ...lines] = section.split("\n");
  if (!/, \d{4}-\d{2}-\d{2}$/.test(heading)) throw new Error(`The section "${heading}" of CHANGELOG.md has no date`);
  return lines.join("\n").trim();
}

/** The manifest: version, and size and hash of each target's file in the folder. */
export function makeManifest(folder: string, version: string): string {
  const files = Object.fromEntries(targets.map((target) => {
    const name = `filagram-${version}-${target}`;
    const bytes = Deno.readFileSync(`${folder}/${name}`);
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    return [target, { name, bytes: bytes.byteLength, sha256 }];
  }));
  return `${JSON.stringify({ version, files }, undefined, 2)}\n`;
}

if (import.meta.main) {
  const { version } = denoJson;
  switch (Deno.args[0]) {
    case "manifest":
      Deno.writeTextFileSync("dist/release.json", makeManifest("dist", version));
      break;
    case "notes":
      console.log(changelogSection(Deno.readTextFileSync("CHANGELOG.md"), version));
      break;
    default:
      console.error("Usage: make_release.ts manifest | notes");
      Deno.exit(2);
  }
}
