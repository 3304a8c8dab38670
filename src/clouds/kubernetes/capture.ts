import { ConflictError } from '../../model/conflict.ts';
import { type JsonObject, listAt, numberAt, objectAt, textAt, valueAt } from '../../model/json.ts';
import type { RestorePoint, RollbackTarget } from '../../model/restore-point.ts';
import { describeHolder } from '../../model/rollout-marker.ts';
import { type ClusterWorkload, readObject } from './cluster-workload.ts';
import type { KeptRevision } from './history.ts';
import { imageIdsOf, listPodsOf } from './pods.ts';
import { parseRestoreData, type RestoreData } from './restore-data.ts';
import { CHANGE_ANNOTATION, readMarker } from './rollout-annotation.ts';
import { type RolloutStatus, readStatus } from './rollout-status.ts';
import { chooseServing } from './serving-revision.ts';
import { hashTemplate, keptTemplate, templateOf } from './template-hash.ts';

export const CAUSE_ANNOTATION = 'kubernetes.io/change-cause';
/** A longer one stays as it is: it could not be put into the marker. */
const LONGEST_CAUSE = 500;
/** https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#clean-up-policy */
const DEFAULT_HISTORY = 10;
const MOST_IMAGES = 10;

/** Whose marker was there when it was last asked whether a rollout may start: id of the run; null: none. */
export interface SeenMarker {
  run: string | null;
}

/**
 * @throws ConflictError when another run began since the workload was found free; DeployError UNSUPPORTED when nothing is
 * kept that could be restored
 */
export async function captureRestorePoint(run: ClusterWorkload, seen: SeenMarker): Promise<RestorePoint> {
  const object = await readObject(run);
  const marker = readMarker(object);
  if (marker && marker.run.id !== seen.run)
    throw new ConflictError(`could not start a deployment of ${run.resource}: ${describeHolder(marker)}`);
  const { kept, history, isNewest } = await chooseServing(run, object);
  const pods = await listPodsOf(run, object, kept);
  const template = keptTemplate(kept.object);
  const data: RestoreData = {
    uid: textAt(object, 'metadata', 'uid'),
    generation: numberAt(object, 'metadata', 'generation'),
    liveHash: hashTemplate(templateOf(object)),
    previous: { name: kept.name, uid: kept.uid, hash: kept.hash, revision: String(kept.revision) },
    ...readAnnotations(object),
    ...chooseLimit(object, kept, history),
    images: imagesOf(template),
    imageIds: imageIdsOf(pods).slice(0, MOST_IMAGES),
    available: countAvailable(readStatus(object, run.kind), isNewest),
  };
  return { resource: run.resource, revision: kept.name, data: { ...data } };
}

function readAnnotations(object: JsonObject): Pick<RestoreData, 'change' | 'cause'> {
  const annotations = objectAt(object, 'metadata', 'annotations');
  const change = textAt(annotations, CHANGE_ANNOTATION) || null;
  const cause = textAt(annotations, CAUSE_ANNOTATION);
  if (cause.length > LONGEST_CAUSE) return { change };
  return { change, cause: CAUSE_ANNOTATION in annotations ? cause : null };
}

/**
 * With a limit of 0 the previous template is deleted the moment that ours is complete, before any smoke test. Where attempts
 * that failed are newer than what served, a limit of 1 keeps only them.
 */
function chooseLimit(
  object: JsonObject,
  kept: KeptRevision,
  history: readonly KeptRevision[],
): Pick<RestoreData, 'historyLimit' | 'raisedLimit'> {
  const given = valueAt(object, 'spec', 'revisionHistoryLimit');
  const historyLimit = typeof given === 'number' ? given : DEFAULT_HISTORY;
  const needed = 1 + history.filter(({ revision }) => revision > kept.revision).length;
  return { historyLimit, raisedLimit: historyLimit < needed ? needed : null };
}

function countAvailable({ isComplete, available, desired }: RolloutStatus, isNewest: boolean): number | null {
  return isComplete || available >= desired ? null : isNewest ? available : Math.max(1, available);
}

function imagesOf(template: JsonObject): RestoreData['images'] {
  const all = ['initContainers', 'containers'].flatMap((list) => listAt(template, 'spec', list));
  return all.map((container) => ({ name: textAt(container, 'name'), image: textAt(container, 'image') }));
}

/** See `Workload.rollbackTarget`. `captureRestorePoint` has read all of it. */
export function readRollbackTarget(run: ClusterWorkload, point: RestorePoint): RollbackTarget {
  const { images, available, previous } = parseRestoreData(point, run);
  const isDown = available === 0;
  const obstacle = {
    message: `no pod of ${previous.name}, which is live, is available`,
    hint: 'A rollback would restore it as it is.',
  };
  const names = [...new Set(images.map(({ image }) => image))];
  return { images: names, obstacles: isDown ? [obstacle] : [] };
}
