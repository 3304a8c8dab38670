import { test } from '@jest/globals';
import type { Agent } from '../../simulators/agent.ts';
import type { Behaviour } from '../../simulators/behaviour.ts';
import { CLOUD_RUN_SERVICE as SERVICE, seedImage } from '../../simulators/cloud-run-agent.ts';
import { fc } from '../fixtures/fast-check.ts';
import { givenCloudRun } from './cloud-run-agent.ts';
import { disturb, disturbances, LONGEST_MS, neverRollBackWhatPasses } from './passing-failures.ts';

const rollouts = fc.record({
  /** The startup probe fails until then; the usual one gives up after four minutes. */
  readyAfterMs: fc.integer({ min: 0, max: 300_000 }),
  createMs: fc.integer({ min: 0, max: 60_000 }),
  pullMs: fc.integer({ min: 0, max: 400_000 }),
  // Seconds on the real one. Each change of the service, also the renewal of a marker, begins it again here.
  routeMs: fc.integer({ min: 0, max: 60_000 }),
  staleReadsMs: fc.integer({ min: 0, max: 20_000 }),
  minInstanceCount: fc.integer({ min: 0, max: 2 }),
  isStuck: fc.integer({ min: 0, max: 9 }).map((one) => one === 0),
  api: disturbances,
});
type Rollout = ReturnType<(typeof rollouts)['generate']>['value'];

test(
  'Cloud Run: a rollout with failures that pass ends as it would without us',
  async () => {
    await neverRollBackWhatPasses<Rollout, Agent>({
      platform: 'Cloud Run',
      rows: rollouts,
      // A probe that fails for a while, a read that shows what was, calls that fail.
      failuresOf: ({ readyAfterMs, staleReadsMs, api }) =>
        (readyAfterMs > 0 ? 1 : 0) + (staleReadsMs > 0 ? 1 : 0) + (api?.length ?? 0),
      async given({ createMs, pullMs, routeMs, staleReadsMs, minInstanceCount, isStuck, api }) {
        const agent = await givenCloudRun({ service: { template: { scaling: { minInstanceCount } } } });
        agent.world.google.setService(SERVICE, { createMs, pullMs, routeMs, staleReadsMs, stuck: isStuck });
        disturb(agent, api, { change: /^run:UpdateService$/, nth: 3, reads: /^run:(?:Get|List|Wait)/ });
        return agent;
      },
      behaviourOf: ({ readyAfterMs }) => ({ readyAfterMs }),
      endsWellAlone,
    });
  },
  LONGEST_MS,
);

/** The revision became ready, and the traffic went to it. */
async function endsWellAlone({ world }: Agent, behaviour: Partial<Behaviour>): Promise<boolean> {
  const { google, clock } = world;
  google.foreignDeploy(SERVICE, seedImage(world, 'v2', behaviour));
  for (let waitedMs = 0; waitedMs < 3_600_000; waitedMs += 5_000) {
    await clock.advance(5_000);
    const { latestCreated, routes } = google.look(SERVICE);
    if (latestCreated!.state === 'failed') return false;
    if (routes.some(({ revision, percent }) => revision === latestCreated && percent === 100)) return true;
  }
  throw new Error('the rollout neither ended nor failed in an hour');
}
