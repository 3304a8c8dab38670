const CONTROLS = /\p{Cc}/gu;
/** Marks of text direction, characters that take no space, tag characters and the variation selectors beyond them. */
export const UNSEEN = /[\p{Bidi_Control}\u200b\u2060-\u2064\ufeff\u{e0000}-\u{e01ef}]/gu;

/**
 * Lines of text as they look: without control characters, marks of text direction, and characters that take no space, which
 * can hide what a line says or say what no person sees (tag characters, read by a language model).
 * Line ends become `\n`, tabs stay. Half of a pair of surrogates becomes U+FFFD: APIs refuse JSON that has one.
 */
export function visible(text: string): string {
  return text
    .replace(/\r\n?/g, '\n')
    .replace(CONTROLS, (control) => (control === '\n' || control === '\t' ? control : ''))
    .replace(UNSEEN, '')
    .toWellFormed();
}
