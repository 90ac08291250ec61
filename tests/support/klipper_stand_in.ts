/**
 * Stands in for Klipper on its Unix socket, before a real Moonraker: JSON objects, each ended by byte 3, changed fields every
 * 250 ms. Prints by walking through the file. As the conversation in `facts/recordings/klippy-socket` has it.
 */
const endOfMessage = 3;
const pushMilliseconds = 250;

type Fields = Record<string, unknown>;
interface Request {
  readonly id?: number;
  readonly method: string;
  readonly params: Fields;
}
interface Subscription {
  readonly objects: Readonly<Record<string, readonly string[] | null>>;
  readonly template: Fields;
  /** What was said of each field, as JSON. */
  readonly told: Map<string, string>;
}
interface Client {
  readonly connection: Deno.UnixConn;
  readonly subscriptions: Subscription[];
  gcodeTemplate?: Fields;
}

const endpoints = [
  ...["list_endpoints", "info", "emergency_stop", "register_remote_method", "gcode/help", "gcode/script"],
  ...["gcode/restart", "gcode/firmware_restart", "gcode/subscribe_output", "objects/list", "objects/query"],
  ...["objects/subscribe", "query_endstops/status", "pause_resume/cancel", "pause_resume/pause", "pause_resume/resume"],
];

export interface KlipperOptions {
  readonly socketPath: string;
  /** Where Moonraker puts print files. */
  readonly gcodes: string;
  /** A print takes so long. */
  readonly printSeconds: number;
}

export class KlipperStandIn implements AsyncDisposable {
  readonly #options: KlipperOptions;
  readonly #clients = new Set<Client>();
  #listener: Deno.UnixListener | undefined;
  #accepting = Promise.resolve();
  #timer: ReturnType<typeof setInterval> | undefined;
  #objects = freshObjects();
  #file: Uint8Array = new Uint8Array();

  constructor(options: KlipperOptions) {
    this.#options = options;
    this.start();
  }

  /** Klipper begins, knowing nothing of a print. */
  start(): void {
    this.#objects = freshObjects();
    this.#listener = Deno.listen({ transport: "unix", path: this.#options.socketPath });
    this.#accepting = this.#accept(this.#listener).catch(() => {});
    this.#timer = setInterval(() => this.#push(), pushMilliseconds);
  }

