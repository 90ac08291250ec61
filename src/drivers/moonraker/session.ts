/**
 * One conversation over Moonraker's WebSocket (JSON-RPC 2.0): who we are, whether Klipper is there, then its objects.
 * Pure: messages and time go in, questions and reports come out. A subscription dies with Klipper and is made anew.
 * https://moonraker.readthedocs.io/en/latest/external_api/jsonrpc_notifications/
 */
import type { z } from "zod";
import { LinkLostError } from "../../../bridge/link.ts";
import type { Report } from "../../domain/printer_state.ts";
import { Facts } from "./facts.ts";
import {
  errorShape,
  fileChangeShape,
  historyChangeShape,
  historyShape,
  infoShape,
  type Message,
  metadataShape,
  objectsShape,
  printerInfoShape,
  snapshotShape,
} from "./shapes.ts";
import { parseStatus, wantedObjects } from "./status.ts";

/** An answer that is not there by then will not come. A Pi at its limit takes seconds. */
const maxAnswerSeconds = 15;
/** Moonraker says something every second by itself; after this it is asked whether it is still there. */
const silenceSeconds = 15;
/** Klipper is not ready: asked again so often, as some of its states are never announced. */
const waitSeconds = 2;
/** Klipper starts with its host and takes this long; until then a printer never seen is not yet missing. */
const startSeconds = 30;

/** To who has no key: Moonraker 0.11 calls it wrong parameters, as it does a wrong key; older ones used HTTP's numbers. */
const refusals = [401, 403, -32602];

/** All that is ever asked; none of it changes anything. */
type Question =
  | "server.connection.identify"
  | "server.info"
  | "server.history.list"
  | "server.files.metadata"
  | "printer.info"
  | "printer.objects.list"
  | "printer.objects.subscribe";

/** Uploads of these are print files. */
const printFile = /\.(gcode|gco|g|ufp|nc|bgcode)$/i;

export interface SessionOptions {
  /** For messages. */
  readonly label: string;
  /** What `identify` takes along: an API key or a token. */
  readonly login: Readonly<Record<string, string>>;
  readonly seconds: number;
}

export class Session {
  /** Questions to be sent. */
  readonly #outgoing: string[] = [];
  readonly #asked = new Map<number, { readonly question: Question; readonly atSeconds: number }>();
  readonly #facts = new Facts();
  readonly #label: string;
  readonly #beganAt: number;
  #reports: Report[] = [];
  #nextId = 1;
  #now: number;
  #heardAt: number;
  /** Klipper's objects come in. */
  #isSubscribed = false;
  #hasBeenSubscribed = false;
  #askedKlipperAt = -Infinity;
  #hasSaidLost = false;
  /** The file whose metadata was asked for. */
  #metadataOf: string | undefined;

  constructor({ label, login, seconds }: SessionOptions) {
    this.#label = label;
    this.#now = this.#heardAt = this.#beganAt = seconds;
    const us = { client_name: "Filagram", version: "1", type: "other", url: "https://filagram.invalid" };
    this.#ask("server.connection.identify", { ...us, ...login });
  }

  /** Questions since the last call. */
  takeQuestions(): string[] {
    return this.#outgoing.splice(0);
  }

  /** A message came. @throws LinkLostError where Moonraker refuses us */
  hear(body: string, seconds: number): void {
    this.#now = this.#heardAt = seconds;
    const message = parsed(body);
    if (message) this.#take(message);
  }

  /** Time has passed: what is to be reported now. @throws LinkLostError where Moonraker has stopped answering */
  pass(seconds: number): Report[] {
    this.#now = seconds;
    for (const [id, { question, atSeconds }] of this.#asked) {
      if (seconds - atSeconds < maxAnswerSeconds) continue;
      this.#asked.delete(id);
      if (question === "server.connection.identify" || question === "server.info") throw this.#lost();
      this.#answer(question, undefined, {});
    }
    if (seconds - this.#heardAt >= silenceSeconds && !this.#isAsked("server.info")) this.#ask("server.info");
    if (!this.#isSubscribed) this.#waitForKlipper();
    return this.#takeReports();
  }

  #takeReports(): Report[] {
    const reports = this.#reports.splice(0);
    if (!this.#isSubscribed) return reports;
    reports.push(...this.#facts.reports(this.#now));
    const { filename } = this.#facts;
    if (filename !== this.#metadataOf) {
      this.#metadataOf = filename;
      if (filename !== undefined) this.#ask("server.files.metadata", { filename });
    }
    return reports;
  }

  // -- questions and answers -----------------------------------------------------------------------------------------

  #ask(method: Question, params: Record<string, unknown> = {}): void {
    const id = this.#nextId++;
    this.#asked.set(id, { question: method, atSeconds: this.#now });
    this.#outgoing.push(JSON.stringify({ jsonrpc: "2.0", method, params, id }));
  }

  #isAsked(...questions: Question[]): boolean {
    return [...this.#asked.values()].some(({ question }) => questions.includes(question));
  }

  #take({ id, method, params, result, error }: Message): void {
    if (typeof method === "string") return this.#hearNews(method, Array.isArray(params) ? params : []);
    const asked = typeof id === "number" ? this.#asked.get(id) : undefined;
    if (!asked) return;
    this.#asked.delete(id as number);
    this.#answer(asked.question, result, (error ?? undefined) && (read(errorShape, error) ?? {}));
  }

  #answer(question: Question, result: unknown, error?: { readonly code?: number | undefined }): void {
    const isDoor = question === "server.connection.identify" || question === "server.info";
    if (isDoor && error && refusals.includes(error.code ?? 0)) throw this.#refused();
    const isFine = error === undefined;
    switch (question) {
      case "server.connection.identify": // an old one does not know it and answers the rest nevertheless
        return this.#ask("server.info");
      case "server.info":
        return this.#hearKlipperState(read(infoShape, result)?.klippy_state);
      case "printer.info": {
        const info = read(printerInfoShape, result);
        return info && this.#facts.update(parseStatus({ webhooks: info }), this.#now);
      }
      case "printer.objects.list":
        return isFine ? this.#subscribe(read(objectsShape, result)?.objects ?? []) : this.#lostKlipper();
      case "printer.objects.subscribe":
        return isFine ? this.#begin(parseStatus(read(snapshotShape, result)?.status)) : this.#lostKlipper();
      case "server.history.list":
        return this.#facts.learnHistory(read(historyShape, result)?.jobs ?? []);
      case "server.files.metadata":
        return this.#facts.learnMetadata(isFine ? read(metadataShape, result) : undefined);
    }
  }

