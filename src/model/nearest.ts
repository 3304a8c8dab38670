/** Without what is easily mixed up: case, dashes, underscores and spaces. */
export function squeeze(word: string): string {
  return word.toLowerCase().replace(/[-_ ]+/g, '');
}

/** The word that `word` was probably meant to be; null when none is near enough to suggest. */
export function nearest(word: string, words: readonly string[]): string | null {
  return rankNearest(word, words)[0] ?? null;
}

/** The words that are near enough to `word` to be suggested, the nearest first. */
export function rankNearest(word: string, words: readonly string[]): readonly string[] {
  // Three typos in a short word make another word; a long text costs quadratic time and is no typo anyway.
  const mostEdits = Math.min(3, Math.floor(word.length / 3) + 1);
  if (word.length > 100) return [];
  return words
    .filter((candidate) => Math.abs(candidate.length - word.length) <= mostEdits)
    .map((candidate) => ({ candidate, edits: editDistance(word.toLowerCase(), candidate.toLowerCase()) }))
    .filter(({ edits, candidate }) => edits <= mostEdits && edits < candidate.length)
    .sort((a, b) => a.edits - b.edits)
    .map(({ candidate }) => candidate);
}

/** Insertions, deletions and replacements that turn one word into the other (Levenshtein), by rows. */
function editDistance(from: string, to: string): number {
  let previous = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let row = 1; row <= from.length; row++) {
    const current = [row];
    for (let column = 1; column <= to.length; column++) {
      const replaced = previous[column - 1]! + (from[row - 1] === to[column - 1] ? 0 : 1);
      current.push(Math.min(replaced, previous[column]! + 1, current[column - 1]! + 1));
    }
    previous = current;
  }
  return previous[to.length]!;
}
