import { withoutNoise } from './readings.ts';

/** Below this many characters an encoded form would be found in ordinary text. */
const SHORTEST_ENCODED = 6;
/** A shorter value in small letters is a word that a log needs. */
const SHORTEST_LOWERED = 12;

/**
 * What a value may look like in a text besides as it is: base64 (as it is in a longer text, in each of three positions),
 * hexadecimal digits, without its own white space, in small letters (a URL has its host so), or as a URL and JSON have it.
 * Readings undo these last two as well, but not where an escape begins before the value: in `%041`, where `41` is the value,
 * `%04` is read as one character.
 */
export function formsOf(value: string): readonly string[] {
  if (value === '') return [];
  if (value.length < SHORTEST_ENCODED) return [value];
  const plain = [value, ...[...withoutNoise(value), inUrl(value), inJson(value)].filter(isLongEnough)];
  const bytes = Buffer.from(value, 'utf8');
  const base64 = [0, 1, 2].map((offset) => base64Inside(bytes, offset));
  const hex = bytes.toString('hex');
  const lowered = value.length < SHORTEST_LOWERED ? [] : [value.toLowerCase()];
  const encoded = [...lowered, ...base64, ...base64.map(toUrlSafe), hex, hex.toUpperCase()];
  return [...new Set([...plain, ...encoded])];
}

function isLongEnough(form: string): boolean {
  return form.length >= SHORTEST_ENCODED;
}

/** Half of a surrogate pair can't be in a URL. */
function inUrl(value: string): string {
  return encodeURIComponent(value.toWellFormed());
}

function inJson(value: string): string {
  return JSON.stringify(value).slice(1, -1);
}

/** Without the characters that what stands beside it changes. */
function base64Inside(bytes: Buffer, offset: number): string {
  const encoded = Buffer.concat([Buffer.alloc(offset), bytes]).toString('base64');
  const bits = (offset + bytes.length) * 8;
  return encoded.slice(Math.ceil((offset * 8) / 6), Math.floor(bits / 6));
}

function toUrlSafe(base64: string): string {
  return base64.replaceAll('+', '-').replaceAll('/', '_');
}
