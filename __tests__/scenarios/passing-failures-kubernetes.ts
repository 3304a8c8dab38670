import type { Behaviour } from '../../simulators/behaviour.ts';
import { type JsonObject, objectAt, objectsAt, textAt } from '../../simulators/json.ts';
import { mergePatch } from '../../simulators/kubernetes/patch/merge-patch.ts';
import type { KubernetesAgent } from '../../simulators/kubernetes-agent.ts';
import { foreignDeploy } from '../../simulators/kubernetes-scene.ts';
import { paths, type StageOptions } from '../../simulators/kubernetes-stage.ts';
import { SOURCE } from '../../simulators/world.ts';
import { fc } from '../fixtures/fast-check.ts';
import { givenKubernetes } from './kubernetes-agent.ts';
import { addNode, evictFirst, large, MUCH, sayOfUnscheduled, withContainer } from './kubernetes-troubles.ts';
import { disturb, disturbances, type PassingFailures } from './passing-failures.ts';

const rollouts = fc.record({
  /** Of each pod: so many pulls fail. */
  pulls: fc.option(
    fc.record({
      kind: fc.constantFrom('throttled' as const, 'unavailable' as const, 'unreachable' as const),
      times: fc.integer({ min: 1, max: 7 }),
    }),
    { freq: 2 },
  ),
  /** The first start of each container ends so. */
  crash: fc.option(
    fc.record({ afterMs: fc.integer({ min: 0, max: 20_000 }), exitCode: fc.constantFrom(0, 1, 137, 143) }),
  ),
  readyAfterMs: fc.integer({ min: 0, max: 200_000 }),
  /** There is no room until a node comes, or until an old pod has gone. `says`: there is an autoscaler, which says so. */
  room: fc.option(
    fc.oneof(
      fc.record({ nodeAfterMs: fc.integer({ min: 1_000, max: 700_000 }), says: fc.boolean() }),
      fc.record({ endsAfterSeconds: fc.integer({ min: 0, max: 170 }), says: fc.boolean() }),
    ),
  ),
  isEvicted: fc.boolean(),
  api: disturbances,
});
type Rollout = ReturnType<(typeof rollouts)['generate']>['value'];

export const onKubernetes: PassingFailures<Rollout, KubernetesAgent> = {
  platform: 'Kubernetes',
  rows: rollouts,
  failuresOf: ({ pulls, crash, room, isEvicted, api }) =>
    (pulls?.times ?? 0) + [crash, room, isEvicted || null, api].filter((one) => one !== null).length,
  async given({ pulls, room, isEvicted, api }) {
    const agent = await givenKubernetes(room ? { stage: stageOf(room) } : {});
    if (pulls) agent.stage.kubelet.troubles.push({ image: `${SOURCE.repository}@`, ...pulls });
    if (isEvicted) evictFirst(agent);
    if (room) makeRoom(agent, room);
    disturb(agent, api, { change: /^kubernetes:patch deployments/, reads: /^kubernetes:(?:get|list) / });
    return agent;
  },
  behaviourOf: ({ crash, readyAfterMs }) => ({ readyAfterMs, crash: crash && { ...crash, logs: [], times: 1 } }),
  endsWellAlone,
};

type Room = NonNullable<Rollout['room']>;

/** Without a node more, an old pod ends first. */
function stageOf(room: Room): Partial<StageOptions> {
  if ('nodeAfterMs' in room) return large;
  const lifecycle = { preStop: { sleep: { seconds: room.endsAfterSeconds } } };
  const { spec, ...rest } = withContainer({ ...MUCH, lifecycle }, 2);
  const strategy = { rollingUpdate: { maxSurge: 0, maxUnavailable: 1 } };
  return { ...rest, spec: mergePatch({ strategy, template: { spec: { terminationGracePeriodSeconds: 180 } } }, spec!) };
}

function makeRoom(agent: KubernetesAgent, room: Room): void {
  if ('nodeAfterMs' in room) {
    if (room.says) sayOfUnscheduled(agent, 'TriggeredScaleUp', 'pod triggered scale-up');
    addNode(agent, room.nodeAfterMs);
  } else if (room.says) sayOfUnscheduled(agent, 'NotTriggerScaleUp', 'pod didn’t trigger scale-up: max size reached');
}

/** Complete before the controller says that its deadline has passed. */
async function endsWellAlone({ stage, world }: KubernetesAgent, behaviour: Partial<Behaviour>): Promise<boolean> {
  const image = world.publish('v2', behaviour);
  const { digest } = world.source.pull(image)!;
  await foreignDeploy(stage, `${image.replace(/:[^:]*$/, '')}@${digest}`);
  for (let waitedMs = 0; waitedMs < 3_600_000; waitedMs += 5_000) {
    await stage.pass(5_000);
    const object = await stage.expect(paths.deployment());
    const end = endOf(object);
    if (end !== null) return end;
  }
  throw new Error('the rollout neither ended nor failed in an hour');
}

function endOf(object: JsonObject): boolean | null {
  const status = objectAt(object, 'status');
  const { updatedReplicas = 0, replicas = 0, availableReplicas = 0, observedGeneration } = status;
  const isObserved = observedGeneration === objectAt(object, 'metadata')['generation'];
  const wanted = objectAt(object, 'spec')['replicas'];
  if (!isObserved) return null;
  const failed = objectsAt(status, 'conditions').some(
    (one) => textAt(one, 'reason') === 'ProgressDeadlineExceeded' && textAt(one, 'status') === 'False',
  );
  if (failed) return false;
  return [updatedReplicas, replicas, availableReplicas].every((count) => count === wanted) ? true : null;
}
