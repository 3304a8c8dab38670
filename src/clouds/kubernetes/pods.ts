import { type OptionalReader, readIfAllowed } from '../../io/read-optional.ts';
import { type JsonObject, listAt, numberAt, textAt } from '../../model/json.ts';
import { classifyPod, isPodReady } from './classify-pod.ts';
import type { ClusterWorkload } from './cluster-workload.ts';
import { isOwnedBy, type KeptRevision, selectorOf } from './history.ts';
import type { PodReading } from './judge-pods.ts';
import type { ClusterEvent } from './pod-finding.ts';
import { corePath } from './workload-kind.ts';

/** The pods that were made from one template, those that end too. */
export async function listPodsOf(
  run: ClusterWorkload,
  object: JsonObject,
  { uid, podValue }: Pick<KeptRevision, 'uid' | 'podValue'>,
): Promise<readonly JsonObject[]> {
  const { kind, namespace, api } = run;
  const labelSelector = `${selectorOf(object)},${kind.podLabel}=${podValue}`;
  const pods = await api.list(corePath('pods', namespace), { labelSelector });
  const owner = kind.name === 'Deployment' ? uid : textAt(object, 'metadata', 'uid');
  return pods.filter((pod) => isOwnedBy(pod, owner));
}

/** A rollout that fails, fails alike in all of its pods. */
const MOST_PODS_WITH_EVENTS = 3;
/** Until then, most are simply starting. */
const STARTING_MS = 5_000;

/** What each pod shows, with its events where its status does not say why it isn't ready. */
export async function readPods(run: ClusterWorkload, pods: readonly JsonObject[]): Promise<readonly PodReading[]> {
  const readings: PodReading[] = [];
  let asked = 0;
  for (const pod of pods) {
    const findings = classifyPod(pod, { events: [] });
    const isUnclear = !isPodReady(pod) && findings.every(({ fatalAfterMs }) => fatalAfterMs === null);
    const isUnscheduled = findings.some(({ reason }) => reason === 'Unschedulable');
    const asks = isUnscheduled || (isUnclear && (findings.length > 0 || ageMs(run, pod) > STARTING_MS));
    if (!asks || textAt(pod, 'metadata', 'deletionTimestamp') !== '' || asked >= MOST_PODS_WITH_EVENTS) {
      readings.push({ pod, findings });
      continue;
    }
    asked += 1;
    readings.push({ pod, findings: classifyPod(pod, { events: await readEvents(run, pod) }) });
  }
  return readings;
}

function ageMs({ io }: ClusterWorkload, pod: JsonObject): number {
  const at = Date.parse(textAt(pod, 'metadata', 'creationTimestamp'));
  return Number.isNaN(at) ? 0 : io.clock.now() - at;
}

/** Of one object, the newest last. []: there are none, or they may not be read, which is said once. */
export async function readEvents(run: ClusterWorkload, object: JsonObject): Promise<readonly ClusterEvent[]> {
  const fieldSelector = `involvedObject.uid=${textAt(object, 'metadata', 'uid')}`;
  const reader: OptionalReader = { io: run.io, warned: run.said };
  const read = () => run.api.list(corePath('events', run.namespace), { fieldSelector });
  const found = await readIfAllowed(reader, 'the events of its pods', read);
  return (found ?? []).map((event) => ({
    type: textAt(event, 'type'),
    reason: textAt(event, 'reason'),
    message: textAt(event, 'message'),
    count: numberAt(event, 'count') || numberAt(event, 'series', 'count') || 1,
  }));
}

/** What its containers really run: `ghcr.io/acme/web@sha256:…`, as the nodes tell. */
export function imageIdsOf(pods: readonly JsonObject[]): readonly string[] {
  const ids = pods.flatMap((pod) => listAt(pod, 'status', 'containerStatuses').map((one) => textAt(one, 'imageID')));
  const names = ids.map((id) => id.replace(/^docker-pullable:\/\//, '')).filter((id) => id !== '');
  return [...new Set(names)].sort();
}
