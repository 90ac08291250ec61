/**
 * Who announces itself in the local network: multicast DNS (RFC 6762) service discovery (RFC 6763), asking only.
 */
import { Buffer } from "node:buffer";
import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
// @ts-types="./dns_packet.d.ts"
import { type Answer, decode, encode, type Question } from "dns-packet";
import type { Clock } from "../src/clock.ts";

/** One service as its host announces it. Anybody in the network may say anything here: ask the host itself before believing. */
export interface AnnouncedService {
  /** `_octoprint._tcp.local` */
  readonly type: string;
  /** Its name among those of its type: `OctoPrint instance "octopi"`. */
  readonly name: string;
  /** `octopi.local` */
  readonly hostname: string;
  readonly port: number;
  /** IPv4; where the announcement holds none, that of the sender. */
  readonly addresses: readonly string[];
  readonly txt: Readonly<Record<string, string>>;
}

export interface BrowseOptions {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** How long to listen, in seconds. */
  readonly seconds: number;
  /** Only this network interface: `eth0`. */
  readonly interfaceName?: string;
}

const group = "224.0.0.251";
const port = 5353;
/** Asked again, because packets get lost; in milliseconds from the start. */
const askAtMilliseconds = [0, 1000, 2500];
const maxPackets = 5000;
const maxServices = 200;
const maxAddresses = 8;
const maxTextCharacters = 255;

/**
 * Asks on all interfaces, or the named one, who offers these services, and merges the answers.
 * @param types `_octoprint._tcp.local` …
 * @throws Error when no interface can be used
 */
export async function browseServices(types: readonly string[], options: BrowseOptions): Promise<AnnouncedService[]> {
  const { clock, signal, seconds } = options;
  const answers = new Answers(types);
  let packets = 0;
  const hear = (bytes: Uint8Array, sender: RemoteInfo) => {
    if (++packets <= maxPackets) answers.add(bytes, sender.address);
  };
  const addresses = interfaceAddresses(options.interfaceName);
  await using sockets = await openSockets(addresses, hear);
  let passed = 0;
  for (const at of [...askAtMilliseconds.filter((at) => at < seconds * 1000), seconds * 1000]) {
    await clock.sleep(at - passed, signal);
    passed = at;
    if (signal.aborted) break;
    if (at < seconds * 1000) sockets.ask(answers.questions());
  }
  signal.throwIfAborted();
  return answers.services();
}

function interfaceAddresses(name: string | undefined): string[] {
  const all = Deno.networkInterfaces().filter(({ family }) => family === "IPv4");
  const wanted = all.filter((one) => name === undefined ? !one.address.startsWith("127.") : one.name === name);
  if (wanted.length > 0) return wanted.map(({ address }) => address);
  const names = [...new Set(all.map((one) => one.name))].join(", ");
  throw new Error(
    name === undefined
      ? "Cannot look for printers: this board has no network"
      : `Cannot look for printers on "${name}": it is not there or has no address. There are ${names}`,
  );
}

interface Sockets extends AsyncDisposable {
  ask(questions: readonly Question[]): void;
}

/**
 * One socket per interface asks and hears the answers meant for us alone; where port 5353 can be shared, one more hears
 * what hosts say to everybody (old ESP8266 firmware answers no other way).
 */
async function openSockets(
  addresses: readonly string[],
  hear: (bytes: Uint8Array, sender: RemoteInfo) => void,
): Promise<Sockets> {
  const asking: Socket[] = [];
  for (const address of addresses) {
    const socket = await openSocket({ address, port: 0 }, hear);
    if (!socket) continue;
    socket.setMulticastInterface(address);
    socket.setMulticastTTL(255);
    asking.push(socket);
  }
  const common = await openSocket({ address: "0.0.0.0", port }, hear);
  for (const address of common ? addresses : []) {
    try {
      common?.addMembership(group, address);
    } catch { /* an interface without multicast: it is asked all the same */ }
  }
  return {
    ask(questions) {
      const packet = encode({ type: "query", id: 0, questions: [...questions] });
      for (const socket of asking) socket.send(packet, port, group, () => {}); // no route: the next asking may have one
    },
    async [Symbol.asyncDispose]() {
      const open = [...asking, ...(common ? [common] : [])];
      await Promise.all(open.map((socket) => new Promise<void>((resolve) => socket.close(() => resolve()))));
    },
  };
}

