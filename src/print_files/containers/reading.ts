/**
 * What every container gives, and how it says that it cannot.
 */
import type { PrintFileFacts, RangeReader } from "../../domain/print_file.ts";
import type { EmbeddedImage } from "../embedded_image.ts";
import type { MarkScan } from "../layer_marks.ts";

/** `gcode.3mf` is a sliced 3MF, `3mf` a project without G-code, `image` a picture by itself. */
export type Container =
  | "gcode"
  | "gzip"
  | "bgcode"
  | "gcode.3mf"
  | "3mf"
  | "ufp"
  | "gx"
  | "makerbot"
  | "sl1"
  | "zip"
  | "image"
  | "unknown";

export interface Reading {
  readonly container: Container;
  readonly facts: PrintFileFacts;
  readonly thumbnails: readonly EmbeddedImage[];
  /** What is wrong with the file, in sentences for its owner. */
  readonly problems: readonly string[];
  /** Of a project with several. */
  readonly plates?: { readonly chosen: number; readonly sliced: readonly number[] };
  /** Hands all of its G-code to a scan and says what was wrong on the way; absent: it has none that says layers. */
  readonly feed?: (scan: MarkScan, options: FeedOptions) => Promise<readonly string[]>;
}

export interface FeedOptions {
  readonly signal: AbortSignal;
  /** How far, between 0 and 1. */
  readonly onProgress?: ((share: number) => void) | undefined;
}

export type ContainerReader = (reader: RangeReader, options: ReadOptions) => Promise<Reading>;

export interface ReadOptions {
  readonly signal: AbortSignal;
  /** Which plate of a sliced project; left out: the first that is sliced. */
  readonly plate?: number | undefined;
}

/** The file is not what it says; the message is the problem to tell. */
export class BrokenFileError extends Error {
  override readonly name = "BrokenFileError";
}

/** The first source that says a fact is believed. */
export function mergeFacts(...sources: readonly PrintFileFacts[]): PrintFileFacts {
  return Object.assign({}, ...sources.toReversed());
}
