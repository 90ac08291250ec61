import assert from "node:assert/strict";
import { openHttpFile } from "../../src/protocols/http_ranges.ts";

const signal = AbortSignal.timeout(120_000);
const file = Uint8Array.from({ length: 300_000 }, (_, index) => (index * 7 + (index >> 8)) % 251);

interface Behaviour {
  readonly bytes?: Uint8Array<ArrayBuffer>;
  answer?(request: Request, part: { offset: number; end: number }): Response | undefined;
}

/** A small honest server; `answer` makes it a strange one. */
function serve({ bytes = file, answer }: Behaviour = {}) {
  const asked: string[] = [];
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, (request) => {
    const range = request.headers.get("range") ?? "";
    asked.push(range);
    const [, from = "0", to = "0"] = /bytes=(\d+)-(\d+)/.exec(range) ?? [];
    const part = { offset: Number(from), end: Math.min(Number(to) + 1, bytes.length) };
    return answer?.(request, part) ?? partial(bytes, part);
  });
  const url = `http://127.0.0.1:${server.addr.port}/files/a.gcode?secret=plum`;
  return { url, asked, [Symbol.asyncDispose]: () => server.shutdown() };
}

function partial(bytes: Uint8Array<ArrayBuffer>, { offset, end }: { offset: number; end: number }, headers = {}) {
  const range = offset < bytes.length ? `${offset}-${end - 1}/${bytes.length}` : `*/${bytes.length}`;
  const status = offset < bytes.length ? 206 : 416;
  return new Response(bytes.slice(offset, end), { status, headers: { "content-range": `bytes ${range}`, ...headers } });
}

Deno.test("openHttpFile() reads any part, and asks only for what it has not got", async () => {
  await using server = serve();
  await using reader = await openHttpFile(server.url, { fetch, signal });
  assert.equal(reader.sizeBytes, file.length);
  assert.deepEqual(await reader.read(0, 1000, signal), file.slice(0, 1000));
  assert.deepEqual(await reader.read(60_000, 4000, signal), file.slice(60_000, 64_000));
  assert.equal(server.asked.length, 1);
  for (const [offset, length] of [[65_000, 70_000], [299_990, 100], [150_000, 1], [300_000, 5], [400_000, 5], [3, 0]]) {
    const [at = 0, count = 0] = [offset, length];
    assert.deepEqual(await reader.read(at, count, signal), file.slice(at, at + count));
  }
  assert.deepEqual(server.asked.slice(1), ["bytes=65000-134999", "bytes=299990-299999", "bytes=150000-150000"]);
});

Deno.test("openHttpFile() goes on where a server sends less than asked, and takes no more than asked", async () => {
  await using short = serve({
    answer: (_, { offset, end }) => partial(file, { offset, end: Math.min(end, offset + 10_000) }),
  });
  await using reader = await openHttpFile(short.url, { fetch, signal });
  assert.deepEqual(await reader.read(5000, 32_000, signal), file.slice(5000, 37_000));

  await using long = serve({ answer: (_, { offset }) => partial(file, { offset, end: file.length }) });
  await using other = await openHttpFile(long.url, { fetch, signal });
  assert.deepEqual(await other.read(100_000, 10, signal), file.slice(100_000, 100_010));
});

Deno.test("openHttpFile() reads from the beginning where ranges are ignored, no further than is needed", async () => {
  let sent = 0;
  const bytesInAll = 64 * 1024 * 1024;
  await using server = serve({
    answer: () => {
      const chunk = new Uint8Array(16 * 1024).fill(1);
      const body = new ReadableStream({
        pull(controller) {
          controller.enqueue(chunk);
          sent += chunk.length;
        },
      });
      return new Response(body, { headers: { "content-length": String(bytesInAll) } });
    },
  });
  await using reader = await openHttpFile(server.url, { fetch, signal });
  assert.equal(reader.sizeBytes, bytesInAll);
  assert.equal((await reader.read(100_000, 50_000, signal)).length, 50_000);
  assert.equal((await reader.read(0, 10, signal)).length, 10); // once more, from what was kept
  assert.equal(server.asked.length, 1);
  await assert.rejects(reader.read(bytesInAll - 10, 10, signal), /its server sends whole files only/);
  assert.ok(sent < bytesInAll / 2, `${sent} bytes were sent`);
});

