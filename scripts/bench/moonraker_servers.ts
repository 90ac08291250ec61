/**
 * Moonrakers that only talk: each with its own WebSocket at `/N/websocket`, 4 updates a second while it prints as real ones give
 * them, and a line on stdout for each beginning and end: `{"printer":"p7","kind":"started","at":1764…}`.
 *
 * `deno run -A scripts/bench/moonraker_servers.ts PRINTERS JOB_SECONDS`; its first line is the port.
 */
const [printers = 300, jobSeconds = 600] = Deno.args.map(Number);
const updateMilliseconds = 250;
const encoder = new TextEncoder();
const print = (line: unknown) => Deno.stdout.writeSync(encoder.encode(`${JSON.stringify(line)}\n`));

class Printer {
  #socket: WebSocket | undefined;
  #job = 0;
  /** Spread over the jobs and over the second. */
  #seconds: number;

  constructor(readonly number: number) {
    this.#seconds = jobSeconds * number / printers;
    setTimeout(() => {
      setInterval(() => this.#update(), updateMilliseconds);
      setInterval(() => this.#say("notify_proc_stat_update", [procStat]), 1000);
    }, updateMilliseconds * (number % 50) / 50);
  }

  serve(socket: WebSocket): void {
    socket.onopen = () => this.#socket = socket;
    socket.onmessage = ({ data }) => {
      const { id, method } = JSON.parse(data);
      socket.send(JSON.stringify({ jsonrpc: "2.0", result: this.#answer(method), id }));
    };
  }

  #say(method: string, params: unknown[]): void {
    if (this.#socket?.readyState === WebSocket.OPEN) {
      this.#socket.send(JSON.stringify({ jsonrpc: "2.0", method, params }));
    }
  }

  get #stats() {
    const seconds = this.#seconds;
    return {
      print_stats: {
        total_duration: seconds + Math.random() / 1e9,
        print_duration: seconds + Math.random() / 1e9,
        filament_used: seconds * 3.14159265,
      },
      virtual_sdcard: { progress: seconds / jobSeconds, file_position: Math.floor(seconds / jobSeconds * fileBytes) },
      extruder: { temperature: Math.round(20500 + Math.random() * 50) / 100 },
      heater_bed: { temperature: Math.round(6000 + Math.random() * 20) / 100 },
    };
  }

  #answer(method: string): unknown {
    const names = ["webhooks", "print_stats", "virtual_sdcard", "display_status", "extruder", "heater_bed", "toolhead"];
    switch (method) {
      case "server.info":
        return { klippy_connected: true, klippy_state: "ready" };
      case "printer.objects.list":
        return { objects: names };
      case "printer.objects.subscribe": {
        const { print_stats, virtual_sdcard, ...heaters } = this.#stats;
        const state = { state: "printing", filename: this.#filename, message: "", info: {} };
        return {
          status: {
            webhooks: { state: "ready", state_message: "Printer is ready" },
            print_stats: { ...print_stats, ...state },
            virtual_sdcard: { ...virtual_sdcard, file_size: fileBytes },
            display_status: { message: null },
            ...heaters,
          },
        };
      }
      case "server.history.list":
        return { jobs: [this.#historyEntry("in_progress")] };
      case "server.files.metadata":
        return metadata;
      default:
        return {};
    }
  }

  #update(): void {
    this.#seconds += updateMilliseconds / 1000;
    if (this.#seconds < jobSeconds) return this.#say("notify_status_update", [this.#stats, performance.now() / 1000]);
    this.#note("finished");
    this.#say("notify_status_update", [{ print_stats: { state: "complete" } }, performance.now() / 1000]);
    this.#say("notify_history_changed", [{ action: "finished", job: this.#historyEntry("completed") }]);
    this.#seconds = -1; // a new print in five updates
    setTimeout(() => this.#begin(), 1000);
  }

  #begin(): void {
    this.#seconds = 0;
    this.#job++;
    this.#note("started");
    const { print_stats, ...rest } = this.#stats;
    const state = { state: "printing", filename: this.#filename };
    this.#say("notify_status_update", [
      { ...rest, print_stats: { ...print_stats, ...state } },
      performance.now() / 1000,
    ]);
    this.#say("notify_history_changed", [{ action: "added", job: this.#historyEntry("in_progress") }]);
  }

  #note(kind: string): void {
    if (this.#socket) print({ printer: `p${this.number}`, kind, at: performance.timeOrigin + performance.now() });
  }

  get #filename(): string {
    return `job ${this.#job}.gcode`;
  }

  #historyEntry(status: string) {
    const job_id = (this.#job * printers + this.number).toString(16);
    return { job_id, filename: this.#filename, status, total_duration: Math.max(0, this.#seconds), metadata };
  }
}

const fileBytes = 20_000_000;
const metadata = {
  size: fileBytes,
  slicer: "PrusaSlicer",
  gcode_start_byte: 30_000,
  gcode_end_byte: fileBytes - 10_000,
  estimated_time: jobSeconds,
  filament_total: 4000,
  filament_weight_total: 12,
  layer_count: 240,
};
const procStat = {
  moonraker_stats: { time: 1795451600.1, cpu_usage: 1.4, memory: 51234, mem_units: "kB" },
  cpu_temp: 48.3,
  network: { lo: { rx_bytes: 123456789, tx_bytes: 123456789, bandwidth: 1234.5 } },
  system_cpu_usage: { cpu: 3.1, cpu0: 2, cpu1: 4, cpu2: 3, cpu3: 3 },
  system_memory: { total: 3884452, available: 3212345, used: 672107 },
  websocket_connections: 2,
};

const all = Array.from({ length: printers }, (_, number) => new Printer(number));
const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
  const number = Number(new URL(request.url).pathname.split("/")[1]);
  const printer = all[number];
  if (!printer || request.headers.get("upgrade") !== "websocket") return new Response(null, { status: 404 });
  const { socket, response } = Deno.upgradeWebSocket(request);
  printer.serve(socket);
  return response;
});
print(server.addr.port);
