/**
 * JSON for the outside: words that printers and servers chose never carry a secret out.
 */
import type { Secrets } from "../src/log.ts";

/** Fields whose text others chose; names and ids stay as they are, so that scripts can hold on to them. */
const spokenFields = ["reason", "text", "detail", "problem", "file", "recipient"];

export function safeJson(value: unknown, secrets: Pick<Secrets, "hide">): string {
  return JSON.stringify(
    value,
    (field, part) => typeof part === "string" && spokenFields.includes(field) ? secrets.hide(part) : part,
  );
}
