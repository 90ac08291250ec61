/**
 * `Metadata/slice_info.config` of a sliced 3MF: what Bambu Studio, Orca Slicer and their kin say of each plate.
 */
import type { PrintFileFacts } from "../../domain/print_file.ts";
import { limits } from "../limits.ts";
import { numberOf, textOf } from "./json_values.ts";
import { xmlTags } from "./xml_tags.ts";

export interface SlicedPlate {
  readonly index: number;
  readonly facts: PrintFileFacts;
}

type Attributes = ReadonlyMap<string, string>;

interface Plate {
  readonly metadata: Map<string, string>;
  readonly objects: string[];
  readonly filaments: Attributes[];
}

/** Each sliced plate; none in a project that is not sliced. */
export function slicedPlates(text: string): SlicedPlate[] {
  const plates: Plate[] = [];
  const header = new Map<string, string>();
  let plate: Plate | undefined;
  for (const { name, isEnd, attributes } of xmlTags(text)) {
    if (name === "plate") {
      plate = isEnd || plates.length >= limits.maxPlates
        ? undefined
        : { metadata: new Map(), objects: [], filaments: [] };
      if (plate) plates.push(plate);
    } else if (name === "header_item") header.set(attributes.get("key") ?? "", attributes.get("value") ?? "");
    else if (plate) addTo(plate, name, attributes);
  }
  return plates.map((plate, place) => ({
    index: numberOf(plate.metadata.get("index")) ?? place + 1,
    facts: { ...slicerOf(header), ...factsOf(plate) },
  }));
}

function addTo({ metadata, objects, filaments }: Plate, name: string, attributes: Attributes): void {
  if (name === "metadata") metadata.set(attributes.get("key") ?? "", attributes.get("value") ?? "");
  else if (name === "object" && attributes.has("name") && objects.length < limits.maxListed) {
    objects.push(textOf(attributes.get("name")) ?? "");
  } else if (name === "filament" && filaments.length < limits.maxListed) filaments.push(attributes);
}

/** `prediction` is in seconds, `weight` in grams, `used_m` in metres. */
function factsOf({ metadata, objects, filaments }: Plate): PrintFileFacts {
  const seconds = numberOf(metadata.get("prediction"));
  const weight = numberOf(metadata.get("weight"));
  const metres = allOf(filaments.map((filament) => numberOf(filament.get("used_m"))));
  const grams = allOf(filaments.map((filament) => numberOf(filament.get("used_g"))));
  const types = allOf(filaments.map((filament) => textOf(filament.get("type"))));
  const colours = allOf(filaments.map((filament) => colourOf(filament.get("color"))));
  const nozzles = allOf((metadata.get("nozzle_diameters") ?? "").split(",").map(numberOf));
  const printerModel = textOf(metadata.get("printer_model_id"));
  const names = objects.filter((name) => name !== "");
  return {
    ...seconds !== undefined && seconds > 0 && { estimatedSeconds: Math.round(seconds) },
    ...metres && { filamentMillimetres: metres.map((length) => Math.round(length * 1000)) },
    ...grams ? { filamentGrams: grams } : weight !== undefined && weight > 0 && { filamentGrams: [weight] },
    ...types && { filamentTypes: types },
    ...colours && { filamentColours: colours },
    ...nozzles && { nozzleDiameterMillimetres: nozzles },
    ...printerModel !== undefined && { printerModel },
    ...names.length > 0 && { objects: names },
  };
}

/** Undefined unless each is known: a shorter list would say it of others. */
function allOf<T>(values: readonly (T | undefined)[]): readonly T[] | undefined {
  const known = values.filter((value) => value !== undefined);
  return known.length > 0 && known.length === values.length ? known : undefined;
}

/** With or without transparency behind it. */
function colourOf(text: string | undefined): string | undefined {
  return /^#[\da-f]{6}/i.exec(text ?? "")?.[0].toUpperCase();
}

/** Orca names itself beside the version of Bambu Studio that it descends from. */
function slicerOf(header: ReadonlyMap<string, string>): PrintFileFacts {
  const orca = textOf(header.get("OrcaSlicer-Version"));
  if (orca !== undefined) return { slicer: { name: "OrcaSlicer", version: orca } };
  const bambu = textOf(header.get("X-BBL-Client-Version"));
  return bambu === undefined ? {} : { slicer: { name: "BambuStudio", version: bambu } };
}
