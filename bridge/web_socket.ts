/**
 * WebSocket (RFC 6455) as a {@link MessageLink}: text frames as strings, binary ones as bytes. Pings are answered by Deno.
 */
import { badAddress } from "./address.ts";
import { LinkLostError, type LinkMessage, type LinkProblem, type MessageLink } from "./link.ts";

const connectMilliseconds = 10_000;
/** A reader that falls this far behind will not catch up: the link ends. */
const maxQueuedMessages = 10_000;
const maxMessageBytes = 16 * 1024 * 1024;

export interface WebSocketOptions {
  readonly signal: AbortSignal;
  readonly connectMilliseconds?: number;
}

/**
 * Opens `ws://host:port/path` or `wss://…`. What it says is cut off from logs: a query may hold a one-time token.
 * @throws LinkLostError with problem "unreachable" (Deno does not tell a refusal apart), "refused", "no answer" or "bad address"; the signal's reason when it aborts
 */
export async function openWebSocket(address: string, options: WebSocketOptions): Promise<MessageLink> {
  const { signal } = options;
  signal.throwIfAborted();
  const url = URL.parse(address);
  if (!url || !/^wss?:$/.test(url.protocol) || !url.hostname || url.username || url.hash) {
    throw badAddress(address, "it needs a host, as in ws://klipper.local:7125/websocket");
  }
  const label = `${url.protocol}//${url.host}${url.pathname}`;
  const socket = new WebSocket(url);
  socket.binaryType = "arraybuffer";
  const link = messageLink(socket, { label, signal });
  try {
    await opened(socket, { connectMilliseconds, ...options, label });
    return link;
  } catch (error) {
    await link[Symbol.asyncDispose]();
    throw error;
  }
}

type Opening = Required<WebSocketOptions> & { readonly label: string };

function opened(socket: WebSocket, { label, signal, connectMilliseconds }: Opening): Promise<void> {
  const late = AbortSignal.timeout(connectMilliseconds);
  const ended = AbortSignal.any([signal, late]);
  const done = new AbortController();
  return new Promise<void>((resolve, reject) => {
    const once = { signal: done.signal };
    socket.addEventListener("open", () => resolve(), once);
    socket.addEventListener("error", (event) => reject(cannotConnect(label, event)), once);
    socket.addEventListener("close", () => reject(cannotConnect(label)), once);
    ended.addEventListener("abort", () => reject(signal.aborted ? signal.reason : noAnswer(label)), once);
  }).finally(() => done.abort());
}

function noAnswer(label: string): LinkLostError {
  return new LinkLostError(`Cannot connect to "${label}": no answer`, { problem: "no answer" });
}

/** Deno says why only in words; they choose the words for the owner, nothing else depends on them. */
function cannotConnect(label: string, event?: Event): LinkLostError {
  const text = event instanceof ErrorEvent ? event.message : "";
  const [problem, fact] = describe(text);
  return new LinkLostError(`Cannot connect to "${label}": ${fact}`, { problem, cause: event });
}

function describe(text: string): [LinkProblem, string] {
  if (/lookup|resolve|dns/i.test(text)) return ["unreachable", "no such name in the network"];
  if (/certificate|tls|handshake alert/i.test(text)) return ["refused", "its certificate is not trusted"];
  if (/status code: 401|status code: 403/i.test(text)) return ["refused", "it wants a login"];
  if (/status code|upgrade|websocket protocol/i.test(text)) return ["no answer", "no WebSocket there"];
  return ["unreachable", "nothing answers there. Is it switched on, and the port number right?"];
}

function messageLink(socket: WebSocket, { label, signal }: { label: string; signal: AbortSignal }): MessageLink {
  const done = new AbortController();
  const once = { signal: done.signal };
  const broken = (fact: string) => new LinkLostError(`Lost "${label}": ${fact}`, { problem: "unplugged" });
  let isOpen = true;
  const end = () => {
    if (!isOpen) return false;
    isOpen = false;
    done.abort();
    if (socket.readyState < WebSocket.CLOSING) socket.close();
    return true;
  };
  const readable = new ReadableStream<LinkMessage>({
    start(controller) {
      const fail = (reason: unknown) => {
        if (end()) controller.error(reason);
      };
      socket.addEventListener("message", ({ data }: MessageEvent<string | ArrayBuffer>) => {
        const body = typeof data === "string" ? data : new Uint8Array(data);
        if (body.length > maxMessageBytes) return fail(broken(`a message of more than ${maxMessageBytes} bytes`));
        controller.enqueue({ body });
        if ((controller.desiredSize ?? 0) <= 0) fail(broken("it says more than can be read"));
      }, once);
      socket.addEventListener("error", () => fail(broken("the connection broke")), once);
      socket.addEventListener("close", () => {
        if (end()) controller.close();
      }, once);
      signal.addEventListener("abort", () => fail(signal.reason), once);
    },
    cancel: () => void end(),
  }, { highWaterMark: maxQueuedMessages });
  return {
    label,
    readable,
    // deno-lint-ignore require-await -- a throw becomes a rejection
    async send({ body }) {
      if (!isOpen || socket.readyState !== WebSocket.OPEN) throw broken("the connection is closed");
      socket.send(typeof body === "string" ? body : new Uint8Array(body));
    },
    async [Symbol.asyncDispose]() {
      end();
      if (!readable.locked) await readable.cancel().catch(() => {});
    },
  };
}
