/** The recordings of a folder with what their owners are told. */
import type { ToldEvent } from "../../support/replay.ts";
import type { Printer, Stretch, Transcript } from "./world.ts";

export function transcriptsIn<Entry extends { readonly t: number }>(
  folders: readonly string[],
  read: (path: string) => readonly Entry[],
  printerOf: (entries: readonly Entry[], stretch: Stretch) => Printer,
): Transcript[] {
  return folders.flatMap((folder) => {
    const path = `tests/transcripts/${folder}`;
    const files = [...Deno.readDirSync(path)].map(({ name }) => name).filter((name) => name.endsWith(".jsonl")).sort();
    return files.map((file): Transcript => {
      const entries = read(`${path}/${file}`);
      const expected: ToldEvent[] = JSON.parse(
        Deno.readTextFileSync(`${path}/${file.replace(/\.jsonl$/, ".expected.json")}`),
      );
      return {
        name: `${folder}/${file.replace(/\.jsonl$/, "")}`,
        lengthMilliseconds: entries.at(-1)?.t ?? 0,
        expected,
        printer: (stretch) => printerOf(entries, stretch),
      };
    });
  });
}
