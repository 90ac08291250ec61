/**
 * Starts a driver: `deno task new:driver NAME` writes its file, a transcript with its expected events, and its line in the registry.
 */
import { addToRegistry, newName, writeNew } from "./new_file.ts";

const { id, constant } = newName("new:driver", "drivers");

await writeNew(
  `src/drivers/${id}.ts`,
  `/**
 * The protocol's name and version, and the address of its document.
 */
import { z } from "zod";
import type { Report } from "../domain/printer_state.ts";
import { defineDriver, type DriverIo } from "./driver.ts";

const settings = z.strictObject({
  address: z.string().describe("where the printer answers: tcp://host:port"),
});

/** States facts until the link ends; what they mean is the domain's business. */
async function* watch({ address }: z.infer<typeof settings>, io: DriverIo): AsyncGenerator<Report> {
  await using link = await io.openLink(address, { signal: io.signal });
  for await (const _bytes of link.readable) {
    yield { link: { kind: "online" } };
  }
}

export const ${constant} = defineDriver({ id: "${id}", label: "${id}", settings, watch });
`,
);
await writeNew(`tests/transcripts/${id}/first.jsonl`, `{"t": 0, "dir": "rx", "text": "what the printer said"}\n`);
await writeNew(`tests/transcripts/${id}/first.expected.json`, `[]\n`);
await addToRegistry("drivers", id, constant);
