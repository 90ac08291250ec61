/** Where the program lies, if it is one file. */
import { OwnerError } from "./pieces.ts";

/** The variable in which the shell header of a self-extracting program hands over its own path. */
export const ownFileVariable = "FILAGRAM_BINARY";

/** The file the owner started. @throws OwnerError where the program runs from its sources */
export function ownFile(): string {
  const unpackedFrom = Deno.env.get(ownFileVariable);
  if (unpackedFrom) return unpackedFrom;
  if (Deno.build.standalone) return Deno.execPath();
  throw new OwnerError(
    "This Filagram runs from its sources: there is no one file to install or update. " +
      "Download one, or build it: deno task compile",
  );
}
