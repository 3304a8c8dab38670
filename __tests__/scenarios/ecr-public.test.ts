import { afterEach, describe, expect, test } from '@jest/globals';
import type { Agent } from '../../simulators/agent.ts';
import { buildImage } from '../../simulators/images.ts';
import { ECR_PUBLIC_HOST } from '../../simulators/world.ts';
import { closeAgents, givenAgent } from './agent.ts';
import { readPolicy } from './aws-roles.ts';

afterEach(closeAgents);

const NAME = `${ECR_PUBLIC_HOST}/acme/agent`;
const TOKEN = 'ecr-public:GetAuthorizationToken';
// The guide's policy has no statement for it, as most jobs don't need it.
const allowed = (...actions: readonly string[]) => {
  const policy = readPolicy();
  const more = { Sid: 'EcrPublic', Effect: 'Allow' as const, Action: [...actions], Resource: '*' };
  return { ...policy, Statement: [...policy.Statement, more] };
};
const MAY_LOG_IN = allowed(TOKEN, 'sts:GetServiceBearerToken');

// The inputs hold a login for the registry of the image.
const withoutLogin = { 'registry-username': '', 'registry-password': '' };

describe('an image in public.ecr.aws', () => {
  test('is pulled with the role’s login, where it may log in', async () => {
    const agent = await givenPublic();
    agent.world.aws.enforce(MAY_LOG_IN);
    const { main } = await agent.deploy({ image: `${NAME}:v2`, ...withoutLogin });
    expect(main.outputs['outcome']).toBe('deployed');
    expect(loginsOf(agent)).toEqual([200]);
  });

  test('is pulled without a login, as anyone may, where the role may not log in', async () => {
    const agent = await givenPublic();
    agent.world.aws.enforce(allowed('sts:GetServiceBearerToken'));
    const { main } = await agent.deploy({ image: `${NAME}:v2`, ...withoutLogin });
    expect(main.outputs['outcome']).toBe('deployed');
    expect(main.log).toMatch(/lacks ecr-public:GetAuthorizationToken.*going on without a login/);
    expect(loginsOf(agent)).toEqual([400]);
  });
});

describe('a copy to public.ecr.aws', () => {
  test('is pushed with the role’s login', async () => {
    const agent = await givenPublic();
    agent.world.aws.enforce(MAY_LOG_IN);
    const { main } = await agent.deploy({ image: agent.world.publish('v3', {}), 'copy-to': NAME });
    expect(main.outputs['outcome']).toBe('deployed');
    expect(main.outputs['image']).toMatch(/^public\.ecr\.aws\/acme\/agent@sha256:/);
  });

  test.each(['deploy', 'plan'])('is refused with the permissions that are missing (mode: %s)', async (mode) => {
    const agent = await givenPublic();
    const { main } = await agent.deploy({ image: agent.world.publish('v3', {}), 'copy-to': NAME, mode });
    expect(main.outputs['outcome']).toBe('refused');
    expect(main.log).toMatch(
      /^::error.*public\.ecr\.aws.*ecr-public:GetAuthorizationToken, sts:GetServiceBearerToken/m,
    );
  });
});

async function givenPublic(): Promise<Agent> {
  const agent = await givenAgent();
  const image = buildImage({ seed: 'v2', behaviour: { version: 'v2' } });
  agent.world.ecrPublic.seed('acme/agent', 'v2', image);
  return agent;
}

/** What the API answered that gives the login out. */
function loginsOf({ world }: Agent): readonly (number | null)[] {
  return world.edge.calls.filter(({ operation }) => operation === TOKEN).map(({ status }) => status);
}
