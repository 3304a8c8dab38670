import { afterEach, describe, expect, test } from '@jest/globals';
import type { Agent } from '../../simulators/agent.ts';
import type { AppOptions } from '../../simulators/azure/add-app.ts';
import { CLOUD_RUN_SERVICE as SERVICE } from '../../simulators/cloud-run-agent.ts';
import type { JsonObject } from '../../simulators/json.ts';
import { closeAgents } from './agent.ts';
import { givenCloudRun } from './cloud-run-agent.ts';
import { givenApp } from './container-apps-agent.ts';

afterEach(closeAgents);

const crash = { crash: { afterMs: 1_000, exitCode: 1, logs: ['no DATABASE_URL'] } };
const proceed = { inconclusive: 'proceed' };

interface Row {
  readonly name: string;
  readonly image?: object;
  readonly inputs?: Readonly<Record<string, string>>;
  readonly outcome: string;
  readonly says: RegExp;
}

describe('Container Apps: no replica is no proof', () => {
  const idle = { minReplicas: 0, staging: { startsAtZero: true } };
  const worker = { ...idle, ingress: null };
  test.each<Row & { readonly app: Partial<AppOptions>; readonly withoutRoom?: number }>([
    {
      name: 'no room for the minimum of 2, without ingress',
      app: { minReplicas: 2, ingress: null },
      withoutRoom: 1,
      inputs: { timeout: '3m' },
      outcome: 'rolled-back',
      says: /::error.*0 of at least 2 replicas/,
    },
    {
      name: 'a queue worker at 0 whose image crashes',
      app: worker,
      image: crash,
      outcome: 'rolled-back',
      says: /::error.*could not tell whether agent--\w+ works.*Let at least one instance run/,
    },
    {
      name: 'the same in Single mode',
      app: { ...worker, mode: 'Single' },
      image: crash,
      outcome: 'rolled-back',
      says: /::error.*could not tell whether agent--\w+ works/,
    },
    {
      name: 'a queue worker at 0, on request',
      app: worker,
      inputs: proceed,
      outcome: 'deployed',
      says: /::warning::could not tell whether agent--\w+ works.*as `inconclusive: proceed` says/,
    },
    {
      name: 'an app at 0 that a request wakes',
      app: idle,
      outcome: 'deployed',
      says: /has scaled to zero, and no replica of it was seen; waking it/,
    },
    {
      name: 'an app at 0 that crashes when a request wakes it',
      app: idle,
      image: crash,
      inputs: proceed,
      outcome: 'rolled-back',
      says: /::error.*container agent:.*CrashLoopBackOff/,
    },
  ])('$name: $outcome', async ({ app, withoutRoom = 0, image = {}, inputs = {}, outcome, says }) => {
    const agent = await givenApp({ app });
    agent.world.azure.setApp('agent', { withoutRoom });
    await expectEnd(agent, { image, inputs, outcome, says });
  });
});

describe('Cloud Run: a health check that did not take place is no proof', () => {
  const unchecked = { template: { healthCheckDisabled: true } };
  const stopped = { extras: { scaling: { scalingMode: 'MANUAL', manualInstanceCount: 0 } } };
  const tests = { 'smoke-tests': '- GET /health: { retry-for: 5s }' };
  test.each<Row & { readonly service: JsonObject }>([
    {
      name: 'manual scaling to 0',
      service: stopped,
      outcome: 'refused',
      says: /::error.*manual scaling is set to 0 instances, so no instance would show.*--scaling 1.*`allow-empty: true`/,
    },
    {
      name: 'manual scaling to 0, in a plan',
      service: stopped,
      inputs: { mode: 'plan' },
      outcome: 'refused',
      says: /::error.*manual scaling is set to 0 instances, so no instance would show/,
    },
    {
      name: 'no health check, and no smoke test',
      service: unchecked,
      image: crash,
      outcome: 'rolled-back',
      says: /::error.*its health check is disabled, so no instance was started/,
    },
    {
      name: 'no health check, and a smoke test that passes',
      service: unchecked,
      inputs: tests,
      outcome: 'deployed',
      says: /::warning::The health check of the service is disabled/,
    },
    {
      name: 'no health check, and a smoke test that fails',
      service: unchecked,
      image: crash,
      inputs: tests,
      outcome: 'rolled-back',
      says: /::error.*smoke tests failed/,
    },
    {
      name: 'manual scaling to 0, with allow-empty: smoke tests do not run',
      service: stopped,
      image: crash,
      inputs: { ...tests, 'allow-empty': 'true' },
      outcome: 'deployed',
      says: /::warning::service agent.*manual scaling is set to 0 instances: nothing runs, so nothing is tested/,
    },
    {
      name: 'no health check, on request',
      service: unchecked,
      inputs: proceed,
      outcome: 'deployed',
      says: /::warning::could not tell whether agent-\w+ works: .*as `inconclusive: proceed` says/,
    },
  ])('$name: $outcome', async ({ service, image = {}, inputs = {}, outcome, says }) => {
    const agent = await givenCloudRun({ service });
    const serving = servingOf(agent);
    await expectEnd(agent, { image, inputs, outcome, says });
    expect(servingOf(agent) === serving).toBe(outcome !== 'deployed');
  });
});

function servingOf({ world }: Agent): string | undefined {
  return world.google.look(SERVICE).routes.find(({ percent }) => percent > 0)?.revision.id;
}

async function expectEnd(
  agent: Agent,
  { image, inputs, outcome, says }: Required<Pick<Row, 'image' | 'inputs' | 'outcome' | 'says'>>,
): Promise<void> {
  const { main, post } = await agent.deploy({ image: agent.world.publish('v2', image), ...inputs });
  expect({ outcome: main.outputs['outcome'], log: main.log }).toEqual({ outcome, log: expect.stringMatching(says) });
  expect([main.exitCode, post.exitCode]).toEqual([outcome === 'deployed' ? 0 : 1, 0]);
}
