import { isUtf8 } from 'node:buffer';
import { UNSEEN } from './visible.ts';

/** A text as some reader takes it, and which characters of the original each of its own comes from. */
export interface Reading {
  readonly text: string;
  /** Of each character: the first of the original, and the one after its last. null: it is the original. */
  readonly from: Uint32Array | null;
  readonly to: Uint32Array | null;
}

interface Decoder {
  readonly pattern: RegExp;
  /** Absent: any text may hold it. */
  readonly needs?: string;
  /** Never longer than what was found. */
  readonly decode: (found: string) => string;
}

const NAMED: ReadonlyMap<string, string> = new Map([
  ...[['amp', '&'] as const, ['lt', '<'] as const, ['gt', '>'] as const],
  ...[['quot', '"'] as const, ['apos', "'"] as const, ['nbsp', ' '] as const],
]);
const ESCAPES: ReadonlyMap<string, string> = new Map([
  ...[['n', '\n'] as const, ['r', '\r'] as const, ['t', '\t'] as const, ['b', '\b'] as const, ['f', '\f'] as const],
  ...[['v', '\v'] as const, ['a', '\u0007'] as const, ['0', '\0'] as const],
]);

/** Escape sequences of terminals, and what is seen by no one: it can stand in the middle of a value. */
const NOISE: Decoder = {
  pattern: new RegExp(
    `(?:\\u001b\\[|\\u009b)[0-?]*[ -/]*[@-~]|\\u001b\\][^\\u0007\\u001b]*(?:\\u0007|\\u001b\\\\)|(?![\\n\\t])\\p{Cc}|[\\u00ad\\u200c\\u200d]|${UNSEEN.source}`,
    'gu',
  ),
  decode: () => '',
};
/** Lines that were wrapped, perhaps at a space, with what indents the next one. */
const WRAPPING: Decoder = { pattern: /\s+/g, needs: '\n', decode: () => '' };
/** Of URLs: in capitals or not, each character or only those that have to be. */
const PERCENT: Decoder = {
  pattern: /%[0-7][0-9a-f]|(?:%[89a-f][0-9a-f])+/gi,
  decode: (found) => Buffer.from(found.replaceAll('%', ''), 'hex').toString('utf8'),
};
/** Of form fields and queries. */
const PLUS: Decoder = { pattern: /\+/g, decode: () => ' ' };
/** Of HTML and XML. */
const ENTITY: Decoder = {
  pattern: /&(?:amp|lt|gt|quot|apos|nbsp|#\d{1,7}|#x[0-9a-f]{1,6});/gi,
  decode(found) {
    const name = found.slice(1, -1).toLowerCase();
    if (!name.startsWith('#')) return NAMED.get(name) ?? found;
    return fromCode(name.startsWith('#x') ? Number.parseInt(name.slice(2), 16) : Number(name.slice(1)), found);
  },
};
/** Of JSON, JavaScript, Python's repr and shells. */
const BACKSLASH: Decoder = {
  pattern:
    /\\u\{[0-9a-f]{1,6}\}|\\u[0-9a-f]{4}|\\U[0-9a-f]{8}|\\x[0-7][0-9a-f]|(?:\\x[89a-f][0-9a-f])+|\\[0-3][0-7]{2}|\\[\s\S]/gi,
  decode(found) {
    const kind = found.charAt(1);
    if (/^\\u/i.test(found) && found.length > 2)
      return fromCode(Number.parseInt(found.replace(/[\\uU{}]/g, ''), 16), found);
    if (kind === 'x' && found.length > 2) return fromBytes(found.replaceAll('\\x', ''));
    if (/^\\[0-3][0-7]{2}$/.test(found)) return fromCode(Number.parseInt(found.slice(1), 8), found);
    return ESCAPES.get(kind) ?? kind;
  },
};

/** These make what is encoded inside of them readable. */
const LAYOUT = [NOISE, WRAPPING];
const ENCODINGS = [PERCENT, PLUS, ENTITY, BACKSLASH];
/** JSON inside of JSON, a URL in JSON. */
const DEEPEST = 2;
const MOST_CHARACTERS = 4_000_000;

/** The text itself, and what it says where it is read as it may be encoded: coloured or wrapped, and escaped once or twice. */
export function readingsOf(text: string): readonly Reading[] {
  const readings = new Map<string, Reading>([[text, { text, from: null, to: null }]]);
  let characters = text.length;
  /** @returns those that are new */
  const decodeAll = (level: readonly Reading[], decoders: readonly Decoder[]): readonly Reading[] => {
    const before = readings.size;
    for (const reading of level) {
      for (const decoder of decoders) {
        const decoded = characters > MOST_CHARACTERS ? null : read(reading, decoder);
        if (!decoded || readings.has(decoded.text)) continue;
        readings.set(decoded.text, decoded);
        characters += decoded.text.length;
      }
    }
    return [...readings.values()].slice(before);
  };
  for (const decoder of LAYOUT) decodeAll([...readings.values()], [decoder]);
  let level: readonly Reading[] = [...readings.values()];
  for (let depth = 0; depth < DEEPEST; depth += 1) level = decodeAll(level, ENCODINGS);
  return [...readings.values()];
}

/** null: nothing in it is encoded so. */
function read({ text, from, to }: Reading, { pattern, needs, decode }: Decoder): Reading | null {
  if ((needs !== undefined && !text.includes(needs)) || text.search(pattern) < 0) return null;
  const parts: string[] = [];
  const newFrom = new Uint32Array(text.length);
  const newTo = new Uint32Array(text.length);
  let length = 0;
  let at = 0;
  const place = (first: number, last: number): void => {
    newFrom[length] = from?.[first] ?? first;
    newTo[length] = to?.[last] ?? last + 1;
    length += 1;
  };
  const keepUntil = (end: number): void => {
    parts.push(text.slice(at, end));
    for (; at < end; at += 1) place(at, at);
  };
  for (const { 0: found, index } of text.matchAll(pattern)) {
    keepUntil(index);
    const decoded = decode(found);
    parts.push(decoded);
    at = index + found.length;
    for (let count = 0; count < decoded.length; count += 1) place(index, at - 1);
  }
  keepUntil(text.length);
  return { text: parts.join(''), from: newFrom, to: newTo };
}

/** What is left of a value when noise, and white space, are taken out of it too. */
export function withoutNoise(value: string): readonly string[] {
  const quiet = value.replace(NOISE.pattern, '');
  return [quiet, quiet.replace(WRAPPING.pattern, '')];
}

function fromCode(code: number, otherwise: string): string {
  return code <= 0x10ffff ? String.fromCodePoint(code) : otherwise;
}

/** Python's bytes are UTF-8, its text has these for what is below U+0100. */
function fromBytes(hex: string): string {
  const bytes = Buffer.from(hex, 'hex');
  return bytes.toString(isUtf8(bytes) ? 'utf8' : 'latin1');
}
