import { type JsonObject, objectAt, objectsAt, textAt } from '../../json.ts';
import { edit } from '../edit.ts';
import { record } from '../events.ts';
import { isDeleting, labelsOf, nameOf, namespaceOf, withCondition, withSpec, withStatus } from '../object.ts';
import { toAmount } from '../quota.ts';
import { NODES, PODS } from '../resources.ts';
import { selects } from '../selectors.ts';
import { type ClusterWorld, timeOf } from '../world.ts';
import { wantedNode } from './daemon-set.ts';
import { type Controller, findByKey, keyOf } from './runtime.ts';

const BY = 'default-scheduler';

/** Gives pods their nodes. One that fits nowhere is tried again when a pod or a node changes. */
export function schedulerController(world: ClusterWorld): Controller {
  const isWaiting = (pod: JsonObject): boolean =>
    textAt(pod, 'spec', 'nodeName') === '' && !isDeleting(pod) && textAt(pod, 'status', 'phase') === 'Pending';
  return {
    delayMs: 2,
    keysOf({ kind, before, after }) {
      if (kind === NODES || (kind === PODS && after === null))
        return world.store.list(PODS).filter(isWaiting).map(keyOf);
      return kind === PODS && before === null && after !== null ? [keyOf(after)] : [];
    },
    sync(key) {
      const pod = findByKey(world, PODS, key);
      if (!pod || !isWaiting(pod)) return null;
      const verdicts = world.store.list(NODES).map((node) => ({ node, why: whyNot(world, pod, node) }));
      const fits = verdicts.filter(({ why }) => why === null).map(({ node }) => node);
      if (fits.length === 0)
        sayUnschedulable(
          world,
          pod,
          verdicts.map(({ why }) => why ?? ''),
        );
      else bind(world, pod, leastUsed(world, fits));
      return null;
    },
  };
}

function whyNot(world: ClusterWorld, pod: JsonObject, node: JsonObject): string | null {
  if (objectAt(node, 'spec')['unschedulable'] === true) return 'node(s) were unschedulable';
  if (!selects({ matchLabels: objectAt(pod, 'spec', 'nodeSelector') }, labelsOf(node)))
    return "node(s) didn't match Pod's node affinity/selector";
  const wanted = wantedNode(pod);
  if (wanted !== '' && wanted !== nameOf(node)) return "node(s) didn't match Pod's node affinity/selector";
  const there = podsOn(world, node);
  if (there.some((one) => portsOf(one).some((port) => portsOf(pod).includes(port))))
    return "node(s) didn't have free ports for the requested pod ports";
  if (there.some((one) => isAvoided(pod, one))) return "node(s) didn't match pod anti-affinity rules";
  const allocatable = objectAt(node, 'status', 'allocatable') as Readonly<Record<string, string>>;
  if (there.length + 1 > Number(allocatable['pods'] ?? 110)) return 'Too many pods';
  const short = ['cpu', 'memory'].find((name) => {
    const used = [...there, pod].reduce((total, one) => total + requestOf(one, name), 0);
    return allocatable[name] !== undefined && used > toAmount(allocatable[name]) && requestOf(pod, name) > 0;
  });
  return short === undefined ? null : `Insufficient ${short}`;
}

function portsOf(pod: JsonObject): readonly string[] {
  const ports = objectsAt(pod, 'spec', 'containers').flatMap((container) => objectsAt(container, 'ports'));
  return ports.flatMap(({ hostPort, protocol = 'TCP' }) => (hostPort === undefined ? [] : [`${protocol} ${hostPort}`]));
}

/** By what the pod requires; every rule here is about single nodes. */
function isAvoided(pod: JsonObject, other: JsonObject): boolean {
  const rules = objectsAt(pod, 'spec', 'affinity', 'podAntiAffinity', 'requiredDuringSchedulingIgnoredDuringExecution');
  return (
    namespaceOf(pod) === namespaceOf(other) &&
    rules.some((rule) => selects(objectAt(rule, 'labelSelector'), labelsOf(other)))
  );
}

function sayUnschedulable(world: ClusterWorld, pod: JsonObject, reasons: readonly string[]): void {
  const counted = [...Map.groupBy(reasons, (reason) => reason)].map(([reason, all]) => `${all.length} ${reason}`);
  const tail = `preemption: 0/${reasons.length} nodes are available: ${reasons.length} No preemption victims found for incoming pods.`;
  const message =
    reasons.length === 0
      ? 'no nodes available to schedule pods'
      : `0/${reasons.length} nodes are available: ${counted.join(', ')}. ${tail}`;
  record(world, pod, { type: 'Warning', reason: 'FailedScheduling', message, by: BY });
  edit(world, PODS, {
    ...{ object: pod, subresource: 'status', manager: 'kube-scheduler' },
    change: (one) => withScheduled(world, one, { status: 'False', reason: 'Unschedulable', message }),
  });
}

function bind(world: ClusterWorld, pod: JsonObject, node: JsonObject): void {
  const bound = withScheduled(world, withSpec(pod, { nodeName: nameOf(node) }), { status: 'True' });
  world.store.put(PODS, bound);
  const message = `Successfully assigned ${namespaceOf(pod)}/${nameOf(pod)} to ${nameOf(node)}`;
  record(world, pod, { type: 'Normal', reason: 'Scheduled', message, by: BY });
}

function withScheduled(world: ClusterWorld, pod: JsonObject, said: JsonObject): JsonObject {
  const before = objectsAt(pod, 'status', 'conditions').find(({ type }) => type === 'PodScheduled');
  const lastTransitionTime = before?.['status'] === said['status'] ? before?.['lastTransitionTime'] : timeOf(world);
  const condition = { type: 'PodScheduled', lastProbeTime: null, lastTransitionTime, ...said };
  return withStatus(pod, { conditions: withCondition(objectsAt(pod, 'status', 'conditions'), condition) });
}

function leastUsed(world: ClusterWorld, nodes: readonly JsonObject[]): JsonObject {
  return nodes.toSorted((a, b) => podsOn(world, a).length - podsOn(world, b).length)[0]!;
}

function podsOn(world: ClusterWorld, node: JsonObject): readonly JsonObject[] {
  const isHere = (pod: JsonObject): boolean =>
    textAt(pod, 'spec', 'nodeName') === nameOf(node) &&
    !['Failed', 'Succeeded'].includes(textAt(pod, 'status', 'phase'));
  return world.store.list(PODS).filter(isHere);
}

function requestOf(pod: JsonObject, name: string): number {
  return objectsAt(pod, 'spec', 'containers').reduce(
    (total, container) => total + toAmount(textAt(container, 'resources', 'requests', name) || '0'),
    0,
  );
}
