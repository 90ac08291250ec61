/**
 * Raw TCP as a {@link ByteLink}: what serial bridges on the network speak (ser2net, ESP3D, esp-link, stream_server).
 */
import { type ByteLink, LinkLostError, type LinkProblem } from "./link.ts";

const connectMilliseconds = 10_000;
const maxChunkBytes = 4096;

export interface TcpAddress {
  readonly hostname: string;
  readonly port: number;
}

/**
 * Connects, and keeps the connection alive while nothing is said.
 * @throws LinkLostError with problem "refused", "unreachable", "no permission" or "other"; the signal's reason when it aborts
 */
export async function openTcp(
  { hostname, port }: TcpAddress,
  options: { signal: AbortSignal; connectMilliseconds?: number },
): Promise<ByteLink> {
  const { signal } = options;
  signal.throwIfAborted();
  const label = `tcp://${hostname.includes(":") ? `[${hostname}]` : hostname}:${port}`;
  const late = AbortSignal.timeout(options.connectMilliseconds ?? connectMilliseconds);
  let connection: Deno.TcpConn;
  try {
    connection = await Deno.connect({ hostname, port, signal: AbortSignal.any([signal, late]) });
  } catch (cause) {
    signal.throwIfAborted();
    throw cannotConnect(label, late.aborted ? "timeout" : cause);
  }
  connection.setNoDelay(true);
  connection.setKeepAlive(true);
  return tcpLink(connection, { label, signal });
}

function cannotConnect(label: string, cause: unknown): LinkLostError {
  const [problem, fact] = describe(cause);
  return new LinkLostError(`Cannot connect to "${label}": ${fact}`, { problem, cause });
}

function describe(cause: unknown): [LinkProblem, string] {
  if (cause === "timeout") return ["unreachable", "no answer. Is it switched on and in the same network?"];
  if (cause instanceof Deno.errors.ConnectionRefused) {
    return ["refused", "refused. Is the port number right, and the bridge's serial service on?"];
  }
  if (cause instanceof Deno.errors.NotCapable || cause instanceof Deno.errors.PermissionDenied) {
    return ["no permission", "permission denied"];
  }
  if (cause instanceof Deno.errors.TimedOut) {
    return ["unreachable", "no answer. Is it switched on and in the same network?"];
  }
  if (cause instanceof Deno.errors.NetworkUnreachable || cause instanceof Deno.errors.AddrNotAvailable) {
    return ["unreachable", "the network is not reachable"];
  }
  const text = cause instanceof Error ? cause.message : String(cause);
  // Deno throws a plain Error here; the two ways differ only in the words for the owner, so reading the text decides nothing else.
  if (/lookup|resolve|name/i.test(text)) return ["unreachable", "no such name in the network"];
  return ["unreachable", text.replace(/\.$/, "")];
}

function tcpLink(connection: Deno.TcpConn, { label, signal }: { label: string; signal: AbortSignal }): ByteLink {
  const buffer = new Uint8Array(maxChunkBytes);
  let isOpen = true;
  let reading: ReadableStreamDefaultController<Uint8Array> | undefined;
  let writing: WritableStreamDefaultController | undefined;

  /** Ends both streams and the connection, once; with a reason the streams fail with it. */
  function end(reason?: unknown): void {
    if (!isOpen) return;
    isOpen = false;
    signal.removeEventListener("abort", onAbort);
    if (reason === undefined) reading?.close();
    else reading?.error(reason);
    writing?.error(reason ?? new LinkLostError(`${label} was closed`, { problem: "other" }));
    connection.close();
  }
  const onAbort = () => end(signal.reason);
  const lost = (cause: unknown) =>
    new LinkLostError(`Lost the connection to "${label}"`, { problem: "unreachable", cause });

  const readable = new ReadableStream<Uint8Array>({
    start: (controller) => void (reading = controller),
    async pull(controller) {
      try {
        const length = await connection.read(buffer);
        if (!isOpen) return;
        if (length === null) end();
        else controller.enqueue(buffer.slice(0, length));
      } catch (cause) {
        end(lost(cause));
      }
    },
    cancel() {
      reading = undefined;
      end();
    },
  }, { highWaterMark: 0 });

  const writable = new WritableStream<Uint8Array>({
    start: (controller) => void (writing = controller),
    async write(chunk) {
      try {
        for (let at = 0; at < chunk.byteLength;) at += await connection.write(chunk.subarray(at));
      } catch (cause) {
        if (isOpen) throw lost(cause);
      }
    },
    abort: () => end(),
  });

  signal.addEventListener("abort", onAbort, { once: true });
  if (signal.aborted) onAbort();
  return { readable, writable, label, [Symbol.asyncDispose]: () => Promise.resolve(end()) };
}
