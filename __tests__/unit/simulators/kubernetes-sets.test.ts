import { afterEach, describe, expect, test } from '@jest/globals';
import { type JsonObject, objectAt, objectsAt, textAt } from '../../../simulators/json.ts';
import { addSet } from '../../../simulators/kubernetes-scene.ts';
import { type KubernetesStage, NAMESPACE, paths } from '../../../simulators/kubernetes-stage.ts';
import { closeAgents } from '../../scenarios/agent.ts';
import { givenKubernetes } from '../../scenarios/kubernetes-agent.ts';

const DB = `${paths.statefulSets}/db`;
const LOG_AGENT = `${paths.daemonSets}/log-agent`;
const JOBS = `/apis/batch/v1/namespaces/${NAMESPACE}/jobs`;

afterEach(closeAgents);

async function setImage(stage: KubernetesStage, path: string, image: string): Promise<void> {
  const body = { spec: { template: { spec: { containers: [{ name: 'web', image }] } } } };
  await stage.expect(path, { method: 'PATCH', body });
}

/** `db-0 v1 ready` */
async function podsOf(stage: KubernetesStage, app: string): Promise<readonly string[]> {
  const pods = objectsAt(await stage.expect(`${paths.pods}?labelSelector=app%3D${app}`), 'items');
  return pods.map((pod) => {
    const status = objectsAt(pod, 'status', 'containerStatuses')[0] ?? {};
    const tag = textAt(status, 'image').split(':').at(-1);
    return `${app === 'db' ? `${textAt(pod, 'metadata', 'name')} ` : ''}${tag} ${status['ready'] ? 'ready' : 'not ready'}`;
  });
}

function jobOf(image: string, spec: JsonObject = {}): JsonObject {
  const template = { spec: { restartPolicy: 'Never', containers: [{ name: 'smoke', image }] } };
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: 'smoke' },
    spec: { backoffLimit: 0, template, ...spec },
  };
}

describe('the simulated StatefulSet', () => {
  test('updates from the highest ordinal on, and is stuck on a pod that never gets ready, also after the template is put back', async () => {
    const { stage, world } = await givenKubernetes();
    const v1 = world.publish('v1', {});
    await addSet(stage, 'StatefulSet', { name: 'db', image: v1 });
    const before = textAt(await stage.expect(DB), 'status', 'updateRevision');
    await setImage(stage, DB, world.publish('bad', { answers: { '/ready': { status: 503 } } }));
    await stage.pass(10_000);
    expect(await podsOf(stage, 'db')).toEqual(['db-0 v1 ready', 'db-1 v1 ready', 'db-2 bad not ready']);
    await setImage(stage, DB, v1);
    await stage.pass(60_000);
    expect(await podsOf(stage, 'db')).toContain('db-2 bad not ready');
    const { currentRevision, updateRevision, updatedReplicas } = objectAt(await stage.expect(DB), 'status');
    expect({ currentRevision, updateRevision, updatedReplicas }).toEqual({
      currentRevision: before,
      updateRevision: before,
      updatedReplicas: 2,
    });
    await stage.expect(`${paths.pods}/db-2`, { method: 'DELETE' });
    await stage.pass(6_000);
    expect(await podsOf(stage, 'db')).toEqual(['db-0 v1 ready', 'db-1 v1 ready', 'db-2 v1 ready']);
  });

  test('keeps the pods below its partition', async () => {
    const { stage, world } = await givenKubernetes();
    const spec = { updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 2 } } };
    await addSet(stage, 'StatefulSet', { name: 'db', image: world.publish('v1', {}), spec });
    await setImage(stage, DB, world.publish('v2', {}));
    await stage.pass(20_000);
    expect(await podsOf(stage, 'db')).toEqual(['db-0 v1 ready', 'db-1 v1 ready', 'db-2 v2 ready']);
  });
});

describe('the simulated DaemonSet', () => {
  test('updates one node at a time, and recovers by itself when the template is put back', async () => {
    const { stage, world } = await givenKubernetes();
    const v1 = world.publish('v1', {});
    await addSet(stage, 'DaemonSet', { name: 'log-agent', image: v1 });
    await setImage(stage, LOG_AGENT, world.publish('bad', { answers: { '/ready': { status: 503 } } }));
    await stage.pass(10_000);
    expect((await podsOf(stage, 'log-agent')).toSorted()).toEqual(['bad not ready', 'v1 ready']);
    expect(objectAt(await stage.expect(LOG_AGENT), 'status')['conditions']).toBeUndefined();
    await setImage(stage, LOG_AGENT, v1);
    await stage.pass(6_000);
    expect(await podsOf(stage, 'log-agent')).toEqual(['v1 ready', 'v1 ready']);
  });
});

describe('the simulated Job', () => {
  test.each([
    ['Complete', 0],
    ['Failed', 3],
  ])('ends as %s with exit code %i, and its log can be read', async (type, exitCode) => {
    const { stage, world } = await givenKubernetes();
    const image = world.publish('smoke', { crash: { afterMs: 2_000, exitCode, logs: ['done'] } });
    await stage.expect(JOBS, { method: 'POST', body: jobOf(image) });
    await stage.pass(5_000);
    const conditions = objectsAt(await stage.expect(`${JOBS}/smoke`), 'status', 'conditions');
    expect(conditions.map((condition) => condition['type'])).toContain(type);
    const [pod] = objectsAt(await stage.expect(`${paths.pods}?labelSelector=job-name%3Dsmoke`), 'items');
    expect((await stage.api(`${paths.pods}/${textAt(pod, 'metadata', 'name')}/log`)).text).toBe('done\n');
  });
});
