/**
 * Certificates for tests, as wrong as a test needs them: made on the spot, of any name and any dates.
 * X.509 v3 in DER (RFC 5280), EC P-256 keys, signed with ECDSA and SHA-256.
 */
import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from "node:crypto";
import { Buffer } from "node:buffer";

export interface Certificate {
  readonly certificate: string;
  readonly key: string;
  /** As `openssl x509 -fingerprint -sha256` shows it. */
  readonly fingerprint256: string;
}

export interface CertificateOptions {
  readonly name: string;
  /** DNS names and IPv4 addresses it is valid for. */
  readonly hosts?: readonly string[];
  readonly validFrom?: Temporal.Instant;
  readonly validUntil?: Temporal.Instant;
}

/** A certificate that vouches only for itself. */
export function selfSigned(options: CertificateOptions): Certificate {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  return issue(options, { publicKey, privateKey, issuerName: options.name, signer: privateKey, isAuthority: false });
}

/** An authority of the test's own, with the certificates it signs. */
export function createAuthority(name = "Test CA"): Certificate & { issue(options: CertificateOptions): Certificate } {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const own = issue({ name }, { publicKey, privateKey, issuerName: name, signer: privateKey, isAuthority: true });
  return {
    ...own,
    issue: (options) => {
      const pair = generateKeyPairSync("ec", { namedCurve: "P-256" });
      return issue(options, { ...pair, issuerName: name, signer: privateKey, isAuthority: false });
    },
  };
}

interface Signing {
  publicKey: KeyObject;
  privateKey: KeyObject;
  issuerName: string;
  signer: KeyObject;
  isAuthority: boolean;
}

function issue(options: CertificateOptions, signing: Signing): Certificate {
  const now = Temporal.Now.instant();
  const from = options.validFrom ?? now.subtract({ hours: 24 });
  const until = options.validUntil ?? now.add({ hours: 24 * 30 });
  const ecdsaWithSha256 = sequence(objectId(0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02));
  const extensions = [basicConstraints(signing.isAuthority)];
  if (options.hosts) extensions.push(alternativeNames(options.hosts));
  const body = sequence(
    der(0xa0, integer(Buffer.from([2]))), // v3
    integer(Buffer.concat([Buffer.from([0x01]), randomBytes(8)])),
    ecdsaWithSha256,
    commonName(signing.issuerName),
    sequence(time(from), time(until)),
    commonName(options.name),
    signing.publicKey.export({ type: "spki", format: "der" }),
    der(0xa3, sequence(...extensions)),
  );
  const signature = sign("sha256", body, signing.signer);
  const bytes = sequence(body, ecdsaWithSha256, der(0x03, Buffer.concat([Buffer.from([0]), signature])));
  const base64 = bytes.toString("base64").replace(/(.{64})(?=.)/g, "$1\n");
  return {
    certificate: `-----BEGIN CERTIFICATE-----\n${base64}\n-----END CERTIFICATE-----\n`,
    key: signing.privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    fingerprint256: createHash("sha256").update(bytes).digest("hex").toUpperCase().replace(/(..)(?=.)/g, "$1:"),
  };
}

function basicConstraints(isAuthority: boolean): Buffer {
  const value = isAuthority ? sequence(der(0x01, Buffer.from([0xff]))) : sequence();
  return sequence(objectId(0x55, 0x1d, 0x13), der(0x01, Buffer.from([0xff])), der(0x04, value));
}

function alternativeNames(hosts: readonly string[]): Buffer {
  const names = hosts.map((host) =>
    /^[\d.]+$/.test(host) ? der(0x87, Buffer.from(host.split(".").map(Number))) : der(0x82, Buffer.from(host, "ascii"))
  );
  return sequence(objectId(0x55, 0x1d, 0x11), der(0x04, sequence(...names)));
}

function commonName(name: string): Buffer {
  return sequence(der(0x31, sequence(objectId(0x55, 0x04, 0x03), der(0x0c, Buffer.from(name, "utf8")))));
}

/** UTCTime before 2050, GeneralizedTime from then on. */
function time(instant: Temporal.Instant): Buffer {
  const digits = instant.round("second").toString().replace(/[-:T]/g, "");
  const year = Number(digits.slice(0, 4));
  return year < 2050 ? der(0x17, Buffer.from(digits.slice(2), "ascii")) : der(0x18, Buffer.from(digits, "ascii"));
}

function sequence(...parts: Buffer[]): Buffer {
  return der(0x30, Buffer.concat(parts));
}

function objectId(...bytes: number[]): Buffer {
  return der(0x06, Buffer.from(bytes));
}

function integer(bytes: Buffer): Buffer {
  return der(0x02, bytes);
}

function der(tag: number, content: Buffer): Buffer {
  const { length } = content;
  const header = length < 0x80
    ? [tag, length]
    : length < 0x100
    ? [tag, 0x81, length]
    : [tag, 0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from(header), content]);
}
