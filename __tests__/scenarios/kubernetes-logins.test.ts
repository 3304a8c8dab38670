import { readFile } from 'node:fs/promises';
import { afterEach, describe, expect } from '@jest/globals';
import { CLIENT_ID, RESOURCE_GROUP, SUBSCRIPTION, TENANT } from '../../simulators/azure/azure-cloud.ts';
import type { KubernetesAgent } from '../../simulators/kubernetes-agent.ts';
import { DEPLOYER } from '../../simulators/kubernetes-stage.ts';
import { closeAgents, saidBy } from './agent.ts';
import { givenKubernetes, onSimulatorOnly } from './kubernetes-agent.ts';

afterEach(closeAgents);

const test = onSimulatorOnly('the tokens of simulated clouds, which no real API server takes');

const CLUSTER = 'shop';
const MINUTE = 60_000;

interface Login {
  readonly inputs: Readonly<Record<string, string>>;
  readonly env: Readonly<Record<string, string>>;
  /** Calls by which the cluster is found, as `arm:…`. */
  readonly calls: readonly string[];
  /** Another one than its own. */
  readonly otherAccount: string;
  /** Does the API server know who has this token? */
  readonly accepts: (token: string) => boolean;
  readonly deny: () => void;
  /** What the log says then. */
  readonly denial: RegExp;
}

type Cloud = 'EKS' | 'GKE by its address' | 'GKE by DNS' | 'AKS';

async function openLogin({ world }: KubernetesAgent, cloud: Cloud): Promise<Login> {
  const { aws, google, azure, github, kubernetes, env } = world;
  const authority = await readFile(env['NODE_EXTRA_CA_CERTS']!, 'utf8');
  const cluster = { name: CLUSTER, host: new URL(kubernetes.server).host, authority };
  if (cloud === 'EKS') {
    aws.addEksCluster(cluster);
    return {
      ...{ inputs: { 'eks-cluster': CLUSTER }, env, calls: ['eks:DescribeCluster'] },
      otherAccount: '210987654321',
      accepts: (token) => aws.acceptsEksToken(CLUSTER, token),
      deny: () => aws.deny('eks:DescribeCluster'),
      denial: /the role lacks eks:DescribeCluster/,
    };
  }
  if (cloud === 'AKS') {
    azure.addAksCluster(cluster);
    const account = { subscription: SUBSCRIPTION, 'tenant-id': TENANT, 'client-id': CLIENT_ID };
    return {
      inputs: { 'aks-cluster': CLUSTER, 'resource-group': RESOURCE_GROUP, ...account },
      ...{ env: github.env, calls: ['arm:ManagedClusters_ListClusterUserCredentials'] },
      otherAccount: '5ab50000-0000-4000-8000-0000000000ff',
      accepts: (token) => azure.acceptsAksToken(token),
      deny: () => azure.deny('Microsoft.ContainerService/managedClusters/listClusterUserCredential/action'),
      denial: /Azure Kubernetes Service Cluster User Role/,
    };
  }
  google.addGkeCluster({ ...cluster, isByDns: cloud === 'GKE by DNS' });
  const { workloadIdentityProvider, serviceAccount, project, region } = google;
  return {
    inputs: {
      ...{ 'gke-cluster': `projects/${project}/locations/${region}/clusters/${CLUSTER}` },
      ...{ 'workload-identity-provider': workloadIdentityProvider, 'service-account': serviceAccount },
    },
    ...{ env: github.env, calls: ['container:GetCluster'] },
    otherAccount: 'acme-staging',
    accepts: (token) => google.acceptsToken(token),
    deny: () => google.deny('container.clusters.get'),
    denial: /container\.clusters\.get is missing/,
  };
}

/** The action with no kubeconfig at all. */
async function given(cloud: Cloud): Promise<{ readonly agent: KubernetesAgent; readonly login: Login }> {
  const agent = await givenKubernetes();
  return { agent, login: await openLogin(agent, cloud) };
}

/** The API server takes these tokens from now on. */
function admit({ world }: KubernetesAgent, { accepts }: Login) {
  const [tokens, refused] = [new Set<string>(), new Set<string>()];
  world.kubernetes.access.addReader((token) => {
    const isGood = accepts(token);
    (isGood ? tokens : refused).add(token);
    return isGood ? { name: DEPLOYER, groups: [] } : null;
  });
  return { tokens, refused };
}

