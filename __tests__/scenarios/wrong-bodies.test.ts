import { afterEach, describe, expect, test } from '@jest/globals';
import type { Agent } from '../../simulators/agent.ts';
import { closeAgents, givenAgent } from './agent.ts';
import { givenCloudRun } from './cloud-run-agent.ts';
import { givenApp } from './container-apps-agent.ts';
import { chooseEvenly, findBrokenPromise, listWrongAnswers } from './wrong-bodies.ts';

afterEach(closeAgents);

/** On each target. All of them take minutes: `BODIES=all npm test -- wrong-bodies`. */
const SLICE = process.env['SCENARIOS_ON'] === 'dist' ? 40 : 12;
const MOST = process.env['BODIES'] === 'all' ? Number.POSITIVE_INFINITY : SLICE;

const smokeTests = '- GET /: { retry-for: 30s }';
const rolling = { 'smoke-tests': smokeTests };
const canary = { strategy: 'canary', steps: '20% for 20s', 'smoke-tests': smokeTests };

interface Row {
  readonly title: string;
  readonly open: () => Promise<Agent>;
  readonly inputs: Readonly<Record<string, string>>;
  /** Of MOST. */
  readonly part: number;
}

const rows: readonly Row[] = [
  { title: 'ECS, rolling', open: () => givenAgent(), inputs: rolling, part: 1 },
  { title: 'Cloud Run, rolling', open: () => givenCloudRun(), inputs: rolling, part: 1 / 2 },
  { title: 'Cloud Run, canary', open: () => givenCloudRun({ login: 'oidc' }), inputs: canary, part: 1 / 2 },
  { title: 'Container Apps, rolling', open: () => givenApp({ app: { mode: 'Single' } }), inputs: rolling, part: 1 / 2 },
  { title: 'Container Apps, canary', open: () => givenApp(), inputs: canary, part: 1 / 2 },
];

describe.each(rows)('one call answered with status 200 and a wrong body: $title', ({ open, inputs, part }) => {
  test('ends as if it had been answered right, without a word about a bug', async () => {
    const good = await open();
    const { main } = await good.deploy({ ...inputs, image: good.world.publish('v2', {}) });
    expect(main.outputs).toMatchObject({ outcome: 'deployed' });
    const broken: string[] = [];
    const all = listWrongAnswers(good.world.edge.calls);
    for (const answer of chooseEvenly(all, MOST * part)) {
      const found = await findBrokenPromise(await open(), inputs, answer);
      if (found !== null) broken.push(found);
      await closeAgents();
    }
    expect(broken).toEqual([]);
  });
});
