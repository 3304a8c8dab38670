import { startPace } from '../../io/pace.ts';
import { type JsonObject, numberAt, textAt } from '../../model/json.ts';
import { describeHolder } from '../../model/rollout-marker.ts';
import type { Observation, Watch } from '../../model/workload.ts';
import { isOurs } from './change-mark.ts';
import type { ClusterWorkload } from './cluster-workload.ts';
import { decideObservation } from './decide-observation.ts';
import type { KubeOperation } from './kube-operation.ts';
import { openRolloutReader, type RolloutReading } from './read-rollout.ts';
import { findSuccessor, holderOf, readMarker } from './rollout-annotation.ts';
import { readStatus } from './rollout-status.ts';

/**
 * A pod that crashes soon after it was ready: without `minReadySeconds` the controller has called the rollout complete by
 * then, and never takes that back.
 */
const STABLE_MS = 10_000;
/** What a poll shows of the object alone holds no longer: pods get into trouble without a change of it. */
const READ_ALL_EVERY_MS = 2_500;
const NEAR_MS = 1_000;
const LONGEST_PAUSE_MS = 3_000;

interface LastRead {
  readonly at: number;
  readonly signature: string;
  readonly observation: Observation;
  readonly isNear: boolean;
}

/** One call while nothing changes; the pods too every few seconds, and each time while something may be wrong. */
export function watchRollout(run: ClusterWorkload, operation: KubeOperation): Watch {
  const read = openRolloutReader(run, operation.kept);
  const nextPause = startPace({ longestMs: LONGEST_PAUSE_MS });
  const measure = openStability(run);
  const isSeen = openSight(run);
  let last: LastRead | null = null;

  async function readAll(object: JsonObject): Promise<LastRead> {
    const reading = await read(object);
    const unstableMs = measure(object, reading);
    const observation = decideObservation({
      ...{
        ...reading,
        allowsEmpty: run.allowsEmpty,
        ours: operation.revision,
        goal: operation.goal,
        otherChange: null,
        unstableMs,
      },
    });
    const isNear = reading.status.isComplete || reading.pods.isSuspicious || reading.createFailure !== null;
    return { at: run.io.clock.now(), signature: signatureOf(object), observation, isNear };
  }

  return {
    async poll() {
      const object = await run.api.find(run.path);
      const ended = findEnd(object, run, operation);
      if (ended?.status === 'succeeded' && !isSeen(object)) return { ...ended, ...UNSEEN };
      if (ended || !object) return ended ?? gone(operation);
      const holds = last && !last.isNear && run.io.clock.now() - last.at < READ_ALL_EVERY_MS;
      if (!last || !holds || last.signature !== signatureOf(object)) last = await readAll(object);
      const { observation, isNear } = last;
      if (observation.status !== 'progressing') return observation;
      return { ...observation, pollAfterMs: isNear ? NEAR_MS : nextPause() };
    },
  };
}

const UNSEEN = { status: 'progressing', reason: 'NOT_OBSERVED', pollAfterMs: 200 } as const;
const LONGEST_UNSEEN_MS = 5_000;

/**
 * Has the controller seen the last request of ours? Until then, for some 40 ms, the next run would take its own for a rollout
 * in progress. A controller that is slow is not waited for: what we deployed serves.
 */
function openSight({ kind, io }: ClusterWorkload): (object: JsonObject | null) => boolean {
  const startedAt = io.clock.now();
  return (object) => !object || readStatus(object, kind).isObserved || io.clock.now() - startedAt >= LONGEST_UNSEEN_MS;
}

/** What the object alone decides; null: its pods have to be read. */
function findEnd(object: JsonObject | null, run: ClusterWorkload, operation: KubeOperation): Observation | null {
  if (!object) return null;
  const { revision, goal } = operation;
  const successor = goal.kind === 'finished' ? findSuccessor(object, operation.mark) : null;
  if (successor) {
    const message = `${revision} served alone, and is what another run starts from: ${describeHolder(successor)}`;
    return { status: 'succeeded', reason: 'DONE', message };
  }
  const other = describeOtherChange(object, operation);
  if (other !== null) return { status: 'failed', as: 'SUPERSEDED', reason: 'SUPERSEDED', message: other };
  if (goal.kind !== 'finished') return null;
  return decideObservation({ ...FINISHED, ours: revision, goal, status: readStatus(object, run.kind) });
}

const FINISHED = {
  ...{
    otherChange: null,
    isPaused: false,
    allowsEmpty: false,
    deadlineExceeded: null,
    createFailure: null,
    unstableMs: 0,
  },
  pods: { failure: null, notes: [], isSuspicious: false },
} as const;

function describeOtherChange(object: JsonObject, { uid, mark, run, revision }: KubeOperation): string | null {
  if (textAt(object, 'metadata', 'uid') !== uid) return 'the workload was deleted and created again';
  const marker = readMarker(object);
  if (marker && holderOf(object, run) === 'other') return describeHolder(marker);
  return isOurs(object, mark) ? null : `another user or deployment changed the pod template after ${revision}`;
}

function gone({ revision }: KubeOperation): Observation {
  const message = `the workload of ${revision} was deleted`;
  return { status: 'failed', as: 'SUPERSEDED', reason: 'DELETED', message };
}

/** How long it has to stay complete yet. A restart of one of our pods begins that time again. */
function openStability(run: ClusterWorkload): (object: JsonObject, reading: RolloutReading) => number {
  let since: { readonly at: number; readonly restarts: number } | null = null;
  return (object, { status, restarts }) => {
    const now = run.io.clock.now();
    if (!status.isComplete) since = null;
    else if (!since || since.restarts !== restarts) since = { at: now, restarts };
    const neededMs = STABLE_MS - numberAt(object, 'spec', 'minReadySeconds') * 1_000;
    return since ? Math.max(0, since.at + neededMs - now) : Math.max(0, neededMs);
  };
}

/** All that the controller says of it. Times of conditions change without anything new. */
function signatureOf(object: JsonObject): string {
  const { status } = object;
  return JSON.stringify([textAt(object, 'metadata', 'generation'), status ?? null]);
}
