/**
 * Bytes to lines: `\n`, `\r\n` or a lone `\r`; whatever the encoding; garbage left out.
 */

/** The longest line that is kept; Duet's JSON is the longest there is. What goes beyond it is dropped. */
export const maxLineBytes = 16 * 1024;
/** Lines with a larger share of unprintable bytes are noise: a wrong speed, a brown-out, a binary transfer. */
const mostUnprintable = 0.2;

const lineFeed = 10;
const carriageReturn = 13;
const tab = 9;

/** Takes bytes as they come and gives the lines they complete. */
export class LineSplitter {
  readonly #line = new Uint8Array(maxLineBytes);
  #length = 0;

  /** The lines that end in this chunk, without empty ones. */
  split(chunk: Uint8Array): string[] {
    const lines: string[] = [];
    for (let at = 0; at < chunk.length;) {
      const end = endOfLine(chunk, at);
      this.#keep(chunk, at, end);
      if (end < chunk.length) {
        const line = decodeLine(this.#line.subarray(0, this.#length));
        if (line !== undefined) lines.push(line);
        this.#length = 0;
      }
      at = end + 1;
    }
    return lines;
  }

  #keep(chunk: Uint8Array, from: number, to: number): void {
    const fitting = Math.min(to - from, maxLineBytes - this.#length);
    this.#line.set(chunk.subarray(from, from + fitting), this.#length);
    this.#length += fitting;
  }
}

function endOfLine(chunk: Uint8Array, from: number): number {
  let at = from;
  while (at < chunk.length && chunk[at] !== lineFeed && chunk[at] !== carriageReturn) at++;
  return at;
}

const utf8 = new TextDecoder("utf-8", { fatal: true });
const latin1 = new TextDecoder("windows-1252");

/** The text of a line; undefined for an empty line and for noise. */
function decodeLine(line: Uint8Array): string | undefined {
  if (line.every((byte) => isPrintable(byte))) return line.length === 0 ? undefined : utf8.decode(line);
  if (!line.some(isControl)) {
    try {
      return utf8.decode(line);
    } catch {
      // A file name in an old encoding, or noise: below.
    }
  }
  // The first line after a reset often has a few bytes of noise in front.
  const begin = line.findIndex((byte) => isPrintable(byte));
  if (begin < 0) return undefined;
  const rest = line.subarray(begin);
  const unprintable = rest.reduce((count, byte) => count + (isPrintable(byte) ? 0 : 1), 0);
  if (unprintable > rest.length * mostUnprintable) return undefined;
  return latin1.decode(rest.filter((byte) => !isControl(byte)));
}

function isPrintable(byte: number): boolean {
  return byte >= 32 && byte < 127 || byte === tab;
}

function isControl(byte: number): boolean {
  return byte < 32 && byte !== tab || byte === 127;
}
