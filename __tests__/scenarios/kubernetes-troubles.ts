import type { Behaviour } from '../../simulators/behaviour.ts';
import { type JsonObject, objectsAt, textAt } from '../../simulators/json.ts';
import type { KubernetesAgent } from '../../simulators/kubernetes-agent.ts';
import { recordEvent, webContainer } from '../../simulators/kubernetes-scene.ts';
import { NAMESPACE, paths, type Rule, type StageOptions } from '../../simulators/kubernetes-stage.ts';
import { SOURCE } from '../../simulators/world.ts';

export const V1 = `${SOURCE.host}/${SOURCE.repository}:v1`;

export const crash = (exitCode: number, ...logs: string[]): Partial<Behaviour> => ({
  crash: { afterMs: 500, exitCode, logs },
});

/** `web` with these members of its container. */
export const withContainer = (more: JsonObject, replicas = 3): Partial<StageOptions> => ({
  replicas,
  spec: { template: { spec: { containers: [{ ...webContainer(V1), ...more }] } } },
});

/** `web` with these members of its pods. */
export const withPodSpec = (more: JsonObject, replicas = 3): Partial<StageOptions> => ({
  replicas,
  spec: { template: { spec: more } },
});

/** One more container, which is run before `web` or beside it. */
export const withInit = (more: JsonObject = {}): Partial<StageOptions> => ({
  spec: { template: { spec: { initContainers: [{ name: 'helper', image: V1, ...more }] } } },
});

/** More than half of a node. */
export const MUCH: JsonObject = { resources: { requests: { cpu: '5' } } };

/** Two nodes have room for one pod each, and for none beside. */
export const large = withContainer(MUCH, 2);

/** What the target needs, and no more: it may not create pods, so that no dry run of one tells it anything. */
export const LEAST: readonly Rule[] = [
  { apiGroups: ['apps'], resources: ['deployments'], resourceNames: ['web'], verbs: ['get', 'patch'] },
  // What an earlier canary may have left is looked for.
  { apiGroups: ['apps'], resources: ['deployments'], resourceNames: ['web-canary'], verbs: ['get'] },
  { apiGroups: ['apps'], resources: ['replicasets'], verbs: ['get', 'list'] },
  { apiGroups: [''], resources: ['pods', 'events'], verbs: ['get', 'list'] },
  { apiGroups: [''], resources: ['pods/log'], verbs: ['get'] },
];

/** Before the first request that changes something: the action has asked the registry by then. */
export function beforeFirstPatch({ world }: KubernetesAgent, act: () => void): void {
  let isDone = false;
  world.edge.onCall(({ operation }, moment) => {
    if (isDone || !/^kubernetes:patch /.test(operation) || moment !== 'before') return;
    isDone = true;
    act();
  });
}

/** As the autoscaler of a cluster does, once for each pod that has no place. */
export function sayOfUnscheduled(agent: KubernetesAgent, reason: string, message: string): void {
  const told = new Set<string>();
  agent.stage.every(1_000, async () => {
    for (const pod of objectsAt(await agent.stage.expect(paths.pods), 'items')) {
      const uid = textAt(pod, 'metadata', 'uid');
      if (told.has(uid) || !JSON.stringify(pod['status']).includes('Unschedulable')) continue;
      told.add(uid);
      await recordEvent(agent.stage, pod, { reason, message, by: 'cluster-autoscaler' });
    }
  });
}

/** The first pod of the new template that runs. */
export function evictFirst(agent: KubernetesAgent): void {
  const stop = agent.stage.every(500, async () => {
    const pods = objectsAt(await agent.stage.expect(paths.pods), 'items');
    const running = pods.find(
      (pod) => JSON.stringify(pod['spec']).includes('@sha256') && textAt(pod, 'status', 'phase') === 'Running',
    );
    if (!running) return;
    stop();
    agent.stage.kubelet.evict(running);
  });
}

/** A node that there is room on, after a while. */
export function addNode(agent: KubernetesAgent, afterMs: number): void {
  const at = agent.stage.now() + afterMs;
  const stop = agent.stage.every(5_000, async () => {
    if (agent.stage.now() < at) return;
    stop();
    const node = (await agent.stage.expect('/api/v1/nodes/node-a')) as { readonly metadata: object };
    const body = { ...node, metadata: { name: 'node-c', labels: { 'kubernetes.io/hostname': 'node-c' } } };
    await agent.stage.expect('/api/v1/nodes', { method: 'POST', body });
  });
}

export async function setQuota({ stage }: KubernetesAgent, pods: number): Promise<void> {
  const body = {
    apiVersion: 'v1',
    kind: 'ResourceQuota',
    metadata: { name: 'pods' },
    spec: { hard: { pods: String(pods) } },
  };
  const isThere = (await stage.api(`${paths.quotas}/pods`)).status === 200;
  if (isThere) await stage.expect(`${paths.quotas}/pods`, { method: 'PATCH', patch: 'merge-patch+json', body });
  else await stage.expect(paths.quotas, { method: 'POST', body });
}

export async function enforcePodSecurity({ stage }: KubernetesAgent, level: string): Promise<void> {
  const labels = { 'pod-security.kubernetes.io/enforce': level };
  await stage.expect(`/api/v1/namespaces/${NAMESPACE}`, {
    method: 'PATCH',
    patch: 'merge-patch+json',
    body: { metadata: { labels } },
  });
}
