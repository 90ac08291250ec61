/**
 * What really answers at an address: asked by reading requests only, in the order of how sure the answer is.
 */
import { type Clock, deadline } from "../clock.ts";
import type { DriverIo } from "./driver.ts";

/** A printer, or its host, that answered as what it is. */
export interface FoundPrinter {
  /** The driver's id. */
  readonly driver: string;
  /** As the settings want it. */
  readonly address: string;
  /** In its own words: `OctoPrint 1.11.3`. */
  readonly says: string;
  /** What it wants before it tells more. */
  readonly needs?: "apiKey" | "password";
}

export interface ProbeIo extends Pick<DriverIo, "fetch" | "openLink" | "signal"> {
  readonly clock: Clock;
}

const probeMilliseconds = 2000;
const listenMilliseconds = 3000;
const maxAnswerBytes = 64 * 1024;
const maxNameCharacters = 60;
/** Where serial bridges listen: telnet, ser2net, ESPHome's stream_server, ESP3D. */
const bridgePorts = [23, 2323, 6638, 8888];

/**
 * Looks what is at an address as people type it: `octopi.local`, `192.168.1.7:5000`, `https://host/prefix`, `tcp://host:23`.
 * One printer per driver; empty when nothing known answers.
 * @throws TypeError when it is no address
 */
export async function probeAddress(typed: string, io: ProbeIo): Promise<FoundPrinter[]> {
  const url = URL.parse(typed.includes("://") ? typed : `http://${typed}`);
  if (!url?.hostname || !["http:", "https:", "tcp:"].includes(url.protocol)) {
    throw new TypeError(`Bad address "${typed}": write a name, an address, host:port or http://host/path`);
  }
  if (url.protocol === "tcp:") return present([await listenTo(`tcp://${url.host}`, io)]);
  const host = url.hostname;
  const base = `${url.protocol}//${url.host}${url.pathname.replace(/\/+$/, "")}`;
  const isExact = url.port !== "" || url.protocol === "https:" || url.pathname !== "/";
  const found = present(
    await Promise.all(
      isExact ? [askMoonraker(base, io), askVersion(base, io)] : [
        askMoonraker(`http://${host}:7125`, io),
        askMoonraker(base, io),
        askVersion(base, io),
        askVersion(`http://${host}:5000`, io),
      ],
    ),
  );
  if (found.length > 0 || typed.includes("://") || url.pathname !== "/") return onePerDriver(found);
  const ports = url.port === "" ? bridgePorts : [Number(url.port)];
  return onePerDriver(present(await Promise.all(ports.map((port) => listenTo(`tcp://${host}:${port}`, io)))));
}

function present(found: readonly (FoundPrinter | undefined)[]): FoundPrinter[] {
  return found.filter((one) => one !== undefined);
}

/** Moonraker answers on its own port and through the web server beside it; the first is the shorter way. */
function onePerDriver(found: readonly FoundPrinter[]): FoundPrinter[] {
  return found.filter((one, index) => found.findIndex(({ driver }) => driver === one.driver) === index);
}

async function askMoonraker(address: string, io: ProbeIo): Promise<FoundPrinter | undefined> {
  const answer = await ask(`${address}/server/info`, io);
  const printer = { driver: "moonraker", address };
  const version = field(field(answer?.json, "result"), "moonraker_version");
  if (answer?.status === 200 && version !== undefined) return { ...printer, says: `Moonraker ${name(version)}` };
  const code = field(field(answer?.json, "error"), "code");
  return answer?.status === 401 && code === 401 ? { ...printer, says: "Moonraker", needs: "apiKey" } : undefined;
}

/** OctoPrint, PrusaLink and Moonraker's OctoPrint layer all answer here. */
async function askVersion(address: string, io: ProbeIo): Promise<FoundPrinter | undefined> {
  const answer = await ask(`${address}/api/version`, io);
  if (!answer) return undefined;
  const text = field(answer.json, "text");
  if (answer.status === 200 && typeof text === "string") {
    const driver = /^OctoPrint \(Moonraker/i.test(text)
      ? "moonraker"
      : /^PrusaLink/i.test(text)
      ? "prusalink"
      : /^OctoPrint/i.test(text)
      ? "octoprint"
      : undefined;
    return driver && { driver, address, says: name(text) };
  }
  if (answer.status === 401 && /^digest/i.test(answer.challenge)) {
    return { driver: "prusalink", address, says: "PrusaLink", needs: "password" };
  }
  if (answer.status !== 401 && answer.status !== 403) return undefined;
  const keys = await ask(`${address}/plugin/appkeys/probe`, io);
  return keys?.status === 204 ? { driver: "octoprint", address, says: "OctoPrint", needs: "apiKey" } : undefined;
}

interface Answer {
  readonly status: number;
  readonly challenge: string;
  readonly json: unknown;
}

/** Undefined when nothing, or nothing in time, answers. */
async function ask(url: string, io: ProbeIo): Promise<Answer | undefined> {
  using limit = deadline(io.clock, probeMilliseconds, io.signal);
  try {
    const response = await io.fetch(url, {
      signal: limit,
      redirect: "manual",
      headers: { accept: "application/json" },
    });
    const challenge = response.headers.get("www-authenticate") ?? "";
    return { status: response.status, challenge, json: parsed(await beginning(response)) };
  } catch {
    io.signal.throwIfAborted();
    return undefined;
  }
}

/** No more than an answer of a printer can be. */
async function beginning(response: Response): Promise<string> {
  let text = "";
  const decoder = new TextDecoder();
  for await (const bytes of response.body ?? []) {
    text += decoder.decode(bytes, { stream: true });
    if (text.length > maxAnswerBytes) break;
  }
  return text;
}

/** Hears a serial bridge without a word of our own: a printer that is warm reports its temperatures by itself. */
async function listenTo(address: string, { openLink, clock, signal }: ProbeIo): Promise<FoundPrinter | undefined> {
  using limit = deadline(clock, listenMilliseconds, signal);
  try {
    await using link = await openLink(address, { signal: limit });
    let text = "";
    const decoder = new TextDecoder();
    for await (const bytes of link.readable) {
      text = (text + decoder.decode(bytes, { stream: true })).slice(-maxAnswerBytes);
      if (text.split("\n").some((line) => printerLine.test(line))) {
        return { driver: "marlin", address, says: "a printer's serial port" };
      }
    }
  } catch {
    signal.throwIfAborted();
  }
  return undefined;
}

/** What firmwares say by themselves, while they print, and while they wait. */
const printerLine =
  /^\s*(ok( T:|\r?$)|T:\s*-?\d+(\.\d+)? *\/|echo: ?(busy|unknown)|SD printing byte \d|Not SD printing|wait\r?$|\/\/ ?action:)/i;

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function field(of: unknown, key: string): unknown {
  return typeof of === "object" && of !== null ? Object.entries(of).find(([name]) => name === key)?.[1] : undefined;
}

/** Anybody may answer anything: one short line of it is shown. */
function name(text: unknown): string {
  // deno-lint-ignore no-control-regex -- what a host says about itself is one line without control characters
  return String(text).replace(/[\u0000-\u001f\u007f-\u009f]+/g, " ").slice(0, maxNameCharacters).trim();
}