Deno.test("openHttpFile() takes the size from whom knows it, and an empty file for an empty file", async () => {
  const untold = new ReadableStream({
    start(controller) {
      controller.enqueue(file);
      controller.close();
    },
  });
  await using server = serve({ answer: () => new Response(untold) });
  await using reader = await openHttpFile(server.url, { fetch, signal, sizeBytes: file.length });
  assert.deepEqual(await reader.read(299_000, 5000, signal), file.slice(299_000));

  await using empty = serve({ bytes: new Uint8Array(0) });
  await using nothing = await openHttpFile(empty.url, { fetch, signal });
  assert.equal(nothing.sizeBytes, 0);
  assert.deepEqual(await nothing.read(0, 10, signal), new Uint8Array(0));
});

const strange: readonly [what: string, behaviour: Behaviour, problem: RegExp][] = [
  ["no such file", { answer: () => new Response("no", { status: 404 }) }, /a\.gcode": the server answered 404$/],
  ["a login wanted", { answer: () => new Response("no", { status: 403 }) }, /answered 403/],
  ["a redirect, which would carry the key along", { answer: () => Response.redirect("http://127.0.0.1:9/") }, /302/],
  ["no size", { answer: () => new Response(new ReadableStream()) }, /does not say how long it is/],
  ["the wrong part", { answer: (_, { end }) => partial(file, { offset: 5, end }) }, /answered 206/],
  ["no part at all", {
    answer: () => new Response("x", { status: 206, headers: { "content-type": "multipart/byteranges" } }),
  }, /answered 206/],
];
for (const [what, behaviour, problem] of strange) {
  Deno.test(`openHttpFile() refuses ${what}, and names no secret`, async () => {
    await using server = serve(behaviour);
    await assert.rejects(openHttpFile(server.url, { fetch, signal }), (error: Error) => {
      assert.match(error.message, problem);
      assert.doesNotMatch(error.message, /plum/);
      return true;
    });
  });
}

Deno.test("openHttpFile() notices a file that was replaced, or is shorter than it says", async () => {
  let version = 1;
  await using server = serve({ answer: (_, part) => partial(file, part, { etag: `"${version}"` }) });
  await using reader = await openHttpFile(server.url, { fetch, signal });
  version = 2;
  await assert.rejects(reader.read(100_000, 10, signal), /it has changed meanwhile/);

  await using liar = serve({
    answer: (_, { offset }) =>
      offset === 0 ? undefined : new Response("", {
        status: 206,
        headers: { "content-range": `bytes ${offset}-${offset + 9}/${file.length}` },
      }),
  });
  await using other = await openHttpFile(liar.url, { fetch, signal });
  await assert.rejects(other.read(100_000, 10, signal), /nothing came from byte 100000/);
});

Deno.test("openHttpFile() sends headers and logins along with each part", async () => {
  const seen: (string | null)[] = [];
  await using server = serve({
    answer: (request) => {
      seen.push(`${request.headers.get("x-api-key")} ${request.headers.get("authorization")}`);
      return undefined;
    },
  });
  const login = { kind: "token", token: "t" } as const;
  await using reader = await openHttpFile(server.url, { fetch, signal, headers: { "x-api-key": "k" }, login });
  await reader.read(200_000, 10, signal);
  assert.deepEqual(seen, ["k Bearer t", "k Bearer t"]);
});

Deno.test("openHttpFile() ends at once when it is aborted, while opening and while reading", async () => {
  const never = () => new Response(new ReadableStream(), { headers: { "content-length": "100" } });
  await using server = serve({ answer: never });
  await using reader = await openHttpFile(server.url, { fetch, signal });
  const stop = new AbortController();
  const reading = reader.read(0, 10, stop.signal);
  stop.abort(new Error("enough"));
  await assert.rejects(reading, /enough/);
  await assert.rejects(openHttpFile(server.url, { fetch, signal: AbortSignal.abort(new Error("no")) }), /no/);
});
