// Not by the redactor of src/, which is what it checks.

/** What is found of each set of marks, by its index: in which form it is there first. */
export type Search = (text: string) => ReadonlyMap<number, string>;

interface Needle {
  readonly text: string;
  readonly form: string;
  readonly index: number;
}

/** Finds marks in a text, however they are encoded, wrapped or coloured. @param sets marks of one secret each */
export function openSearch(sets: readonly (readonly string[])[]): Search {
  const needles = sets.flatMap((marks, index) =>
    marks.flatMap((mark) => formsOf(mark).map((one) => ({ ...one, index }))),
  );
  const byStart = Map.groupBy(needles, ({ text }) => startOf(text, 0));
  const isStart = new Uint8Array(BUCKETS);
  for (const start of byStart.keys()) isStart[start] = 1;
  return (text) => {
    const found = new Map<number, string>();
    for (const [reading, as] of readingsOf(text)) {
      for (let at = 0; at + SHORTEST <= reading.length; at += 1) {
        const start = startOf(reading, at);
        if (isStart[start] === 0) continue;
        for (const { text: needle, form, index } of byStart.get(start)!) {
          if (!found.has(index) && reading.startsWith(needle, at)) found.set(index, [form, ...as].join(', '));
        }
      }
    }
    return found;
  };
}

const BUCKETS = 0x10000;
const SHORTEST = 4;

/** Of four characters. */
function startOf(text: string, at: number): number {
  let hash = 0;
  for (let offset = 0; offset < SHORTEST; offset += 1)
    hash = (hash * 31 + text.charCodeAt(at + offset)) & (BUCKETS - 1);
  return hash;
}

function formsOf(mark: string): readonly Omit<Needle, 'index'>[] {
  const hex = Buffer.from(mark).toString('hex');
  const base64 = [0, 1, 2].map((offset) => base64Inside(mark, offset));
  return [
    { form: 'as it is', text: mark },
    ...[hex, hex.toUpperCase()].map((text) => ({ form: 'in hex', text })),
    ...base64
      .flatMap((text) => [text, text.replaceAll('+', '-').replaceAll('/', '_')])
      .map((text) => ({ form: 'in base64', text })),
  ];
}

/** What base64 makes of it wherever it begins in a group of three bytes, without the characters that its neighbours change. */
function base64Inside(text: string, offset: number): string {
  const encoded = Buffer.from('x'.repeat(offset) + text).toString('base64');
  const bits = (offset + Buffer.byteLength(text)) * 8;
  return encoded.slice(Math.ceil((offset * 8) / 6), Math.floor(bits / 6));
}

/** Of terminals. */
const SEQUENCES = /(?![\n\t])\p{Cc}(?:\[[0-?]*[ -/]*[@-~]|\][^\p{Cc}]*\p{Cc}\\?)/gu;
const UNSEEN = /[\u00ad\u061c\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\u{e0000}-\u{e01ef}]|(?![\n\t])\p{Cc}/gu;

type Decoder = readonly [name: string, decode: (text: string) => string];
const quiet: Decoder = ['in pieces', (text) => text.replace(SEQUENCES, '').replace(UNSEEN, '')];
const unwrapped: Decoder = ['wrapped', (text) => (text.includes('\n') ? text.replace(/\s+/g, '') : text)];
const encodings: readonly Decoder[] = [
  ['in a URL', (text) => text.replace(/%([0-7][0-9a-f])/gi, (_, code) => fromCode(code, 16))],
  [
    'in HTML',
    (text) =>
      text.replace(/&#x([0-9a-f]{1,6});|&#(\d{1,7});/gi, (_, hex, code) => fromCode(hex ?? code, hex ? 16 : 10)),
  ],
  [
    'in escapes',
    (text) =>
      text.replace(
        /\\u\{([0-9a-f]{1,6})\}|\\u([0-9a-f]{4})|\\U([0-9a-f]{8})|\\x([0-9a-f]{2})|\\([0-3][0-7]{2})/gi,
        (_, ...codes) => {
          const octal = codes[4];
          return fromCode(octal ?? codes.slice(0, 4).find(Boolean), octal ? 8 : 16);
        },
      ),
  ],
];

/** The text, and what it is where it is decoded: noise and line ends taken out, then every encoding, once and twice. */
function readingsOf(text: string): ReadonlyMap<string, readonly string[]> {
  const readings = new Map<string, readonly string[]>([[text, []]]);
  const add = ([from, as]: [string, readonly string[]], [name, decode]: Decoder): void => {
    const decoded = decode(from);
    if (!readings.has(decoded)) readings.set(decoded, [...as, name]);
  };
  for (const decoder of [quiet, unwrapped]) for (const reading of [...readings]) add(reading, decoder);
  for (let depth = 0; depth < 2; depth += 1) {
    for (const reading of [...readings]) for (const decoder of encodings) add(reading, decoder);
  }
  return readings;
}

function fromCode(code: string, radix: number): string {
  const value = Number.parseInt(code, radix);
  return value <= 0x10ffff ? String.fromCodePoint(value) : '';
}
