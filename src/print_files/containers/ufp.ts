/**
 * Ultimaker's package: G-code, one thumbnail, and what Cura says of the material.
 * libCharon; Cura plugins/UFPWriter/UFPWriter.py.
 */
import type { PrintFileFacts } from "../../domain/print_file.ts";
import { numberOf, numbersOf, recordOf } from "./json_values.ts";
import { mergeFacts, type Reading, type ReadOptions } from "./reading.ts";
import type { ZipFile } from "./zip_file.ts";

export async function readUfp(zip: ZipFile, { signal }: ReadOptions): Promise<Reading> {
  const text = await zip.readText("3D/model.gcode", { container: "ufp", signal });
  const said = await zip.json("Cura/slicemetadata.json", signal);
  const pictures = await zip.images(zip.names(/^Metadata\/[^/]+\.(png|jpe?g)$/i), signal);
  return {
    ...text,
    facts: mergeFacts(withoutEmpty(text.facts), sliceFacts(said)),
    thumbnails: [...pictures, ...text.thumbnails],
    problems: [...text.problems, ...zip.problems],
  };
}

/** Lengths in metres, weights in grams, one per extruder. */
function sliceFacts(said: unknown): PrintFileFacts {
  const material = recordOf(recordOf(said)?.material);
  const settings = recordOf(recordOf(recordOf(said)?.global)?.all_settings);
  const metres = numbersOf(material?.length);
  const grams = numbersOf(material?.weight);
  const layerHeight = numberOf(settings?.layer_height);
  return {
    ...metres && { filamentMillimetres: metres.map((length) => length * 1000) },
    ...grams && { filamentGrams: grams },
    ...layerHeight !== undefined && layerHeight > 0 && { layerHeightMillimetres: layerHeight },
  };
}

/** Griffin headers know volumes only: a list of nothing but zeros says nothing. */
function withoutEmpty(facts: PrintFileFacts): PrintFileFacts {
  const { filamentMillimetres, ...others } = facts;
  return filamentMillimetres?.some((length) => length > 0) ? { ...others, filamentMillimetres } : others;
}
