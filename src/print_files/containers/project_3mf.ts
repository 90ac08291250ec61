/**
 * A 3MF project: sliced (`.gcode.3mf` of Bambu Studio, Orca Slicer, FlashForge), one G-code per plate, or not.
 */
import type { PrintFileFacts } from "../../domain/print_file.ts";
import type { EmbeddedImage } from "../embedded_image.ts";
import { factsFromConfig } from "../gcode/config_facts.ts";
import { configEntries } from "./json_values.ts";
import { mergeFacts, type Reading, type ReadOptions } from "./reading.ts";
import { type SlicedPlate, slicedPlates } from "./slice_info.ts";
import type { ZipFile } from "./zip_file.ts";

const plateGcode = /^Metadata\/plate_(\d{1,4})\.gcode$/;
/** Bambu Studio says everything in front; a longer text is read to its end only if something is missing. */
const headBytes = 256 * 1024;

export async function readProject(zip: ZipFile, { signal, plate: wanted }: ReadOptions): Promise<Reading> {
  const plates = slicedPlates(await zip.text("Metadata/slice_info.config", signal) ?? "");
  const sliced = zip.names(plateGcode).map((name) => Number(plateGcode.exec(name)?.[1])).sort((a, b) => a - b);
  const chosen = choosePlate({ wanted, sliced, said: plates.map(({ index }) => index) });
  const problems: string[] = [];
  if (wanted !== undefined && chosen !== wanted) problems.push(`Plate ${wanted} is not sliced in it`);
  if (chosen === undefined) {
    const thumbnails = await pictures(zip, 1, signal);
    const reason = "It is a project: it holds no G-code";
    return { container: "3mf", facts: {}, thumbnails, problems: [...problems, reason, ...zip.problems] };
  }
  const text = await readPlateText(zip, chosen, signal);
  const settings = new Map(configEntries(await zip.json("Metadata/project_settings.config", signal)));
  const thumbnails = await pictures(zip, chosen, signal);
  return {
    ...text,
    facts: plateFacts({ text: text.facts, plate: plates.find(({ index }) => index === chosen), settings }),
    thumbnails: [...thumbnails, ...text.thumbnails],
    problems: [...problems, ...text.problems, ...zip.problems],
    plates: { chosen, sliced },
  };
}

/** A printer is told a plate's number; the first that slice_info names is most probably the one. */
function choosePlate(
  { wanted, sliced, said }: { wanted: number | undefined; sliced: readonly number[]; said: readonly number[] },
): number | undefined {
  return [wanted, ...said, ...sliced].find((plate) => plate !== undefined && sliced.includes(plate));
}

async function readPlateText(zip: ZipFile, plate: number, signal: AbortSignal): Promise<Reading> {
  const name = `Metadata/plate_${plate}.gcode`;
  const options = { container: "gcode.3mf", signal } as const;
  if (zip.sizeOf(name) <= headBytes) return await zip.readText(name, options);
  const head = await zip.readText(name, { ...options, headBytes });
  const { filamentMillimetres, layers, objectHeightMillimetres } = head.facts;
  const isWhole = filamentMillimetres && layers !== undefined && objectHeightMillimetres !== undefined;
  return isWhole ? head : await zip.readText(name, options);
}

/**
 * slice_info counts the filaments that are used, the settings all that are loaded: what belongs to filaments comes from one of
 * them. Its lengths are rounded to centimetres, its printer is only an id.
 */
function plateFacts(
  { text, plate, settings }: {
    text: PrintFileFacts;
    plate: SlicedPlate | undefined;
    settings: ReadonlyMap<string, string>;
  },
): PrintFileFacts {
  const said = plate?.facts ?? {};
  const exact = only(said, ["estimatedSeconds", "filamentGrams", "filamentTypes", "filamentColours", "objects"]);
  const isSameList = text.filamentMillimetres?.length === said.filamentMillimetres?.length;
  const lengths = isSameList ? {} : only(said, ["filamentMillimetres"]);
  return mergeFacts(exact, lengths, text, factsFromConfig(settings), said);
}

function only(facts: PrintFileFacts, names: readonly (keyof PrintFileFacts)[]): PrintFileFacts {
  return Object.fromEntries(Object.entries(facts).filter(([name]) => names.includes(name as keyof PrintFileFacts)));
}

/** Pictures for people of the chosen plate first; `pick_` shows numbers of objects as colours. */
async function pictures(zip: ZipFile, plate: number, signal: AbortSignal): Promise<EmbeddedImage[]> {
  const names = zip.names(/^(Metadata\/|.*thumbnail)[^/]*\.(png|jpe?g)$/i);
  const isMain = (name: string) =>
    [`Metadata/plate_${plate}.png`, `Metadata/plate_${plate}_small.png`].includes(name) || /thumbnail/i.test(name);
  const order = (name: string) => isMain(name) ? 0 : new RegExp(`_${plate}\\.png$`).test(name) ? 1 : 2;
  const images = await zip.images(names.toSorted((a, b) => order(a) - order(b)), signal);
  return images.map((image) => isMain(image.label) ? image : { ...image, isAside: true });
}
