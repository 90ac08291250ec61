/** `key=value` lines: the first `=` divides, keys hold spaces and brackets; a line without one says nothing. */
export function* iniEntries(text: string): Generator<[key: string, value: string]> {
  for (const line of text.split(/\r\n|\r|\n/)) {
    const divider = line.indexOf("=");
    if (divider > 0) yield [line.slice(0, divider).trim(), line.slice(divider + 1).trim()];
  }
}
