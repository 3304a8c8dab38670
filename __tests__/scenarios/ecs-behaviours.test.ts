import { afterAll, afterEach, describe, expect, test } from '@jest/globals';
import { closeAgents, givenAgent } from './agent.ts';
import type { BehaviourRow, BehaviourRun, ExpectedEnd, StagedBehaviour } from './ecs-behaviour.ts';
import { behaviours1to9 } from './ecs-behaviours-1-to-9.ts';
import { behaviours10to18 } from './ecs-behaviours-10-to-18.ts';
import { behaviours19to26 } from './ecs-behaviours-19-to-26.ts';
import { watchEcs } from './watch-ecs.ts';

const rows: readonly BehaviourRow[] = [...behaviours1to9, ...behaviours10to18, ...behaviours19to26];
const staged = rows.filter((row) => 'staging' in row);
const unreachable = rows.filter((row) => 'notReachable' in row);
const GREEN = ['deployed', 'unchanged'];
let passed = 0;

afterEach(closeAgents);
afterAll(() => {
  const reasons = unreachable.map(({ number, notReachable }) => `${number}: not reachable because ${notReachable}`);
  const counts = `${passed} staged, ${unreachable.length} not reachable${reasons.length > 0 ? `: ${reasons.join('; ')}` : ''}`;
  process.stdout.write(`${passed + unreachable.length} of ${rows.length} behaviours (${counts})\n`);
});

describe('what ECS does and real tools got wrong', () => {
  test('is 26 behaviours, each with a link', () => {
    expect(rows.map(({ number }) => number)).toEqual(Array.from({ length: 26 }, (_, index) => index + 1));
    for (const { link } of rows) expect(link).toMatch(/^https:\/\//);
  });

  test.each(staged.map((row) => [row.number, row.behaviour, row.expected.outcome, row] as const))(
    '%i. %s: %s',
    async (_number, _behaviour, _outcome, row) => {
      const run = await runWhole(row);
      expect({ staging: row.staging, wasStaged: row.wasStaged(run) }).toEqual({
        staging: row.staging,
        wasStaged: true,
      });
      passed++;
    },
  );
});

async function runWhole(row: StagedBehaviour): Promise<BehaviourRun> {
  const agent = await givenAgent(row.service ? { service: row.service } : {});
  await row.arrange?.(agent);
  const image = agent.world.publish('v2', row.image ?? {}, row.imageOptions);
  const before = agent.snapshot();
  await row.disturb?.(agent);
  const seen = watchEcs(agent);
  const startedAt = agent.world.clock.now();
  let [atEndOfMain, tookMs] = [before, 0];
  const afterMain = (): void => {
    atEndOfMain = agent.snapshot();
    tookMs = agent.world.clock.now() - startedAt;
  };
  const inputs = { image, 'smoke-tests': '- GET /health', ...row.inputs };
  const result = await agent.deploy(inputs, { afterMain });
  const run = { agent, result, seen, atEndOfMain, tookMs };
  await expectEnd(row.expected, run, before);
  return run;
}

async function expectEnd(expected: ExpectedEnd, run: BehaviourRun, before: object): Promise<void> {
  const { agent, result } = run;
  const { main, post } = result;
  const isGreen = GREEN.includes(expected.outcome);
  const annotations = main.log.split('\n').filter((line) => line.startsWith('::error'));
  expect({ outcome: main.outputs['outcome'], annotations }).toEqual({
    outcome: expected.outcome,
    annotations: isGreen ? [] : [expect.stringMatching(expected.annotation ?? /Next step: /)],
  });
  expect([main.exitCode, post.exitCode, post.summary]).toEqual([isGreen ? 0 : 1, 0, '']);
  for (const text of expected.says ?? []) expect(main.log).toMatch(text);
  if (expected.live !== null) expect(await agent.ask()).toMatchObject({ status: 200, body: expected.live });
  if (expected.asBefore) {
    expect(run.atEndOfMain).toEqual(before);
    expect(agent.snapshot()).toEqual(before);
  }
  expected.check?.(run);
}
