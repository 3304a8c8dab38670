import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';
// @ts-expect-error a build script in plain JavaScript
import { namedTests } from '../threat-table.js';
// @ts-expect-error a build script in plain JavaScript
import { namedVerdictTests } from '../verdict-table.js';
import { root } from './working-copy.ts';

/** A text of a file that stands there once, and what takes its place. */
export interface Edit {
  /** From the root. */
  readonly file: string;
  readonly was: string;
  readonly becomes: string;
}

/** A test of a table. */
export interface NamedTest {
  /** From `__tests__/`. */
  readonly file: string;
  /** As jest prints it; `%s` and `$name` of a table stay as they are. */
  readonly name: string;
}

/** Code that is taken out, and the tests that have to notice. */
export interface Planted {
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

/** The tables of tests each of which has a fault that turns it red. */
export const TABLES = {
  /** A mitigation is taken out. */
  threats: { planted: 'planted-threats.yml', page: 'docs/security-threats.yml', namedTests },
  /** What makes a verdict true is taken out. */
  verdicts: { planted: 'planted-verdicts.yml', page: 'docs/verdicts.yml', namedTests: namedVerdictTests },
} as const satisfies Record<
  string,
  { planted: string; page: string; namedTests: (yml: string) => readonly NamedTest[] }
>;
export type TableName = keyof typeof TABLES;

/** The tests that were seen red with their code taken out, as `keyOf` names them. */
export const SEEN_RED = path.join(import.meta.dirname, 'seen-red.json');

export const readSeenRed = (): readonly string[] => JSON.parse(readFileSync(SEEN_RED, 'utf8')) as string[];

export function readPlanted(table: TableName): readonly Planted[] {
  const file = path.join(import.meta.dirname, TABLES[table].planted);
  const entries: readonly Entry[] = parse(readFileSync(file, 'utf8'));
  return entries.map(({ file, was, becomes, also = [], whole = false, red }) => ({
    isWhole: whole,
    edits: [{ file, was, becomes }, ...also],
    red: Object.entries(red).flatMap(([testFile, names]) => names.map((name) => ({ file: testFile, name }))),
  }));
}

/** @throws Error where the file doesn't have the text exactly once: the list of faults has to follow the source */
export function plant(source: string, { file, was, becomes }: Edit): string {
  const [before, after, ...more] = source.split(was);
  if (after === undefined || more.length > 0 || was === becomes)
    throw new Error(`${file} has ${after === undefined ? 'no' : 'more than one'} place with: ${was}`);
  return before + becomes + after;
}

/** Each test of the table once. */
export function testsOf(table: TableName): readonly NamedTest[] {
  const { page, namedTests: read } = TABLES[table];
  const named: readonly NamedTest[] = read(readFileSync(path.join(root, page), 'utf8'));
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
