import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';
// @ts-expect-error a build script in plain JavaScript
import { namedTests } from '../threat-table.js';
import { root } from './working-copy.ts';

/** A text of a file that stands there once, and what takes its place. */
export interface Edit {
  /** From the root. */
  readonly file: string;
  readonly was: string;
  readonly becomes: string;
}

/** A test of the table of threats. */
export interface NamedTest {
  /** From `__tests__/`. */
  readonly file: string;
  /** As jest prints it; `%s` and `$name` of a table stay as they are. */
  readonly name: string;
}

/** A mitigation that is taken out, and the tests that have to notice. */
export interface PlantedThreat {
  readonly edits: readonly Edit[];
  readonly red: readonly NamedTest[];
  /** The tests look at what others of their file did, so all of them have to run. */
  readonly isWhole: boolean;
}

type Entry = Edit & {
  readonly also?: readonly Edit[];
  readonly whole?: boolean;
  readonly red: Readonly<Record<string, readonly string[]>>;
};

/** The tests that were seen red with their mitigation taken out, as `keyOf` names them. */
export const SEEN_RED = path.join(import.meta.dirname, 'seen-red.json');

export const readSeenRed = (): readonly string[] => JSON.parse(readFileSync(SEEN_RED, 'utf8')) as string[];

export const readThreats = (): string => readFileSync(path.join(root, 'docs/security-threats.yml'), 'utf8');

export function readPlantedThreats(): readonly PlantedThreat[] {
  const entries: readonly Entry[] = parse(readFileSync(path.join(import.meta.dirname, 'planted-threats.yml'), 'utf8'));
  return entries.map(({ file, was, becomes, also = [], whole = false, red }) => ({
    isWhole: whole,
    edits: [{ file, was, becomes }, ...also],
    red: Object.entries(red).flatMap(([testFile, names]) => names.map((name) => ({ file: testFile, name }))),
  }));
}

/** @throws Error where the file doesn't have the text exactly once: the list of threats has to follow the source */
export function plant(source: string, { file, was, becomes }: Edit): string {
  const [before, after, ...more] = source.split(was);
  if (after === undefined || more.length > 0 || was === becomes)
    throw new Error(`${file} has ${after === undefined ? 'no' : 'more than one'} place with: ${was}`);
  return before + becomes + after;
}

/** Each test of the table once. */
export function testsOfThreats(threatsYml: string): readonly NamedTest[] {
  const named: readonly NamedTest[] = namedTests(threatsYml);
  return [...new Map(named.map((test) => [keyOf(test), test])).values()];
}

export function keyOf({ file, name }: NamedTest): string {
  return `${file}: ${name}`;
}

/** Matches the names of the test's rows. */
export function patternOf({ name }: NamedTest): string {
  return name
    .split(/%[a-zA-Z#]|\$[\w.]+/)
    .map((part) => part.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&'))
    .join('.*');
}
