import { afterEach, describe, expect, test } from '@jest/globals';
import type { Agent } from '../../simulators/agent.ts';
import { CLUSTER } from '../../simulators/agent-service.ts';
import { withoutAudit } from '../../simulators/aws/snapshot.ts';
import { type JsonObject, objectsAt } from '../../simulators/json.ts';
import { ECR_HOST } from '../../simulators/world.ts';
import { closeAgents, givenAgent } from './agent.ts';

afterEach(closeAgents);

const SERVICE = 'private';
const repositoryCredentials = { credentialsParameter: 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:ghcr' };
const smokeTests = '- run: "true"';

describe('a container whose image moves to ECR, with a login for the registry that it comes from', () => {
  test('a plan and a deploy list that the login is dropped, and the tasks start', async () => {
    const agent = await givenPrivate();
    const plan = await deploy(agent, { mode: 'plan' });
    expect(plan.outputs['outcome']).toBe('planned');
    expect(plan.summary).toContain('container app: repositoryCredentials removed');
    expect(login(agent)).toEqual(repositoryCredentials);
    const main = await deploy(agent);
    expect(main.outputs['outcome']).toBe('deployed');
    expect(main.log).toContain('container app: repositoryCredentials removed');
    expect(login(agent)).toBeUndefined();
  });

  test('a rollback restores it', async () => {
    const agent = await givenPrivate();
    const before = snapshot(agent);
    const main = await deploy(agent, { 'smoke-tests': '- run: test "$DEPLOY_REVISION" = private:1' });
    expect(main.outputs['outcome']).toBe('rolled-back');
    expect(snapshot(agent)).toEqual(before);
    expect(login(agent)).toEqual(repositoryCredentials);
  });

  test('another container keeps its own, and so does the same one where its image stays in its registry', async () => {
    const agent = await givenPrivate([{ name: 'proxy', essential: false }]);
    await deploy(agent, { container: 'app' });
    expect(containersOf(agent).map((container) => 'repositoryCredentials' in container)).toEqual([false, true]);
    const stays = await givenPrivate();
    const main = await deploy(stays, { 'copy-to': '' });
    expect(main.outputs['outcome']).toBe('deployed');
    expect(main.log).not.toContain('repositoryCredentials');
    expect(login(stays)).toEqual(repositoryCredentials);
  });
});

/** A service whose image ECS pulls from ghcr.io with a login in a secret. */
async function givenPrivate(more: readonly JsonObject[] = []): Promise<Agent> {
  const agent = await givenAgent();
  const image = agent.world.publish('v1', {});
  const container = (rest: JsonObject) => ({ name: 'app', image, essential: true, repositoryCredentials, ...rest });
  agent.world.aws.addService({
    cluster: CLUSTER,
    service: SERVICE,
    containers: [container({}), ...more.map(container)],
    ...{ desiredCount: 1, loadBalanced: false },
  });
  // The guide's policy is that of another service.
  agent.world.aws.enforce(null);
  return agent;
}

async function deploy(agent: Agent, inputs: Readonly<Record<string, string>> = {}) {
  const image = agent.world.publish('v2', {});
  const all = {
    image,
    service: SERVICE,
    url: '',
    'copy-to': `${ECR_HOST}/agent`,
    'smoke-tests': smokeTests,
    ...inputs,
  };
  return (await agent.deploy(all)).main;
}

function snapshot({ world }: Agent): unknown {
  return withoutAudit(world.aws.snapshot(CLUSTER, SERVICE));
}

function containersOf({ world }: Agent): readonly JsonObject[] {
  const service = world.aws.ecs.services.find(({ name }) => name === SERVICE)!;
  return objectsAt(service.taskDefinition.document, 'containerDefinitions');
}

function login(agent: Agent): unknown {
  return containersOf(agent)[0]!['repositoryCredentials'];
}
