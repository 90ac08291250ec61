/**
 * MakerBot's package: all facts in one JSON; the moves in a form of its own, or (Sketch) in G-code.
 * Cura plugins/MakerbotWriter/MakerbotWriter.py (UNVERIFIED on files of MakerBot's own programs).
 */
import type { PrintFileFacts } from "../../domain/print_file.ts";
import { numberOf, numbersOf, recordOf, textOf, textsOf } from "./json_values.ts";
import { mergeFacts, type Reading, type ReadOptions } from "./reading.ts";
import type { ZipFile } from "./zip_file.ts";

export async function readMakerbot(zip: ZipFile, { signal }: ReadOptions): Promise<Reading> {
  const said = recordOf(await zip.json("meta.json", signal)) ?? {};
  const thumbnails = await zip.images(zip.names(/thumbnail[^/]*\.(png|jpe?g)$/i), signal);
  const facts = factsOf(said);
  if (!zip.has("print.gcode")) return { container: "makerbot", facts, thumbnails, problems: zip.problems };
  const text = await zip.readText("print.gcode", { container: "makerbot", signal });
  return {
    ...text,
    facts: mergeFacts(facts, text.facts),
    thumbnails: [...thumbnails, ...text.thumbnails],
    problems: [...text.problems, ...zip.problems],
  };
}

function factsOf(said: Readonly<Record<string, unknown>>): PrintFileFacts {
  const seconds = numberOf(said.duration_s) ?? numberOf(said.commanded_duration_s);
  const millimetres = numbersOf(said.extrusion_distances_mm) ?? numbersOf(said.extrusion_distance_mm);
  const grams = numbersOf(said.extrusion_masses_g) ?? numbersOf(said.extrusion_mass_g);
  const bed = numberOf(said.platform_temperature); // build_plane_temperature is that of the chamber
  const layers = numberOf(said.num_z_layers);
  const layerHeight = numberOf(recordOf(recordOf(recordOf(said.miracle_config)?.gaggles)?.default)?.layerHeight);
  const height = numberOf(recordOf(said.bounding_box)?.z_max);
  const nozzle = nozzleTemperature(said, millimetres);
  const printerModel = textOf(said.bot_type);
  const types = textsOf(said.materials) ?? textsOf(said.material);
  return {
    ...seconds !== undefined && { estimatedSeconds: seconds },
    ...millimetres && { filamentMillimetres: millimetres },
    ...grams && { filamentGrams: grams },
    ...bed !== undefined && bed > 0 && { firstLayerBedCelsius: bed },
    ...nozzle !== undefined && nozzle > 0 && { firstLayerNozzleCelsius: nozzle },
    ...layers !== undefined && layers > 0 && { layers },
    ...layerHeight !== undefined && layerHeight > 0 && { layerHeightMillimetres: layerHeight },
    ...height !== undefined && height > 0 && { objectHeightMillimetres: height },
    ...printerModel !== undefined && { printerModel },
    ...types && { filamentTypes: types },
  };
}

/** That of the first extruder which is used. */
function nozzleTemperature(
  said: Readonly<Record<string, unknown>>,
  millimetres: readonly number[] | undefined,
): number | undefined {
  const temperatures = numbersOf(said.extruder_temperatures) ?? numbersOf(said.extruder_temperature);
  const used = Math.max(0, millimetres?.findIndex((length) => length > 0) ?? 0);
  return temperatures?.[used] ?? temperatures?.[0];
}
