import { DeployError } from '../model/errors.ts';
import { inFile } from '../model/in-file.ts';
import type { SmokeTest } from '../model/smoke-test.ts';
import { linesOfEntries, parseExactYaml } from '../model/yaml.ts';
import { readSmokeTest } from './smoke-test-entry.ts';
import { NO_LIMITS, type SmokeTestLimits } from './smoke-test-limits.ts';

export interface SmokeTestFiles {
  /** The text of a file of the repository; null: there is none. */
  readFile(path: string): string | null;
  /** The length of a file to upload, in bytes; null: there is none. Absent: that of what `readFile` returns. */
  size?(path: string): number | null;
}

const MAX_TESTS = 100;
const HINT = 'Write a list such as `- GET /health`, one test an entry.';

/**
 * The `smoke-tests` input: a YAML list, or the path of a .yml or .yaml file that holds one. Upload files have to exist
 * already here, so that a wrong path is found before anything is deployed; they are read when their test runs.
 * @throws DeployError INPUT_INVALID with every problem, each with the entry that it is in.
 */
export function parseSmokeTests(
  text: string,
  files: SmokeTestFiles,
  limits: SmokeTestLimits = NO_LIMITS,
): readonly SmokeTest[] {
  const { yaml, what, file } = findText(text.trim(), files);
  if (file === null) return readList(yaml, what, { files, limits }).map(({ test }) => test);
  const read = inFile(file, () => readList(yaml, what, { files, limits }));
  const lines = linesOfEntries(yaml, what);
  return read.map(({ test, index }) => ({ ...test, at: { file, line: lines[index] ?? 1 } }));
}

interface Reading {
  readonly files: SmokeTestFiles;
  readonly limits: SmokeTestLimits;
}

function readList(
  yaml: string,
  what: string,
  { files, limits }: Reading,
): readonly { test: SmokeTest; index: number }[] {
  const list = parseExactYaml(yaml, what) ?? [];
  if (!Array.isArray(list)) throw invalid(what, ['expected a list']);
  if (list.length > MAX_TESTS) throw invalid(what, [`expected at most ${MAX_TESTS} tests, got ${list.length}`]);
  const fileSize = files.size ?? ((path: string) => files.readFile(path)?.length ?? null);
  const entries = list.map((entry: unknown) => readSmokeTest(entry, { ...limits, fileSize }));
  const problems = entries.flatMap((entry, index) =>
    entry.problems.map(
      (problem) => `smoke-tests[${index}]${entry.label === '' ? '' : ` "${entry.label}"`}: ${problem}`,
    ),
  );
  if (problems.length > 0) {
    const first = entries.findIndex((entry) => entry.problems.length > 0);
    throw invalid(what, problems, linesOfEntries(yaml, what)[first]);
  }
  return entries.flatMap(({ test }, index) => (test ? [{ test, index }] : []));
}

interface FoundText {
  readonly yaml: string;
  readonly what: string;
  /** null: it is in the workflow itself. */
  readonly file: string | null;
}

function findText(text: string, files: SmokeTestFiles): FoundText {
  const isPath = /^(?:[A-Za-z]:[\\/])?[^\s:{}[\]-][^\s:{}[\]]*\.ya?ml$/.test(text);
  if (!isPath) return { yaml: text, what: 'smoke-tests', file: null };
  const yaml = files.readFile(text);
  if (yaml !== null) return { yaml, what: `smoke-tests (${text})`, file: text };
  throw new DeployError('INPUT_INVALID', `could not read smoke-tests: there is no file ${text}`, {
    hint: 'Check the path from the root of the repository, and that actions/checkout is an earlier step of this job.',
  });
}

function invalid(what: string, problems: readonly string[], line?: number): DeployError {
  const list = problems.length === 1 ? ` ${problems[0]}` : problems.map((problem) => `\n    - ${problem}`).join('');
  return new DeployError('INPUT_INVALID', `could not read ${what}:${list}`, {
    hint: HINT,
    ...(line === undefined ? {} : { line }),
  });
}
