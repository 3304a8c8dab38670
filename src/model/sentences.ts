/**
 * One paragraph of whole sentences: `['it failed: no route', 'Try again.']` -> `it failed: no route. Try again.`
 * A text that quotes another sentence already ends with its full stop, and no second one is added. Empty parts are
 * left out.
 */
export function joinSentences(...parts: readonly (string | null | undefined)[]): string {
  return parts.flatMap((part) => (part?.trim() ? [endSentence(part.trim())] : [])).join(' ');
}

function endSentence(text: string): string {
  return /[.!?…]["'”’)`]*$/.test(text) ? text : `${text}.`;
}