const CLOUDS: readonly Cloud[] = ['EKS', 'GKE by its address', 'GKE by DNS', 'AKS'];

describe.each(CLOUDS)('a cluster of %s', (cloud) => {
  test('is deployed to without a kubeconfig, by one call of the cloud and a token that the log hides', async () => {
    const { agent, login } = await given(cloud);
    const { tokens } = admit(agent, login);
    const from = agent.world.edge.calls.length;
    const image = agent.world.publish('v2', {});
    const result = await agent.deploy({ image, kubeconfig: '', ...login.inputs }, { env: login.env });
    expect(result.main.outputs['outcome']).toBe('deployed');
    expect((await agent.ask()).body).toBe('v2');
    const found = agent.world.edge.calls.slice(from).filter(({ operation }) => login.calls.includes(operation));
    expect(found).toHaveLength(login.calls.length);
    expect([...tokens].some((token) => saidBy(result.main.log).includes(token))).toBe(false);
    expect(tokens.size).toBe(1);
  });

  test('is not touched where `expected-account` names another account, nor looked for', async () => {
    const { agent, login } = await given(cloud);
    const from = agent.world.edge.calls.length;
    const image = agent.world.publish('v2', {});
    const inputs = { image, kubeconfig: '', ...login.inputs, 'expected-account': login.otherAccount };
    const { main } = await agent.deploy(inputs, { env: login.env });
    expect(main.outputs['outcome']).toBe('refused');
    expect(saidBy(main.log)).toMatch(/could not start in (?:account|project|subscription) /);
    const asked = agent.world.edge.calls.slice(from).map(({ operation }) => operation);
    expect(asked.filter((operation) => operation !== 'sts:GetCallerIdentity')).toEqual([]);
  });

  test('is not touched where the cloud doesn’t let it be found', async () => {
    const { agent, login } = await given(cloud);
    admit(agent, login);
    login.deny();
    const before = agent.snapshot();
    const image = agent.world.publish('v2', {});
    const result = await agent.deploy({ image, kubeconfig: '', ...login.inputs }, { env: login.env });
    expect(result.main.outputs['outcome']).toBe('refused');
    expect(saidBy(result.main.log)).toMatch(login.denial);
    expect(agent.snapshot()).toEqual(before);
  });

  test('that does not know the token says what to do in the cloud', async () => {
    const { agent, login } = await given(cloud);
    const image = agent.world.publish('v2', {});
    const result = await agent.deploy({ image, kubeconfig: '', ...login.inputs }, { env: login.env });
    expect(result.main.outputs['outcome']).toBe('refused');
    const hint = { EKS: /access entry/, AKS: /Microsoft Entra integration/ }[cloud as string] ?? /service account/;
    expect(saidBy(result.main.log)).toMatch(/Unauthorized/);
    expect(saidBy(result.main.log)).toMatch(hint);
  });
});

test('a token of EKS ends after 15 minutes: a slow rollout gets new ones in time, and is never refused', async () => {
  const agent = await givenKubernetes({ stage: { replicas: 1, spec: { progressDeadlineSeconds: 3_600 } } });
  const login = await openLogin(agent, 'EKS');
  const { tokens, refused } = admit(agent, login);
  const image = agent.world.publish('v2', { readyAfterMs: 16 * MINUTE });
  const inputs = { image, kubeconfig: '', timeout: '90m', ...login.inputs };
  const result = await agent.deploy(inputs, { env: login.env });
  expect(result.main.outputs['outcome']).toBe('deployed');
  expect([tokens.size >= 2, refused.size]).toEqual([true, 0]);
});

test.each([
  ['GKE by DNS', ({ world }: KubernetesAgent) => world.google.expireTokens()],
  ['AKS', ({ world }: KubernetesAgent) => world.azure.revokeTokens()],
] as const)('a token of %s that is revoked in the middle is replaced, and nothing is lost', async (cloud, revoke) => {
  const { agent, login } = await given(cloud);
  const { tokens, refused } = admit(agent, login);
  const stop = agent.stage.every(1_000, async () => {
    if (tokens.size === 0) return;
    stop();
    revoke(agent);
  });
  const image = agent.world.publish('v2', { readyAfterMs: 20_000 });
  const result = await agent.deploy({ image, kubeconfig: '', ...login.inputs }, { env: login.env });
  expect(result.main.outputs['outcome']).toBe('deployed');
  expect([tokens.size, refused.size]).toEqual([2, 1]);
});
