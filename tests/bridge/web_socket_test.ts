/** Real WebSocket servers on loopback, well-behaved and not. */
import assert from "node:assert/strict";
import { LinkLostError, type LinkMessage } from "../../bridge/link.ts";
import { openMessages } from "../../bridge/open_link.ts";
import { openWebSocket } from "../../bridge/web_socket.ts";

const never = new AbortController().signal;

/** Serves one kind of WebSocket, and remembers what was sent to it. */
function serve(greet: (socket: WebSocket) => void) {
  const heard: unknown[] = [];
  const closed = Promise.withResolvers<void>();
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
    const { socket, response } = Deno.upgradeWebSocket(request);
    socket.onopen = () => greet(socket);
    socket.onmessage = ({ data }) => void heard.push(data);
    socket.onclose = () => closed.resolve();
    return response;
  });
  return {
    address: `ws://127.0.0.1:${server.addr.port}/websocket?token=secret`,
    heard,
    closed: closed.promise,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

async function lost(opening: Promise<unknown>): Promise<LinkLostError> {
  try {
    await opening;
  } catch (error) {
    assert(error instanceof LinkLostError, String(error));
    assert.doesNotMatch(error.message, /secret/);
    return error;
  }
  throw new Error("it opened");
}

Deno.test("messages arrive whole and in order, texts as texts, bytes as bytes", async () => {
  await using server = serve((socket) => {
    socket.send("o");
    socket.send(new Uint8Array([1, 2, 3]));
    socket.send("ü".repeat(40_000));
    socket.close();
  });
  await using link = await openMessages(server.address, never);
  const bodies = (await Array.fromAsync(link.readable)).map((message: LinkMessage) => message.body);
  assert.deepEqual(bodies, ["o", new Uint8Array([1, 2, 3]), "ü".repeat(40_000)]);
  assert.match(link.label, /^ws:\/\/127\.0\.0\.1:\d+\/websocket$/);
});

Deno.test("what is sent arrives", async () => {
  await using server = serve((socket) => {
    socket.addEventListener("message", () => socket.send("heard"), { once: true });
  });
  await using link = await openMessages(server.address, never);
  await link.send({ body: "hello" });
  const reader = link.readable.getReader();
  assert.deepEqual((await reader.read()).value, { body: "heard" });
  assert.deepEqual(server.heard, ["hello"]);
  reader.releaseLock();
});

Deno.test("disposing closes the connection; sending afterwards is a lost link", async () => {
  await using server = serve(() => {});
  const link = await openMessages(server.address, never);
  await link[Symbol.asyncDispose]();
  await server.closed;
  assert.equal((await lost(link.send({ body: "late" }))).problem, "unplugged");
});

Deno.test("an abort ends the reading with its reason, and the connection", async () => {
  const abort = new AbortController();
  await using server = serve((socket) => socket.send("o"));
  await using link = await openMessages(server.address, abort.signal);
  const reader = link.readable.getReader();
  assert.deepEqual((await reader.read()).value, { body: "o" });
  const next = reader.read();
  abort.abort(new Error("enough"));
  await assert.rejects(next, /enough/);
  await server.closed;
  reader.releaseLock();
});

Deno.test("nobody there, no WebSocket there, nobody who answers: each is a sentence", async () => {
  const free = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = free.addr;
  free.close();
  const refused = await lost(openMessages(`ws://127.0.0.1:${port}/x`, never));
  assert.equal(refused.problem, "unreachable");
  assert.match(refused.message, /^Cannot connect to "ws:\/\/127\.0\.0\.1:\d+\/x": nothing answers there\./);

  await using page = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, () => new Response("a page"));
  assert.match((await lost(openMessages(`ws://127.0.0.1:${page.addr.port}/x`, never))).message, /no WebSocket there/);
  await using wall = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    () => new Response("", { status: 401 }),
  );
  assert.match((await lost(openMessages(`ws://127.0.0.1:${wall.addr.port}/x`, never))).message, /it wants a login/);

  using mute = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const silent = openWebSocket(`ws://127.0.0.1:${mute.addr.port}/`, { signal: never, connectMilliseconds: 50 });
  assert.equal((await lost(silent)).problem, "no answer");
});

Deno.test("a wrong address says what is allowed", async () => {
  for (const address of ["ws://", "ws://user:pw@host/", "http://host/", "mqtt://host"]) {
    assert.equal((await lost(openMessages(address, never))).problem, "bad address");
  }
});
