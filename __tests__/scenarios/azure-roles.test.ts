import { afterEach, describe, expect, test } from '@jest/globals';
import type { Agent } from '../../simulators/agent.ts';
import { deactivate } from '../../simulators/azure/apps/revision-life.ts';
import type { Behaviour } from '../../simulators/behaviour.ts';
import { closeAgents } from './agent.ts';
import { appScope, LOG_ROLE, REGISTRY_ROLES, readAssignments } from './azure-roles.ts';
import { givenApp } from './container-apps-agent.ts';

afterEach(closeAgents);

/** What docs/setup-azure.md tells users to assign. */
const assignments = readAssignments('production');
const GET_AUTH_TOKEN = 'Microsoft.App/containerApps/getAuthToken/action';

const smokeTests = '- GET /health: { retry-for: 5s }';
const crash = { crash: { afterMs: 500, exitCode: 1, logs: ['KeyError: OPENAI_API_KEY'] } };
const broken = { answers: { '/health': { status: 500, body: 'no model' } } };
const canary = { strategy: 'canary', steps: '50% for 1m' };

const stories: readonly (readonly [string, Partial<Behaviour>, Readonly<Record<string, string>>, string])[] = [
  ['a rolling deployment', {}, {}, 'deployed'],
  ['smoke tests that fail', broken, {}, 'rolled-back'],
  ['a canary', {}, canary, 'deployed'],
  ['a canary that becomes unhealthy', { unhealthyAfterMs: 45_000 }, canary, 'rolled-back'],
  ['an image that crashes', crash, {}, 'rolled-back'],
];

const used = new Set<string>();

/** The simulated ARM asks for it where a request names the environment, which ours don't. Azure was not tried. */
const UNTRIED = 'Deploy to a container app: Microsoft.App/managedEnvironments/join/action';

async function deployWith(roles: typeof assignments, behaviour: Partial<Behaviour>, inputs: object) {
  const agent = await givenApp();
  const access = agent.world.azure.enforce([...roles, REGISTRY_ROLES]);
  const image = agent.world.publish('v2', behaviour);
  const { main } = await agent.deploy({ image, 'smoke-tests': smokeTests, ...inputs });
  return { agent, main, access };
}

describe('with the roles of the guide', () => {
  test.each(stories)('%s: nothing but getAuthToken is denied', async (_, behaviour, inputs, outcome) => {
    const { main, access } = await deployWith(assignments, behaviour, inputs);
    const { outputs, log } = main;
    const refused = access.refused.filter((text) => !text.startsWith(GET_AUTH_TOKEN));
    // With the log, so that a failure shows it.
    expect({ outcome: outputs['outcome'], refused, log }).toEqual({ outcome, refused: [], log });
    expect(log).not.toContain('KeyError');
    for (const permission of access.used) used.add(permission);
  });

  test('and getAuthToken, the last log lines of a crash are shown', async () => {
    const { main, access } = await deployWith([...assignments, LOG_ROLE], crash, {});
    expect(main.log).toContain('KeyError: OPENAI_API_KEY');
    expect(access.refused).toEqual([]);
  });

  test('a rollback activates the previous revision where another user has deactivated it meanwhile', async () => {
    const agent = await givenApp();
    const access = agent.world.azure.enforce([...assignments, REGISTRY_ROLES]);
    const stop = agent.world.edge.onCall((call) => {
      if (call.operation !== 'workload:GET /health') return;
      stop();
      deactivate(agent.world.azure.findApp('agent').revisions[0]!);
    });
    const image = agent.world.publish('v2', broken);
    const { main } = await agent.deploy({ image, 'smoke-tests': smokeTests, ...canary });
    expect(main.outputs['outcome']).toMatch(/^roll/);
    expect(access.refused.filter((text) => !text.startsWith(GET_AUTH_TOKEN))).toEqual([]);
    for (const permission of access.used) used.add(permission);
  });

  test('another app of the group is refused before anything is sent', async () => {
    const agent: Agent = await givenApp();
    agent.world.azure.addApp({ name: 'billing', image: agent.world.publish('v1', {}) });
    const access = agent.world.azure.enforce([...assignments, REGISTRY_ROLES]);
    const { main } = await agent.deploy({ image: agent.world.publish('v2', {}), service: 'billing' });
    expect(main.outputs['outcome']).toBe('refused');
    expect(access.refused[0]).toBe(`Microsoft.App/containerApps/read on ${appScope('billing')}`);
  });
});

test('the roles allow nothing that none of these stories needs', () => {
  const all = assignments.flatMap(({ role, actions }) => actions.map((action) => `${role}: ${action}`));
  expect([...new Set(all)].filter((permission) => !used.has(permission))).toEqual([UNTRIED]);
  expect(new Set(all).size).toBe(10);
});
