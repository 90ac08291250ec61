/**
 * Finds the word somebody meant when he wrote another.
 */

/** The one of `known` that is closest to `word`, if it is close enough to be a slip. */
export function closestWord(word: string, known: readonly string[]): string | undefined {
  const tolerance = Math.floor(word.length / 3);
  let closest: { word: string; distance: number } | undefined;
  for (const candidate of known) {
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase());
    if (distance <= tolerance && distance < (closest?.distance ?? Infinity)) closest = { word: candidate, distance };
  }
  return closest?.word;
}

/** `did you mean "a"?`, else `known are a, b, c`, or what to say where nothing is known. */
export function suggestion(word: string, known: readonly string[], nothingKnown = "there is none"): string {
  const meant = closestWord(word, known);
  if (meant !== undefined) return `did you mean "${meant}"?`;
  if (known.length === 0) return nothingKnown;
  return known.length === 1 ? `there is only "${known[0]}"` : `known are ${known.join(", ")}`;
}

const maxComparedCharacters = 64;

/** Insertions, deletions, replacements and swaps of neighbours (optimal string alignment distance). */
export function editDistance(a: string, b: string): number {
  if (Math.max(a.length, b.length) > maxComparedCharacters) return a === b ? 0 : Infinity;
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (last[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      let least = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, replaced);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        least = Math.min(least, (beforeLast[j - 2] ?? 0) + 1);
      }
      row.push(least);
    }
    [beforeLast, last] = [last, row];
  }
  return last[b.length] ?? 0;
}
