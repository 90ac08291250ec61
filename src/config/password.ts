/**
 * The page's password as a hash, and the writing of secrets.yaml.
 */
import { Buffer } from "node:buffer";
import { randomBytes, scrypt, timingSafeEqual } from "node:crypto";
import { basename, dirname, join } from "node:path";
import { isMap, isScalar, parseDocument, Scalar } from "yaml";

/** 32 MiB and about 0.1 s on a desk, 0.5 s on a Pi 4; OWASP's least for scrypt with p=1 is N=2^17, which a Pi Zero cannot hold. */
const cost = { N: 2 ** 15, r: 8, p: 1 };
const hashBytes = 32;
const saltBytes = 16;
/** More than this a hash in the file may not ask for: 128 · N · r bytes. */
const maxMemoryBytes = 256 * 2 ** 20;
export const maxPasswordCharacters = 1024;

const hashPattern = /^scrypt:(\d{1,8}):(\d{1,3}):(\d{1,3}):([A-Za-z0-9+/]{16,}=*):([A-Za-z0-9+/]{32,}=*)$/;

/** `scrypt:N:r:p:salt:hash`, salt and hash in base64. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(saltBytes);
  const hash = await derive(password, { ...cost, salt, length: hashBytes });
  return ["scrypt", cost.N, cost.r, cost.p, salt.toString("base64"), hash.toString("base64")].join(":");
}

/** Whether this is the password; takes as long for a wrong one. */
export async function verifyPassword(password: string, hashText: string): Promise<boolean> {
  const parts = parseHash(hashText);
  if (!parts || password.length > maxPasswordCharacters) return false;
  const { hash, ...options } = parts;
  return timingSafeEqual(await derive(password, { ...options, length: hash.length }), hash);
}

export function isPasswordHash(text: string): boolean {
  return parseHash(text) !== undefined;
}

function parseHash(text: string) {
  const [, N, r, p, salt, hash] = hashPattern.exec(text) ?? [];
  if (salt === undefined || hash === undefined) return undefined;
  const options = { N: Number(N), r: Number(r), p: Number(p) };
  const isPowerOfTwo = options.N > 1 && Number.isInteger(Math.log2(options.N));
  if (!isPowerOfTwo || options.r < 1 || options.p < 1 || options.p > 16) return undefined;
  if (128 * options.N * options.r > maxMemoryBytes) return undefined;
  return { ...options, salt: Buffer.from(salt, "base64"), hash: Buffer.from(hash, "base64") };
}

function derive(
  password: string,
  { salt, length, N, r, p }: { salt: Buffer; length: number; N: number; r: number; p: number },
): Promise<Buffer> {
  // The same password typed on another keyboard may arrive in other code points.
  const text = password.normalize("NFC");
  return new Promise((resolve, reject) =>
    scrypt(
      text,
      salt,
      length,
      { N, r, p, maxmem: 2 * maxMemoryBytes },
      (error, key) => error ? reject(error) : resolve(key),
    )
  );
}

const secretName = /^[A-Za-z_][\w.-]*$/;

/**
 * Adds one secret or replaces it, keeping the others and the comments; the file is complete at every moment and only its
 * owner can read it. @throws Error with a sentence for the owner
 */
export async function writeSecret(secretsPath: string, name: string, value: string): Promise<void> {
  if (!secretName.test(name)) throw new Error(`Cannot write secret "${name}": use letters, digits and _ in its name`);
  // A link stays a link: what it leads to is replaced.
  const path = await Deno.realPath(secretsPath).catch(() => secretsPath);
  const document = parseDocument(await readOrEmpty(path), { schema: "failsafe", prettyErrors: false });
  if (document.errors.length > 0 || document.contents !== null && !isMap(document.contents)) {
    throw new Error(`Cannot write secret "${name}": "${path}" is not as it should be, run \`filagram settings check\``);
  }
  // In quotes, so that no reader takes it for a number.
  const node = new Scalar(value);
  node.type = Scalar.QUOTE_DOUBLE;
  const old = document.get(name, true);
  if (isScalar(old) && old.comment) node.comment = old.comment;
  document.set(name, node);
  await replaceFile(path, document.toString({ lineWidth: 0 }));
}

async function readOrEmpty(path: string): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) {
      return "# Secrets of filagram.yaml, which names them: password: !secret NAME\n";
    }
    throw error;
  }
}

async function replaceFile(path: string, text: string): Promise<void> {
  const fresh = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString("hex")}`);
  try {
    await Deno.writeTextFile(fresh, text, { createNew: true, mode: 0o600 });
    {
      using file = await Deno.open(fresh);
      await file.sync();
    }
    await keepOwner(path, fresh);
    await Deno.rename(fresh, path);
  } catch (error) {
    await Deno.remove(fresh).catch(() => {});
    throw error;
  }
}

/** With sudo the new file would be root's, and the agent could not read it. */
async function keepOwner(path: string, fresh: string): Promise<void> {
  const old = await Deno.stat(path).catch(() => Deno.stat(dirname(path)));
  if (old.uid === null || old.gid === null || old.uid === Deno.uid()) return;
  if (Deno.uid() === 0) await Deno.chown(fresh, old.uid, old.gid);
}
