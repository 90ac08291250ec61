/**
 * The way to a mail server, step by step: name, connection, encryption, login. Each step that worked can be shown; the
 * one that did not says why.
 */
import { lookup } from "node:dns/promises";
import { connect as connectTcp, type Socket } from "node:net";
import { connect as connectTls, type PeerCertificate, type TLSSocket } from "node:tls";
import { deadline } from "../../clock.ts";
import type { CheckStep } from "../channel.ts";
import { ended, event } from "./events.ts";
import { type OpenOptions, type SmtpServer, SmtpSession } from "./session.ts";
import { certificateTrouble, isCertificateCode, tlsOptions, whyNot } from "./tls.ts";
import { type Fault, SmtpTrouble } from "./trouble.ts";

/** Opens a session step by step; each step that worked is yielded. @throws SmtpTrouble at the one that did not */
export async function* openSession(server: SmtpServer, options: OpenOptions): AsyncGenerator<CheckStep, SmtpSession> {
  const addresses = await resolveName(server.host, options);
  yield { name: "name", isOk: true, detail: `${server.host} is ${addresses.join(", ")}` };
  let socket = await connect(server, addresses, options);
  let session: SmtpSession | undefined;
  let isOpen = false;
  try {
    yield { name: "connected", isOk: true, detail: `port ${server.port} of ${socket.remoteAddress ?? server.host}` };
    socket = await secureFirst(socket, server, options);
    session = new SmtpSession(server, socket, options);
    yield await explained(session.greet(options), server, options);
    if (server.login) yield await session.login(server.login, options.signal);
    yield { name: "offers", isOk: true, detail: session.offersText() };
    isOpen = true;
    return session;
  } finally { // also where whoever asked for the steps has seen enough
    if (!isOpen) {
      session?.close();
      socket.destroy();
    }
  }
}

async function resolveName(host: string, { clock, limits, signal }: OpenOptions): Promise<string[]> {
  using limit = deadline(clock, limits.nameMilliseconds, signal);
  try {
    const found = await ended(lookup(host, { all: true }), limit);
    // IPv4 first: where IPv6 is half set up it fails slowly, and a host without IPv4 has none to try
    return found.toSorted((a, b) => a.family - b.family).map(({ address }) => address).slice(0, maxAddresses);
  } catch (error) {
    throw new SmtpTrouble("name", { fault: networkFault(error, signal, limit) }, { cause: error });
  }
}

const maxAddresses = 6;

async function connect(server: SmtpServer, addresses: readonly string[], options: OpenOptions): Promise<Socket> {
  const { clock, limits, signal } = options;
  let trouble: SmtpTrouble | undefined;
  for (const address of addresses) {
    using limit = deadline(clock, limits.connectMilliseconds / addresses.length, signal);
    const socket = connectTcp({ host: address, port: server.port });
    socket.setNoDelay(true);
    try {
      await ended(event(socket, "connect"), limit);
    } catch (error) {
      socket.destroy();
      trouble = new SmtpTrouble("connect", { fault: networkFault(error, signal, limit) }, { cause: error });
      if (signal.aborted) break;
      continue;
    }
    return socket;
  }
  throw trouble ?? new SmtpTrouble("name", { fault: { kind: "network", code: "ENOTFOUND" } });
}

/** TLS before the first word, where the port wants it. */
async function secureFirst(socket: Socket, server: SmtpServer, options: OpenOptions): Promise<Socket> {
  return server.tls === "implicit" ? await explained(secure(socket, server, options), server, options) : socket;
}

async function secure(socket: Socket, server: SmtpServer, { clock, limits, signal }: OpenOptions): Promise<TLSSocket> {
  using limit = deadline(clock, limits.connectMilliseconds, signal);
  const encrypted = connectTls({ socket, ...tlsOptions(server) });
  try {
    await ended(event(encrypted, "secureConnect"), limit);
    return encrypted;
  } catch (error) {
    encrypted.destroy();
    socket.destroy();
    const fault = networkFault(error, signal, limit);
    const isOther = fault.kind === "network" && !isCertificateCode(fault.code);
    throw new SmtpTrouble("tls", { fault: isOther ? { kind: "noTls" } : fault }, { cause: error });
  }
}

/** A certificate that was refused is looked at once more, to say why. */
async function explained<Value>(step: Promise<Value>, server: SmtpServer, options: OpenOptions): Promise<Value> {
  try {
    return await step;
  } catch (error) {
    const fault = error instanceof SmtpTrouble ? error.fault : undefined;
    if (server.onlyLooks || fault?.kind !== "network" || !isCertificateCode(fault.code)) throw error;
    const certificate = await lookAtCertificate({ ...server, onlyLooks: true }, options).catch(() => undefined);
    throw certificateTrouble(whyNot(certificate, server, options.clock));
  }
}

async function lookAtCertificate(server: SmtpServer, options: OpenOptions): Promise<PeerCertificate | undefined> {
  const plain = await connect(server, await resolveName(server.host, options), options);
  let session: SmtpSession | undefined;
  try {
    session = new SmtpSession(server, await secureFirst(plain, server, options), options);
    await session.greet(options);
    return session.certificate;
  } finally {
    session?.close();
    plain.destroy();
  }
}

function networkFault(error: unknown, signal: AbortSignal, limit: AbortSignal): Fault {
  if (signal.aborted) return { kind: "aborted" };
  if (limit.aborted) return { kind: "timeout" };
  const code = error instanceof Error && "code" in error ? String(error.code) : undefined;
  return { kind: "network", ...(code ? { code } : {}) };
}