  /** As by SIGKILL; it can start again when it is gone. */
  async kill(): Promise<void> {
    clearInterval(this.#timer);
    this.#listener?.close();
    this.#listener = undefined;
    for (const { connection } of this.#clients) connection.close();
    this.#clients.clear();
    await this.#accepting; // closing unlinks the socket, a moment later
    await Deno.remove(this.#options.socketPath).catch(() => {});
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }

  get state(): string {
    return String(this.#of("print_stats")["state"]);
  }

  /** 0 to 1, of the file. */
  get progress(): number {
    return Number(this.#of("virtual_sdcard")["progress"]);
  }

  /** The board is lost, a heater runs away, somebody presses the red button. */
  shutDown(reason: string): void {
    const state_message = `${reason}\nOnce the underlying issue is corrected, use the\n"FIRMWARE_RESTART" command to ` +
      "reset the firmware, reload the\nconfig, and restart the host software.\nPrinter is shutdown\n";
    this.say("// Klipper state: Shutdown");
    this.#set("webhooks", { state: "shutdown", state_message });
    if (this.state === "printing") this.#set("print_stats", { state: "paused" });
    this.#set("virtual_sdcard", { is_active: false });
  }

  /** The switch opens, and Klipper pauses by itself. */
  runOut(): void {
    this.#set("filament_switch_sensor runout", { filament_detected: false });
    this.#pause();
  }

  insertFilament(): void {
    this.#set("filament_switch_sensor runout", { filament_detected: true });
  }

  /** A macro of the print raises an error. */
  fail(message: string): void {
    this.say(`!! ${message}`);
    this.#set("print_stats", { state: "error", message });
    this.#set("virtual_sdcard", { is_active: false });
  }

  say(response: string): void {
    for (const client of this.#clients) {
      if (client.gcodeTemplate) this.#send(client, { ...client.gcodeTemplate, params: { response } });
    }
  }

  async #accept(listener: Deno.UnixListener): Promise<void> {
    for await (const connection of listener) {
      const client: Client = { connection, subscriptions: [] };
      this.#clients.add(client);
      this.#serve(client).catch(() => {}).finally(() => this.#clients.delete(client));
    }
  }

  async #serve(client: Client): Promise<void> {
    let unfinished = new Uint8Array();
    for await (const part of client.connection.readable) {
      unfinished = new Uint8Array([...unfinished, ...part]);
      for (let end = unfinished.indexOf(endOfMessage); end >= 0; end = unfinished.indexOf(endOfMessage)) {
        const request: Request = JSON.parse(new TextDecoder().decode(unfinished.subarray(0, end)));
        unfinished = unfinished.slice(end + 1);
        const answer = await this.#answer(client, request);
        if (request.id !== undefined) this.#send(client, { id: request.id, ...answer });
      }
    }
  }

  #send({ connection }: Client, message: Fields): void {
    const bytes = new TextEncoder().encode(`${JSON.stringify(message)}\u0003`);
    (async () => {
      for (let sent = 0; sent < bytes.length;) sent += await connection.write(bytes.subarray(sent));
    })().catch(() => {});
  }

  async #answer(client: Client, { method, params }: Request): Promise<Fields> {
    switch (method) {
      case "info":
        return { result: { ...this.#of("webhooks"), ...about, process_id: Deno.pid } };
      case "list_endpoints":
        return { result: { endpoints } };
      case "objects/list":
        return { result: { objects: Object.keys(this.#objects) } };
      case "objects/query":
        return {
          result: { eventtime: eventtime(), status: this.#query(params["objects"] as Subscription["objects"]) },
        };
      case "objects/subscribe":
        return { result: { eventtime: eventtime(), status: this.#subscribe(client, params) } };
      case "gcode/subscribe_output":
        client.gcodeTemplate = params["response_template"] as Fields;
        return { result: {} };
      case "gcode/help":
        return { result: {} };
      case "gcode/script":
        return await this.#run(String(params["script"]));
      case "pause_resume/pause":
        this.#pause();
        return { result: {} };
      case "pause_resume/resume":
        this.#set("print_stats", { state: "printing" });
        this.#set("virtual_sdcard", { is_active: true });
        return { result: {} };
      case "pause_resume/cancel":
        this.#set("print_stats", { state: "cancelled" });
        this.#set("virtual_sdcard", { is_active: false, progress: 0, file_position: 0, file_size: 0 });
        return { result: {} };
      case "emergency_stop":
        this.shutDown("Shutdown due to webhooks request");
        return { result: {} };
      case "gcode/restart":
      case "gcode/firmware_restart":
        this.#restart();
        return { result: {} };
      default:
        return { result: {} };
    }
  }

  async #run(script: string): Promise<Fields> {
    if (script === "FIRMWARE_RESTART" || script === "RESTART") this.#restart();
    const name = /^SDCARD_PRINT_FILE FILENAME="(.*)"$/.exec(script)?.[1];
    if (name === undefined) return { result: {} };
    try {
      this.#file = await Deno.readFile(`${this.#options.gcodes}/${name}`);
    } catch {
      this.say("!! Unable to open file");
      return { error: { error: "WebRequestError", message: "Unable to open file" } };
    }
    this.say(`File opened:${name} Size:${this.#file.length}`);
    this.say("File selected");
    this.#set("print_stats", { ...idleStats, filename: name, state: "printing" });
    this.#set("virtual_sdcard", { is_active: true, progress: 0, file_position: 0, file_size: this.#file.length });
    return { result: {} };
  }

  #pause(): void {
    if (this.state !== "printing") return this.say("// action:paused");
    this.#set("print_stats", { state: "paused" });
    this.#set("virtual_sdcard", { is_active: false });
  }

  #restart(): void {
    setTimeout(async () => {
      this.say("// Klipper state: Disconnect");
      await this.kill();
      this.start();
    }, 20); // after its answer
  }

  #query(wanted: Subscription["objects"]): Record<string, Fields> {
    const found: Record<string, Fields> = {};
    for (const [name, fields] of Object.entries(wanted)) {
      const all = this.#objects[name];
      if (all) {
        found[name] = Object.fromEntries(Object.entries(all).filter(([field]) => fields?.includes(field) ?? true));
      }
    }
    return found;
  }

  #subscribe(client: Client, params: Fields): Record<string, Fields> {
    const objects = params["objects"] as Subscription["objects"];
    const subscription: Subscription = { objects, template: params["response_template"] as Fields, told: new Map() };
    client.subscriptions.splice(0, client.subscriptions.length, subscription);
    return this.#changes(subscription);
  }

  /** Changed fields since the last look. */
  #changes({ objects, told }: Subscription): Record<string, Fields> {
    const changes: Record<string, Fields> = {};
    for (const [name, fields] of Object.entries(this.#query(objects))) {
      for (const [field, value] of Object.entries(fields)) {
        const text = JSON.stringify(value);
        if (told.get(`${name}.${field}`) === text) continue;
        told.set(`${name}.${field}`, text);
        changes[name] = { ...changes[name], [field]: value };
      }
    }
    return changes;
  }

  #push(): void {
    this.#print();
    for (const client of this.#clients) {
      for (const subscription of client.subscriptions) {
        const status = this.#changes(subscription);
        if (Object.keys(status).length === 0) continue;
        this.#send(client, { ...subscription.template, params: { eventtime: eventtime(), status } });
      }
    }
  }

  /** A quarter of a second of printing. */
  #print(): void {
    const { total_duration, print_duration } = this.#of("print_stats") as { [name: string]: number };
    if (!["printing", "paused"].includes(this.state) || this.#of("webhooks")["state"] !== "ready") return;
    this.#set("print_stats", { total_duration: (total_duration ?? 0) + 0.25 });
    if (this.state !== "printing") return;
    const size = this.#file.length;
    const step = size * pushMilliseconds / 1000 / this.#options.printSeconds;
    const file_position = Math.min(size, Math.ceil(Number(this.#of("virtual_sdcard")["file_position"]) + step));
    this.#set("virtual_sdcard", { file_position, progress: file_position / size });
    const filament_used = 20 * file_position / size;
    this.#set("print_stats", { print_duration: (print_duration ?? 0) + 0.25, filament_used });
    if (file_position < size) return;
    this.say("Done printing file");
    this.#set("print_stats", { state: "complete" });
    this.#set("virtual_sdcard", { is_active: false });
  }

  #of(name: string): Fields {
    return this.#objects[name] ?? {};
  }

  #set(name: string, fields: Fields): void {
    this.#objects[name] = { ...this.#objects[name], ...fields };
  }
}

const about = {
  hostname: "stand-in",
  klipper_path: "/nowhere/klipper",
  python_path: "/nowhere/python",
  log_file: "/nowhere/klippy.log",
  config_file: "/nowhere/printer.cfg",
  software_version: "v0.13.0-stand-in",
  cpu_info: "none",
};

const idleStats = {
  filename: "",
  total_duration: 0,
  print_duration: 0,
  filament_used: 0,
  state: "standby",
  message: "",
  info: { total_layer: null, current_layer: null },
};

const eventtime = () => performance.now() / 1000;

function freshObjects(): Record<string, Fields> {
  return {
    webhooks: { state: "ready", state_message: "Printer is ready" },
    configfile: { config: {}, settings: {}, save_config_pending: false },
    heaters: { available_heaters: ["extruder", "heater_bed"], available_sensors: ["extruder", "heater_bed"] },
    extruder: { temperature: 205.4, target: 205, power: 0.5 },
    heater_bed: { temperature: 60.1, target: 60, power: 0.1 },
    print_stats: { ...idleStats },
    virtual_sdcard: { file_path: null, progress: 0, is_active: false, file_position: 0, file_size: 0 },
    display_status: { progress: 0, message: null },
    pause_resume: { is_paused: false },
    idle_timeout: { state: "Idle", printing_time: 0 },
    "filament_switch_sensor runout": { filament_detected: true, enabled: true },
  };
}
