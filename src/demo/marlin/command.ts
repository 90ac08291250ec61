/**
 * One line of G-code as Marlin 2.1.2 reads it.
 */
export interface Command {
  /** Upper-case letter and number: `M105`; undefined for what is no command. */
  readonly code: string | undefined;
  /** Without line number, checksum and comment; what `Unknown command` quotes. */
  readonly line: string;
  /** All after the code, trimmed: the text of M117, the file of M23. */
  readonly text: string;
}

export function readCommand(line: string): Command {
  const match = /^([GMT])(-?\d+)(?:\.\d+)?(?:\s*)(.*)$/.exec(line);
  if (!match) return { code: undefined, line, text: "" };
  return { code: `${match[1]}${match[2]}`, line, text: (match[3] ?? "").trim() };
}

/** The number after a letter: 200 of `S` in `M104 S200`; undefined without one. */
export function readParameter(line: string, letter: string): number | undefined {
  // The first letter is the command's own; parameters follow it.
  let at = line.indexOf(letter, 1);
  while (at > 0 && /[A-Z]/.test(line[at - 1] ?? "")) at = line.indexOf(letter, at + 1);
  if (at < 1) return undefined;
  const value = Number.parseFloat(line.slice(at + 1));
  return Number.isFinite(value) ? value : undefined;
}

export function hasParameter(line: string, letter: string): boolean {
  return new RegExp(`(?:^|\\s)${letter}(?![A-Z])`).test(line.replace(/^\S+/, ""));
}
