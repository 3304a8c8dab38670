import { createHash } from 'node:crypto';
import { openSearch } from './secret-search.ts';

export interface Secret {
  readonly name: string;
  readonly value: string;
  /** What gives it away wherever it stands, also when what is around it was escaped, cut or encoded. */
  readonly marks: readonly string[];
  /** Hosts that may get it; no one else may, and it may be written nowhere. */
  readonly owners: RegExp;
}

/** One text that anyone but its owner could read. */
export interface Place {
  readonly name: string;
  readonly text: string;
  /** Of a request: where it went. */
  readonly host?: string;
}

const NO_ONE = /^$/;
const TROUBLE = '"\\/+&%=<|`';
const MARK = 8;

/**
 * A value made for one purpose. JSON, URLs, Markdown and shells change its middle, and no encoding the marks: letters and digits. It
 * begins with one, so that what is left of a value that was cut after eight characters is found too.
 */
export function plant(name: string, options: { owners?: RegExp; around?: string } = {}): Secret {
  const { owners = NO_ONE, around = TROUBLE } = options;
  const text = BigInt(`0x${createHash('sha256').update(name).digest('hex')}`).toString(36);
  const marks = [0, 1, 2].map((index) => text.slice(index * MARK, (index + 1) * MARK));
  const value = `${marks[0]}${around}${marks[1]}${marks[2]}${around}end`;
  return { name, value, marks, owners };
}

/** A value that is what it is. */
export function known(name: string, value: string, owners = NO_ONE): Secret {
  return { name, value, marks: [value], owners };
}

export interface Leak {
  readonly secret: string;
  readonly form: string;
  readonly place: string;
}

/** Each secret that is where it must not be, once for each place. */
export function findLeaks(secrets: readonly Secret[], places: readonly Place[]): readonly Leak[] {
  const search = openSearch(secrets.map(({ marks }) => marks));
  return places.flatMap((place) =>
    [...search(place.text)].flatMap(([index, form]) => {
      const { name, owners } = secrets[index]!;
      const isAllowed = place.host !== undefined && owners.test(place.host);
      return isAllowed ? [] : [{ secret: name, form, place: place.name }];
    }),
  );
}
