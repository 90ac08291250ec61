/**
 * Records what a printer says, as transcripts in tests/transcripts/ are written; lines typed here are sent to it.
 *
 * `deno task record serial:/dev/ttyUSB0?baud=115200 > NAME.jsonl`   (Ctrl-C ends it)
 */
import { openLink } from "../bridge/open_link.ts";

const [address] = Deno.args;
if (!address) {
  console.error("Usage: deno task record ADDRESS > NAME.jsonl    (serial:/dev/ttyUSB0?baud=115200 or tcp://host:port)");
  Deno.exit(2);
}
await using link = await openLink(address, { signal: new AbortController().signal });
const started = performance.now();
const write = (dir: "rx" | "tx", text: string) =>
  console.log(JSON.stringify({ t: Math.round(performance.now() - started), dir, text }));
console.error(`Recording ${link.label}. What you type is sent to the printer.`);

const send = async () => {
  const writer = link.writable.getWriter();
  for await (const text of lines(Deno.stdin.readable)) {
    write("tx", text);
    await writer.write(new TextEncoder().encode(`${text}\n`));
  }
};
send();
for await (const text of lines(link.readable)) write("rx", text);

async function* lines(bytes: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  let rest = "";
  for await (const part of bytes.pipeThrough(new TextDecoderStream() as TransformStream<Uint8Array, string>)) {
    const whole = (rest + part).split(/\r?\n/);
    rest = whole.pop() ?? "";
    yield* whole;
  }
}
