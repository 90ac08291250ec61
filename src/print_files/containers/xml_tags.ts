/**
 * The tags of a small XML text with their attributes: enough for the settings that slicers store in a 3MF, which hold everything
 * in attributes. What is no tag is skipped; nothing is expanded but the five entities and characters by number.
 */
export interface XmlTag {
  readonly name: string;
  readonly isEnd: boolean;
  readonly attributes: ReadonlyMap<string, string>;
}

const tag = /<(\/?)([\w:.-]+)((?:\s+[\w:.-]+\s*=\s*(?:"[^"]*"|'[^']*'))*)\s*\/?>/g;
const attribute = /([\w:.-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g;
const entities: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

export function* xmlTags(text: string): Generator<XmlTag> {
  for (const [, slash, name = "", rest = ""] of text.matchAll(tag)) {
    const attributes = new Map<string, string>();
    for (const [, key = "", double, single] of rest.matchAll(attribute)) {
      attributes.set(key, unescaped(double ?? single ?? ""));
    }
    yield { name, isEnd: slash === "/", attributes };
  }
}

function unescaped(text: string): string {
  return text.replace(/&(?:#(\d{1,7})|#x([\da-f]{1,6})|(\w{2,4}));/gi, (whole, decimal, hex, name) => {
    if (name) return entities[name] ?? whole;
    const code = decimal ? Number(decimal) : parseInt(hex, 16);
    return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
}
