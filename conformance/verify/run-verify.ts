// `node conformance/run.ts verify`: gh and cosign are asked what every test of `verify` asks of us, with the same registry, trusted
// root and files. Where they answer otherwise, differences.yml has to say why. The record is peers.json beside it.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';
import type { Answered } from '../../__tests__/unit/verification/beside-peers.ts';
import { findReferees, withReferee } from '../referees.ts';
import { runProgram } from '../run-program.ts';
import type { Tally } from '../tally.ts';
import { type Difference, explanationOf, findProblems, isDifferent } from './compare-answers.ts';

const root = path.resolve(import.meta.dirname, '../..');
const PATIENCE_MS = 1_200_000;

export async function runVerify(tally: Tally, directory: string): Promise<void> {
  const { gh, cosign } = findReferees();
  await withReferee(tally, 'gh and cosign', {
    programs: [gh, cosign],
    body: (program) => checkBeside(path.dirname(program), { tally, directory }),
  });
}

interface Run {
  readonly tally: Tally;
  readonly directory: string;
}

async function checkBeside(folder: string, { tally, directory }: Run): Promise<void> {
  const [scratch, log] = ['scratch', 'answers.jsonl'].map((name) => path.join(directory, name)) as [string, string];
  mkdirSync(scratch, { recursive: true });
  writeFileSync(log, '');
  const answers: Answered[] = [];
  await tally.check('gh and cosign answer in every test of `verify`', async () => {
    const env = {
      ...(process.env as Record<string, string>),
      VERIFY_PEERS: JSON.stringify({ folder, scratch, log }),
    };
    const { exitCode, stdout, stderr } = await runProgram(
      process.execPath,
      ['scripts/test.js', 'unit/verification/', '--maxWorkers=1'],
      { env, timeoutMs: PATIENCE_MS },
    );
    if (exitCode !== 0) throw new Error(`${stderr.slice(-2_000)}${stdout.slice(-500)}`);
    answers.push(...readLines(log));
    return `${answers.length} verdicts`;
  });
  const differences = parse(readFileSync(path.join(import.meta.dirname, 'differences.yml'), 'utf8')) as Difference[];
  await tally.check('their verdicts are ours, or the reason is written down', async () => {
    const problems = findProblems(answers, differences);
    if (problems.length > 0) throw new Error(problems.join('\n'));
    const [gh, cosign] = ['gh', 'cosign'].map((peer) => answers.filter((one) => one.peer === peer).length);
    return `gh ${gh}, cosign ${cosign}, ${answers.filter(isDifferent).length} differ, ${answers.filter(({ peer }) => peer === null).length} not asked`;
  });
  record(answers, differences);
}

function readLines(file: string): readonly Answered[] {
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Answered);
}

/** `npm run readme` makes the column of docs/verify.md of it. */
function record(answers: readonly Answered[], differences: readonly Difference[]): void {
  const installed = readFileSync(path.join(import.meta.dirname, 'install'), 'utf8');
  const versions = Object.fromEntries(
    [...installed.matchAll(/^build \S+ v(\S+) (\w+)$/gm)].map(([, version, program]) => [program, version]),
  );
  const rows = answers.map((answer) => ({
    ...answer,
    reason: isDifferent(answer) ? explanationOf(answer, differences) : answer.reason,
  }));
  const unique = [...new Map(rows.map((row) => [JSON.stringify(row), row])).values()];
  const order = (row: Answered): string => `${row.file} ${row.test} ${row.ours} ${row.theirs}`;
  const sorted = unique.sort((a, b) => (order(a) < order(b) ? -1 : 1));
  const text = JSON.stringify({ versions, answers: sorted }, null, 2);
  writeFileSync(path.join(root, 'conformance/verify/peers.json'), `${text}\n`);
}
