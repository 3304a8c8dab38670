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
  // A long text costs quadratic time and is no typo anyway.
  if (word.length > 100) return [];
  return words
    .filter((candidate) => Math.abs(candidate.length - word.length) <= mostEdits(word, candidate))
    .map((candidate) => ({ candidate, edits: editDistance(word.toLowerCase(), candidate.toLowerCase()) }))
    .filter(({ edits, candidate }) => edits <= mostEdits(word, candidate))
    .sort((a, b) => a.edits - b.edits)
    .map(({ candidate }) => candidate);
}

/** Two typos in a word of four letters make another word: `zone` is no `mode`, and `revision` no `region`. */
function mostEdits(word: string, candidate: string): number {
  return Math.min(3, Math.floor((Math.min(word.length, candidate.length) + 1) / 3));
}

/** Insertions, deletions, replacements and swaps of neighbours that turn one word into the other, by rows. */
function editDistance(from: string, to: string): number {
  let beforeThat: number[] = [];
  let previous = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let row = 1; row <= from.length; row++) {
    const current = [row];
    for (let column = 1; column <= to.length; column++) {
      const replaced = previous[column - 1]! + (from[row - 1] === to[column - 1] ? 0 : 1);
      const isSwap = row > 1 && column > 1 && from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
      const swapped = isSwap ? beforeThat[column - 2]! + 1 : replaced;
      current.push(Math.min(replaced, swapped, previous[column]! + 1, current[column - 1]! + 1));
    }
    beforeThat = previous;
    previous = current;
  }
  return previous[to.length]!;
}
