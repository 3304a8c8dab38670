import { joinSentences } from '../../model/sentences.ts';
import type { FailureKind, Goal, Observation } from '../../model/workload.ts';
import type { CreateFailure } from './create-failure.ts';
import type { PodsVerdict } from './judge-pods.ts';
import { describeStatus, type RolloutStatus } from './rollout-status.ts';

/** What one full read of our change found. */
export interface RolloutFacts {
  /** Name of our revision: `web-6d4f8b9c7`. */
  readonly ours: string;
  readonly goal: Goal;
  /** What another user or deployment changed since; null: nothing. */
  readonly otherChange: string | null;
  readonly isPaused: boolean;
  /** Without any pod, nothing is to be waited for. */
  readonly allowsEmpty: boolean;
  readonly status: RolloutStatus;
  /** Of our ReplicaSet, and of no other; null: it does not say so. */
  readonly deadlineExceeded: string | null;
  /** null: pods can be created. `isSeen`: for as long as it takes to be a failure. */
  readonly createFailure: (CreateFailure & { readonly isSeen: boolean }) | null;
  readonly pods: PodsVerdict;
  /** How long it has to stay complete yet until that counts, in milliseconds. */
  readonly unstableMs: number;
}

const STABLE = '10s';

/** Pure: is it done, superseded or failed? */
export function decideObservation(facts: RolloutFacts): Observation {
  const { status, pods, createFailure, deadlineExceeded } = facts;
  if (facts.otherChange !== null) return failed('SUPERSEDED', facts.otherChange, 'SUPERSEDED');
  if (facts.goal.kind === 'finished') return finished(facts);
  if (status.isObserved && status.desired === 0) {
    return facts.allowsEmpty ? withoutPods(facts) : failed('NO_REPLICAS', scaledToZero(facts));
  }
  // A pod says more than what the controller concludes from it.
  if (pods.failure && !(NEEDS_ROOM.has(pods.failure.reason) && isMakingRoom(status)))
    return failed(pods.failure.reason, joinSentences(pods.failure.message, pods.failure.hint));
  if (createFailure?.isSeen && createFailure.fatalAfterMs !== null) {
    return failed(
      createFailure.reason,
      joinSentences(`no pod can be created: ${createFailure.message}`, createFailure.hint),
    );
  }
  if (status.isObserved && deadlineExceeded !== null) {
    return failed('PROGRESS_DEADLINE_EXCEEDED', `${deadlineExceeded} (${describeStatus(status)})`);
  }
  if (status.isComplete) return complete(facts);
  return waiting(facts);
}

const NEEDS_ROOM: ReadonlySet<string> = new Set(['Unschedulable', 'VolumeInUse']);

/** An old pod is ending, or was taken away for one of ours, which gets its place when it is gone. */
function isMakingRoom({ desired, available, terminating }: RolloutStatus): boolean {
  return terminating > 0 || available < desired;
}

/** Only the end of a rollout is left to be seen: what was waited for is there. */
function finished({ ours, status }: RolloutFacts): Observation {
  if (status.isObserved && status.desired === 0)
    return { status: 'succeeded', reason: 'DONE', message: `${ours} has no pods: nothing runs` };
  const pods = status.isObserved ? `: ${describeStatus(status)}` : '';
  return { status: 'succeeded', reason: 'DONE', message: `${ours} serves${pods}` };
}

function complete(facts: RolloutFacts): Observation {
  const { ours, status, unstableMs } = facts;
  const message = `${ours}: ${describeStatus(status)}`;
  if (unstableMs <= 0) return { status: 'succeeded', reason: 'DONE', message };
  return {
    status: 'progressing',
    reason: 'STABILIZING',
    message: `${message}; watching for ${STABLE} that it stays so`,
  };
}

function waiting({ ours, status, pods, createFailure, isPaused }: RolloutFacts): Observation {
  const blocked = createFailure ? `; no pod can be created now: ${createFailure.message}` : '';
  const paused = isPaused ? '; it is paused, and goes on when someone resumes it (kubectl rollout resume)' : '';
  return {
    status: 'progressing',
    reason: status.isObserved ? 'ROLLING_OUT' : 'NOT_OBSERVED',
    message: `${ours}: ${describeStatus(status)}${blocked}${paused}`,
    notes: pods.notes,
  };
}

/** Pods of the previous template end first. */
function withoutPods(facts: RolloutFacts): Observation {
  const { ours, status } = facts;
  if (status.updated + status.old > 0) return waiting(facts);
  return { status: 'succeeded', reason: 'NOTHING_RUNS', message: `${ours} has no pods: nothing runs` };
}

function scaledToZero({ ours }: RolloutFacts): string {
  return `${ours} has no pods, as the workload was scaled to 0: nothing runs, so nothing was proven`;
}

function failed(reason: string, message: string, as: FailureKind = 'DEPLOY_FAILED'): Observation {
  return { status: 'failed', as, reason, message };
}
