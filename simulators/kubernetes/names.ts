import { createHash } from 'node:crypto';
import type { Json } from '../json.ts';
import { isObject } from '../json.ts';

/** No vowels, so that no words come out: as Kubernetes makes names. */
const ALPHABET = 'bcdfghjklmnpqrstvwxz2456789';

/** Five characters that differ for each number. */
export function suffixOf(seed: string, number: number): string {
  return encode(createHash('sha256').update(`${seed}/${number}`).digest().subarray(0, 5));
}

/** The same for equal templates; which one is Kubernetes' own affair. */
export function hashOf(value: Json | undefined): string {
  return encode(createHash('sha256').update(stable(value)).digest().subarray(0, 10));
}

export function uidFor(number: number): string {
  return `30000000-0000-4000-8000-${String(number).padStart(12, '0')}`;
}

function encode(bytes: Buffer): string {
  return [...bytes].map((byte) => ALPHABET[byte % ALPHABET.length]).join('');
}

function stable(value: Json | undefined): string {
  return JSON.stringify(value ?? null, (_, part: Json) =>
    isObject(part) ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1))) : part,
  );
}
