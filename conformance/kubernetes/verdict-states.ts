import type { Behaviour } from '../../simulators/behaviour.ts';
import type { JsonObject } from '../../simulators/json.ts';
import type { KubernetesAgent } from '../../simulators/kubernetes-agent.ts';
import { addSet, foreignDeploy } from '../../simulators/kubernetes-scene.ts';
import { paths, type StageOptions } from '../../simulators/kubernetes-stage.ts';

/** A state of a new image in which a deploy should not succeed. */
export interface VerdictState {
  readonly title: string;
  /** Absent: an image that is not there. */
  readonly behaviour?: Partial<Behaviour>;
  /** In the status of a pod or a ReplicaSet: the first moment at which anybody could know. */
  readonly evidence: RegExp;
  readonly stage?: Partial<StageOptions>;
  /** Of a StatefulSet `db`; otherwise of the Deployment `web`. */
  readonly isSet?: boolean;
  readonly arrange?: (agent: KubernetesAgent) => Promise<unknown>;
}

const crash = (exitCode: number, afterMs: number): Partial<Behaviour> => ({
  crash: { afterMs, exitCode, logs: ['boom'] },
});

export const verdictStates: readonly VerdictState[] = [
  { title: 'an image that is not there', evidence: /ErrImagePull/ },
  { title: 'a container that crashes at its start', behaviour: crash(1, 500), evidence: /"exitCode":1/ },
  { title: 'out of memory', behaviour: crash(137, 500), evidence: /OOMKilled/ },
  { title: 'a crash 4 s after it was ready', behaviour: crash(1, 6_000), evidence: /"exitCode":1/ },
  { title: 'a full quota', behaviour: {}, evidence: /exceeded quota/, arrange: fillQuota },
  {
    title: 'a StatefulSet whose pods crash',
    ...{ behaviour: crash(1, 500), evidence: /"exitCode":1/, isSet: true, arrange: addDatabase },
  },
  { title: 'zero replicas, an image that is not there', stage: { replicas: 0 }, evidence: /^$/ },
];

/** As `kubectl set image` does. */
export async function setImage({ stage }: KubernetesAgent, { isSet }: VerdictState, image: string): Promise<void> {
  if (!isSet) return void (await foreignDeploy(stage, image));
  const body = { spec: { template: { spec: { containers: [{ name: 'web', image }] } } } };
  await stage.expect(`${paths.statefulSets}/db?fieldManager=kubectl-set`, { method: 'PATCH', body });
}

async function addDatabase({ stage, world }: KubernetesAgent): Promise<void> {
  await addSet(stage, 'StatefulSet', { name: 'db', image: world.publish('v1', {}) });
}

/** Of pods: as many as there are. */
async function fillQuota({ stage }: KubernetesAgent): Promise<void> {
  const body: JsonObject = { metadata: { name: 'pods' }, spec: { hard: { pods: '3' } } };
  await stage.expect(paths.quotas, { method: 'POST', body });
}
