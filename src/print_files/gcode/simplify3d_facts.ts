/**
 * Simplify3D's settings `;   key,value,value` and its build summary. Version 4 lists temperatures by heater and layer, version 5 as
 * blocks of lines, one block per heater.
 */
import type { PrintFileFacts } from "../../domain/print_file.ts";
import { firstOf, type Pairs } from "./comments.ts";
import { knownFacts } from "./known_facts.ts";
import { positive, readList, readNumber, readQuantity, readSeconds, readText, readTexts } from "./quantities.ts";

export function simplify3dFacts(pairs: Pairs, lines: readonly string[]): PrintFileFacts {
  const bed = listedTemperature(pairs, true) ?? blockTemperature(lines, "platform");
  return knownFacts({
    estimatedSeconds: firstOf(pairs, ["build time"], readSeconds),
    filamentMillimetres: firstOf(pairs, ["filament length", "material length"], alone),
    filamentGrams: firstOf(pairs, ["plastic weight", "material weight"], alone),
    layerHeightMillimetres: positive(readNumber(pairs.get("layerheight"))),
    firstLayerBedCelsius: bed,
    firstLayerNozzleCelsius: listedTemperature(pairs, false) ?? blockTemperature(lines, "extruder"),
    nozzleDiameterMillimetres: firstOf(pairs, ["extruderdiameter", "nozzlediameter"], (text) => readList(text)),
    printerModel: firstOf(pairs, ["printermodel", "profilename"], readText),
    filamentTypes: firstOf(pairs, ["printmaterial"], readTexts),
  });
}

/** `4375.5 mm (4.38 m)`: one number for all tools. */
function alone(text: string): number[] | undefined {
  const quantity = readQuantity(text);
  return quantity && [quantity.value];
}

/** Version 4: flat lists over all heaters; a heater with two setpoints takes two places, the first is the first layer's. */
function listedTemperature(pairs: Pairs, isBed: boolean): number | undefined {
  const temperatures = readList(pairs.get("temperaturesetpointtemperatures"));
  const beds = readList(pairs.get("temperatureheatedbed"));
  const counts = readList(pairs.get("temperaturesetpointcount"));
  if (!temperatures || !beds) return undefined;
  let place = 0;
  for (const [heater, bed] of beds.entries()) {
    const celsius = temperatures[place];
    if ((bed === 1) === isBed && celsius !== undefined && celsius > 0) return celsius;
    place += counts?.[heater] ?? 1;
  }
  return undefined;
}

/** Version 5: `temperatureType,platform` and then `temperatureSetpoints,1|65`. */
function blockTemperature(lines: readonly string[], wanted: string): number | undefined {
  let type = "";
  for (const line of lines) {
    type = /^;\s*temperatureType,\s*(\w+)/.exec(line)?.[1] ?? type;
    const celsius = /^;\s*temperatureSetpoints,\s*\d+\|([\d.]+)/.exec(line)?.[1];
    if (celsius !== undefined && type === wanted && Number(celsius) > 0) return Number(celsius);
  }
  return undefined;
}
