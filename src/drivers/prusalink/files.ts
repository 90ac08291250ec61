/**
 * Print files as PrusaLink names them, and what it knows of them: the slicer's figures, the thumbnail, the bytes.
 */
import { known } from "../../domain/optional.ts";
import type { DescribedPrintFile, FileRef, PrintFileFacts, RangeReader } from "../../domain/print_file.ts";
import type { DriverIo } from "../driver.ts";
import { hostOf, type HostSettings } from "./host.ts";
import { fileShape, type HostFile, type Meta, type Status } from "./shapes.ts";

const maxThumbnailBytes = 4 * 1024 * 1024;
/** No poll is made meanwhile. */
const maxThumbnailSeconds = 12;

/**
 * Pi: `/PrusaLink gcodes/sub/a.gcode` on the storage `/local`, whose name is `PrusaLink gcodes`. Buddy: `A~1.GCO` in
 * `/usb/sub`, with the long name beside it.
 */
export function fileRef({ name, path, display_name, size }: HostFile, storages: Status["storage"]): FileRef {
  const folders = segments(path ?? "");
  const whole = folders.at(-1) === name ? folders : [...folders, name];
  const [first = "", ...rest] = whole;
  const storage = storages?.find((one) => one.name === first || segments(one.path ?? "").at(0) === first);
  return {
    path: rest.length > 0 ? rest.join("/") : name,
    ...(rest.length > 0 ? { storage: segments(storage?.path ?? "").at(0) ?? first } : {}),
    ...known({ sizeBytes: size, displayName: display_name === name ? undefined : display_name }),
  };
}

/** `/api/v1/files/usb/sub/A~1.GCO`; undefined for a file of which no storage is known. */
export function fileAddress({ storage, path }: FileRef): string | undefined {
  return storage === undefined ? undefined : escaped(`/api/v1/files/${storage}/${path}`);
}

/** References come as they are, not as addresses are written. */
export function escaped(reference: string): string {
  return `/${segments(reference).map(encodeURIComponent).join("/")}`;
}

function segments(path: string): string[] {
  return path.split("/").filter((part) => part !== "");
}

/** Figures and thumbnail; nothing where the file is gone, is another one by now, or lies on a card that the host cannot read. */
export async function describePrintFile(
  settings: HostSettings,
  file: FileRef,
  io: DriverIo,
): Promise<DescribedPrintFile> {
  const host = hostOf(settings);
  const found = await lookUp(settings, file, io);
  if (!found) return { facts: {} };
  const facts = found.meta ? factsOf(found.meta) : {};
  const reference = found.refs?.thumbnail ?? found.refs?.icon;
  if (reference === undefined) return { facts };
  const { status, bytes } = await host.bytes(escaped(reference), io, {
    maxBytes: maxThumbnailBytes,
    maxSeconds: maxThumbnailSeconds,
  });
  return { facts, ...(status === 200 && bytes.length > 0 ? { thumbnail: bytes } : {}) };
}

/** The file itself. @throws Error where the host does not give it out: from an SD card, or another one of this name */
export async function openPrintFile(settings: HostSettings, file: FileRef, io: DriverIo): Promise<RangeReader> {
  const found = await lookUp(settings, file, io);
  const reference = found?.refs?.download;
  if (reference === undefined || found?.size === undefined) {
    throw new Error(`${hostOf(settings).name} does not give out "${file.path}"`);
  }
  return await hostOf(settings).open(escaped(reference), io, found.size);
}

/** What the host says of this very file. */
async function lookUp(settings: HostSettings, file: FileRef, io: DriverIo) {
  const address = fileAddress(file);
  const found = address === undefined ? undefined : await hostOf(settings).json(address, fileShape, io);
  return found && (file.sizeBytes ?? found.size) === found.size ? found : undefined;
}

/** What the slicer wrote into the file, by PrusaSlicer's words. */
export function factsOf(meta: Meta): PrintFileFacts {
  const model = meta["printer_model"];
  return known({
    estimatedSeconds: positive(meta["estimated_print_time"]) ??
      secondsOf(meta["estimated printing time (normal mode)"]),
    filamentMillimetres: numbers(meta["filament used [mm] per tool"] ?? meta["filament used [mm]"]),
    filamentGrams: numbers(meta["filament used [g] per tool"] ?? meta["filament used [g]"]),
    layerHeightMillimetres: positive(meta["layer_height"]),
    nozzleDiameterMillimetres: numbers(meta["nozzle_diameter per tool"] ?? meta["nozzle_diameter"]),
    printerModel: typeof model === "string" && model !== "" ? model : undefined,
    filamentTypes: texts(meta["filament_type per tool"] ?? meta["filament_type"]),
  });
}

function positive(value: unknown): number | undefined {
  const number = typeof value === "string" ? Number.parseFloat(value) : value;
  return typeof number === "number" && Number.isFinite(number) && number > 0 ? number : undefined;
}

function numbers(value: unknown): readonly number[] | undefined {
  const found = (Array.isArray(value) ? value : [value]).map(positive);
  const all = found.filter((one) => one !== undefined);
  return all.length > 0 && all.length === found.length ? all : undefined;
}

function texts(value: unknown): readonly string[] | undefined {
  const all = (Array.isArray(value) ? value : [value]).filter((one) => typeof one === "string" && one !== "");
  return all.length > 0 ? all : undefined;
}

/** `1d 2h 6m 40s`. */
function secondsOf(value: unknown): number | undefined {
  if (typeof value !== "string") return undefined;
  const units = { d: 86_400, h: 3600, m: 60, s: 1 };
  const parts = [...value.matchAll(/(\d+)\s*([dhms])/g)];
  const seconds = parts.reduce((sum, [, count, unit]) => sum + Number(count) * units[unit as keyof typeof units], 0);
  return parts.length > 0 ? seconds : undefined;
}