  // -- Klipper, which comes and goes ---------------------------------------------------------------------------------

  #hearKlipperState(state: string | undefined): void {
    if (state === undefined || state === "disconnected" || state === "startup") return this.#lostKlipper(state);
    if (!this.#isSubscribed && !this.#isAsked("printer.objects.list", "printer.objects.subscribe")) {
      return this.#ask("printer.objects.list"); // also where it is down: its objects say why
    }
    if (state === "shutdown" || state === "error") this.#ask("printer.info");
  }

  #subscribe(names: readonly string[]): void {
    this.#ask("printer.objects.subscribe", { objects: wantedObjects(names) });
  }

  #begin(status: ReturnType<typeof parseStatus>): void {
    if (!this.#hasBeenSubscribed) this.#ask("server.history.list", { limit: 10, order: "desc" });
    this.#isSubscribed = this.#hasBeenSubscribed = true;
    this.#hasSaidLost = false;
    this.#facts.snapshot(status, this.#now);
  }

  #waitForKlipper(): void {
    const isUnderWay = this.#isAsked(
      "server.connection.identify",
      "server.info",
      "printer.objects.list",
      "printer.objects.subscribe",
    );
    if (isUnderWay || this.#now - this.#askedKlipperAt < waitSeconds) return;
    this.#askedKlipperAt = this.#now;
    this.#ask("server.info");
  }

  #lostKlipper(state = "disconnected"): void {
    this.#askedKlipperAt = this.#now;
    if (this.#isSubscribed) this.#facts.lostKlipper();
    this.#isSubscribed = false;
    const isStarting = !this.#hasBeenSubscribed && this.#now - this.#beganAt < startSeconds;
    if (this.#hasSaidLost || isStarting) return;
    this.#hasSaidLost = true;
    const reason = state === "startup" ? "Klipper is starting" : "Moonraker has no connection to Klipper";
    this.#reports.push({ link: { kind: "lost", reason } });
  }

  // -- news ----------------------------------------------------------------------------------------------------------

  #hearNews(method: string, [first]: readonly unknown[]): void {
    switch (method) {
      case "notify_status_update":
        if (this.#isSubscribed) this.#facts.update(parseStatus(first), this.#now);
        return;
      case "notify_gcode_response":
        if (this.#isSubscribed && typeof first === "string") this.#facts.console(first, this.#now);
        return;
      case "notify_history_changed": {
        const change = read(historyChangeShape, first);
        return change && this.#facts.historyChanged(change.action, change.job);
      }
      case "notify_filelist_changed":
        return this.#hearFileChange(first);
      case "notify_klippy_ready":
        if (this.#isSubscribed) this.#facts.lostKlipper(); // it was away, and nobody has said so
        return this.#ask("printer.objects.list");
      case "notify_klippy_disconnected":
        return this.#lostKlipper();
      case "notify_klippy_shutdown":
        return this.#ask("printer.info");
    }
  }

  /** Uploaded over an old one it is created again; thumbnails and hidden folders are none of the owner's files. */
  #hearFileChange(said: unknown): void {
    const change = read(fileChangeShape, said);
    if (change?.action !== "create_file" || change.item.root !== "gcodes") return;
    const { path } = change.item;
    const isHidden = path.split("/").some((part) => part.startsWith("."));
    if (!isHidden && printFile.test(path)) this.#facts.uploaded(path);
  }

  #lost(): LinkLostError {
    return new LinkLostError(`${this.#label} has stopped answering`, { problem: "no answer" });
  }

  #refused(): LinkLostError {
    const text = `${this.#label} refuses the login: set apiKey (http://HOST:7125/access/api_key shows it on the host ` +
      "itself), or user and password, or list this machine under trusted_clients in moonraker.conf";
    return new LinkLostError(text, { problem: "no permission" });
  }
}

function parsed(body: string): Message | undefined {
  if (body.includes('"notify_proc_stat_update"')) return undefined; // every second, and no news
  try {
    const message = JSON.parse(body);
    return typeof message === "object" && message !== null ? message : undefined;
  } catch {
    return undefined;
  }
}

function read<T>(shape: z.ZodType<T>, said: unknown): T | undefined {
  return shape.safeParse(said).data;
}
