/**
 * Is this the server the owner meant? The runtime refuses a certificate it cannot verify; a pinned one is compared
 * here, before anything that matters is said; and a refusal becomes a sentence.
 */
import {
  checkServerIdentity,
  type ConnectionOptions,
  type PeerCertificate,
  rootCertificates,
  type TLSSocket,
} from "node:tls";
import type { Clock } from "../../clock.ts";
import { SmtpTrouble } from "./trouble.ts";

export interface TlsPolicy {
  /** The name the certificate must be for. */
  readonly host: string;
  /** PEM; replaces the well-known authorities. */
  readonly ca?: string;
  /** `AA:BB:…`, SHA-256: this certificate and no other, whoever signed it. */
  readonly fingerprint256?: string;
  /** Only to see the certificate that was refused; no mail and no login goes over such a connection. */
  readonly onlyLooks?: true;
}

/** For `tls.connect`; only together with {@link verifyPeer}. */
export function tlsOptions({ host, ca, fingerprint256, onlyLooks }: TlsPolicy): ConnectionOptions {
  const isUnverified = onlyLooks || fingerprint256 !== undefined;
  return {
    rejectUnauthorized: !isUnverified,
    minVersion: "TLSv1.2",
    ...(isAddress(host) ? {} : { servername: host }),
    ...(ca === undefined ? {} : { ca }),
    // Deno 2.9.5 resumes sessions across connections without `ca`, and calls a resumed one authorized even if it was
    // never verified (tests/channels/smtp_scenarios_test.ts): an unverified one must leave nothing to resume
    ...(isUnverified && ca === undefined ? { ca: [...rootCertificates] } : {}),
  };
}

/** With whom the connection is, for people. @throws SmtpTrouble unless the certificate is the right one */
export function verifyPeer(socket: TLSSocket, policy: TlsPolicy, clock: Clock): string {
  const certificate = socket.getPeerCertificate();
  if (policy.onlyLooks) return "";
  if (policy.fingerprint256 !== undefined) {
    if (certificate.fingerprint256 === policy.fingerprint256) return describe(socket, certificate, "pinned");
    throw certificateTrouble(
      `its certificate has the fingerprint ${certificate.fingerprint256}, not the pinned one: ` +
        `if you changed the server's certificate, put this one under fingerprint256; if not, somebody may be listening in`,
    );
  }
  if (socket.authorized === true && certificate.subject && !checkServerIdentity(policy.host, certificate)) {
    return describe(socket, certificate, issuer(certificate));
  }
  throw certificateTrouble(whyNot(certificate, policy, clock));
}

/** Whether `tls.connect` failed because of the certificate, by its code (those of OpenSSL, as Node names them). */
export function isCertificateCode(code: string | undefined): boolean {
  return code !== undefined &&
    /^(ERR_TLS_CERT|CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|ERROR_IN_CERT|CRL_|INVALID_CA|PATH_LENGTH|HOSTNAME_MISMATCH)/
      .test(code);
}

/**
 * Why a certificate was refused and what to do. Deno 2.9.5 says "unable to verify the first certificate" of an expired
 * one too, so this looks for itself; undefined: it could not be seen.
 */
export function whyNot(certificate: PeerCertificate | undefined, policy: TlsPolicy, clock: Clock): string {
  const now = clock.now().wall.epochMilliseconds;
  if (!clock.isSet()) {
    return "its certificate cannot be judged before this board knows the time: " +
      "connect it to the network's time (NTP) or set the clock; it is tried again soon";
  }
  if (!certificate?.subject) return "its certificate is not valid: check host, and this board's clock";
  const [from, until] = [Date.parse(certificate.valid_from), Date.parse(certificate.valid_to)];
  if (now < from) {
    return `its certificate is valid only from ${day(from)}, and this board says it is ${day(now)}: check the clock`;
  }
  if (now > until) {
    return `its certificate ended on ${day(until)}: check this board's clock (it says ${day(now)}); ` +
      "if that is right, the server needs a new certificate";
  }
  if (checkServerIdentity(policy.host, certificate)) {
    return `its certificate is for ${names(certificate)}, not for "${policy.host}": put the name it is for under host`;
  }
  return `nobody this board trusts vouches for its certificate (by ${
    issuer(certificate)
  }): if it is your own server, ` +
    `put its CA under caFile, or fingerprint256: "${certificate.fingerprint256}"`;
}

export function certificateTrouble(sentence: string): SmtpTrouble {
  return new SmtpTrouble("tls", { fault: { kind: "certificate", sentence } });
}

function describe(socket: TLSSocket, certificate: PeerCertificate, by: string): string {
  const until = Date.parse(certificate.valid_to);
  return `${socket.getProtocol() ?? "TLS"} with ${names(certificate)} (${by}) until ${day(until)}`;
}

function names({ subject, subjectaltname }: PeerCertificate): string {
  const alternatives = (subjectaltname ?? "").split(", ").map((name) => name.replace(/^(DNS|IP Address):/, ""));
  const name = alternatives.filter(Boolean).slice(0, 3).join(", ") || one(subject?.CN) || "nobody";
  return `"${name.replace(/[^\x20-\x7e]/g, "?").slice(0, 120)}"`;
}

function issuer({ issuer }: PeerCertificate): string {
  return (one(issuer?.O) || one(issuer?.CN) || "an unnamed authority").replace(/[^\x20-\x7e]/g, "?").slice(0, 80);
}

function one(value: string | string[] | undefined): string {
  return (Array.isArray(value) ? value[0] : value) ?? "";
}

function day(epochMilliseconds: number): string {
  return Number.isFinite(epochMilliseconds)
    ? Temporal.Instant.fromEpochMilliseconds(epochMilliseconds).toString().slice(0, 10)
    : "an unknown day";
}

function isAddress(host: string): boolean {
  return /^[\d.]+$/.test(host) || host.includes(":");
}
