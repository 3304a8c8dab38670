// `npm run mutate -- src/registry/challenge.ts unit/registry/challenge`: plants one small fault at a time into that file, and
// says which of them no test of the named files notices. `npm run mutate -- threats`, `npm run mutate -- verdicts`: mutation/check-planted.ts. All work on a
// copy in the temporary folder.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { checkPlanted } from './mutation/check-planted.ts';
import { type Mutant, mutantsOf } from './mutation/mutants.ts';
import { TABLES, type TableName } from './mutation/planted.ts';
import { runTests } from './mutation/run-tests.ts';
import { openWorkingCopy, root } from './mutation/working-copy.ts';

/** A fault may make a loop endless: it is noticed too. Tests of a mutant get as long as those of the original, and this. */
const GRACE_MS = 15_000;
const BASELINE_MS = 120_000;

const [, , file, ...tests] = process.argv;
const say = (text: string) => process.stdout.write(`${text}\n`);
process.exitCode = await (isTable(file) ? checkPlanted(file, tests, say) : mutate(file, tests));

function isTable(name: string | undefined): name is TableName {
  return name !== undefined && Object.hasOwn(TABLES, name);
}

async function mutate(file: string | undefined, tests: readonly string[]): Promise<number> {
  if (file === undefined || tests.length === 0 || !existsSync(path.join(root, file)))
    throw new Error(
      'could not read the arguments: expected a file of src/ and parts of the paths of its tests, `threats` or `verdicts`',
    );
  const copy = openWorkingCopy((name) => !name.startsWith('dist/'));
  const passes = async (limitMs: number) => (await runTests(copy, ['--bail', ...tests], limitMs)) === 0;
  const source = readFileSync(path.join(root, file), 'utf8');
  const startedAt = performance.now();
  if (!(await passes(BASELINE_MS))) {
    say(`the tests ${tests.join(' ')} fail without a fault, or there are none`);
    return 1;
  }
  const limitMs = performance.now() - startedAt + GRACE_MS;
  const mutants = mutantsOf(source);
  if (mutants.length === 0) throw new Error(`found nothing to change in ${file}`);
  const survivors: Mutant[] = [];
  for (const mutant of mutants) {
    writeFileSync(path.join(copy, file), mutant.source);
    if (await passes(limitMs)) {
      survivors.push(mutant);
      say(`survived: ${file}:${mutant.line} ${shown(mutant.was)} -> ${shown(mutant.becomes)}`);
    }
  }
  const killed = mutants.length - survivors.length;
  say(`${file}: ${killed} of ${mutants.length} faults noticed (${((killed / mutants.length) * 100).toFixed(0)}%)`);
  return 0;
}

function shown(text: string): string {
  const line = text.replace(/\s+/g, ' ');
  return line.length > 60 ? `${line.slice(0, 60)}…` : line;
}
