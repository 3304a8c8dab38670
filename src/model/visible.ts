// biome-ignore lint/suspicious/noControlCharactersInRegex: taking these out is the point
const HIDING = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/**
 * Lines of text as they look: without control characters and marks of text direction, which can hide what a line says.
 * Line ends become `\n`, tabs stay.
 */
export function visible(text: string): string {
  return text.replace(/\r\n?/g, '\n').replace(HIDING, '');
}
