/**
 * The settings and statistics that PrusaSlicer, OrcaSlicer, Bambu Studio and their many forks write as `key = value`, into the
 * comments of text G-code and into the metadata blocks of bgcode alike.
 */
import type { PrintFileFacts } from "../../domain/print_file.ts";
import { limits } from "../limits.ts";
import { firstOf, type Pairs } from "./comments.ts";
import { knownFacts } from "./known_facts.ts";
import { positive, readColours, readList, readNumber, readSeconds, readText, readTexts } from "./quantities.ts";
import { producerOf } from "./slicer_name.ts";

/** All that these entries say; the keys are taken as they are, or in lower case. */
export function factsFromConfig(entries: ReadonlyMap<string, string>): PrintFileFacts {
  const pairs = new Map([...entries].map(([key, value]) => [key.trim().toLowerCase(), value]));
  return knownFacts({ slicer: producerOf(pairs) }, statedFacts(pairs), laterTemperatures(pairs));
}

/** Without the temperatures that only hold for later layers. */
export function statedFacts(pairs: Pairs): PrintFileFacts {
  const filamentMillimetres = firstOf(
    pairs,
    ["filament used [mm]", "total filament length [mm]"],
    (text) => readList(text),
  );
  const filamentGrams = firstOf(
    pairs,
    ["filament used [g]", "total filament weight [g]", "total filament used [g]"],
    (text) => readList(text),
  );
  const tool = firstUsedTool(filamentMillimetres ?? filamentGrams);
  return knownFacts({
    estimatedSeconds: positive(readEstimate(pairs)),
    filamentMillimetres,
    filamentGrams,
    layers: firstOf(pairs, ["total layer number", "total layers count", "total_layer_count"], positiveNumber) ??
      firstOf(pairs, ["layer num/total_layer_count"], (text) => positiveNumber(text.replace(/^\d+\//, ""))),
    layerHeightMillimetres: firstOf(pairs, ["layer_height"], layerHeight),
    objectHeightMillimetres: firstOf(pairs, ["max_z_height", "max_layer_z"], positiveNumber),
    firstLayerBedCelsius: firstOf(
      pairs,
      ["first_layer_bed_temperature", `${plate(pairs)}_temp_initial_layer`, "bed_temperature_initial_layer"],
      (text) => ofTool(text, tool),
    ),
    firstLayerNozzleCelsius: firstOf(
      pairs,
      ["first_layer_temperature", "nozzle_temperature_initial_layer"],
      (text) => ofTool(text, tool),
    ),
    nozzleDiameterMillimetres: firstOf(pairs, ["nozzle_diameter"], (text) => readList(text)),
    printerModel: readText(pairs.get("printer_model")),
    filamentTypes: readTexts(pairs.get("filament_type")),
    filamentColours: readColours(pairs.get("filament_colour")) ?? readColours(pairs.get("extruder_colour")),
    objects: readObjects(pairs.get("objects_info")),
  });
}

/** Better than nothing where a file states none for the first layer. */
export function laterTemperatures(pairs: Pairs): PrintFileFacts {
  return knownFacts({
    firstLayerBedCelsius: firstOf(pairs, ["bed_temperature", `${plate(pairs)}_temp`], (text) => ofTool(text, 0)),
    firstLayerNozzleCelsius: firstOf(pairs, ["temperature", "nozzle_temperature"], (text) => ofTool(text, 0)),
  });
}

/** The first that uses filament: it draws the first layer, not tool 0 with nothing to do. */
function firstUsedTool(filament: readonly number[] | undefined): number {
  return Math.max(0, (filament ?? []).findIndex((used) => used > 0));
}

function ofTool(text: string, tool: number): number | undefined {
  const values = readList(text);
  return values?.[tool] ?? values?.[0];
}

function positiveNumber(text: string): number | undefined {
  return positive(readNumber(text));
}

/** Snapmaker's Luban writes a speed under this name. */
function layerHeight(text: string): number | undefined {
  const height = positiveNumber(text);
  return height !== undefined && height <= maxLayerHeightMillimetres ? height : undefined;
}

export const maxLayerHeightMillimetres = 10;

/** Bambu's line holds both: `11m 15s; total estimated time: 18m 15s`; the total includes heating and calibration. */
function readEstimate(pairs: Pairs): number | undefined {
  const model = pairs.get("model printing time");
  const total = /total estimated time: (.*)$/.exec(model ?? "")?.[1] ?? pairs.get("total estimated time");
  return firstOf(pairs, ["estimated printing time (normal mode)", "estimated printing time"], readSeconds) ??
    readSeconds(total) ?? readSeconds(model);
}

/** Which of the plates, each with its own temperatures, is on the printer: by a word in its name. */
const plates = [
  ["supertack", "supertack_plate"],
  ["textured cool", "textured_cool_plate"],
  ["textured", "textured_plate"],
  ["engineering", "eng_plate"],
  ["high temp", "hot_plate"],
  ["smooth pei", "hot_plate"],
  ["cool", "cool_plate"],
] as const;

function plate(pairs: Pairs): string | undefined {
  const name = (pairs.get("curr_bed_type") ?? "").toLowerCase();
  return plates.find(([word]) => name.includes(word))?.[1];
}

/** `{"objects":[{"name":"Shape-Box (Instance 1)","polygon":[…]}]}` */
function readObjects(text: string | undefined): string[] | undefined {
  try {
    const { objects } = JSON.parse(text ?? "{}") as { objects?: unknown };
    if (!Array.isArray(objects)) return undefined;
    const names = objects.slice(0, limits.maxListed).flatMap((object) =>
      readText(typeof object?.name === "string" ? object.name : undefined) ?? []
    );
    return names.length > 0 ? names : undefined;
  } catch {
    return undefined; // cut off, or not JSON
  }
}
