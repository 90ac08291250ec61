/**
 * Shapes only: a print file as printers name it, and the ways to look into it or at the printer.
 */
export interface FileRef {
  /** As the printer or its host names it, with folders: `cubes/benchy.gcode`. */
  readonly path: string;
  /** The long name to show, where it differs: `A long file name.gcode` for `ALONGF~1.GCO`. */
  readonly displayName?: string;
  readonly sizeBytes?: number;
  /** Where the printer or host keeps it: `local`, `sd`. */
  readonly storage?: string;
}

/** Reads parts of a file, wherever it lies. */
export interface RangeReader extends AsyncDisposable {
  readonly sizeBytes: number;
  /** The bytes from `offsetBytes`; fewer than asked only at the end of the file. */
  read(offsetBytes: number, lengthBytes: number, signal: AbortSignal): Promise<Uint8Array>;
}

/** What a sliced file says about itself; absent where it does not say. Lists are per tool, in the file's order. */
export interface PrintFileFacts {
  readonly slicer?: { readonly name: string; readonly version?: string };
  readonly estimatedSeconds?: number;
  readonly filamentMillimetres?: readonly number[];
  readonly filamentGrams?: readonly number[];
  readonly layers?: number;
  readonly layerHeightMillimetres?: number;
  readonly objectHeightMillimetres?: number;
  readonly firstLayerBedCelsius?: number;
  readonly firstLayerNozzleCelsius?: number;
  readonly nozzleDiameterMillimetres?: readonly number[];
  readonly printerModel?: string;
  readonly filamentTypes?: readonly string[];
  /** `#RRGGBB` */
  readonly filamentColours?: readonly string[];
  readonly objects?: readonly string[];
}

/** What a printer's host knows of a print file without its bytes. */
export interface DescribedPrintFile {
  readonly facts: PrintFileFacts;
  /** The host's own thumbnail, as it gave it: PNG, JPEG or QOI by its first bytes. */
  readonly thumbnail?: Uint8Array;
}

/** Where a picture of the printer comes from, and what must be done to it, flips first, then clockwise rotation. */
export interface Camera {
  readonly name?: string;
  readonly source: { readonly url: string; readonly headers?: Readonly<Record<string, string>> } | {
    snapshot(signal: AbortSignal): Promise<Uint8Array>;
  };
  readonly flip: readonly ("horizontal" | "vertical")[];
  readonly rotateDegrees: 0 | 90 | 180 | 270;
}

const shortenedEndings = /\.(gcode\.3mf|gcode|bgcode)$/i;

/** The name as messages show it: without folder and ending. */
export function shownFileName(file: FileRef): string {
  const name = fileName(file.displayName ?? file.path);
  return name.replace(shortenedEndings, "") || name;
}

/** Whether both may name one file: the same size, or else the same name, however it is capitalised. */
export function isSameFile(a: FileRef, b: FileRef): boolean {
  if (a.sizeBytes !== undefined && b.sizeBytes !== undefined) return a.sizeBytes === b.sizeBytes;
  const names = (file: FileRef) =>
    [file.path, file.displayName].flatMap((name) => name ? [fileName(name).toLowerCase()] : []);
  return names(a).some((name) => names(b).includes(name));
}

function fileName(path: string): string {
  return path.split(/[/\\]/).findLast((part) => part !== "") ?? "";
}
