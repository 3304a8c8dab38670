import { type JsonObject, numberAt, textAt } from '../../model/json.ts';
import type { ChangeMark, RestorePoint } from '../../model/restore-point.ts';
import { describeHolder } from '../../model/rollout-marker.ts';
import { CAUSE_ANNOTATION } from './capture.ts';
import { isOurs } from './change-mark.ts';
import { type ClusterWorkload, deedsOf } from './cluster-workload.ts';
import type { RestorationFacts } from './decide-restoration.ts';
import { limitAsBefore } from './finish.ts';
import { findCurrent, type KeptRevision, readHistory } from './history.ts';
import type { PatchOperation } from './json-patch.ts';
import { imageIdsOf, listPodsOf } from './pods.ts';
import { openRolloutReader, type ReadRollout } from './read-rollout.ts';
import type { RestoreData } from './restore-data.ts';
import { CHANGE_ANNOTATION, holderOf, MANAGER, readMarker } from './rollout-annotation.ts';
import { type RolloutStatus, readStatus } from './rollout-status.ts';
import { findStuckPod } from './stuck-pod.ts';
import { hashTemplate, templateOf } from './template-hash.ts';
import { objectAnnotations } from './template-patch.ts';

/** What a restoration is asked for. */
export interface Restoring {
  readonly point: RestorePoint;
  readonly mark: ChangeMark;
  readonly elapsedMs: number;
  readonly data: RestoreData;
}

/** What polls of this process share: since when something is seen that may pass. By the name of the revision. */
export type Readers = Map<string, ReadRollout>;

/** What `decideRestoration` decides from. */
export async function gatherFacts(
  run: ClusterWorkload,
  object: JsonObject | null,
  restoring: Restoring,
  readers: Readers,
): Promise<RestorationFacts> {
  const { data, point, mark } = restoring;
  if (!object) return { ...nothingKnown(run, restoring), object: 'gone' };
  if (textAt(object, 'metadata', 'uid') !== data.uid) return { ...nothingKnown(run, restoring), object: 'replaced' };
  const marker = readMarker(object);
  const holder = holderOf(object, point.run);
  const facts: RestorationFacts = {
    ...nothingKnown(run, restoring),
    ...{ holder, holderName: marker ? describeHolder(marker) : '' },
    phase: holder === 'ours' && marker ? marker.phase : null,
    template: whoseTemplate(object, restoring),
    late: findLate(run, object, point),
    hasLeftovers: leftoverOperations(object, restoring).length > 0,
    restoredBy: whoRestored(run, object, point),
    status: readStatus(object, run.kind),
    isPaused: (object['spec'] as JsonObject | undefined)?.['paused'] === true,
  };
  if (facts.template === 'ours' || facts.template === 'foreign' || holder === 'other') return facts;
  const history = await readHistory(run, object);
  const hasArrived = isTraced(object, { history, restoring, mark });
  if (facts.template === 'captured' || !hasArrived) return { ...facts, hasArrived };
  return { ...facts, hasArrived, ...(await readPrevious(run, object, { data, history, readers })) };
}

function nothingKnown(run: ClusterWorkload, { data }: Restoring): RestorationFacts {
  return {
    ...{ object: 'there', holder: 'none', holderName: '', phase: null, template: 'foreign', hasArrived: false },
    ...{ late: 'no', hasLeftovers: false, restoredBy: 'us', isUp: false, isPaused: false, failure: null },
    ...{ stuckPod: null, running: '', previous: data.previous.name },
    status: readStatus({}, run.kind),
  };
}

function whoseTemplate(object: JsonObject, { data, mark }: Restoring): RestorationFacts['template'] {
  if (isOurs(object, mark)) return 'ours';
  const hash = hashTemplate(templateOf(object));
  if (hash === data.previous.hash) return 'previous';
  return hash === data.liveHash ? 'captured' : 'foreign';
}

/** Annotations and history limit of ours that are still there. */
export function leftoverOperations(object: JsonObject, restoring: Restoring): readonly PatchOperation[] {
  return [...objectAnnotations(object, leftoverAnnotations(object, restoring)), ...leftoverLimit(object, restoring)];
}

