/** What we use of dns-packet 5.6.1; its published types drag in a second set of Node's. */
import type { Buffer } from "node:buffer";

export interface Question {
  readonly type: "PTR" | "SRV" | "TXT" | "A";
  readonly name: string;
  readonly class?: "IN";
}

export type Answer =
  | { readonly type: "PTR"; readonly name: string; readonly data: string }
  | { readonly type: "SRV"; readonly name: string; readonly data: { readonly target: string; readonly port: number } }
  | { readonly type: "TXT"; readonly name: string; readonly data: readonly Buffer[] }
  | { readonly type: "A"; readonly name: string; readonly data: string };

export interface Packet {
  readonly type?: "query" | "response";
  readonly id?: number;
  readonly questions?: readonly Question[];
  readonly answers?: readonly Answer[];
  readonly additionals?: readonly Answer[];
}

/** @throws Error for what is no DNS message */
export function decode(bytes: Buffer): Packet;
export function encode(packet: Packet): Buffer;
