/** The head and the tail of a small file as a slicer writes them. */
import type { PrintFileFacts } from "../../src/domain/print_file.ts";

export interface SlicerText {
  readonly what: string;
  readonly text: string;
  readonly expected: PrintFileFacts;
}

export const moves = "G1 Z0.2 F3000\nG1 X10 Y10 E0.5 F1500\nG1 X20 Y10 E1\n".repeat(20);
