import type { Goal, Observation } from '../../../model/workload.ts';
import type { Trouble } from './replica-trouble.ts';
import { describeState, hasFailed, isUp, type RevisionState } from './revision-state.ts';

/** What one look at our revision found. */
export interface RevisionFacts {
  readonly goal: Goal;
  readonly mark: string;
  /** null: the platform doesn't list it (any more). */
  readonly ours: RevisionState | null;
  /** Of somebody else who made a revision after ours, or moved the traffic elsewhere; null: nobody did. */
  readonly foreign: string | null;
  /** The app's own word for the revision that it takes for ready, where traffic follows that; null: it doesn't. */
  readonly readyRevision: string | null;
  /** The traffic that is in force is as this goal wants it. */
  readonly trafficIsSo: boolean;
  /** A change of the app is under way. */
  readonly busy: boolean;
  /** How the change that we sent ended, where it failed. */
  readonly changeError: string | null;
  readonly trouble: Trouble | null;
  /** For how long without a break it has been in trouble, or degraded. */
  readonly troubledMs: number;
}

/** So long something may be wrong that may pass: a registry that doesn't answer, a replica that is replaced. */
const PATIENCE_MS = 45_000;

/** Pure: is our revision up, overtaken or hopeless? */
export function judgeRevision(facts: RevisionFacts): Observation {
  const { goal, ours, foreign, trouble, changeError } = facts;
  if (foreign) return failed('SUPERSEDED', foreign);
  if (!ours) {
    if (changeError) return failed('DEPLOY_FAILED', changeError);
    return progressing('NOT_LISTED', `${facts.mark} is not listed yet`);
  }
  const state = `${describeState(ours)}${trouble ? `; ${trouble.text}` : ''}`;
  if (hasFailed(ours)) return failed('DEPLOY_FAILED', state);
  if (trouble?.evidence === 'proven' || facts.troubledMs >= PATIENCE_MS) return failed('DEPLOY_FAILED', state);
  // The platform gave up what we asked for, whatever the revision says of itself yet.
  if (changeError && !isUp(ours)) return failed('DEPLOY_FAILED', `${changeError} (${state})`);
  if (!ours.active) return failed('SUPERSEDED', `somebody deactivated ${facts.mark}`);
  if (!isUp(ours)) return progressing('NOT_READY', state);
  // Traffic that follows the latest revision goes to what the app calls ready, whatever the revision says of itself.
  if (facts.readyRevision !== null && facts.readyRevision !== facts.mark) {
    return progressing(
      'NOT_READY',
      `${state}; ${facts.readyRevision || 'nothing'} still counts as the latest that is ready`,
    );
  }
  return goal.kind === 'up' ? succeeded(`${facts.mark} is up (${state})`) : judgeTraffic(facts, ours);
}

function judgeTraffic({ goal, mark, trafficIsSo, busy, changeError }: RevisionFacts, ours: RevisionState): Observation {
  const wanted = goal.kind === 'weight' ? goal.percent : 100;
  if (trafficIsSo && !busy) return succeeded(`${mark} gets ${wanted} % of the traffic`);
  if (changeError && !busy) return failed('DEPLOY_FAILED', `the platform did not move the traffic: ${changeError}`);
  return progressing('MOVING_TRAFFIC', `${mark} gets ${ours.share} % of the traffic, ${wanted} % asked for`);
}

function progressing(reason: string, message: string): Observation {
  return { status: 'progressing', reason, message };
}

function succeeded(message: string): Observation {
  return { status: 'succeeded', reason: 'UP', message };
}

function failed(reason: string, message: string): Observation {
  return { status: 'failed', reason, message };
}
