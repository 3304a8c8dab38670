import { afterAll, afterEach, describe, expect, test } from '@jest/globals';
import { closeAgents } from './agent.ts';
import { givenApp, givenPinnedApp } from './container-apps-agent.ts';
import type { BehaviourRun, ExpectedEnd, StagedBehaviour } from './container-apps-behaviour.ts';
import { behaviours41to46 } from './container-apps-behaviours-41-to-46.ts';
import { behaviours47to56 } from './container-apps-behaviours-47-to-56.ts';
import { watchArm } from './watch-arm.ts';

const rows: readonly StagedBehaviour[] = [...behaviours41to46, ...behaviours47to56];
const GREEN = ['deployed', 'unchanged'];
let passed = 0;

afterEach(closeAgents);
afterAll(() => {
  process.stdout.write(`Container Apps and ACR: ${passed} of ${rows.length} behaviours (all staged)\n`);
});

describe('what Container Apps and ACR do and real tools got wrong', () => {
  test('is 13 behaviours, each with a link', () => {
    expect(rows.map(({ number }) => number)).toEqual([41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 52, 56]);
    for (const { link } of rows) expect(link).toMatch(/^https:\/\//);
  });

  test.each(rows.map((row) => [row.number, row.behaviour, row.expected.outcome, row] as const))(
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
  const options = row.app ? { app: row.app } : {};
  const agent = await (row.pinned ? givenPinnedApp(undefined, options) : givenApp(options));
  await row.arrange?.(agent);
  const image = agent.world.publish('v2', row.image ?? {});
  const before = agent.snapshot();
  const seen = watchArm(agent);
  const visits = agent.watch();
  const startedAt = agent.world.clock.now();
  let tookMs = 0;
  const afterMain = (): void => {
    tookMs = agent.world.clock.now() - startedAt;
  };
  const inputs = { image, 'smoke-tests': '- GET /health: { retry-for: 5s }', ...row.inputs };
  const result = await agent.deploy(inputs, { afterMain });
  visits.stop();
  const run = { agent, result, seen, before, failedVisits: visits.failed, tookMs };
  await expectEnd(row.expected, run);
  return run;
}

async function expectEnd(expected: ExpectedEnd, run: BehaviourRun): Promise<void> {
  const { agent, result, before } = run;
  const { main, post } = result;
  const isGreen = GREEN.includes(expected.outcome);
  const annotations = main.log.split('\n').filter((line) => line.startsWith('::error'));
  expect({ outcome: main.outputs['outcome'], annotations }).toEqual({
    outcome: expected.outcome,
    annotations: isGreen ? [] : [expect.stringMatching(expected.annotation ?? /Next step: /)],
  });
  expect([main.exitCode, post.exitCode, post.summary]).toEqual([isGreen ? 0 : 1, 0, '']);
  for (const text of expected.says ?? []) expect(main.log).toMatch(text);
  expect(await agent.ask()).toMatchObject({ status: 200, body: expected.live });
  if (expected.asBefore) expect(agent.snapshot()).toEqual(before);
  await expected.check?.(run);
}
