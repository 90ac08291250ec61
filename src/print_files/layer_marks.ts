/**
 * Where in a print file its layers begin and what its slicer says of progress there.
 */
export interface LayerMark {
  /** 1 is the first layer of the model; a raft below it has 0 and less. */
  readonly layer: number;
  readonly byteOffset: number;
  /** Above the bed, where the file says. */
  readonly heightMillimetres?: number;
}

/** An `M73` of the normal mode. */
export interface ProgressMark {
  readonly byteOffset: number;
  readonly percent: number;
  readonly remainingSeconds?: number;
}

export interface FileMarks {
  readonly layerMarks: readonly LayerMark[];
  readonly progressMarks: readonly ProgressMark[];
}

/** What finds the marks: fed with the G-code piece by piece, in order, cut anywhere. */
export interface MarkScan {
  /**
   * `byteOffset` is where the piece begins in the file that a printer counts. In compressed blocks a byte of G-code is less than a
   * byte of that file: `fileBytesPerByte` (1 if left out) times its place in the piece is added for the mark, rounded down.
   */
  feed(chunk: Uint8Array, byteOffset: number, fileBytesPerByte?: number): void;
  finish(): FileMarks;
}
