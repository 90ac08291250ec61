/**
 * A host that answers multicast DNS questions on `lo` as a test wants.
 */
import { Buffer } from "node:buffer";
import { createSocket } from "node:dgram";
// @ts-types="../../bridge/dns_packet.d.ts"
import { type Answer, decode, encode } from "dns-packet";

export interface Responder extends AsyncDisposable {
  /** Names that were asked for. */
  readonly asked: readonly string[];
}

/** Joins the group on `lo` and answers each question for its type as the test wants: packets, whole or garbage. */
export async function respond(type: string, packets: () => Uint8Array[]): Promise<Responder> {
  const socket = createSocket({ type: "udp4", reuseAddr: true });
  const asked: string[] = [];
  socket.on("message", (bytes, from) => {
    try {
      const query = decode(Buffer.from(bytes));
      const names = query.questions?.map(({ name }) => name.toLowerCase()) ?? [];
      if (query.type !== "query" || !names.some((name) => name.endsWith(type.toLowerCase()))) return;
      asked.push(...names);
      for (const packet of packets()) socket.send(packet, from.port, from.address);
    } catch { /* another test's garbage */ }
  });
  await new Promise<void>((resolve) => socket.bind(5353, "0.0.0.0", () => resolve()));
  socket.addMembership("224.0.0.251", "127.0.0.1");
  return {
    asked,
    [Symbol.asyncDispose]: () => new Promise((resolve) => socket.close(() => resolve())),
  };
}

export function announcement(type: string, name: string, more: Answer[] = []): Uint8Array {
  const answers: Answer[] = [{ type: "PTR", name: type, data: `${name}.${type}` }, ...more];
  return encode({ type: "response", id: 0, answers });
}

export function srv(instance: string, { target, port }: { target: string; port: number }): Answer {
  return { type: "SRV", name: instance, data: { target, port } };
}
