/**
 * Print files below Moonraker's root `gcodes`, and what its scan found in them.
 * https://moonraker.readthedocs.io/en/latest/external_api/file_manager/
 */
import { known } from "../../domain/optional.ts";
import type { DescribedPrintFile, FileRef, PrintFileFacts, RangeReader } from "../../domain/print_file.ts";
import { openHttpFile } from "../../protocols/http_ranges.ts";
import type { DriverIo } from "../driver.ts";
import { hostOf, type HostSettings } from "./host.ts";
import { type Metadata, metadataShape } from "./shapes.ts";

const maxThumbnailBytes = 4 * 1024 * 1024;

/** The file's own bytes, by ranges. @throws Error where it is gone or cannot be reached */
export async function openPrintFile(settings: HostSettings, file: FileRef, io: DriverIo): Promise<RangeReader> {
  const host = hostOf(settings);
  const { fetch, signal } = io;
  return await openHttpFile(host.address + fileAddress(file.path), { fetch, signal, headers: await host.headers(io) });
}

/** Figures and the largest thumbnail; nothing where the file is gone or was never scanned. */
export async function describePrintFile(
  settings: HostSettings,
  file: FileRef,
  io: DriverIo,
): Promise<DescribedPrintFile> {
  const host = hostOf(settings);
  const found = await host.json(
    `/server/files/metadata?filename=${encodeURIComponent(file.path)}`,
    metadataShape,
    io,
  );
  if (!found) return { facts: {} };
  const largest = found.thumbnails?.toSorted((a, b) => (b.width ?? 0) - (a.width ?? 0)).find((one) =>
    one.relative_path
  );
  const facts = factsOf(found);
  if (!largest?.relative_path) return { facts };
  const folder = file.path.slice(0, file.path.lastIndexOf("/") + 1);
  const thumbnail = await host.bytes(fileAddress(folder + largest.relative_path), io, { maxBytes: maxThumbnailBytes });
  return { facts, ...known({ thumbnail }) };
}

/** Each part of the path written as addresses are; a path that climbs out of the root is none. */
function fileAddress(path: string): string {
  const parts = path.split("/").filter((part) => part !== "" && part !== ".");
  if (parts.includes("..")) throw new TypeError(`Not a print file: "${path}"`);
  return `/server/files/gcodes/${parts.map(encodeURIComponent).join("/")}`;
}

export function factsOf(found: Metadata): PrintFileFacts {
  const { slicer = "Unknown", slicer_version: version } = found;
  const list = <T>(value: T | undefined) => value === undefined ? undefined : [value];
  return known({
    slicer: slicer === "Unknown" ? undefined : { name: slicer, ...known({ version }) },
    estimatedSeconds: found.estimated_time,
    filamentMillimetres: list(found.filament_total),
    filamentGrams: found.filament_weights?.length ? found.filament_weights : list(found.filament_weight_total),
    layers: found.layer_count,
    layerHeightMillimetres: found.layer_height,
    objectHeightMillimetres: found.object_height,
    firstLayerBedCelsius: found.first_layer_bed_temp,
    firstLayerNozzleCelsius: found.first_layer_extr_temp,
    nozzleDiameterMillimetres: list(found.nozzle_diameter),
    printerModel: found.printer_model || undefined,
    filamentTypes: found.filament_type ? found.filament_type.split(";").map((type) => type.trim()) : undefined,
    filamentColours: found.filament_colors?.length ? found.filament_colors : undefined,
  });
}
