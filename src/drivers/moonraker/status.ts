/**
 * Klipper's objects, as far as we read them: whole in a snapshot, changed fields only in an update.
 * https://www.klipper3d.org/Status_Reference.html
 */
import { known } from "../../domain/optional.ts";
import type { Temperatures } from "../../domain/printer_state.ts";

/** Its `is_paused` is true while the head is parked for a frame: https://github.com/mainsail-crew/moonraker-timelapse */
const timelapseMacro = "gcode_macro TIMELAPSE_TAKE_FRAME";
const maxTextCharacters = 1000;

// Read by hand: four updates a second and printer are too many for a schema.
type Reader<T> = (value: unknown) => T | undefined;
const number: Reader<number> = (value) => typeof value === "number" ? value : undefined;
const flag: Reader<boolean> = (value) => typeof value === "boolean" ? value : undefined;
const text: Reader<string> = (value) => typeof value === "string" ? value.slice(0, maxTextCharacters) : undefined;
const layers = (value: unknown) => pick({ total_layer: number, current_layer: number }, value);

const fields = {
  webhooks: { state: text, state_message: text },
  print_stats: {
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
    info: layers,
  },
  virtual_sdcard: { progress: number, file_position: number, file_size: number },
  display_status: { message: text },
  [timelapseMacro]: { is_paused: flag },
};
type Objects = { [Name in keyof typeof fields]: Picked<typeof fields[Name]> | undefined };

/** Heaters and thermometers have a temperature, filament sensors see filament or not. */
const deviceFields = { temperature: number, target: number, filament_detected: flag, enabled: flag };
type Device = Picked<typeof deviceFields>;

type Picked<T extends Record<string, Reader<unknown>>> = { readonly [Field in keyof T]?: ReturnType<T[Field]> };

/** The fields that are there; one that cannot be read, or is null, is there and unknown. */
function pick<T extends Record<string, Reader<unknown>>>(readers: T, said: unknown): Picked<T> | undefined {
  if (!isRecord(said)) return undefined;
  const picked: Record<string, unknown> = {};
  for (const field in readers) if (field in said) picked[field] = readers[field]?.(said[field]);
  return picked as Picked<T>;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export interface Status extends Objects {
  /** By Klipper's name: `extruder1`, `filament_switch_sensor runout`. */
  readonly devices: Readonly<Record<string, Device>>;
}

const isFilamentSensor = (name: string) => /^filament_(switch|motion)_sensor /.test(name);

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
  for (const [name, readers] of Object.entries(fields)) if (names.includes(name)) wanted[name] = Object.keys(readers);
  for (const name of names.filter(isDevice).slice(0, maxDevices)) {
    wanted[name] = isFilamentSensor(name) ? ["filament_detected", "enabled"] : ["temperature", "target"];
  }
  return wanted;
}

/** Total: what cannot be read is not there. */
export function parseStatus(said: unknown): Status {
  const all = isRecord(said) ? said : {};
  const devices: Record<string, Device> = {};
  for (const name of Object.keys(all).filter(isDevice).slice(0, maxDevices)) {
    const device = pick(deviceFields, all[name]);
    if (device) devices[name] = device;
  }
  return {
    webhooks: pick(fields.webhooks, all["webhooks"]),
    print_stats: pick(fields.print_stats, all["print_stats"]),
    virtual_sdcard: pick(fields.virtual_sdcard, all["virtual_sdcard"]),
    display_status: pick(fields.display_status, all["display_status"]),
    [timelapseMacro]: pick(fields[timelapseMacro], all[timelapseMacro]),
    devices,
  };
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
