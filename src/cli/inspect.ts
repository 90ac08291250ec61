/** `filagram inspect`: what print files say about themselves. */
import { durationText } from "../domain/message_text.ts";
import type { PrintFileFacts } from "../domain/print_file.ts";
import { errorText } from "../log.ts";
import type { EmbeddedImage } from "../print_files/embedded_image.ts";
import type { PrintFile } from "../print_files/print_file.ts";
import type { AddCommand } from "./cli.ts";
import { OwnerError } from "./pieces.ts";
import { table, type Terminal } from "./terminal.ts";

interface Options {
  readonly json?: boolean;
  readonly layers?: boolean;
  readonly thumbnail?: string;
  readonly plate?: string;
}

export const addInspectCommand: AddCommand = (program, { terminal }, exit) => {
  program.command("inspect").description("what a print file says about itself")
    .argument("<file...>", "G-code of any slicer, .bgcode, .3mf, .ufp, .gx, .makerbot, .sl1; also gzipped")
    .option("--json", "one JSON object per file and line")
    .option("--layers", "read all of it and find where each layer begins")
    .option("--thumbnail <out.png>", "write its best thumbnail as PNG")
    .option("--plate <n>", "which plate of a sliced project; default: the first")
    .addHelpText("after", "\nExamples:\n  filagram inspect benchy.gcode\n  filagram inspect --json *.bgcode")
    .action(async (files: string[], options: Options, command) => {
      if (options.thumbnail !== undefined && files.length > 1) {
        command.error("error: --thumbnail takes the picture of one file");
      }
      if (options.plate !== undefined && !/^\d{1,4}$/.test(options.plate)) {
        command.error(`error: --plate "${options.plate}" is not a whole number`);
      }
      for (const [index, file] of files.entries()) {
        if (index > 0 && !options.json) terminal.print("");
        if (!await inspect(file, options, terminal)) exit(1);
      }
    });
};

/** False: the file cannot be read, or nothing in it, or there is no thumbnail to write. */
async function inspect(path: string, options: Options, terminal: Terminal): Promise<boolean> {
  // Loaded here: no other command needs it to start.
  const { openLocalFile } = await import("../print_files/local_file.ts");
  const { readPrintFile } = await import("../print_files/print_file.ts");
  const { signal } = new AbortController(); // Ctrl-C ends the process
  try {
    // Opening a serial port would reset its board, opening a pipe would wait for ever.
    if (!(await Deno.stat(path)).isFile) throw new Deno.errors.NotSupported("it is no file");
    await using reader = await openLocalFile(path);
    const file = await readPrintFile(reader, {
      signal,
      scanLayers: options.layers ?? false,
      onProgress: (share) => terminal.progress(`${path}: ${Math.floor(share * 100)} % looked at`),
      ...options.plate !== undefined && { plate: Number(options.plate) },
    });
    if (options.json) terminal.print(JSON.stringify(fileJson(path, file)));
    else for (const line of shown(path, file, terminal)) terminal.print(line);
    const isSaved = options.thumbnail === undefined || await saveThumbnail(file, { path: options.thumbnail, signal });
    if (!isSaved) terminal.say(`"${path}" has no thumbnail that can be read`);
    return saysSomething(file) && isSaved;
  } catch (error) {
    if (error instanceof OwnerError) throw error;
    if (!isAboutFiles(error)) throw error;
    const problem = `Cannot read "${path}": ${errorText(error)}`;
    if (options.json) terminal.print(JSON.stringify({ file: path, problems: [problem] }));
    else terminal.say(problem);
    return false;
  }
}

function saysSomething({ facts, thumbnails, problems }: PrintFile): boolean {
  return Object.keys(facts).length > 0 || thumbnails.length > 0 || problems.length === 0;
}

function isAboutFiles(error: unknown): error is Error {
  return Object.values(Deno.errors).some((kind) => error instanceof kind);
}

