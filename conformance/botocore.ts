import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { doctoredExchanges } from './doctored-exchanges.ts';
import { type AwsExchange, splitName } from './exchanges.ts';
import { runWell } from './run-program.ts';
import type { Tally } from './tally.ts';
import { PLANTED } from './wire-stories.ts';

export interface BotocoreReferee {
  /** A Python that has botocore. */
  readonly program: string;
  readonly tally: Tally;
  readonly directory: string;
  readonly exchanges: readonly AwsExchange[];
  /** All that are simulated, as the embedded cloud names them. */
  readonly operations: readonly string[];
}

interface Findings {
  /** How often each was seen, as botocore names them: `elbv2:DescribeTargetHealth`. */
  readonly operations: Readonly<Record<string, number>>;
  readonly errors: Readonly<Record<string, number>>;
  readonly planted: Readonly<Record<string, number>>;
  /** Each begins with the number of its exchange, from 1. */
  readonly problems: readonly string[];
}

/** Checks the recorded exchanges with botocore's models. */
export async function checkWithBotocore(referee: BotocoreReferee): Promise<void> {
  const { tally, exchanges } = referee;
  const found = await checkExchanges(referee, 'exchanges.jsonl', exchanges);
  const services = new Set(exchanges.map(({ service }) => service));
  for (const service of services) {
    await tally.check(`botocore's model of ${service} matches all requests and responses`, async () => {
      const problems = found.problems.filter((problem) => problem.split(' ')[1]?.startsWith(`${service}:`));
      assert.deepEqual(problems.slice(0, 20), []);
      const operations = Object.entries(found.operations).filter(([name]) => name.startsWith(`${service}:`));
      const count = operations.reduce((sum, [, times]) => sum + times, 0);
      return `${count} exchanges, ${operations.length} operations`;
    });
  }
  await tally.check('botocore covers every simulated operation, refusals and the planted members', async () => {
    const simulated = referee.operations.map(splitName).map(({ service, operation }) => `${service}:${operation}`);
    assert.deepEqual(Object.keys(found.operations).sort(), simulated.sort());
    assert.deepEqual(Object.keys(found.planted).sort(), [...PLANTED].sort());
    assert.ok(Object.keys(found.errors).length > 8);
    return `errors: ${Object.keys(found.errors).sort().join(', ')}`;
  });
  await tally.check('botocore finds every planted error', async () => {
    const doctored = doctoredExchanges(exchanges);
    const { problems } = await checkExchanges(
      referee,
      'doctored.jsonl',
      doctored.map(({ exchange }) => exchange),
    );
    const numbers = new Set(problems.map((problem) => Number(problem.split(' ')[0])));
    const missed = doctored.filter((_, index) => !numbers.has(index + 1));
    assert.deepEqual(
      missed.map(({ mistake }) => mistake),
      [],
    );
    return `${doctored.length} of ${doctored.length}`;
  });
}

async function checkExchanges(
  referee: BotocoreReferee,
  name: string,
  exchanges: readonly AwsExchange[],
): Promise<Findings> {
  const file = path.join(referee.directory, name);
  await writeFile(file, exchanges.map((exchange) => `${JSON.stringify(exchange)}\n`).join(''));
  const script = path.join(import.meta.dirname, 'check_exchanges.py');
  const env = { PYTHONDONTWRITEBYTECODE: '1', HOME: referee.directory };
  return JSON.parse(await runWell(referee.program, [script, file, ...PLANTED], { env })) as Findings;
}
