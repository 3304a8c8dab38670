import { type JsonObject, objectAt, objectsAt, textAt } from '../../simulators/json.ts';
import type { KubernetesAgent } from '../../simulators/kubernetes-agent.ts';
import { paths } from '../../simulators/kubernetes-stage.ts';

/** The action's requests that changed a workload, in order, with their time: dry runs aside. */
export function watchPatches({
  stage,
  world,
}: KubernetesAgent): readonly { readonly at: number; readonly body: string }[] {
  const seen: { at: number; body: string }[] = [];
  world.edge.onExchange(({ operation, request, answer }) => {
    if (/^kubernetes:patch (?:deployments|statefulsets|daemonsets)$/.test(operation) && answer.status === 200)
      seen.push({ at: stage.now(), body: String(request.body) });
  });
  return seen;
}

export async function deploymentOf({ stage }: KubernetesAgent): Promise<JsonObject> {
  return await stage.expect(paths.deployment());
}

export async function annotationsOf(agent: KubernetesAgent): Promise<JsonObject> {
  return objectAt(await deploymentOf(agent), 'metadata', 'annotations');
}

/** Waits until the controller has given the rollout up, by the deadline of the Deployment. */
export async function untilPastDeadline(agent: KubernetesAgent): Promise<void> {
  await agent.stage.until('the rollout is past its deadline', async () =>
    JSON.stringify(await deploymentOf(agent)).includes('ProgressDeadlineExceeded'),
  );
}

/** Images that the pods of the namespace run now, by version: `v1 v1 v2`. */
export async function imagesOf({ stage }: KubernetesAgent): Promise<string> {
  const pods = objectsAt(await stage.expect(paths.pods), 'items').filter(
    (pod) => textAt(pod, 'metadata', 'deletionTimestamp') === '' && textAt(pod, 'status', 'phase') === 'Running',
  );
  return pods
    .flatMap((pod) => objectsAt(pod, 'spec', 'containers').map((one) => textAt(one, 'image')))
    .map((image) => image.replace(/^.*[:@]/, ''))
    .toSorted()
    .join(' ');
}

/** Notes when the status of a pod or a ReplicaSet first held this text; read the result when the run has ended. */
export function watchEvidence(agent: KubernetesAgent, text: RegExp): { at: number | null } {
  const found: { at: number | null } = { at: null };
  const stop = agent.stage.every(200, async () => {
    if (found.at !== null) return stop();
    const lists = await Promise.all([paths.pods, paths.replicaSets].map((path) => agent.stage.expect(path)));
    const statuses = lists.flatMap((list) => objectsAt(list, 'items')).map((one) => JSON.stringify(one['status']));
    if (statuses.some((status) => text.test(status))) found.at = agent.stage.now();
  });
  return found;
}
