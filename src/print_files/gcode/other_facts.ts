/**
 * What the slicers outside PrusaSlicer's family say: Cura and what it became elsewhere (Griffin, Luban, Weedo, Creality), ideaMaker,
 * KISSlicer, Kiri:Moto, IceSL, FlashPrint, Slic3r 1.x, Fusion, MatterControl. Simplify3D has its own file.
 * Their keys hardly overlap; where they do, the unit or the order here decides.
 */
import type { PrintFileFacts } from "../../domain/print_file.ts";
import { firstOf, numberedOf, type Pairs } from "./comments.ts";
import { maxLayerHeightMillimetres } from "./config_facts.ts";
import { knownFacts } from "./known_facts.ts";
import {
  hundredths,
  positive,
  readList,
  readNumber,
  readQuantity,
  readSeconds,
  readText,
  readTexts,
} from "./quantities.ts";

export function otherFacts(pairs: Pairs): PrintFileFacts {
  const filamentMillimetres = readFilament(pairs);
  return knownFacts({
    estimatedSeconds: firstOf(pairs, secondsKeys, (text) => wholeNumber(text)) ??
      firstOf(pairs, timeKeys, (text) => positive(readSeconds(text))),
    filamentMillimetres,
    filamentGrams: readGrams(pairs) ?? gramsByDensity(pairs, filamentMillimetres),
    layers: firstOf(pairs, ["layer_count", "layer count", "layer_number"], wholeNumber),
    layerHeightMillimetres: firstOf(pairs, layerHeightKeys, (text) => within(text, maxLayerHeightMillimetres)),
    objectHeightMillimetres: firstOf(pairs, heightKeys, (text) => within(text, maxHeightMillimetres)) ??
      boxHeight(pairs),
    firstLayerBedCelsius: firstOf(pairs, bedKeys, readNumber) ??
      firstOf(pairs, ["firstlayerbedtemp"], (text) => positive(readNumber(text))) ??
      firstOf(pairs, ["outputbedtemp"], readNumber),
    firstLayerNozzleCelsius: firstOf(pairs, nozzleKeys, (text) => positive(readNumber(text))),
    nozzleDiameterMillimetres: readNozzles(pairs),
    printerModel:
      firstOf(pairs, ["target_machine.name", "printer_name", "machine_type", "machinetype", "machine"], readText) ??
        (pairs.has("sliceheight") ? readText(pairs.get("target")) : undefined), // Kiri:Moto
    filamentTypes: firstOf(pairs, typeKeys, readTexts),
  });
}

/** Numbers and nothing else: under `time` others write when they sliced. */
const secondsKeys = [
  "estimated_time(s)", // Luban; its `;TIME:` is what Cura thought before Luban corrected it
  "time",
  "print.time",
];
const timeKeys = [
  "print time",
  "estimated_print_time_s",
  "calculated-during-export build time",
  "calculated build time",
  "estimated build time",
  "estimated-in-gui build time",
  "build time",
  "total print time (s)",
];
const layerHeightKeys = ["layer height", "layer_height", "sliceheight", "z_layer_height_mm", "layer_thickness_mm"];
const heightKeys = ["maxz", "print.size.max.z", "max_z(mm)", "print_height_mm"];
const bedKeys = [
  "build_plate.initial_temperature",
  "build_plate_temperature(°c)",
  "bed_c",
  "bed_temp_degree_c",
  "bedtemperature",
  "platform_temperature",
];
const nozzleKeys = [
  "extruder_train.0.initial_temperature",
  "extruder_train.1.initial_temperature",
  "nozzle_temperature(°c)",
  "nozzle_0_temperature(°c)",
  "first_layer_c",
  "extruder_temp_degree_c_0",
  "firstlayernozzletemp",
  "outputtemp",
  "right_extruder_temperature",
  "left_extruder_temperature",
];
const typeKeys = ["filament type #1", "filament type", "filamenttype", "nozzle_0_material", "right_extruder_material"];

const maxHeightMillimetres = 10_000; // Cura that has not sliced yet says 2147483

function within(text: string, most: number): number | undefined {
  const value = positive(readNumber(text));
  return value !== undefined && value <= most ? value : undefined;
}

function wholeNumber(text: string): number | undefined {
  const value = positive(readNumber(text));
  return value === undefined ? undefined : Math.round(value);
}

/** ideaMaker: `76.501 123.499 94.994 110.006 0.000 9.320`, least and most of x, y and z. */
function boxHeight(pairs: Pairs): number | undefined {
  return within(pairs.get("bounding box")?.trim().split(/\s+/)[5] ?? "", maxHeightMillimetres);
}

const millimetresPer: { readonly [unit: string]: number } = { mm: 1, "": 1, m: 1000 };
/** Ultimakers, whose headers count volume, take filament of 2.85 mm. */
const ultimakerAreaMm2 = Math.PI / 4 * 2.85 ** 2;

