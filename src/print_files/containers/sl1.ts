/**
 * Prusa's archive for resin printers: one picture per layer, settings, thumbnails. No G-code, no filament.
 * PrusaSlicer src/libslic3r/Format/SL1.cpp.
 */
import type { PrintFileFacts } from "../../domain/print_file.ts";
import { configEntries, numberOf, textOf } from "./json_values.ts";
import type { Reading, ReadOptions } from "./reading.ts";
import { iniEntries } from "./ini.ts";
import type { ZipFile } from "./zip_file.ts";

export async function readSl1(zip: ZipFile, { signal }: ReadOptions): Promise<Reading> {
  const json = new Map(configEntries(await zip.json("config.json", signal)));
  const ini = iniEntries(await zip.text("config.ini", signal) ?? "");
  const thumbnails = await zip.images(zip.names(/^thumbnail\/[^/]+\.(png|jpe?g)$/i), signal);
  return { container: "sl1", facts: factsOf(new Map([...ini, ...json])), thumbnails, problems: zip.problems };
}

function factsOf(said: ReadonlyMap<string, string>): PrintFileFacts {
  const seconds = numberOf(said.get("printTime"));
  const layerHeight = numberOf(said.get("layerHeight"));
  const layers = (numberOf(said.get("numFast")) ?? 0) + (numberOf(said.get("numSlow")) ?? 0);
  const printerModel = textOf(said.get("printerModel"));
  const material = textOf(said.get("materialName"));
  const [, name, version] = /^(\S+?)-(\d\S*)/.exec(said.get("prusaSlicerVersion") ?? "") ?? [];
  return {
    ...name !== undefined && version !== undefined && { slicer: { name, version } },
    ...seconds !== undefined && { estimatedSeconds: Math.round(seconds) },
    ...layers > 0 && { layers },
    ...layerHeight !== undefined && layerHeight > 0 && { layerHeightMillimetres: layerHeight },
    ...printerModel !== undefined && { printerModel },
    ...material !== undefined && { filamentTypes: [material] },
  };
}
