import { afterEach, describe, expect, test } from '@jest/globals';
import { deploy } from '../../../src/engine/deploy.ts';
import { parseSmokeTests } from '../../../src/inputs/smoke-tests.ts';
import { openEndpoint } from '../../../src/model/endpoint.ts';
import type { Capabilities, Workload } from '../../../src/model/workload.ts';
import { preview } from '../../../src/strategies/preview.ts';
import { rolling } from '../../../src/strategies/rolling.ts';
import { fakeIo } from '../../fixtures/fake-io.ts';
import { scriptedRollout } from '../../fixtures/scripted-rollout.ts';
import { scriptedWorkload } from '../../fixtures/scripted-workload.ts';
import { answer, closeServices, openService } from './smoke-tests/world.ts';

afterEach(closeServices);

const smokeTests = parseSmokeTests('- GET /health: { retry-for: 1s }', { readFile: () => '' });
const capabilities: Capabilities = {
  traffic: { by: 'us', weights: 'any' },
  preview: true,
  changes: ['edit'],
  remedy: null,
};

async function run(workload: Workload, steps: ReturnType<typeof rolling.plan>) {
  const rollout = { ...scriptedRollout(workload, fakeIo(), steps), smokeTests };
  return { outcome: await deploy(rollout), record: rollout.record };
}

describe('a new revision with several addresses', () => {
  test('is smoke-tested at each of them', async () => {
    const pods = [await openService(answer(200)), await openService(answer(200))];
    const workload = scriptedWorkload({ capabilities, preview: async () => pods.map(({ url }) => openEndpoint(url)) });
    const { outcome, record } = await run(workload, preview.plan([], capabilities));
    expect(outcome.kind).toBe('previewed');
    expect(pods.map(({ received }) => received.length)).toEqual([1, 1]);
    expect(record.smokeTests).toHaveLength(2);
  });

  test('is rolled back when one of them fails', async () => {
    const pods = [await openService(answer(200)), await openService(answer(500))];
    const workload = scriptedWorkload({ capabilities, preview: async () => pods.map(({ url }) => openEndpoint(url)) });
    const { outcome } = await run(workload, preview.plan([], capabilities));
    expect(outcome).toMatchObject({ failure: { code: 'SMOKE_TEST_FAILED' } });
    expect(outcome.failure?.message).toMatch(/^smoke tests failed on agent:42: "GET \/health": .*500/);
  });
});

describe('the address of a service', () => {
  test('that this run creates is looked up when the service is there', async () => {
    const service = await openService(answer(200));
    let isThere = false;
    const workload = scriptedWorkload({
      isNew: true,
      capture: async () => ({ resource: 'service agent', revision: null, data: {} }),
      endpoint: async () => (isThere ? openEndpoint(service.url) : null),
      isLive: async () => isThere,
      preview: async () => [],
      watch: () => ({
        async poll() {
          isThere = true;
          return { status: 'succeeded', reason: 'READY', message: 'ready' };
        },
      }),
    });
    const { outcome, record } = await run(workload, rolling.plan([], workload.capabilities));
    expect(outcome).toMatchObject({ kind: 'deployed', previousRevision: null });
    expect(service.received).toHaveLength(1);
    expect(record.url).toBe(service.url);
  });
});
