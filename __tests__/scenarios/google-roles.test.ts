import { afterEach, describe, expect, test } from '@jest/globals';
import type { Behaviour } from '../../simulators/behaviour.ts';
import { closeAgents } from './agent.ts';
import { givenCloudRun } from './cloud-run-agent.ts';
import { OPTIONAL, readPermissions } from './google-roles.ts';

afterEach(closeAgents);

const permissions = readPermissions();

const smokeTests = '- GET /health: { retry-for: 5s }';
const canary = { strategy: 'canary', steps: '5% for 2m' };
const broken = { answers: { '/health': { status: 500, body: 'no' } } };

const stories: readonly (readonly [string, Partial<Behaviour>, Readonly<Record<string, string>>, string])[] = [
  ['a deployment', {}, {}, 'deployed'],
  ['smoke tests that fail', broken, {}, 'rolled-back'],
  ['a canary', {}, canary, 'deployed'],
  ['a canary that becomes unhealthy', { unhealthyAfterMs: 45_000 }, canary, 'rolled-back'],
  ['an image that crashes', { crash: { afterMs: 500, exitCode: 1, logs: ['KeyError'] } }, {}, 'rolled-back'],
];

const used = new Set<string>();

describe('with the permissions of the guide, on a service that only known callers may invoke', () => {
  test.each(stories)('%s: nothing else is asked for', async (_, behaviour, inputs, outcome) => {
    const agent = await givenCloudRun({ login: 'oidc', service: { isPublic: false } });
    const access = agent.world.google.grantOnly(permissions);
    const image = agent.world.publish('v2', behaviour);
    const { main } = await agent.deploy({ image, 'smoke-tests': smokeTests, ...inputs });
    const { outputs, log } = main;
    const refused = [...access.refused].filter((permission) => !OPTIONAL.includes(permission));
    // With the log, so that a failure shows it.
    expect({ outcome: outputs['outcome'], refused, log }).toEqual({ outcome, refused: [], log });
    for (const permission of access.used) used.add(permission);
  });
});

test('the guide has no permission that none of these stories needs', () => {
  expect(permissions.filter((permission) => !used.has(permission))).toEqual([]);
  expect(permissions).toHaveLength(9);
});
