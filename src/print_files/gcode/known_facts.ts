/**
 * Facts put together from several readers: the first that knows one counts.
 */
import type { PrintFileFacts } from "../../domain/print_file.ts";

type MaybeFacts = { readonly [Name in keyof PrintFileFacts]: PrintFileFacts[Name] | undefined };

/** Without the facts that are undefined. Earlier readers come first in the list. */
export function knownFacts(...readers: readonly MaybeFacts[]): PrintFileFacts {
  const facts: { [name: string]: unknown } = {};
  for (const reader of readers) {
    for (const [name, value] of Object.entries(reader)) {
      if (value !== undefined && facts[name] === undefined) facts[name] = value;
    }
  }
  return facts as PrintFileFacts;
}
