import { type JsonObject, textAt } from '../../model/json.ts';
import type { Readiness } from '../../model/readiness.ts';
import { joinSentences } from '../../model/sentences.ts';
import type { SeenMarker } from './capture.ts';
import { isMadeByUs } from './change-mark.ts';
import { type ClusterWorkload, readObject, sayOnce } from './cluster-workload.ts';
import { decideReadiness, type UnfinishedRollout } from './decide-readiness.ts';
import { findCurrent, readHistory } from './history.ts';
import { openRolloutReader, type ReadRollout } from './read-rollout.ts';
import { type FoundMarker, findMarker, ROLLOUT_ANNOTATION, readMarker } from './rollout-annotation.ts';
import { describeStatus, type RolloutStatus, readStatus, wasComplete } from './rollout-status.ts';

/** May a rollout start? One read; more while a rollout is in progress that no run has marked. */
export function openReadiness(run: ClusterWorkload, seen: SeenMarker): () => Promise<Readiness> {
  // What may pass is seen for a while before it counts.
  const readers = new Map<string, ReadRollout>();
  return async () => {
    const object = await readObject(run);
    const marker = findMarker(object);
    seen.run = readMarker(object)?.run.id ?? null;
    const isUnmarked = marker === null || 'unreadable' in marker;
    const rollout = isUnmarked ? await findRollout(run, object, readers) : null;
    const found = decideReadiness({ now: run.io.clock.now(), marker, rollout });
    if (found.status !== 'busy') warnOfUnreadable(run, marker);
    return found;
  };
}

async function findRollout(
  run: ClusterWorkload,
  object: JsonObject,
  readers: Map<string, ReadRollout>,
): Promise<UnfinishedRollout | null> {
  const status = readStatus(object, run.kind);
  if (status.isComplete || status.desired === 0 || isOver(run, object, status)) return null;
  const current = findCurrent(await readHistory(run, object), object);
  const isOurs = isMadeByUs(object);
  const progress = describeStatus(status);
  if (!current) return { name: run.name, isOurs, progress, failure: null, isGivenUp: false, ageMs: null };
  const read = readers.get(current.name) ?? openRolloutReader(run, current);
  readers.set(current.name, read);
  const { pods, createFailure, deadlineExceeded, podObjects } = await read(object);
  const refused = createFailure?.isSeen ? `no pod can be created: ${createFailure.message}` : null;
  return {
    ...{ name: current.name, isOurs, progress },
    failure: pods.failure?.message ?? refused,
    isGivenUp: status.isObserved && deadlineExceeded !== null,
    ageMs: ageOf(run, podObjects),
  };
}

/** No rollout: the newest template was up, or no other has pods, and some of its pods have trouble now. */
function isOver(run: ClusterWorkload, object: JsonObject, status: RolloutStatus): boolean {
  if (!status.isObserved || status.old > 0 || status.updated < status.desired) return false;
  const isOver = run.kind.name === 'Deployment' ? wasComplete(object) : status.available > 0;
  if (isOver) {
    sayOnce(run, 'warning', joinSentences(`Not all pods of ${run.resource} are available: ${describeStatus(status)}`));
  }
  return isOver;
}

/** Of the oldest of its pods. */
function ageOf({ io }: ClusterWorkload, pods: readonly JsonObject[]): number | null {
  const times = pods.map((pod) => Date.parse(textAt(pod, 'metadata', 'creationTimestamp'))).filter(Number.isFinite);
  return times.length === 0 ? null : Math.max(0, io.clock.now() - Math.min(...times));
}

/** Nothing is restored from what can't be read. The next rollout overwrites it. */
function warnOfUnreadable(run: ClusterWorkload, marker: FoundMarker | null): void {
  if (marker === null || !('unreadable' in marker)) return;
  const what = `${run.resource} has a rollout marker that can’t be read (annotation ${ROLLOUT_ANNOTATION})`;
  sayOnce(run, 'warning', joinSentences(`${what}; it is ignored`, 'If a run left it, check which image serves.'));
}
