import { afterEach, expect, test } from '@jest/globals';
import type { Agent } from '../../simulators/agent.ts';
import { REGISTRY_HOST } from '../../simulators/azure/azure-cloud.ts';
import type { Behaviour } from '../../simulators/behaviour.ts';
import { buildImage } from '../../simulators/images.ts';
import { fc } from '../fixtures/fast-check.ts';
import { closeAgents } from './agent.ts';
import { givenApp } from './container-apps-agent.ts';
import { disturb, disturbances, LONGEST_MS, neverRollBackWhatPasses } from './passing-failures.ts';

afterEach(closeAgents);

const rollouts = fc.record({
  mode: fc.constantFrom('Single' as const, 'Multiple' as const),
  minReplicas: fc.integer({ min: 1, max: 4 }),
  /** Of the replicas in their order: so many pulls fail. */
  failingPulls: fc.array(fc.integer({ min: 0, max: 6 }), { maxLength: 4 }),
  /** The first start of each container ends so. */
  crash: fc.option(
    fc.record({ afterMs: fc.integer({ min: 0, max: 20_000 }), exitCode: fc.constantFrom(0, 1, 137, 143) }),
  ),
  readyAfterMs: fc.integer({ min: 0, max: 300_000 }),
  operationEnds: fc.constantFrom('accepted' as const, 'ready' as const),
  /** So many of the next changes are conflicts with one that no one can see. */
  lockConflicts: fc.integer({ min: 0, max: 3 }),
  api: disturbances,
});
type Rollout = ReturnType<(typeof rollouts)['generate']>['value'];

test(
  'Container Apps: a rollout with failures that pass ends as it would without us',
  async () => {
    await neverRollBackWhatPasses<Rollout, Agent>({
      platform: 'Container Apps',
      rows: rollouts,
      failuresOf: ({ failingPulls, crash, lockConflicts, api }) =>
        failingPulls.reduce((sum, count) => sum + count, lockConflicts) + (crash ? 1 : 0) + (api ? 1 : 0),
      async given({ mode, minReplicas, failingPulls, operationEnds, lockConflicts, api }) {
        const agent = await givenApp({ app: { mode, minReplicas } });
        agent.world.azure.setApp('agent', { failingPulls, operationEnds, lockConflicts });
        disturb(agent, api, { change: /^arm:ContainerApps_Update$/, reads: /^arm:\w*_(?:Get|List)/ });
        return agent;
      },
      behaviourOf: ({ crash, readyAfterMs }) => ({ readyAfterMs, crash: crash && { ...crash, logs: [], times: 1 } }),
      endsWellAlone,
    });
  },
  LONGEST_MS,
);

/** The revision is healthy, and has never failed to activate. */
async function endsWellAlone({ world }: Agent, behaviour: Partial<Behaviour>): Promise<boolean> {
  const { azure, clock } = world;
  azure.acr.seed('agent', 'v2', buildImage({ seed: 'v2', behaviour: { version: 'v2', ...behaviour } }));
  azure.setApp('agent', { lockConflicts: 0 });
  azure.foreignDeploy('agent', `${REGISTRY_HOST}/agent:v2`);
  for (let waitedMs = 0; waitedMs < 3_600_000; waitedMs += 5_000) {
    await clock.advance(5_000);
    const ours = azure.findApp('agent').revisions.at(-1)!;
    if (ours.activationFailed) return false;
    if (ours.wasReady) return true;
  }
  throw new Error('the rollout neither ended nor failed in an hour');
}

test('Container Apps: a rollback waits for a registry that limits the rate for minutes', async () => {
  const agent = await givenApp({ app: { mode: 'Single' } });
  const before = agent.snapshot();
  // The first replica is of v2, the second of the previous revision.
  agent.world.azure.setApp('agent', { failingPulls: [0, 5] });
  const startedAt = agent.world.clock.now();
  const image = agent.world.publish('v2', { answers: { '/health': { status: 500 } } });
  const { main } = await agent.deploy({ image, 'smoke-tests': '- GET /health: { retry-for: 5s }' });
  expect(agent.world.clock.now() - startedAt).toBeGreaterThan(120_000);
  expect(main.outputs).toMatchObject({ outcome: 'rolled-back' });
  expect(agent.snapshot()).toEqual(before);
});