/** Those of ours as they were before; null: there was none. */
export function leftoverAnnotations(
  object: JsonObject,
  { data, mark }: Restoring,
): Readonly<Record<string, string | null>> {
  const isMarked = textAt(object, 'metadata', 'annotations', CHANGE_ANNOTATION) === mark;
  const isOurCause = textAt(object, 'metadata', 'annotations', CAUSE_ANNOTATION).startsWith(MANAGER);
  const cause = isOurCause && data.cause !== undefined ? { [CAUSE_ANNOTATION]: data.cause } : {};
  return isMarked ? { [CHANGE_ANNOTATION]: data.change, ...cause } : {};
}

export function leftoverLimit(object: JsonObject, { data }: Restoring): readonly PatchOperation[] {
  return limitAsBefore(object, data).filter(({ op }) => op !== 'test');
}

/** The annotation that a run leaves on its ReplicaSet or ControllerRevision outlives it. */
function isTraced(
  object: JsonObject,
  {
    history,
    restoring,
    mark,
  }: { readonly history: readonly KeptRevision[]; readonly restoring: Restoring; readonly mark: string },
): boolean {
  const { data, point } = restoring;
  if (holderOf(object, point.run) === 'ours' && readMarker(object)?.phase !== 'fencing') return true;
  if (textAt(object, 'metadata', 'annotations', CHANGE_ANNOTATION) === mark) return true;
  if (numberAt(object, 'metadata', 'generation') === data.generation) return false;
  return history.some((kept) => textAt(kept.object, 'metadata', 'annotations', CHANGE_ANNOTATION) === mark);
}

/** A tool that applies its own, previous template leaves what our restoration would: the marker tells who did. */
function whoRestored(run: ClusterWorkload, object: JsonObject, point: RestorePoint): RestorationFacts['restoredBy'] {
  const isRollingOut = holderOf(object, point.run) === 'ours' && readMarker(object)?.phase === 'rolling-out';
  return isRollingOut && !deedsOf(run, point).has('restoring') ? 'another' : 'us';
}

/** Where another process sent the request, it is not known whether it was answered. */
function findLate(run: ClusterWorkload, object: JsonObject, point: RestorePoint): RestorationFacts['late'] {
  const deeds = deedsOf(run, point);
  if (deeds.has('fenced')) return 'fenced';
  if (holderOf(object, point.run) === 'ours' && readMarker(object)?.phase === 'fencing') return 'fencing';
  const isAnswered = deeds.has('sent') && !deeds.has('sent without answer');
  return isAnswered || !point.run ? 'no' : 'maybe';
}

type Previous = Pick<RestorationFacts, 'isUp' | 'failure' | 'stuckPod' | 'running' | 'status'>;

async function readPrevious(
  run: ClusterWorkload,
  object: JsonObject,
  {
    data,
    history,
    readers,
  }: { readonly data: RestoreData; readonly history: readonly KeptRevision[]; readonly readers: Readers },
): Promise<Previous> {
  const status = readStatus(object, run.kind);
  const kept = findCurrent(history, object);
  if (!kept) return { isUp: false, failure: null, stuckPod: null, running: '', status };
  const isUp = isAsBefore(status, data);
  if (isUp) {
    const running = imageIdsOf(await listPodsOf(run, object, kept));
    return { isUp, failure: null, stuckPod: null, running: describeImages(running, data), status };
  }
  const read = readers.get(kept.name) ?? openRolloutReader(run, kept);
  readers.set(kept.name, read);
  const { pods, createFailure, deadlineExceeded } = await read(object);
  const refused = createFailure?.isSeen ? `no pod can be created: ${createFailure.message}` : null;
  const stuckPod = pods.failure ? null : await findStuckPod(run, object, kept);
  return { isUp, failure: pods.failure?.message ?? refused ?? deadlineExceeded, stuckPod, running: '', status };
}

/** All of its pods; or as many as before, where some were not available then either. */
function isAsBefore(status: RolloutStatus, { available }: RestoreData): boolean {
  if (status.isComplete) return true;
  const isAlone = status.isObserved && status.old === 0 && status.updated >= status.desired;
  return isAlone && (status.desired === 0 || (available !== null && status.available >= available));
}

/** A tag may lead to another image by now. */
function describeImages(running: readonly string[], { imageIds }: RestoreData): string {
  if (running.length === 0) return '';
  const others = imageIds.length === 0 ? [] : running.filter((id) => !imageIds.includes(id));
  const list = running.join(', ');
  return others.length === 0 ? list : `${list}, another image than before: a tag of the template was moved`;
}
