/**
 * How much of a print file is looked at, whatever it says of itself. At a limit the rest is left out and a problem says so.
 */
const kibibyte = 1024;
const mebibyte = 1024 * kibibyte;

export const limits = {
  /** One read of a text file; sections of real files fit into one or two. */
  windowBytes: 64 * kibibyte,
  /** The head of a text file is read up to the first move that prints; the last thumbnail of 51 real files ended at 480 KB. */
  maxHeadBytes: 2 * mebibyte,
  /** The tail is read this far back, if facts are missing; real ones began 27 KB before the end. */
  maxTailBytes: 400 * kibibyte,
  /** Encoded, after base64. A larger one is no thumbnail. */
  maxThumbnailBytes: 4 * mebibyte,
  /** More are not listed. */
  maxThumbnails: 64,
  /** 4 bytes each when decoded; the largest thumbnail known has 1.4 million. */
  maxImagePixels: 4 * 1024 * 1024,
  maxImageSidePixels: 16_384,
  /** One text of facts within a container: settings, JSON, XML. Real ones have up to some hundred KB. */
  maxMetadataBytes: 4 * mebibyte,
  /** A bgcode file has 4 to 12 blocks before its first G-code. */
  maxMetadataBlocks: 256,
  /** One block of G-code within bgcode; 64 KB in real files. */
  maxGcodeBlockBytes: 4 * mebibyte,
  /** An SL1 file has an entry per layer. */
  maxZipEntries: 20_000,
  maxZipDirectoryBytes: 4 * mebibyte,
  /** Plates of one project. */
  maxPlates: 100,
  /** The end of a compressed text is only reached through all of it. */
  maxInflatedForFactsBytes: 128 * mebibyte,
  /** Compressed G-code is 3 to 10 times as long; what grows more is a bomb, once it is beyond the first megabytes. */
  maxExpansion: 100,
  freeExpansionBytes: 16 * mebibyte,
  /** Tools, objects, colours: the length of any list of facts. */
  maxListed: 1_000,
  /** One value of the facts: a name, a model. */
  maxTextLength: 200,
  maxLayerMarks: 100_000,
  maxProgressMarks: 100_000,
  maxProblems: 50,
} as const;