function readFilament(pairs: Pairs): readonly number[] | undefined {
  return firstOf(pairs, ["filament used"], (text) => readLengths(text, isUltimaker(pairs))) ??
    firstOf(pairs, ["filament_used_mm", "filamentused"], (text) => readLengths(text, false)) ??
    firstOf(pairs, metreKeys, (text) => readLengths(inMetres(text), false)) ??
    numberedOf(pairs, /^material ?#?(\d+) used$/, { from: 1, read: readNumber }) ??
    numberedOf(pairs, /^ext #?(\d+)$/, { from: 1, read: (text) => readLengths(text, false)?.[0] }) ??
    numberedOf(pairs, /^extruder_train\.(\d+)\.material\.volume_used$/, {
      from: 0,
      read: (text) => volumeLength(readNumber(text)),
    }) ??
    (isUltimaker(pairs) ? ultimaker2Filament(pairs) : undefined);
}

/** `;MATERIAL:2911` and, with a second extruder, `;MATERIAL2:0`, in mm³. */
function ultimaker2Filament(pairs: Pairs): number[] | undefined {
  const lengths = ["material", "material2"].map((key) => volumeLength(readNumber(pairs.get(key))));
  return lengths[0] === undefined ? undefined : lengths.filter((length) => length !== undefined);
}

const metreKeys = ["filament_length_m", "matierial_length", "material_length"];

function isUltimaker(pairs: Pairs): boolean {
  return /^ultigcode$/i.test(pairs.get("flavor") ?? "");
}

/** `1.39753m, 0.2m` or `1482.1mm, 34.4mm (3.6cm3)`; with volumes only where the filament's diameter is known. */
function readLengths(text: string, isUltimakerFile: boolean): number[] | undefined {
  const lengths = text.replace(/\([^)]*\)/g, "").split(",").map((item) => {
    const { value, unit } = readQuantity(item) ?? { value: NaN, unit: "" };
    if (unit === "mm3") return isUltimakerFile ? volumeLength(value) : undefined;
    const factor = millimetresPer[unit];
    return factor === undefined ? undefined : Number((value * factor).toFixed(4));
  });
  return lengths.every((length) => length !== undefined && Number.isFinite(length)) ? lengths as number[] : undefined;
}

function inMetres(text: string): string {
  return text.split(",").map((item) => `${item}m`).join(",");
}

function volumeLength(cubicMillimetres: number | undefined): number | undefined {
  return cubicMillimetres === undefined ? undefined : hundredths(cubicMillimetres / ultimakerAreaMm2);
}

/** `[1.5, 2.5]` or `13.16 g` */
function readGrams(pairs: Pairs): number[] | undefined {
  return firstOf(
    pairs,
    ["filament weight", "filament_used_g", "filament_mass_g", "filament mass_g", "matierial_weight", "material_weight"],
    (text) => {
      const grams = text.replace(/[[\]]/g, "").split(",").map((item) => readQuantity(item)?.value);
      return grams.every((value) => value !== undefined) ? grams : undefined;
    },
  );
}

/** ideaMaker gives each filament's diameter and its density in kg/m³. */
function gramsByDensity(pairs: Pairs, millimetres: readonly number[] | undefined): number[] | undefined {
  const diameters = numberedOf(pairs, /^filament diameter #(\d+)$/, { from: 1, read: readNumber });
  const densities = numberedOf(pairs, /^filament density #(\d+)$/, { from: 1, read: readNumber });
  if (!diameters || !densities || !millimetres || millimetres.some((_, tool) => !diameters[tool])) return undefined;
  return millimetres.map((length, tool) =>
    hundredths(length * Math.PI / 4 * diameters[tool]! ** 2 * (densities[tool] ?? 0) / 1e6)
  );
}

/** A nozzle that the print does not use is not told, or as -1. */
function readNozzles(pairs: Pairs): readonly number[] | undefined {
  const numbered = nozzleNames.map((name) => numberedOf(pairs, name, { from: 0, read: readNumber })).find((found) =>
    found
  );
  const box = pairs.get("dimension")?.trim().split(/\s+/).slice(3).map(Number); // ideaMaker: the bed, then each nozzle
  const nozzles = numbered?.filter((diameter) => diameter > 0) ??
    firstOf(pairs, ["nozzle_dia_1"], (text) => readList(text)) ?? // KISSlicer lists all that the printer could have
    (box?.every((value) => value > 0) ? box : undefined);
  return nozzles && nozzles.length > 0 ? nozzles : undefined;
}

const nozzleNames = [
  /^extruder_train\.(\d+)\.nozzle\.diameter$/, // Griffin
  /^nozzle_(\d+)_diameter\(mm\)$/, // Luban
  /^nozzle_diameter_mm_(\d+)$/, // IceSL
];
