import { type Reading, readingsOf } from './readings.ts';
import { formsOf } from './secret-forms.ts';

/** Takes values out of everything that is printed, stored or reported. */
export interface Redactor {
  /** Values are known from now on. Too short or ordinary ones are no secrets, and stay. */
  hide(values: readonly string[]): void;
  /** The text with *** for each known value, however it is encoded, wrapped or coloured. */
  redact(text: string): string;
}

const SHORTEST_SECRET = 6;
const SHORTEST_LINE = 8;
const SHORTEST_PREFIX = 8;
const NUMBER = /^[\d.,:+-]{1,12}$/;
/** What configuration is made of: a log without these words would say nothing. */
const ORDINARY = new Set(
  `accept always application charset console default deployment developer development disabled enabled error errors
  example export external health healthcheck https info internal json latest linux/amd64 linux/arm64
  localhost logging master metrics network nodejs normal number object password plaintext platform postgres preview private
  process prod production project public python region release request response sandbox secret server service settings
  staging standard static string system testing timeout unknown verbose version warning warnings worker workers`.split(
    /\s+/,
  ),
);
/** The beginning of an address, without anything in it that could be a credential. */
const ADDRESS = /^[a-z][a-z0-9+.-]*:\/\/[\w.:-]*\/?$/i;

/** `publicTexts`: what may be printed, such as the name of the service; a value that is in one of them is no secret. */
export function openRedactor(publicTexts: readonly string[] = []): Redactor {
  const forms = new FormIndex();
  const isPublic = (text: string): boolean => publicTexts.some((known) => known.includes(text));
  const isSecret = (value: string): boolean =>
    value.length >= SHORTEST_SECRET && !NUMBER.test(value) && !ORDINARY.has(value.toLowerCase()) && !isPublic(value);
  return {
    hide(values) {
      for (const value of values) {
        const trimmed = value.trim();
        const lines = trimmed.split(/[\r\n]+/).map((line) => line.trim());
        forms.add([value, trimmed].filter((whole) => isSecret(whole)));
        if (lines.length > 1) forms.add(lines.filter((line) => line.length >= SHORTEST_LINE && isSecret(line)));
      }
    },
    redact: (text) => replaceAll(text, forms, isPublic),
  };
}

/** The text with *** for each of these, whatever they are. */
export function redact(text: string, secrets: readonly string[]): string {
  const forms = new FormIndex();
  forms.add(secrets);
  return replaceAll(text, forms, () => false);
}

/** Forms by their first two characters, the longest first: nearly all of a text begins none. */
class FormIndex {
  readonly #known = new Set<string>();
  readonly #byStart = new Map<number, string[]>();
  #hasSingle = false;

  add(values: readonly string[]): void {
    for (const value of values) {
      if (this.#known.has(value)) continue;
      this.#known.add(value);
      for (const form of formsOf(value)) this.#insert(form);
    }
  }

  get isEmpty(): boolean {
    return this.#byStart.size === 0;
  }

  /** Those that begin as the text does at this place. */
  at(text: string, place: number): readonly string[] | undefined {
    return (
      this.#byStart.get(keyOf(text, place)) ?? (this.#hasSingle ? this.#byStart.get(text.charCodeAt(place)) : undefined)
    );
  }

  #insert(form: string): void {
    if (form.length === 1) this.#hasSingle = true;
    const key = form.length === 1 ? form.charCodeAt(0) : keyOf(form, 0);
    const list = this.#byStart.get(key) ?? [];
    this.#byStart.set(key, list);
    if (list.includes(form)) return;
    list.push(form);
    list.sort((a, b) => b.length - a.length);
  }
}

/** Of two characters; never that of one alone. */
function keyOf(text: string, place: number): number {
  return (text.charCodeAt(place) + 1) * 0x10000 + (text.charCodeAt(place + 1) || 0);
}

type Range = readonly [number, number];

function replaceAll(text: string, forms: FormIndex, isPublic: (text: string) => boolean): string {
  if (forms.isEmpty) return text;
  const ranges = readingsOf(text).flatMap((reading) => findIn(reading, forms, isPublic));
  if (ranges.length === 0) return text;
  let shown = '';
  let at = 0;
  for (const [from, to] of merge(ranges)) {
    shown += `${text.slice(at, from)}***`;
    at = to;
  }
  return shown + text.slice(at);
}

function findIn({ text, from, to }: Reading, forms: FormIndex, isPublic: (text: string) => boolean): readonly Range[] {
  const ranges: Range[] = [];
  for (let at = 0; at < text.length; at += 1) {
    const candidates = forms.at(text, at);
    if (!candidates) continue;
    const length = longestMatch(text, at, candidates, isPublic);
    if (length === 0) continue;
    const last = at + length - 1;
    ranges.push([from?.[at] ?? at, to?.[last] ?? last + 1]);
  }
  return ranges;
}

/** 0: none of them is there. */
function longestMatch(text: string, at: number, forms: readonly string[], isPublic: (text: string) => boolean): number {
  for (const form of forms) {
    if (text.startsWith(form, at)) return form.length;
    const length = lengthOfCut(text, at, form);
    if (length === 0) continue;
    const shown = form.slice(0, length);
    if (!ADDRESS.test(shown) && !isPublic(shown)) return length;
  }
  return 0;
}

/** How much of a value is there that was cut: at the end of the text or of a line, or where dots say so. */
function lengthOfCut(text: string, at: number, form: string): number {
  if (form.length <= SHORTEST_PREFIX || !text.startsWith(form.slice(0, SHORTEST_PREFIX), at)) return 0;
  let length = SHORTEST_PREFIX;
  while (length < form.length && text.charCodeAt(at + length) === form.charCodeAt(length)) length += 1;
  const end = at + length;
  const isCut = end >= text.length || ['…', '...', '\n'].some((mark) => text.startsWith(mark, end));
  return isCut ? length : 0;
}

/** Those that overlap become one; those that only touch stay. */
function merge(ranges: readonly Range[]): readonly Range[] {
  const merged: [number, number][] = [];
  for (const [from, to] of ranges.toSorted((a, b) => a[0] - b[0] || b[1] - a[1])) {
    const last = merged.at(-1);
    if (last && from < last[1]) last[1] = Math.max(last[1], to);
    else merged.push([from, to]);
  }
  return merged;
}
