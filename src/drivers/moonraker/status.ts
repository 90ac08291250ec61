/**
 * Klipper's objects, as far as we read them: whole in a snapshot, changed fields only in an update.
 * https://www.klipper3d.org/Status_Reference.html
 */
import { z } from "zod";
import { known } from "../../domain/optional.ts";
import type { Temperatures } from "../../domain/printer_state.ts";
import { flag, lenient, number, text } from "./shapes.ts";

/** Its `is_paused` is true while the head is parked for a frame: https://github.com/mainsail-crew/moonraker-timelapse */
const timelapseMacro = "gcode_macro TIMELAPSE_TAKE_FRAME";

const fields = {
  webhooks: z.object({ state: text, state_message: text }),
  print_stats: z.object({
    /** standby, printing, paused, complete, cancelled, error */
    state: text,
    filename: text,
    message: text,
    /** Seconds since the start, pauses and heating included. */
    total_duration: number,
    /** Seconds of extruding. */
    print_duration: number,
    /** Millimetres. */
    filament_used: number,
    info: lenient(z.object({ total_layer: number, current_layer: number })),
  }),
  virtual_sdcard: z.object({ progress: number, file_position: number, file_size: number }),
  display_status: z.object({ message: text }),
  [timelapseMacro]: z.object({ is_paused: flag }),
};
const objectsShape = z.object({
  webhooks: lenient(fields.webhooks),
  print_stats: lenient(fields.print_stats),
  virtual_sdcard: lenient(fields.virtual_sdcard),
  display_status: lenient(fields.display_status),
  [timelapseMacro]: lenient(fields[timelapseMacro]),
});
type Objects = z.output<typeof objectsShape>;

/** Heaters and thermometers have a temperature, filament sensors see filament or not. */
const deviceShape = z.object({ temperature: number, target: number, filament_detected: flag, enabled: flag });
export type Device = z.output<typeof deviceShape>;

export interface Status extends Objects {
  /** By Klipper's name: `extruder1`, `filament_switch_sensor runout`. */
  readonly devices: Readonly<Record<string, Device>>;
}

export const isFilamentSensor = (name: string) => /^filament_(switch|motion)_sensor /.test(name);

/** `extruder1` is `nozzle1`; any heater or thermometer called chamber is the chamber. */
function temperatureKey(name: string): string | undefined {
  if (name === "heater_bed") return "bed";
  if (/^(heater_generic|temperature_(sensor|fan)) .*chamber/i.test(name)) return "chamber";
  const tool = /^extruder(\d*)$/.exec(name)?.[1];
  return tool === undefined ? undefined : `nozzle${tool}`;
}

const isDevice = (name: string) => isFilamentSensor(name) || temperatureKey(name) !== undefined;
const maxDevices = 100;

/** What to subscribe to, of all that this printer has. */
export function wantedObjects(names: readonly string[]): Record<string, readonly string[]> {
  const wanted: Record<string, readonly string[]> = {};
  for (const [name, { shape }] of Object.entries(fields)) if (names.includes(name)) wanted[name] = Object.keys(shape);
  for (const name of names.filter(isDevice).slice(0, maxDevices)) {
    wanted[name] = isFilamentSensor(name) ? ["filament_detected", "enabled"] : ["temperature", "target"];
  }
  return wanted;
}

/** Total: what cannot be read is not there. */
export function parseStatus(said: unknown): Status {
  const all = typeof said === "object" && said !== null && !Array.isArray(said) ? said : {};
  const devices: Record<string, Device> = {};
  for (const [name, fields] of Object.entries(all).filter(([name]) => isDevice(name)).slice(0, maxDevices)) {
    const device = deviceShape.safeParse(fields);
    if (device.success) devices[name] = device.data;
  }
  return { ...objectsShape.parse(all), devices };
}

/** The whole after an update. */
export function merge(before: Status, changes: Status): Status {
  const devices = { ...before.devices };
  for (const [name, fields] of Object.entries(changes.devices)) devices[name] = { ...devices[name], ...fields };
  return {
    webhooks: both(before.webhooks, changes.webhooks),
    print_stats: both(before.print_stats, changes.print_stats),
    virtual_sdcard: both(before.virtual_sdcard, changes.virtual_sdcard),
    display_status: both(before.display_status, changes.display_status),
    [timelapseMacro]: both(before[timelapseMacro], changes[timelapseMacro]),
    devices,
  };
}

function both<T extends object>(before: T | undefined, changes: T | undefined): T | undefined {
  return changes ? { ...before, ...changes } : before;
}

/** The head is parked for a frame by Klipper's own pause. */
export function isParked(status: Status): boolean {
  return status[timelapseMacro]?.is_paused === true;
}

/** Of every heater and thermometer that is known by place. */
export function temperaturesOf({ devices }: Status): Temperatures | undefined {
  const found: Record<string, Temperatures[string]> = {};
  for (const [name, { temperature, target }] of Object.entries(devices)) {
    const key = temperatureKey(name);
    if (key !== undefined && temperature !== undefined) {
      found[key] = { celsius: temperature, ...known({ targetCelsius: target }) };
    }
  }
  return Object.keys(found).length > 0 ? found : undefined;
}
