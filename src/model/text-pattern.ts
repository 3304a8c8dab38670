/**
 * A text that another has to be equal to. `*` stands for any characters but `/`, `**` for any characters: `*` in
 * `https://github.com/acme/*` can't lead to a repository's files, as a regular expression's `.*` would.
 */
export type TextPattern = string;

/** In time proportional to the product of the lengths: both may be long, and a regular expression can take hours. */
export function matchesPattern(text: string, pattern: TextPattern): boolean {
  const parts = pattern.match(/\*\*|\*|[^*]/gsu) ?? [];
  const characters = [...text];
  let reached = new Set([0]);
  for (const part of parts) {
    reached = part.startsWith('*')
      ? extend(reached, characters, part === '**')
      : new Set([...reached].filter((at) => characters[at] === part).map((at) => at + 1));
  }
  return reached.has(characters.length);
}

/** What can be reached from there by skipping characters. */
function extend(from: ReadonlySet<number>, characters: readonly string[], skipsSlashes: boolean): Set<number> {
  const reached = new Set<number>();
  for (let at = 0; at <= characters.length; at += 1) {
    const isSkipped = reached.has(at - 1) && (skipsSlashes || characters[at - 1] !== '/');
    if (from.has(at) || isSkipped) reached.add(at);
  }
  return reached;
}

/** How many characters of it have to be equal. */
export function literalLength(pattern: TextPattern): number {
  return pattern.replaceAll('*', '').length;
}
