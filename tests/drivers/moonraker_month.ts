/**
 * A month of a Moonraker's words on one connection, in a process of its own: an update a second, prints, pauses, errors, uploads,
 * restarts of Klipper. Says after each day, as JSON, what the process holds. Run with --v8-flags=--expose-gc.
 */
import type { LinkMessage } from "../../bridge/link.ts";
import type { DriverIo } from "../../src/drivers/driver.ts";
import { moonraker } from "../../src/drivers/moonraker/moonraker.ts";
import { createLog, Secrets } from "../../src/log.ts";
import { FakeClock, settled } from "../support/fake_clock.ts";
import { Owner } from "../support/replay.ts";

export interface MoonrakerDay {
  readonly day: number;
  readonly heapBytes: number;
  readonly sleepers: number;
  readonly messages: number;
  readonly events: number;
}

/** Messages of so many seconds come at once: days pass in seconds. */
const burstSeconds = 60;
const printMinutes = 180;

async function live(days: number): Promise<void> {
  const clock = new FakeClock();
  const owner = new Owner(clock, undefined);
  const stop = new AbortController();
  let link: ReadableStreamDefaultController<LinkMessage> | undefined;
  let messages = 0;
  const say = (message: unknown) => {
    messages++;
    link?.enqueue({ body: JSON.stringify(message) });
  };
  const io: DriverIo = {
    clock,
    log: createLog({ level: "error", secrets: new Secrets(), write: () => {} }),
    signal: stop.signal,
    fetch: () => Promise.reject(new Error("no requests here")),
    openLink: () => Promise.reject(new Error("no link here")),
    openMessages: () =>
      Promise.resolve({
        label: "memory",
        readable: new ReadableStream<LinkMessage>({ start: (controller) => void (link = controller) }),
        send: ({ body }) => {
          const { id, method } = JSON.parse(String(body));
          say({ id, result: answers[method] ?? {} });
          return Promise.resolve();
        },
        [Symbol.asyncDispose]: () => Promise.resolve(),
      }),
  };
  const watching = (async () => {
    for await (const report of moonraker.bind({ address: "voron" }).watch(io)) owner.step(report);
  })();
  let events = 0;
  for (let minute = 0; minute < days * 24 * 60; minute++) {
    await clock.advance(burstSeconds * 1000, 10_000);
    for (const message of messagesOf(minute)) say(message);
    await settled();
    owner.step();
    events += owner.events.length;
    owner.events.length = owner.reports.length = 0; // what the test itself keeps
    if ((minute + 1) % (24 * 60) === 0) {
      tell({ day: (minute + 1) / 24 / 60, ...await held(), sleepers: clock.sleepers, messages, events });
    }
  }
  stop.abort();
  await watching;
}

const news = (method: string, ...params: unknown[]) => ({ jsonrpc: "2.0", method, params });
const status = (objects: unknown) => news("notify_status_update", objects, 0);

const answers: Readonly<Record<string, unknown>> = {
  "server.info": { klippy_state: "ready" },
  "printer.objects.list": { objects: ["webhooks", "print_stats", "virtual_sdcard", "display_status", "extruder"] },
  "printer.objects.subscribe": {
    status: {
      webhooks: { state: "ready" },
      print_stats: { state: "standby", filename: "", total_duration: 0 },
      "filament_switch_sensor runout": { filament_detected: true, enabled: true },
    },
  },
  "server.history.list": { jobs: [] },
  "server.files.metadata": { gcode_start_byte: 1000, gcode_end_byte: 999_000, estimated_time: 10_000 },
};

/** What is said in one minute. */
function* messagesOf(minute: number): Generator<unknown> {
  const [print, present] = [Math.floor(minute / printMinutes), minute % printMinutes];
  const filename = `part ${print}.gcode`;
  const change = (state: string) => status({ print_stats: { state, message: `Move out of range ${print}` } });
  const job = { job_id: print.toString(16), filename, status: "in_progress", total_duration: 1 };
  if (present === 5) {
    yield news("notify_filelist_changed", { action: "create_file", item: { root: "gcodes", path: filename } });
    yield status({
      print_stats: { state: "printing", filename, total_duration: 1 },
      virtual_sdcard: { file_size: 1e6 },
    });
    yield news("notify_history_changed", { action: "added", job });
  }
  if (present === 50) {
    yield status({ "filament_switch_sensor runout": { filament_detected: false } });
    yield change("paused");
  }
  if (present === 60) {
    yield status({ "filament_switch_sensor runout": { filament_detected: true } });
    yield change("printing");
  }
  if (present === 100) yield news("notify_gcode_response", `!! line ${minute}`);
  const isPrinting = present >= 5 && present < 170 && !(present >= 50 && present < 60);
  for (let second = 0; second < burstSeconds; second++) {
    const seconds = (present - 5) * 60 + second;
    const move = { print_stats: { total_duration: seconds }, virtual_sdcard: { file_position: seconds * 100 } };
    yield status({ ...(isPrinting ? move : {}), extruder: { temperature: 200 + second / 10, target: 205 } });
    yield news("notify_proc_stat_update", {});
    if (second === 30) yield status({ display_status: { message: `minute ${minute}` } });
  }
  if (present === 170) {
    yield change(["complete", "cancelled", "error"][print % 3] ?? "");
    yield news("notify_history_changed", { action: "finished", job: { ...job, status: "completed" } });
  }
  if (present === 175) {
    yield news("notify_klippy_disconnected");
    yield news("notify_klippy_ready");
  }
}

async function held(): Promise<{ heapBytes: number }> {
  const gc: unknown = Reflect.get(globalThis, "gc");
  if (typeof gc !== "function") throw new Error("Run with --v8-flags=--expose-gc");
  gc();
  await new Promise((resolve) => setTimeout(resolve, 20)); // finalizers run
  gc();
  return { heapBytes: Deno.memoryUsage().heapUsed };
}

function tell(day: MoonrakerDay): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${JSON.stringify(day)}\n`));
}

if (import.meta.main) await live(Number(Deno.args[0]));
