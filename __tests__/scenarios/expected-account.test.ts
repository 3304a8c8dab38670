import { afterEach, describe, expect, test } from '@jest/globals';
import type { Agent } from '../../simulators/agent.ts';
import { SUBSCRIPTION } from '../../simulators/azure/azure-cloud.ts';
import { ACCOUNT } from '../../simulators/world.ts';
import { closeAgents, givenAgent } from './agent.ts';
import { givenCloudRun } from './cloud-run-agent.ts';
import { givenApp } from './container-apps-agent.ts';
import { givenKubernetes } from './kubernetes-agent.ts';

afterEach(closeAgents);

interface Row {
  readonly given: () => Promise<Agent>;
  /** What the deployment goes to, and another. */
  readonly own: (agent: Agent) => string;
  readonly other: string;
  readonly says: string;
  /** What may be asked before the refusal. */
  readonly asks: readonly string[];
}

const rows: readonly (readonly [string, Row])[] = [
  [
    'Amazon ECS',
    {
      given: givenAgent,
      own: () => ACCOUNT,
      other: '210987654321',
      says: `could not start in account 210987654321: the credentials are of ${ACCOUNT}`,
      asks: ['sts:GetCallerIdentity'],
    },
  ],
  [
    'Cloud Run',
    {
      given: givenCloudRun,
      own: (agent) => agent.world.google.project,
      other: 'acme-staging',
      says: 'could not start in project acme-staging: this deployment is for ',
      asks: [],
    },
  ],
  [
    'Container Apps',
    {
      given: givenApp,
      own: () => SUBSCRIPTION.toUpperCase(),
      other: '5ab50000-0000-4000-8000-0000000000ff',
      says: `could not start in subscription 5ab50000-0000-4000-8000-0000000000ff: this deployment is for ${SUBSCRIPTION}`,
      asks: [],
    },
  ],
  [
    'Kubernetes, by a kubeconfig',
    {
      given: givenKubernetes,
      own: (agent) => new URL(agent.world.kubernetes.server).host,
      other: 'https://staging.example.com:6443',
      says: 'could not start on the cluster at https://staging.example.com:6443: the kubeconfig leads to https://',
      asks: [],
    },
  ],
];

describe('expected-account', () => {
  test.each(rows)(
    'of another place is refused before the service is read: %s',
    async (_, { given, other, says, asks }) => {
      const agent = await given();
      const image = agent.world.publish('v2', {});
      const { main } = await agent.deploy({ image, 'expected-account': other });
      expect(main.outputs['outcome']).toBe('refused');
      expect(main.log).toContain(says);
      expect(agent.world.edge.calls.map(({ operation }) => operation)).toEqual(asks);
    },
  );

  test.each(rows)('of the right place deploys: %s', async (_, { given, own }) => {
    const agent = await given();
    const image = agent.world.publish('v2', {});
    const { main } = await agent.deploy({ image, 'expected-account': own(agent) });
    expect(main.outputs['outcome']).toBe('deployed');
  });

  test.each(rows)('that has not the form of one is refused: %s', async (_, { given }) => {
    const agent = await given();
    const { main } = await agent.deploy({ image: agent.world.publish('v2', {}), 'expected-account': 'Acme !' });
    expect(main.outputs['outcome']).toBe('refused');
    expect(main.log).toContain('expected-account: got ');
    expect(agent.world.edge.calls).toEqual([]);
  });
});