/** The names that scripts hold on to; what the file does not say is absent. */
function fileJson(path: string, { container, facts, thumbnails, problems, bytesRead, plates, marks }: PrintFile) {
  return {
    file: path,
    container,
    ...facts,
    ...plates && { plate: plates.chosen, plates: plates.sliced },
    thumbnails: thumbnails.map(({ widthPixels, heightPixels, format, sizeBytes, label }) => ({
      widthPixels,
      heightPixels,
      format,
      bytes: sizeBytes,
      label,
    })),
    problems,
    bytesRead,
    ...marks && { layerMarks: marks.layerMarks, progressMarks: marks.progressMarks },
  };
}

const maxShownObjects = 10;
const maxShownLayers = 3;

function shown(path: string, file: PrintFile, { paint }: Terminal): string[] {
  const { container, facts, thumbnails, problems, plates, marks } = file;
  const rows: (readonly [string, string | undefined])[] = [
    ["container", container],
    ["slicer", facts.slicer && [facts.slicer.name, facts.slicer.version].filter(Boolean).join(" ")],
    ["estimated time", facts.estimatedSeconds === undefined ? undefined : durationText(facts.estimatedSeconds)],
    ...factRows(facts),
    ["plate", plates && plates.sliced.length > 1 ? `${plates.chosen} of ${plates.sliced.join(", ")}` : undefined],
    ...thumbnails.map((image) => ["thumbnail", thumbnailText(image)] as const),
    ...(marks?.layerMarks ?? []).slice(0, maxShownLayers).map(({ layer, byteOffset, heightMillimetres }) =>
      [
        `layer ${layer}`,
        `at byte ${byteOffset}${heightMillimetres === undefined ? "" : `, ${heightMillimetres} mm high`}`,
      ] as const
    ),
    ["progress marks", marks && `${marks.progressMarks.length}`],
    ["read", `${file.bytesRead} bytes`],
    ...problems.map((problem) => ["problem", problem] as const),
  ];
  const said = rows.filter((row): row is readonly [string, string] => row[1] !== undefined);
  return [paint.bold(printable(path)), ...table(said.map(([name, value]) => [`  ${name}`, printable(value)]))];
}

function factRows(facts: PrintFileFacts): (readonly [string, string | undefined])[] {
  const unit = (value: number | undefined, name: string) => value === undefined ? undefined : `${value} ${name}`;
  const list = (values: readonly (number | string)[] | undefined, name = "") =>
    values && values.map((value) => `${value}${name}`).join(", ");
  const objects = facts.objects && [
    ...facts.objects.slice(0, maxShownObjects),
    ...facts.objects.length > maxShownObjects ? [`${facts.objects.length - maxShownObjects} more`] : [],
  ];
  return [
    ["filament", list(facts.filamentMillimetres, " mm")],
    ["weight", list(facts.filamentGrams, " g")],
    ["filament type", list(facts.filamentTypes)],
    ["colour", list(facts.filamentColours)],
    ["layers", facts.layers?.toString()],
    ["layer height", unit(facts.layerHeightMillimetres, "mm")],
    ["object height", unit(facts.objectHeightMillimetres, "mm")],
    ["first layer bed", unit(facts.firstLayerBedCelsius, "°C")],
    ["first layer nozzle", unit(facts.firstLayerNozzleCelsius, "°C")],
    ["nozzle", list(facts.nozzleDiameterMillimetres, " mm")],
    ["printer", facts.printerModel],
    ["objects", list(objects)],
  ];
}

function thumbnailText({ label, widthPixels, heightPixels, format, sizeBytes }: EmbeddedImage): string {
  return `${widthPixels}x${heightPixels} ${format}, ${sizeBytes} bytes (${label})`;
}

/** A file's own words may hold what a terminal would obey. */
function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Bidi_Control}]/gu, "?");
}

/** Writes the best thumbnail that is not broken; false: there is none. */
async function saveThumbnail(
  { thumbnails }: PrintFile,
  { path, signal }: { path: string; signal: AbortSignal },
): Promise<boolean> {
  const { thumbnailsByWorth } = await import("../print_files/best_thumbnail.ts");
  const { thumbnailPng } = await import("./thumbnail_png.ts");
  for (const image of thumbnailsByWorth(thumbnails)) {
    const png = await thumbnailPng(image, signal);
    if (!png) continue;
    await Deno.writeFile(path, png);
    return true;
  }
  return false;
}
