/**
 * Where a command writes: data on stdout, everything else on stderr; colours only for people.
 */
export interface Terminal {
  /** Data: one line on stdout. */
  print(line: string): void;
  /** For people: one line on stderr. */
  say(line: string): void;
  /** A line that is overwritten by the next one; only on a terminal. */
  progress(line: string): void;
  readonly isTerminal: boolean;
  readonly paint: Paint;
}

export type Paint = Record<"good" | "bad" | "dim" | "bold", (text: string) => string>;

const encoder = new TextEncoder();

export function systemTerminal(): Terminal {
  const isTerminal = Deno.stderr.isTerminal();
  const hasColour = Deno.stdout.isTerminal() && !Deno.noColor;
  let hasProgress = false;
  const write = (stream: typeof Deno.stdout, text: string) => {
    let bytes = encoder.encode(text);
    try {
      while (bytes.length > 0) bytes = bytes.subarray(stream.writeSync(bytes));
    } catch (error) {
      if (!(error instanceof Deno.errors.BrokenPipe)) throw error; // `filagram events | head`
    }
  };
  const clear = () => {
    if (hasProgress) write(Deno.stderr, "\r\x1b[K");
    hasProgress = false;
  };
  const colour = (code: number) => (text: string) => hasColour ? `\x1b[${code}m${text}\x1b[0m` : text;
  return {
    print(line) {
      clear();
      write(Deno.stdout, `${line}\n`);
    },
    say(line) {
      clear();
      write(Deno.stderr, `${line}\n`);
    },
    progress(line) {
      if (!isTerminal) return;
      clear();
      write(Deno.stderr, line);
      hasProgress = true;
    },
    isTerminal,
    paint: { good: colour(32), bad: colour(31), dim: colour(2), bold: colour(1) },
  };
}

/** Rows in columns as wide as their widest cell. */
export function table(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = [];
  for (const row of rows) row.forEach((cell, column) => widths[column] = Math.max(widths[column] ?? 0, cell.length));
  return rows.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ").trimEnd());
}
