/**
 * AnkerMake puts the settings at the end of a file: `;paramBegin`, base64 of `key=value` lines, `;paramEnd`. UNVERIFIED on a real file.
 */
import { limits } from "../limits.ts";

export function readAnkerPairs(lines: readonly string[]): ReadonlyMap<string, string> {
  const begin = lines.findIndex((line) => line.startsWith(";paramBegin"));
  const end = begin < 0 ? -1 : lines.findIndex((line, index) => index >= begin && /^;.*paramEnd/.test(line));
  if (end < 0) return new Map();
  const text = lines.slice(begin, end + 1).join("").replaceAll(/;|param(?:Begin|End)|\s/g, "");
  if (text.length > limits.maxMetadataBytes) return new Map();
  return new Map(
    decoded(text).split(/\r\n|\r|\n/).flatMap((line) => {
      const at = line.indexOf("=");
      return at > 0 ? [[line.slice(0, at).trim().toLowerCase(), line.slice(at + 1).trim()] as const] : [];
    }),
  );
}

function decoded(text: string): string {
  try {
    return new TextDecoder().decode(Uint8Array.fromBase64(text));
  } catch {
    return ""; // cut off, or not base64
  }
}
