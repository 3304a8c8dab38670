import { afterEach, describe, expect, test } from '@jest/globals';
import { deploy } from '../../../src/engine/deploy.ts';
import { parseSmokeTests } from '../../../src/inputs/smoke-tests.ts';
import { type Endpoint, openEndpoint } from '../../../src/model/endpoint.ts';
import type { Inside } from '../../../src/model/inside.ts';
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

describe('a smoke test in the network of the workload', () => {
  const inside = parseSmokeTests('- GET /health: { in-cluster: true, retry-for: 0s }', { readFile: () => '' });

  /** Where a program of it sends its request. */
  async function askedBy(preview: Endpoint) {
    const asked: string[] = [];
    const runner: Inside = {
      check: async () => {},
      endpoint: async () => null,
      clear: async () => {},
      async run({ files }) {
        const config = String(files['request']);
        asked.push(/^url = "(.*)"$/m.exec(config)![1]!);
        const boundary = /\\n(deploy-agent-\w+) /.exec(config)![1];
        return { exitCode: 0, timedOut: false, output: `ok\n${boundary} 200 0 0.010 2\n\n{}\n${boundary}\n` };
      },
    };
    const workload = scriptedWorkload({ capabilities, inside: runner, preview: async () => [preview] });
    const rollout = { ...scriptedRollout(workload, fakeIo(), previewing), smokeTests: inside };
    return { asked, outcome: await deploy(rollout) };
  }
  const previewing = preview.plan([], capabilities);

  test('is sent to the address there, and not to the one that is for the runner', async () => {
    const address = { ...openEndpoint('https://proxy.example/pods/web'), inside: openEndpoint('http://10.1.2.3:80') };
    const { asked, outcome } = await askedBy(address);
    expect(outcome.kind).toBe('previewed');
    expect(asked).toEqual(['http://10.1.2.3/health']);
  });

  test('is sent nowhere where there is none: what the other address takes is not for the cluster', async () => {
    const { asked, outcome } = await askedBy(openEndpoint('https://proxy.example/pods/web'));
    expect(asked).toEqual([]);
    expect(outcome.failure?.message).toContain('could not request a path: no base URL is known');
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