/** Undefined where it cannot be opened: another program may hold the port for itself. */
function openSocket(
  { address, port }: { address: string; port: number },
  hear: (bytes: Uint8Array, sender: RemoteInfo) => void,
): Promise<Socket | undefined> {
  const socket = createSocket({ type: "udp4", reuseAddr: true });
  return new Promise((resolve) => {
    socket.on("error", () => resolve(undefined));
    socket.on("message", hear);
    socket.bind(port, address, () => resolve(socket));
  });
}

interface Named {
  readonly type: string;
  readonly name: string;
  hostname?: string;
  port?: number;
  sender: string;
  txt: Record<string, string>;
}

/** What was heard so far. Names are compared as DNS does: without regard to case. */
class Answers {
  readonly #types: ReadonlyMap<string, string>;
  readonly #named = new Map<string, Named>();
  readonly #hosts = new Map<string, Set<string>>();

  constructor(types: readonly string[]) {
    this.#types = new Map(types.map((type) => [type.toLowerCase(), type]));
  }

  /** Total: garbage is no answer. */
  add(bytes: Uint8Array, sender: string): void {
    try {
      const packet = decode(Buffer.from(bytes));
      if (packet.type !== "response") return;
      const records = [...packet.answers ?? [], ...packet.additionals ?? []];
      for (const record of records) if (record.type === "PTR") this.#addName(record.name, record.data, sender);
      for (const record of records) this.#addRecord(record, sender);
    } catch { /* garbage */ }
  }

  #addName(pointer: string, target: string, sender: string): void {
    const type = this.#types.get(pointer.toLowerCase());
    const key = target.toLowerCase();
    if (type === undefined || this.#named.has(key) || this.#named.size >= maxServices) return;
    if (!key.endsWith(`.${type.toLowerCase()}`)) return;
    const name = target.slice(0, -type.length - 1).slice(0, maxTextCharacters);
    this.#named.set(key, { type, name, sender, txt: {} });
  }

  #addRecord(record: Answer, sender: string): void {
    const key = "name" in record ? record.name.toLowerCase() : "";
    const named = this.#named.get(key);
    if (record.type === "SRV" && named) {
      Object.assign(named, { hostname: record.data.target, port: record.data.port, sender });
    } else if (record.type === "TXT" && named) {
      named.txt = textFields(record.data);
    } else if (record.type === "A") {
      const addresses = this.#hosts.get(key) ?? new Set();
      if (addresses.size < maxAddresses && this.#hosts.size < maxServices) addresses.add(record.data);
      this.#hosts.set(key, addresses);
    }
  }

  /** All types, and what is missing of the services heard of. */
  questions(): Question[] {
    const isKnown = (name: string | undefined) => name !== undefined && this.#hosts.has(name.toLowerCase());
    const missing = [...this.#named].flatMap(([key, { hostname }]): Question[] => {
      if (hostname === undefined) return [question("SRV", key), question("TXT", key)];
      return isKnown(hostname) ? [] : [question("A", hostname)];
    });
    return [...[...this.#types.values()].map((type) => question("PTR", type)), ...missing.slice(0, maxQuestions)];
  }

  services(): AnnouncedService[] {
    return [...this.#named.values()].flatMap(({ type, name, hostname, port, sender, txt }) => {
      if (hostname === undefined || port === undefined) return [];
      const addresses = [...this.#hosts.get(hostname.toLowerCase()) ?? [sender]];
      return [{ type, name, hostname, port, addresses, txt }];
    });
  }
}

/** More do not fit one packet. */
const maxQuestions = 20;

function question(type: "PTR" | "SRV" | "TXT" | "A", name: string): Question {
  return { type, name, class: "IN" };
}

function textFields(data: unknown): Record<string, string> {
  const texts = Array.isArray(data) ? data.slice(0, 50) : [];
  return Object.fromEntries(texts.map((bytes) => {
    const [key = "", ...value] = String(bytes).slice(0, maxTextCharacters).split("=");
    return [key.toLowerCase(), value.join("=")];
  }));
}
