import { afterEach, describe, expect, test } from '@jest/globals';
import type { FaultAct } from '../../simulators/edge/faults.ts';
import { untilDone } from '../../simulators/kubernetes-scene.ts';
import { paths } from '../../simulators/kubernetes-stage.ts';
import type { ActionResult } from '../../simulators/runner.ts';
import { withoutMasks } from '../../simulators/secret-places.ts';
import { closeAgents } from './agent.ts';
import { givenKubernetes } from './kubernetes-agent.ts';

afterEach(closeAgents);

const LIVE = 'live-3f9a1c-value';
const SENT = 'sent-8b27de-value';
const HEADER = 'header-5c40aa-value';
const PLUGIN = 'plugin-77e1f0-output';
const TOKEN = /kubernetes-token-of-\w+-[0-9a-f]+/;
const template = { spec: { containers: [{ name: 'web', env: [{ name: 'KEY', value: LIVE }] }] } };

/** Everything that others can read. */
function said({ main, post, summary }: ActionResult): string {
  const kept = [main.outputs, main.state, post.outputs, post.state].map((part) => JSON.stringify(part));
  return [withoutMasks(main.log), withoutMasks(post.log), main.summary, post.summary, summary, ...kept].join('\n');
}

describe('no secret is told by', () => {
  test.each([
    ['a good deployment', {}, {}, 'deployed'],
    ['a rollback', { crash: { afterMs: 1_000, exitCode: 1, logs: ['boom'] } }, {}, 'rolled-back'],
    ['a failed smoke test', { answers: { '/x': { status: 500, echo: true } } }, {}, 'rolled-back'],
    ['a plan', {}, { mode: 'plan' }, 'planned'],
    ['a refusal', {}, { namespace: 'other' }, 'refused'],
    ['a kubeconfig that is wrong', {}, { context: 'other' }, 'refused'],
  ])('%s', async (_, behaviour, inputs, outcome) => {
    const agent = await givenKubernetes();
    await agent.stage.expect(paths.deployment(), { method: 'PATCH', body: { spec: { template } } });
    await untilDone(agent.stage);
    const image = agent.world.publish('v2', behaviour);
    const tests = `- GET /x: { headers: { x-key: ${HEADER} }, retry-for: 0s }`;
    const given = { image, 'environment-variables': `NEW: ${SENT}`, 'smoke-tests': tests, ...inputs };
    const result = await agent.deploy(given);
    const text = said(result);
    expect(result.main.outputs['outcome'] ?? '').toBe(outcome);
    expect([LIVE, SENT, HEADER].filter((secret) => text.includes(secret))).toEqual([]);
    expect(text).not.toMatch(TOKEN);
  });

  test('the refusal of an invalid value, which the API server quotes', async () => {
    const agent = await givenKubernetes();
    const act: FaultAct = {
      kind: 'status',
      status: 422,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        ...{ kind: 'Status', apiVersion: 'v1', status: 'Failure', reason: 'Invalid', code: 422 },
        message: `Deployment.apps "web" is invalid: env[0].value: Invalid value: "${SENT}": no`,
      }),
    };
    agent.world.edge.faults.add({ operation: /^kubernetes:(?:dry-run )?patch deployments$/, when: 'before', act });
    const image = agent.world.publish('v2', {});
    const result = await agent.deploy({ image, 'environment-variables': `NEW: ${SENT}` });
    expect(result.main.log).toContain('is invalid: env[0].value: Invalid value: "***"');
    expect(said(result)).not.toContain(SENT);
  });

  test('an exec plugin that prints something else', async () => {
    const agent = await givenKubernetes();
    const exec = { apiVersion: 'client.authentication.k8s.io/v1', command: 'echo', args: [PLUGIN] };
    const kubeconfig = JSON.stringify({
      'current-context': 'a',
      contexts: [{ name: 'a', context: { cluster: 'a', user: 'a' } }],
      clusters: [{ name: 'a', cluster: { server: agent.world.kubernetes.server } }],
      users: [{ name: 'a', user: { exec } }],
    });
    const result = await agent.deploy({ image: agent.world.publish('v2', {}), kubeconfig });
    expect(result.main.outputs['outcome']).toBe('refused');
    expect(result.main.log).toContain('could not get credentials from the exec plugin echo');
    expect(said(result)).not.toContain(PLUGIN);
  });
});
