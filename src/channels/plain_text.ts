/**
 * A message as plain text, for every channel that shows more than one line.
 */
import type { Message } from "../domain/message.ts";

/** The first line, that it is late, the facts, what could not be had, who sends. */
export function plainText(message: Message): string {
  const facts = message.facts.map(({ label, value }) => `${label}: ${value}`);
  const { agent, url } = message.footer;
  const blocks = [
    [message.firstLine, ...(message.lateLine ? [message.lateLine] : [])],
    facts,
    message.notes,
    [url ? `${agent}, ${url}` : agent],
  ];
  return blocks.filter((lines) => lines.length > 0).map((lines) => lines.join("\n")).join("\n\n") + "\n";
}
