import assert from "node:assert/strict";
import { LinkLostError } from "../../bridge/link.ts";
import { openLink } from "../../bridge/open_link.ts";
import { openTcp } from "../../bridge/tcp.ts";

const { signal } = new AbortController();
const bytes = (text: string) => new TextEncoder().encode(text);
const text = (chunk: Uint8Array | undefined) => new TextDecoder().decode(chunk);

/** A bridge on loopback with one connection, and the link to it. */
async function connected(options: { signal: AbortSignal } = { signal }) {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  const [link, bridge] = await Promise.all([openLink(`tcp://127.0.0.1:${port}`, options), listener.accept()]);
  listener.close();
  return {
    link,
    bridge,
    port,
    async [Symbol.asyncDispose]() {
      await link[Symbol.asyncDispose]();
      try {
        bridge.close();
      } catch {
        // The test has closed it.
      }
    },
  };
}

Deno.test("a TCP link carries bytes both ways and says where it leads", async () => {
  await using pair = await connected();
  assert.equal(pair.link.label, `tcp://127.0.0.1:${pair.port}`);
  await pair.link.writable.getWriter().write(bytes("M105\n"));
  const buffer = new Uint8Array(64);
  assert.equal(text(buffer.subarray(0, await pair.bridge.read(buffer) ?? 0)), "M105\n");
  await pair.bridge.write(bytes("ok\n"));
  assert.equal(text((await pair.link.readable.getReader().read()).value), "ok\n");
});

Deno.test("a megabyte arrives over TCP without loss", async () => {
  await using pair = await connected();
  const sent = Uint8Array.from({ length: 1 << 20 }, (_, at) => (at * 31 + (at >> 8)) & 0xff);
  const writing = (async () => {
    for (let at = 0; at < sent.length;) at += await pair.bridge.write(sent.subarray(at));
    pair.bridge.close();
  })();
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  for await (const chunk of pair.link.readable) chunks.push(chunk.slice());
  await writing;
  assert.deepEqual(new Uint8Array(await new Blob(chunks).arrayBuffer()), sent);
});

Deno.test("a TCP link ends when the other side ends", async () => {
  await using pair = await connected();
  pair.bridge.close();
  assert.deepEqual(await pair.link.readable.getReader().read(), { value: undefined, done: true });
});

Deno.test("an abort ends a TCP link at once, with its reason", async () => {
  const controller = new AbortController();
  await using pair = await connected({ signal: controller.signal });
  const pending = pair.link.readable.getReader().read();
  const reason = new Error("enough");
  controller.abort(reason);
  await assert.rejects(pending, reason);
});

Deno.test("disposing a TCP link ends a pending read, and may be done twice", async () => {
  await using pair = await connected();
  const pending = pair.link.readable.getReader().read();
  await pair.link[Symbol.asyncDispose]();
  await pair.link[Symbol.asyncDispose]();
  assert.deepEqual(await pending, { value: undefined, done: true });
});

Deno.test("a refused connection says so", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  await assert.rejects(openTcp({ hostname: "127.0.0.1", port }, { signal }), (error) => {
    assert(error instanceof LinkLostError);
    assert.equal(error.problem, "refused");
    assert.match(error.message, /^Cannot connect to "tcp:\/\/127\.0\.0\.1:\d+": refused\. Is the port number right/);
    assert(error.cause instanceof Error);
    return true;
  });
});

Deno.test("a name that nobody has is unreachable", async () => {
  await assert.rejects(openTcp({ hostname: "printer.invalid", port: 23 }, { signal }), {
    problem: "unreachable",
    message: 'Cannot connect to "tcp://printer.invalid:23": no such name in the network',
  });
});

Deno.test("a host that never answers is unreachable after the deadline", async () => {
  // A listener with a full queue answers no further connection: the kernel drops its SYN.
  await using silent = silentHost();
  const connecting = openTcp(
    { hostname: "127.0.0.1", port: await silent.port },
    { signal, connectMilliseconds: 150 },
  );
  await assert.rejects(connecting, { problem: "unreachable", message: /: no answer\. Is it switched on/ });
});

Deno.test("an abort ends connecting at once", async () => {
  await using silent = silentHost();
  const controller = new AbortController();
  const connecting = openTcp({ hostname: "127.0.0.1", port: await silent.port }, { signal: controller.signal });
  const reason = new Error("enough");
  setTimeout(() => controller.abort(reason), 20);
  await assert.rejects(connecting, reason);
});

/** Listens, accepts nothing, and has its queue filled. */
function silentHost() {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0, tcpBacklog: 1 });
  const { port } = listener.addr;
  const filling = new AbortController();
  const fillers: Deno.TcpConn[] = [];
  const fill = async () => {
    for (;;) {
      const late = AbortSignal.any([AbortSignal.timeout(100), filling.signal]);
      try {
        fillers.push(await Deno.connect({ hostname: "127.0.0.1", port, signal: late }));
      } catch {
        return port;
      }
    }
  };
  return {
    port: fill(),
    [Symbol.asyncDispose]() {
      filling.abort();
      for (const connection of fillers) connection.close();
      listener.close();
      return Promise.resolve();
    },
  };
}
