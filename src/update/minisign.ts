/**
 * Signatures as minisign makes them: Ed25519 over the file ("Ed", legacy) or over its BLAKE2b-512 hash ("ED", the default),
 * and once more over signature and trusted comment. https://jedisct1.github.io/minisign/
 */
import { createHash } from "node:crypto";

export interface MinisignKey {
  /** Names the key, so that a wrong one is called that and not a forgery. */
  readonly id: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

export type Verdict =
  | { readonly kind: "genuine"; readonly trustedComment: string }
  | { readonly kind: "refused"; readonly why: string };

interface Signature {
  readonly isHashed: boolean;
  readonly keyId: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly trustedComment: string;
  readonly overAll: Uint8Array<ArrayBuffer>;
}

const lengths = { key: 42, signature: 74, overAll: 64 };
const commentStart = "trusted comment: ";

/** A public key: its one line, or the whole file. @returns undefined where it is none */
export function parseKey(text: string): MinisignKey | undefined {
  const bytes = fromBase64(text.trim().split("\n").at(-1) ?? "", lengths.key);
  if (!bytes || ascii(bytes.subarray(0, 2)) !== "Ed") return undefined;
  return { id: bytes.slice(2, 10).toHex(), bytes: bytes.slice(10) };
}

/** Whether the holder of the key signed exactly these bytes. Never throws. */
export async function verify(content: Uint8Array<ArrayBuffer>, signature: string, key: MinisignKey): Promise<Verdict> {
  const parsed = parseSignature(signature);
  if (!parsed) return refused("the signature is not one of minisign");
  if (parsed.keyId !== key.id) return refused("it is signed with another key");
  const signed = parsed.isHashed ? hash(content) : content;
  if (!await isSigned(signed, parsed.bytes, key)) return refused("the signature does not fit it");
  const comment = new TextEncoder().encode(parsed.trustedComment);
  if (!await isSigned(new Uint8Array([...parsed.bytes, ...comment]), parsed.overAll, key)) {
    return refused("the signature's comment was changed");
  }
  return { kind: "genuine", trustedComment: parsed.trustedComment };
}

function parseSignature(text: string): Signature | undefined {
  const [, line = "", comment = "", last = ""] = text.split("\n").map((line) => line.replace(/\r$/, ""));
  const bytes = fromBase64(line, lengths.signature);
  const overAll = fromBase64(last, lengths.overAll);
  const algorithm = bytes && ascii(bytes.subarray(0, 2));
  if (!bytes || !overAll || !comment.startsWith(commentStart) || (algorithm !== "Ed" && algorithm !== "ED")) {
    return undefined;
  }
  return {
    isHashed: algorithm === "ED",
    keyId: bytes.slice(2, 10).toHex(),
    bytes: bytes.slice(10),
    trustedComment: comment.slice(commentStart.length),
    overAll,
  };
}

async function isSigned(
  content: Uint8Array<ArrayBuffer>,
  signature: Uint8Array<ArrayBuffer>,
  key: MinisignKey,
): Promise<boolean> {
  const imported = await crypto.subtle.importKey("raw", key.bytes, "Ed25519", false, ["verify"]);
  return await crypto.subtle.verify("Ed25519", imported, signature, content);
}

function hash(content: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(createHash("blake2b512").update(content).digest());
}

function fromBase64(text: string, length: number): Uint8Array<ArrayBuffer> | undefined {
  try {
    const bytes = Uint8Array.fromBase64(text.trim());
    return bytes.length === length ? bytes : undefined;
  } catch {
    return undefined;
  }
}

function ascii(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}

function refused(why: string): Verdict {
  return { kind: "refused", why };
}
