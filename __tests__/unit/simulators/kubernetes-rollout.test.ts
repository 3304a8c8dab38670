import { afterEach, describe, expect, test } from '@jest/globals';
import { type JsonObject, objectAt, objectsAt, textAt } from '../../../simulators/json.ts';
import { foreignDeploy, scale, untilDone } from '../../../simulators/kubernetes-scene.ts';
import { type KubernetesStage, NAMESPACE, paths, SHOP_HOST } from '../../../simulators/kubernetes-stage.ts';
import { openTraffic } from '../../../simulators/kubernetes-traffic.ts';
import { closeAgents } from '../../scenarios/agent.ts';
import { givenKubernetes } from '../../scenarios/kubernetes-agent.ts';

const REVISION = 'deployment.kubernetes.io/revision';

afterEach(closeAgents);

async function conditionsOf(stage: KubernetesStage): Promise<readonly string[]> {
  const deployment = await stage.expect(paths.deployment());
  return objectsAt(deployment, 'status', 'conditions')
    .map(({ type, status, reason }) => `${type}=${status}/${reason}`)
    .toSorted();
}

async function waitingReasons(stage: KubernetesStage): Promise<readonly string[]> {
  const pods = objectsAt(await stage.expect(paths.pods), 'items');
  const states = pods.flatMap((pod) => objectsAt(pod, 'status', 'containerStatuses'));
  return states.map((one) => textAt(one, 'state', 'waiting', 'reason')).filter((reason) => reason !== '');
}

async function replicaSets(stage: KubernetesStage): Promise<readonly JsonObject[]> {
  return objectsAt(await stage.expect(paths.replicaSets), 'items');
}

describe('a rollout of the simulated Deployment', () => {
  test('replaces pods one by one, and no request at the front fails meanwhile', async () => {
    const { stage, world } = await givenKubernetes();
    const traffic = openTraffic(stage);
    await foreignDeploy(stage, world.publish('v2', {}));
    await untilDone(stage);
    await stage.pass(2_000);
    traffic.stop();
    expect(traffic.failed).toEqual([]);
    expect([...new Set(traffic.visits.map(({ body }) => body))]).toEqual(['v1', 'v2']);
    expect(await conditionsOf(stage)).toEqual([
      'Available=True/MinimumReplicasAvailable',
      'Progressing=True/NewReplicaSetAvailable',
    ]);
  });

  test('fails requests behind a load balancer that is far behind its endpoints', async () => {
    const { stage, world } = await givenKubernetes();
    stage.expose(SHOP_HOST, { namespace: NAMESPACE, service: 'web', port: '80', lagMs: 5_000 });
    const traffic = openTraffic(stage);
    await stage.pass(1_000);
    await foreignDeploy(stage, world.publish('v2', {}));
    await untilDone(stage);
    await stage.pass(6_000);
    traffic.stop();
    expect(traffic.failed.length).toBeGreaterThan(0);
    expect(traffic.visits.at(-1)).toMatchObject({ status: 200, body: 'v2' });
  });

  test('of the same template uses its old ReplicaSet again, as a newer revision', async () => {
    const { stage, world } = await givenKubernetes();
    const [first] = await replicaSets(stage);
    await foreignDeploy(stage, world.publish('v2', {}));
    await untilDone(stage);
    await foreignDeploy(stage, world.publish('v1', {}));
    await untilDone(stage);
    const again = (await replicaSets(stage)).find(
      (one) => textAt(one, 'metadata', 'uid') === textAt(first, 'metadata', 'uid'),
    );
    expect(objectAt(again, 'metadata', 'annotations')).toMatchObject({
      [REVISION]: '3',
      'deployment.kubernetes.io/revision-history': '1',
    });
  });

  test('of an image that is not there says so in the pod, and is over its deadline at last', async () => {
    const { stage } = await givenKubernetes({ stage: { spec: { progressDeadlineSeconds: 30 } } });
    await foreignDeploy(stage, 'ghcr.io/acme/agent:none');
    await stage.pass(3_000);
    expect(await waitingReasons(stage)).toEqual(['ImagePullBackOff']);
    await stage.pass(30_000);
    expect(await conditionsOf(stage)).toContain('Progressing=False/ProgressDeadlineExceeded');
  });

  test('of an image that crashes restarts it, waits longer each time, and keeps its last log', async () => {
    const { stage, world } = await givenKubernetes();
    await foreignDeploy(stage, world.publish('v2', { crash: { afterMs: 1_000, exitCode: 3, logs: ['KeyError'] } }));
    await stage.pass(6_000);
    expect(await waitingReasons(stage)).toEqual(['CrashLoopBackOff']);
    const pods = objectsAt(await stage.expect(paths.pods), 'items');
    const broken = pods.find((pod) => objectsAt(pod, 'status', 'containerStatuses')[0]?.['restartCount'] === 1);
    const log = await stage.api(`${paths.pods}/${textAt(broken, 'metadata', 'name')}/log?previous=true&tailLines=50`);
    expect(log.text).toBe('KeyError\n');
  });

  test('that is scaled in the middle ends at the new size', async () => {
    const { stage, world } = await givenKubernetes();
    await foreignDeploy(stage, world.publish('v2', {}));
    await stage.pass(1_000);
    await scale(stage, 6);
    await untilDone(stage);
    const sizes = (await replicaSets(stage)).map((one) => objectAt(one, 'spec')['replicas']);
    expect(sizes.toSorted()).toEqual([0, 6]);
  });

  test('is not known to the Deployment for some milliseconds: observedGeneration and the revision come later', async () => {
    const { stage, world } = await givenKubernetes();
    const changed = await foreignDeploy(stage, world.publish('v2', {}));
    const noted = { generation: 2, annotations: { [REVISION]: '1' } };
    expect({ metadata: changed['metadata'], status: changed['status'] }).toMatchObject({
      metadata: noted,
      status: { observedGeneration: 1 },
    });
    await stage.pass(100);
    expect(await stage.expect(paths.deployment())).toMatchObject({
      metadata: { ...noted, annotations: { [REVISION]: '2' } },
      status: { observedGeneration: 2 },
    });
  });
});

test('an object of a kind that is not built in has to say its kind', async () => {
  const { stage } = await givenKubernetes();
  const ofRoutes = `/apis/gateway.networking.k8s.io/v1/namespaces/${NAMESPACE}/httproutes`;
  const body = { metadata: { name: 'web' }, spec: { hostnames: [SHOP_HOST] } };
  const { status, text } = await stage.api(ofRoutes, { method: 'POST', body });
  expect([status, text]).toEqual([400, expect.stringContaining("Object 'Kind' is missing in")]);
  const whole = { apiVersion: 'gateway.networking.k8s.io/v1', kind: 'HTTPRoute', ...body };
  expect((await stage.api(ofRoutes, { method: 'POST', body: whole })).status).toBe(201);
  // Of a built-in one it is known.
  const service = { metadata: { name: 'other' }, spec: { ports: [{ port: 80 }] } };
  expect((await stage.api(paths.services, { method: 'POST', body: service })).status).toBe(201);
});
