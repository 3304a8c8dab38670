import { afterEach, describe, expect, test } from '@jest/globals';
import type { Agent } from '../../simulators/agent.ts';
import type { AppOptions } from '../../simulators/azure/add-app.ts';
import { closeAgents } from './agent.ts';
import { givenApp } from './container-apps-agent.ts';

afterEach(closeAgents);

function changesTo(agent: Agent): readonly string[] {
  const changes = agent.world.edge.calls.filter(({ mutates, operation }) => mutates && operation.startsWith('arm:'));
  return changes.map(({ operation }) => operation);
}

// What is refused alike by a plan is in refusals-container-apps.ts.
describe('what can not be deployed to is refused while nothing is touched', () => {
  test('an app that another user is changing, for as long as that takes', async () => {
    const agent = await givenApp({ app: { staging: { operationMs: 3_600_000 } } });
    agent.world.azure.foreignDeploy('agent', agent.world.publish('v3', {}));
    const { main } = await agent.deploy({ image: agent.world.publish('v2', {}), timeout: '1m' });
    expect(main.log).toMatch(/^::error.*a change that is not ours is InProgress, by dana@acme\.dev/m);
    expect(changesTo(agent)).not.toContain('arm:ContainerApps_Update');
  });

  test.each([
    ['containerApps/read', 'could not read container app agent', 'Microsoft.App/containerApps/read'],
    ['containerApps/write', 'could not update container app agent', 'Microsoft.App/containerApps/write'],
    ['containerApps/revisions/read', 'could not read revision', 'Microsoft.App/containerApps/revisions/read'],
  ])('a role without %s', async (action, what, named) => {
    const agent = await givenApp();
    const before = agent.snapshot();
    agent.world.azure.deny(`Microsoft.App/${action}`);
    const { main } = await agent.deploy({ image: agent.world.publish('v2', {}) });
    const annotation = main.log.split('\n').find((line) => line.startsWith('::error'));
    expect(annotation).toContain(what);
    expect(annotation).toContain(`the role lacks ${named}`);
    expect(main.outputs['outcome']).toBe('refused');
    expect(agent.snapshot()).toEqual(before);
  });
});

describe('what blocks smoke tests is reported before the rollout', () => {
  test.each<[string, Partial<AppOptions>, RegExp]>([
    ['an internal ingress', { ingress: { external: false } }, /its ingress is internal/],
    ['client certificates', { ingress: { clientCertificateMode: 'require' } }, /requires a client certificate/],
    [
      'IP restrictions',
      {
        ingress: {
          ipSecurityRestrictions: [{ name: 'office', ipAddressRange: '198.51.100.0/24', action: 'Allow' }],
        },
      },
      /IP restrictions \(office\)/,
    ],
    [
      'Easy Auth',
      { auth: { platform: { enabled: true }, globalValidation: { unauthenticatedClientAction: 'Return401' } } },
      /asks for a login \(Easy Auth, Return401\)/,
    ],
  ])('%s', async (_title, app, warning) => {
    const agent = await givenApp({ app });
    const image = agent.world.publish('v2', {});
    const { main } = await agent.deploy({ image, mode: 'plan' });
    const [beforePlan = ''] = main.log.split('::group::Resolve the image digest');
    expect(beforePlan).toMatch(new RegExp(`^::warning::container app agent.*${warning.source}`, 'm'));
    expect(main.outputs['outcome']).toBe('planned');
  });
});
