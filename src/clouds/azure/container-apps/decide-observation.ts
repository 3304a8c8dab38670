import type { FailureKind, Observation, Operation } from '../../../model/workload.ts';
import type { Trouble } from './replica-trouble.ts';
import { describeState, hasFailed, isUp, type RevisionState } from './revision-state.ts';

/** What one full read of our revision found. */
export interface RevisionFacts {
  readonly operation: Pick<Operation, 'mark' | 'goal'>;
  /** null: the platform doesn't list it (any more). */
  readonly ours: RevisionState | null;
  /** A revision that was made after ours, or traffic that was moved elsewhere, in words; null: there is none. */
  readonly foreign: string | null;
  /** The revision that the app calls the latest ready one, where traffic follows that; null: it doesn't. */
  readonly readyRevision: string | null;
  /** The traffic in force is what the goal says. */
  readonly isTrafficInForce: boolean;
  /** A change of the app is in progress. */
  readonly busy: boolean;
  /** How the change that we sent failed; null: it did not. */
  readonly changeError: string | null;
  readonly trouble: Trouble | null;
  /** A replica of it was seen while it was healthy. */
  readonly hasRun: boolean;
  /** For how long without a break it has been in trouble, or degraded. */
  readonly troubledMs: number;
}

/** How long something may be wrong that may pass: a registry that doesn't answer, a replica that is replaced. */
const PATIENCE_MS = 45_000;

/** Pure: is our revision up, superseded, or can it no longer succeed? */
export function decideObservation(facts: RevisionFacts): Observation {
  const { operation, ours, foreign, trouble, changeError } = facts;
  const { mark, goal } = operation;
  if (foreign) return failed('SUPERSEDED', foreign);
  if (!ours) {
    if (changeError) return failed('DEPLOY_REJECTED', changeError);
    return progressing('NOT_LISTED', `${mark} is not listed yet`);
  }
  const state = `${describeState(ours)}${trouble ? `; ${trouble.text}` : ''}`;
  if (hasFailed(ours)) return failed('DEPLOY_FAILED', state);
  if (trouble?.evidence === 'proven' || facts.troubledMs >= PATIENCE_MS) return failed('DEPLOY_FAILED', state);
  // The platform gave up the change, whatever the revision still says of itself.
  if (changeError && !isUp(ours)) return failed('DEPLOY_FAILED', `${changeError} (${state})`);
  if (!ours.active) return failed('SUPERSEDED', `another deployment or user deactivated ${mark}`);
  if (!isUp(ours)) return progressing('NOT_READY', state);
  // Traffic that follows the latest revision goes to the one that the app calls ready, whatever ours says of itself.
  if (facts.readyRevision !== null && facts.readyRevision !== mark) {
    const ready = facts.readyRevision || 'nothing';
    return progressing('NOT_READY', `${state}; ${ready} is still the latest ready revision`);
  }
  if (goal.kind !== 'up') return decideTraffic(facts, ours);
  const unproven = facts.hasRun ? {} : { unproven: `${mark} has scaled to zero, and no replica of it was seen` };
  return { ...succeeded(`${mark} is up (${state})`), ...unproven };
}

function decideTraffic(facts: RevisionFacts, ours: RevisionState): Observation {
  const { operation, isTrafficInForce, busy, changeError } = facts;
  const { mark, goal } = operation;
  const requested = goal.kind === 'weight' ? goal.percent : 100;
  const share = goal.kind === 'weight' ? { share: { percent: ours.share, why: null } } : {};
  if (isTrafficInForce && !busy) return { ...succeeded(`${mark} gets ${requested}% of the traffic`), ...share };
  if (changeError && !busy) return failed('DEPLOY_FAILED', `the platform did not move the traffic: ${changeError}`);
  const message = `${mark} gets ${ours.share}% of the traffic, ${requested}% requested`;
  return { ...progressing('MOVING_TRAFFIC', message), ...share };
}

function progressing(reason: string, message: string): Extract<Observation, { status: 'progressing' }> {
  return { status: 'progressing', reason, message };
}

function succeeded(message: string): Extract<Observation, { status: 'succeeded' }> {
  return { status: 'succeeded', reason: 'UP', message };
}

function failed(as: FailureKind, message: string): Observation {
  return { status: 'failed', as, reason: as, message };
}
