/**
 * Starts a channel: `deno task new:channel NAME` writes its file and its line in the registry.
 */
import { addToRegistry, newName, writeNew } from "./new_file.ts";

const { id, constant } = newName("new:channel", "channels");

await writeNew(
  `src/channels/${id}.ts`,
  `/**
 * The service's name, and the address of its document.
 */
import { z } from "zod";
import { type ChannelIo, defineChannel, type Sender } from "./channel.ts";

const settings = z.strictObject({
  url: z.url().describe("where messages are posted"),
});
type Settings = z.infer<typeof settings>;

export const ${constant} = defineChannel<Settings>({
  id: "${id}",
  label: "${id}",
  settings,
  limits: { titleCharacters: 100, bodyCharacters: 1000, pictures: 0, pictureBytes: 0, messagesPerMinute: 20 },
  recipients: ({ url }) => [new URL(url).host],
  open,
});

function open({ url }: Settings, io: ChannelIo): Sender {
  return {
    async send({ message }, signal) {
      const response = await io.fetch(url, { method: "POST", body: message.firstLine, signal });
      await response.body?.cancel();
      if (response.ok) return { kind: "sent" };
      return response.status < 500 && response.status !== 429
        ? { kind: "rejected", reason: \`It answered \${response.status}\` }
        : { kind: "retry", reason: \`It answered \${response.status}\` };
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}
`,
);
await addToRegistry("channels", id, constant);
console.log(`Now give "${id}" its row in tests/channels/conformance_test.ts`);
