import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import {
  keyOf,
  type NamedTest,
  type Planted,
  patternOf,
  plant,
  readPlanted,
  readSeenRed,
  SEEN_RED,
  type TableName,
} from './planted.ts';
import { runTests } from './run-tests.ts';
import { openWorkingCopy } from './working-copy.ts';

/** Of one run of jest, on a machine that does much else. */
const LIMIT_MS = 1_800_000;

interface Row {
  readonly fullName: string;
  readonly status: string;
}

/**
 * Takes one piece of code at a time out of a copy, and sees the tests of the table turn red that are to guard it. What was seen is
 * written to `seen-red.json`: of the tests that were tried, those that fail with the fault and pass without.
 * @param words parts of what is to be tried: of a path, of the name of a test; none: everything
 * @returns the exit code
 */
export async function checkPlanted(
  table: TableName,
  words: readonly string[],
  say: (text: string) => void,
): Promise<number> {
  const copy = openWorkingCopy(() => true);
  const isMeant = (one: Planted) => words.length === 0 || words.some((word) => JSON.stringify(one).includes(word));
  const planted = readPlanted(table).filter(isMeant);
  const tried = new Map(planted.flatMap(({ red }) => red.map((test) => [keyOf(test), test])));
  const failing = new Set<string>();
  for (const one of planted) {
    const rows = await rowsWith(one, copy);
    for (const test of one.red) {
      const own = rows.filter((row) => isRowOf(row, test));
      const failed = own.filter(({ status }) => status === 'failed').length;
      if (failed > 0) failing.add(keyOf(test));
      const files = one.edits.map(({ file }) => file).join(', ');
      say(`${failed > 0 ? 'red' : 'GREEN'} (${failed} of ${own.length}): ${keyOf(test)} [${files}]`);
    }
  }
  const passing = new Set<string>();
  for (const [isWhole, some] of Map.groupBy(planted, (one) => one.isWhole)) {
    const tests = new Map(some.flatMap(({ red }) => red.map((test) => [keyOf(test), test])));
    for (const key of await findPassing([...tests.values()], { copy, isWhole, say })) passing.add(key);
  }
  const red = [...tried.keys()].filter((key) => failing.has(key) && passing.has(key));
  record(new Set(tried.keys()), red);
  say(`${red.length} of ${tried.size} red`);
  return red.length === tried.size ? 0 : 1;
}

/** One that fails anyway guards nothing. */
async function findPassing(
  tests: readonly NamedTest[],
  { copy, isWhole, say }: { readonly copy: string; readonly isWhole: boolean; readonly say: (text: string) => void },
): Promise<ReadonlySet<string>> {
  const rows = await rowsOf(copy, { red: tests, isWhole });
  const passes = (test: NamedTest): boolean => {
    const own = rows.filter((row) => isRowOf(row, test));
    return own.length > 0 && own.every(({ status }) => status === 'passed');
  };
  for (const test of tests) if (!passes(test)) say(`does not pass without a fault: ${keyOf(test)}`);
  return new Set(tests.filter(passes).map(keyOf));
}

async function rowsWith({ edits, ...tests }: Planted, copy: string): Promise<readonly Row[]> {
  const files = [...new Set(edits.map(({ file }) => file))];
  const sources = new Map(files.map((file) => [file, readFileSync(path.join(copy, file), 'utf8')]));
  try {
    for (const edit of edits) {
      const file = path.join(copy, edit.file);
      writeFileSync(file, plant(readFileSync(file, 'utf8'), edit));
    }
    return await rowsOf(copy, tests);
  } finally {
    for (const [file, source] of sources) writeFileSync(path.join(copy, file), source);
  }
}

/** @returns nothing where jest wrote no report */
async function rowsOf(
  copy: string,
  { red: tests, isWhole }: Pick<Planted, 'red' | 'isWhole'>,
): Promise<readonly Row[]> {
  const report = path.join(copy, 'jest-report.json');
  const files = [...new Set(tests.map(({ file }) => path.join(copy, '__tests__', file)))];
  const names = [...new Set(tests.map((test) => `^${patternOf(test)}$`))].join('|');
  rmSync(report, { force: true });
  const which = isWhole ? [] : ['-t', names];
  // A fault may leave a connection open that is never answered: jest would wait for it.
  await runTests(
    copy,
    ['--forceExit', '--json', `--outputFile=${report}`, ...which, '--runTestsByPath', ...files],
    LIMIT_MS,
  );
  if (!existsSync(report)) return [];
  const { testResults } = JSON.parse(readFileSync(report, 'utf8')) as {
    testResults: readonly { readonly assertionResults: readonly Row[] }[];
  };
  return testResults.flatMap(({ assertionResults }) => assertionResults.filter(({ status }) => status !== 'pending'));
}

function isRowOf({ fullName }: Row, test: NamedTest): boolean {
  return new RegExp(`^${patternOf(test)}$`, 's').test(fullName);
}

function record(tried: ReadonlySet<string>, red: readonly string[]): void {
  const others = readSeenRed().filter((key) => !tried.has(key));
  writeFileSync(SEEN_RED, `${JSON.stringify([...others, ...red].sort(), null, 2)}\n`);
}
